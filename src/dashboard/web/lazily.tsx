import type { FunctionComponent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Skeleton } from './States.tsx';

/** A part of the page whose script is loaded when it is first shown: what draws laws is most of all scripts. */
export function lazily<Props extends object>(
  load: () => Promise<FunctionComponent<Props>>,
): FunctionComponent<Props> {
  let known: FunctionComponent<Props> | null = null;
  return function Lazily(props: Props) {
    const [Part, setPart] = useState(() => known);
    const [hasFailed, setFailed] = useState(false);
    useEffect(() => {
      if (Part) return;
      load().then(
        (loaded) => {
          known = loaded;
          setPart(() => loaded);
        },
        () => setFailed(true),
      );
    }, []);
    // Another version of the page may have been built since this one was loaded.
    if (hasFailed) throw new Error('Its script could not be loaded: load the page again.');
    return Part ? <Part {...props} /> : <Skeleton lines={4} tall />;
  };
}
