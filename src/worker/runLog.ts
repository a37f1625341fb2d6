import type { TrainingEvent } from '../training/events.ts';

const PROGRESS_INTERVAL_MS = 10_000;

export interface RunLog {
  line(text: string): void;
  event(event: TrainingEvent): void;
  /** Resolves when every line so far has been sent. */
  sent(): Promise<void>;
}

/**
 * What a run tells people while it is in the queue: a line for its start, each evaluation, now and then its progress, its
 * checkpoints and its end. Times are UTC.
 */
export function runLog(send: (line: string) => Promise<void>, clock = () => Date.now()): RunLog {
  let sending = Promise.resolve();
  let toldProgressMs = Number.NEGATIVE_INFINITY;
  const line = (text: string) => {
    const at = new Date(clock()).toISOString().slice(0, 19).replace('T', ' ');
    sending = sending.then(() => send(`${at}  ${text}`));
  };
  return {
    line,
    event: (event) => {
      if (event.type !== 'progress') return line(sentence(event));
      if (clock() - toldProgressMs < PROGRESS_INTERVAL_MS) return;
      toldProgressMs = clock();
      line(sentence(event));
    },
    sent: () => sending,
  };
}

const count = (tokens: number) => `${tokens.toLocaleString('en-US')} tokens`;

function sentence(event: TrainingEvent): string {
  switch (event.type) {
    case 'started':
      return event.resumed ? `goes on from ${count(event.tokens)}` : 'training begins';
    case 'progress':
      return (
        `${count(event.tokens)}: training loss ${event.loss.toFixed(4)}, gradient norm ${event.gradientNorm.toPrecision(3)}, ` +
        `learning rate ${event.learningRate.toPrecision(3)}, ${Math.round(event.tokensPerSecond).toLocaleString('en-US')} tokens/s`
      );
    case 'evaluated': {
      const { general, domain } = event.losses;
      return `${count(event.tokens)}: general loss ${general.loss.toFixed(4)}${domain ? `, domain loss ${domain.loss.toFixed(4)}` : ''}`;
    }
    case 'checkpointed':
      return `${count(event.tokens)}: checkpoint written`;
    case 'diverged':
      return `${count(event.tokens)}: diverged, ${event.reason}`;
    case 'finished': {
      const { setup, training, evaluation, checkpoint } = event.seconds;
      return `${count(event.tokens)}: finished, ${training.toFixed(1)} s of training, ${evaluation.toFixed(1)} s of evaluation, ${(setup + checkpoint).toFixed(1)} s else`;
    }
  }
}
