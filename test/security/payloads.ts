import { expect } from 'vitest';
import { UnrecoverableJobError } from '../../src/queue/types.ts';
import type { RunSpec } from '../../src/training/runSpec.ts';
import { parseRunJob, type RunJob } from '../../src/worker/job.ts';
import { tinySpec } from '../training/tinySpec.ts';

/** Of the processor's time: what a worker spends at most on a job that is none. */
export const LIMIT_MS = 3000;
/** What is refused is kept in Redis and shown on terminals. */
export const LONGEST_REASON = 2000;
export const HASH = 'a'.repeat(64);

export function cptSpec(): RunSpec {
  return {
    ...tinySpec(),
    kind: 'cpt',
    parent: 'd'.repeat(64),
    domain: { ...tinySpec().general, name: 'law' },
    domainRatio: 0.5,
  };
}

export function goodJob(spec: RunSpec = tinySpec()): RunJob {
  return {
    spec,
    label: '6.1k law r=0.5',
    parentCheckpoint: spec.kind === 'cpt' ? 'e'.repeat(64) : null,
    shards: { [spec.general.trainShard]: HASH },
    resume: null,
    memoryBytes: 4e8,
    keepCheckpoint: false,
    checkpointSeconds: 20,
  };
}

/** As it comes out of Redis: JSON text, in which `at` (a path of keys) has been replaced. */
export function jobWith(at: readonly string[], value: unknown, job: RunJob = goodJob(cptSpec())): unknown {
  const copy = structuredClone(job) as unknown as Record<string, unknown>;
  const last = at.at(-1)!;
  let place = copy;
  for (const key of at.slice(0, -1)) place = place[key] as Record<string, unknown>;
  place[last] = value;
  return copy;
}

export function cpuMs(work: () => void): number {
  const began = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}

/** The sentence with which it is refused; fails when it is taken, refused otherwise, or refused late. */
export function refusalOf(data: unknown): string {
  let refusal: unknown;
  const ms = cpuMs(() => {
    try {
      parseRunJob(data);
    } catch (error) {
      refusal = error;
    }
  });
  expect(ms).toBeLessThan(LIMIT_MS);
  expect(refusal).toBeInstanceOf(UnrecoverableJobError);
  const { message } = refusal as Error;
  expect(message.length).toBeLessThan(LONGEST_REASON);
  // An escape sequence would rewrite the terminal of whoever reads the log, a new line would forge one of its lines.
  expect(message).not.toMatch(/\p{Cc}/u);
  return message;
}
