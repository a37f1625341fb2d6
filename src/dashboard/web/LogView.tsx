import { useEffect, useRef, useState } from 'preact/hooks';
import { paths } from '../api/paths.ts';
import type { RunLog } from '../api/sweeps.ts';
import { Check } from './Choice.tsx';
import { ProblemNote, Skeleton } from './States.tsx';
import { log } from './store.ts';
import { useQuery } from './useQuery.ts';

/** What a run’s workers tell of it, as it comes. */
export function LogView({ run }: { run: string }) {
  const [follows, setFollows] = useState(true);
  const asked = useQuery<RunLog>(paths.log(run));
  const told = log.value?.run === run ? log.value.lines : [];
  const asking = asked.data?.lines ?? [];
  const lines = told.length >= asking.length ? told : asking;
  const box = useRef<HTMLElement>(null);
  // Every new line scrolls.
  useEffect(() => {
    if (follows && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [follows, lines.length]);
  if (asked.problem) return <ProblemNote problem={asked.problem} again={asked.again} />;
  if (asked.isLoading) return <Skeleton lines={3} />;
  if (lines.length === 0) return <p class="faint">{asked.data?.note ?? 'No line yet.'}</p>;
  return (
    <>
      <Check label="Follow the newest line" isOn={follows} onChange={setFollows} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="log" ref={box} tabIndex={0} aria-label="Lines of the log">
        <pre>{lines.join('\n')}</pre>
      </section>
    </>
  );
}
