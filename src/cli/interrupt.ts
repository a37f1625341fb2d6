import { InterruptedError, messageOf } from '../common/errors.ts';
import { EXIT_CODES } from './exitCodes.ts';

export type Releaser = () => void | Promise<void>;

export interface Interrupt {
  /** Aborts on the first SIGINT or SIGTERM; the reason is an InterruptedError. */
  readonly signal: AbortSignal;
  /** Adds something to let go of at the end, whatever the end is. Returns its removal, for what ends earlier. */
  onRelease(releaser: Releaser): () => void;
  /** Runs all releasers, the latest first, each once. One that throws is told of and does not keep back the others. */
  releaseAll(): Promise<void>;
  /** Stops listening to signals. */
  dispose(): void;
}

export interface InterruptOptions {
  process: Pick<NodeJS.EventEmitter, 'on' | 'off'>;
  /** One line for the user. */
  write(line: string): void;
  exit(code: number): void;
  /** Whether what is interrupted can be gone on with; what only shows or serves just ends. Default true. */
  hasCheckpoints?: boolean;
  /** How long a second signal waits for releasers, milliseconds. */
  releaseTimeoutMs?: number;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * The first signal asks for an orderly end: whoever watches `signal` stops after a checkpoint. The second one runs
 * the releasers (which kill trainers, close stores) and exits with 130, a third exits at once.
 */
export function createInterrupt(options: InterruptOptions): Interrupt {
  const { write, exit, hasCheckpoints = true, releaseTimeoutMs = 2000 } = options;
  const controller = new AbortController();
  const releasers: Releaser[] = [];
  let signals = 0;
  let released: Promise<void> | undefined;

  const releaseAll = (): Promise<void> => {
    released ??= (async () => {
      for (let releaser = releasers.pop(); releaser; releaser = releasers.pop()) {
        try {
          await releaser();
        } catch (error) {
          write(`while ending: ${messageOf(error)}`);
        }
      }
    })();
    return released;
  };

  const onSignal = (name: string): void => {
    signals++;
    if (signals === 1) {
      write(`${hasCheckpoints ? 'stopping after a checkpoint' : 'ending'}; press again to end at once`);
      controller.abort(new InterruptedError(name));
    } else if (signals === 2) {
      const goOn = '; run the same command again to go on from the last checkpoints';
      write(`ending at once${hasCheckpoints ? goOn : ''}`);
      const timeout = setTimeout(() => exit(EXIT_CODES.interrupted), releaseTimeoutMs);
      void releaseAll().then(() => {
        clearTimeout(timeout);
        exit(EXIT_CODES.interrupted);
      });
    } else {
      exit(EXIT_CODES.interrupted);
    }
  };
  for (const name of SIGNALS) options.process.on(name, onSignal);

  return {
    signal: controller.signal,
    onRelease(releaser) {
      releasers.push(releaser);
      return () => {
        const index = releasers.indexOf(releaser);
        if (index >= 0) releasers.splice(index, 1);
      };
    },
    releaseAll,
    dispose() {
      for (const name of SIGNALS) options.process.off(name, onSignal);
    },
  };
}
