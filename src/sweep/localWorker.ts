import { openArtifactCache } from '../artifacts/cache.ts';
import type { ArtifactHome } from '../artifacts/types.ts';
import type { QueueConnection } from '../queue/connection.ts';
import { openTrainerPool, type TrainerPool } from '../queue/trainerPool.ts';
import type { TrainingEvent } from '../training/events.ts';
import type { RunResult, RunTask } from '../training/execute.ts';
import { cpuSlots, type Population, type Slot } from '../worker/devices.ts';
import { type RunningWorker, startWorker } from '../worker/worker.ts';

/** A worker in the coordinator's own process: the same code as a fleet's, with nothing to fetch. */
export async function startLocalWorker(options: {
  connection: QueueConnection;
  home: ArtifactHome;
  cacheFolder: string;
  workFolder: string;
  trainers: number;
  /** Seats of each. */
  population: Population;
  engine: string;
  environment: Record<string, string>;
  /** The trainer's script, run as a child process. */
  trainerScript: string;
  note(line: string): void;
}): Promise<RunningWorker> {
  const { home, note, trainerScript } = options;
  const log = (line: string) => note(`queue: ${line}`);
  return startWorker({
    ...options,
    slots: cpuSlots(options.trainers, options.population),
    cache: openArtifactCache({ home, folder: options.workFolder, maxBytes: Number.POSITIVE_INFINITY, log }),
    shareEverySeconds: 600,
    log,
    openPool: (slots) => openSlotPool(trainerScript, slots, (line) => note(`trainer: ${line}`)),
  });
}

/** A pool with a trainer for each device, which the device's seats share. */
export function openSlotPool(
  script: string,
  slots: readonly Slot[],
  log: (line: string) => void,
): TrainerPool<RunTask, TrainingEvent, RunResult> {
  return openTrainerPool<RunTask, TrainingEvent, RunResult>({
    script,
    slots: slots.length,
    trainerOf: (slot) => slots[slot]!.trainer,
    environment: (slot) => slots[slot]!.environment,
    log,
  });
}
