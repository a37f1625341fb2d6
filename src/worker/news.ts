import { z } from 'zod';
import type { TrainingEvent } from '../training/events.ts';
import { measuredSchema } from '../training/runResult.ts';

const tokens = z.int().nonnegative();

const newsSchema = z.strictObject({
  /** Which worker's which slot. */
  worker: z.string().max(200),
  slot: z.int().nonnegative().max(4096),
  /** Names and versions of what trains it; with the first news of an attempt. */
  environment: z.record(z.string().max(100), z.string().max(1000)).optional(),
  started: z.strictObject({ tokens, resumed: z.boolean() }).optional(),
  progress: z
    .strictObject({ tokens, loss: z.number().nullable(), tokensPerSecond: z.number().nonnegative() })
    .optional(),
  measured: z.array(measuredSchema).max(10_000),
});

/** How a run goes, from whoever trains it to whoever listens: a hint, since the result says everything again. */
export type RunNews = z.infer<typeof newsSchema>;

/** null on what is not news of this version. */
export function parseRunNews(message: unknown): RunNews | null {
  const parsed = newsSchema.safeParse(message);
  return parsed.success ? parsed.data : null;
}

/** What an evaluation measured, as rows of the results store have it. */
export function measuredOf(
  event: Extract<TrainingEvent, { type: 'evaluated' }>,
): RunNews['measured'][number] {
  const { general, domain } = event.losses;
  return {
    tokens: event.tokens,
    generalLoss: general.loss,
    generalStandardError: general.standardError,
    generalBitsPerByte: general.bitsPerByte,
    domainLoss: domain?.loss ?? null,
    domainStandardError: domain?.standardError ?? null,
    domainBitsPerByte: domain?.bitsPerByte ?? null,
  };
}

const NEWS_INTERVAL_MS = 500;

export interface NewsSender {
  add(event: TrainingEvent): void;
  /** Resolves when everything added so far has been told. */
  flush(): Promise<void>;
}

/** Gathers a run's events and tells them together, at most twice a second: a queue is no place for every step. */
export function newsSender(
  from: { worker: string; slot(): number; environment: Record<string, string> },
  tell: (news: RunNews) => Promise<void>,
): NewsSender {
  const empty = (): RunNews => ({ worker: from.worker, slot: 0, measured: [] });
  let next: RunNews = { ...empty(), environment: from.environment };
  let isEmpty = true;
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> = Promise.resolve();
  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    if (isEmpty) return sending;
    const news = { ...next, slot: from.slot() };
    next = empty();
    isEmpty = true;
    sending = sending.then(() => tell(news));
    return sending;
  };
  return {
    add: (event) => {
      if (event.type === 'evaluated') next.measured.push(measuredOf(event));
      else if (event.type === 'started') next.started = { tokens: event.tokens, resumed: event.resumed };
      else if (event.type === 'progress') {
        const { loss, tokensPerSecond } = event;
        next.progress = {
          tokens: event.tokens,
          loss: Number.isFinite(loss) ? loss : null,
          tokensPerSecond,
        };
      } else return;
      isEmpty = false;
      timer ??= setTimeout(() => void flush(), event.type === 'started' ? 0 : NEWS_INTERVAL_MS);
    },
    flush,
  };
}
