import { openArtifactCache } from '../artifacts/cache.ts';
import type { ArtifactHome } from '../artifacts/types.ts';
import type { QueueConnection } from '../queue/connection.ts';
import { openTrainerPool, type TrainerPool } from '../queue/trainerPool.ts';
import type { TrainingEvent } from '../training/events.ts';
import type { RunResult, RunTask } from '../training/execute.ts';
import { cpuSlots, type Slot } from '../worker/devices.ts';
import { type RunningWorker, startWorker } from '../worker/worker.ts';

/** A worker in the coordinator's own process: the same code as a fleet's, with nothing to fetch. */
export async function startLocalWorker(options: {
  connection: QueueConnection;
  home: ArtifactHome;
  cacheFolder: string;
  workFolder: string;
  trainers: number;
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
    slots: cpuSlots(options.trainers),
    cache: openArtifactCache({ home, folder: options.workFolder, maxBytes: Number.POSITIVE_INFINITY, log }),
    shareEverySeconds: 600,
    log,
    openPool: (slots) => openSlotPool(trainerScript, slots, (line) => note(`trainer: ${line}`)),
  });
}

/** A pool whose every trainer runs on one slot's device. */
export function openSlotPool(
  script: string,
  slots: readonly Slot[],
  log: (line: string) => void,
): TrainerPool<RunTask, TrainingEvent, RunResult> {
  return openTrainerPool<RunTask, TrainingEvent, RunResult>({
    script,
    slots: slots.length,
    environment: (slot) => slots[slot]!.environment,
    log,
  });
}
