import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import type { ArtifactHome } from '../artifacts/types.ts';
import { messageOf } from '../common/errors.ts';
import { placeName } from '../common/seats.ts';
import { BEAT_INTERVAL_MS } from '../queue/announcements.ts';
import { openBoard } from '../queue/board.ts';
import type { QueueConnection } from '../queue/connection.ts';
import { classesFor, DEVICE_CLASSES, type DeviceClass, queueBase } from '../queue/names.ts';
import { startProcessor } from '../queue/processor.ts';
import type { BoardTiming } from '../queue/timing.ts';
import type { TrainerPool } from '../queue/trainerPool.ts';
import { HandedBack, type Processor } from '../queue/types.ts';
import { isGone, thisProcess, type WorkerInfo, workersOf } from '../queue/workers.ts';
import type { TrainingEvent } from '../training/events.ts';
import type { RunResult, RunTask } from '../training/execute.ts';
import { runMemoryBytes } from '../training/memory.ts';
import { NUMERICS_VERSION, type RunSpec } from '../training/runSpec.ts';
import type { Slot } from './devices.ts';
import { parseRunJob, type RunJob } from './job.ts';
import { newsSender } from './news.ts';
import { runLog } from './runLog.ts';
import { type InputCache, trainRun } from './trainRun.ts';

export interface WorkerOptions {
  connection: QueueConnection;
  home: ArtifactHome;
  cache: InputCache;
  /** Token shards that were prepared on this machine. */
  cacheFolder: string;
  /** A folder per run under way. */
  workFolder: string;
  slots: readonly Slot[];
  engine: string;
  /** Names and versions of all that can change a number. */
  environment: Record<string, string>;
  /** Trainers for the slots of one device class, one process for those of one `trainer`, with their `environment`. */
  openPool(slots: readonly Slot[]): TrainerPool<RunTask, TrainingEvent, RunResult>;
  /** Seconds between the points of a long run that are shared, so that another machine can go on from there. */
  shareEverySeconds: number;
  log(line: string): void;
  /** Each run that begins or ends here. */
  onRun?(line: string): void;
  /** Called now and then while nothing runs here and nothing is there to take: for how long so far. */
  onIdle?(idleMs: number): void;
  timing?: Partial<BoardTiming>;
}

export interface RunningWorker {
  readonly id: string;
  /** Pids of its trainers. */
  pids(): number[];
  /** Takes no more; what runs is saved, shared and handed back. */
  close(): Promise<void>;
}

/**
 * Takes runs for its slots until it is closed: a machine of a fleet, or the part of a sweep's own process that trains.
 * Announces itself every few seconds, and gives back at once what a worker that is gone has held.
 */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { connection, home, slots, engine, log } = options;
  const id = `${thisProcess().host.replace(/[^\w.-]/g, '_')}-${process.pid}-${randomBytes(3).toString('hex')}`;
  const base = queueBase({ homeId: home.id, engine, numericsVersion: NUMERICS_VERSION });
  const client = new Redis({ ...connection.clientOptions, maxRetriesPerRequest: 2 });
  client.on('error', () => {});
  const workers = workersOf(client);

  type Doing = WorkerInfo['slots'][number]['doing'];
  const doing = new Map<Slot, Doing>();
  const startedAt = new Date().toISOString();
  let finishedRuns = 0;
  let draining = false;
  const info = (): WorkerInfo => ({
    ...thisProcess(),
    homeId: home.id,
    engine,
    numericsVersion: NUMERICS_VERSION,
    versions: options.environment,
    startedAt,
    draining,
    finishedRuns,
    slots: slots.map((slot) => ({
      device: slot.device,
      seat: slot.seat,
      deviceClass: slot.deviceClass,
      memoryBytes: slot.memoryBytes,
      doing: doing.get(slot) ?? null,
    })),
  });
  const announce = () =>
    workers
      .announce(id, info())
      .catch((error) => log(`this worker could not announce itself: ${messageOf(error)}`));
  await announce();

  const lanes = DEVICE_CLASSES.map((deviceClass) => ({
    deviceClass,
    slots: slots.filter((slot) => slot.deviceClass === deviceClass),
  })).filter((lane) => lane.slots.length > 0);
  const idle = new Map<DeviceClass, number>();
  const pools: TrainerPool<RunTask, TrainingEvent, RunResult>[] = [];
  const processors: Processor[] = [];

  const startLane = async (deviceClass: DeviceClass, mine: readonly Slot[]): Promise<void> => {
    const pool = options.openPool(mine);
    pools.push(pool);
    const smallest = Math.min(...mine.map((slot) => slot.memoryBytes));
    const trainers = new Set(mine.map((slot) => slot.trainer)).size;
    /** The part of a device that a run needs: its memory, and a seat. Above 1 it is handed back. */
    const shareOf = (spec: RunSpec) => Math.max(trainers / mine.length, runMemoryBytes(spec) / smallest);
    processors.push(
      await startProcessor<RunJob>({
        connection,
        base,
        classes: classesFor(deviceClass),
        slots: trainers,
        // As many of its like as a device has room for: what would only wait here is left to others.
        loadOf: ({ spec }) => 1 / Math.max(1, Math.floor(1 / shareOf(spec) + 1e-9)),
        token: id,
        parse: parseRunJob,
        log,
        ...(options.timing && { timing: options.timing }),
        onIdle: (ms) => {
          idle.set(deviceClass, ms);
          if (doing.size > 0) idle.clear();
          else if (idle.size === lanes.length) options.onIdle?.(Math.min(...idle.values()));
        },
        handle: async (job, context) => {
          const { label, spec } = job.payload;
          let slot: Slot | undefined;
          let at = 0;
          let said = 'failed';
          const lines = runLog(context.log);
          lines.line(`taken by ${id}, attempt ${context.attempt}`);
          const news = newsSender(
            { worker: id, slot: () => at, environment: options.environment },
            context.tell,
          );
          try {
            const outcome = await trainRun(
              {
                home,
                cache: options.cache,
                cacheFolder: options.cacheFolder,
                workFolder: options.workFolder,
                slotBytes: smallest,
                environment: options.environment,
                shareResumePoints: connection.kind === 'redis',
                shareEverySeconds: options.shareEverySeconds,
                news,
                note: log,
                dispatch: (task, { signal, onEvent }) =>
                  pool.run(task, {
                    signal,
                    share: shareOf(spec),
                    onSlot: (index) => {
                      slot = mine[index]!;
                      at = slots.indexOf(slot);
                      doing.set(slot, {
                        run: job.id,
                        label,
                        tokens: 0,
                        totalTokens: spec.tokens,
                        tokensPerSecond: null,
                      });
                      options.onRun?.(`${label}: begins on ${placeName(slot)}`);
                      lines.line(`begins on ${placeName(slot)} with ${engine}`);
                    },
                    onEvent: (event) => {
                      const now = slot && doing.get(slot);
                      if (now && 'tokens' in event) now.tokens = event.tokens;
                      if (now && event.type === 'progress') now.tokensPerSecond = event.tokensPerSecond;
                      lines.event(event);
                      onEvent(event);
                    },
                  }),
              },
              job,
              context,
            );
            finishedRuns++;
            said = outcome.trained ? 'done' : 'was done already';
            return outcome;
          } catch (error) {
            said =
              error instanceof HandedBack ? `handed back (${error.message})` : `failed (${messageOf(error)})`;
            throw error;
          } finally {
            if (slot) doing.delete(slot);
            options.onRun?.(`${label}: ${said}`);
            lines.line(said);
            await lines.sent();
          }
        },
      }),
    );
  };
  for (const lane of lanes) await startLane(lane.deviceClass, lane.slots);

  const heart = setInterval(() => void announce(), BEAT_INTERVAL_MS);
  await reclaimFromGone(connection, base, workers, log);

  let closing: Promise<void> | undefined;
  return {
    id,
    pids: () => pools.flatMap((pool) => pool.pids()),
    close: () => {
      closing ??= (async () => {
        draining = true;
        void announce();
        await Promise.all(processors.map((processor) => processor.close()));
        await Promise.all(pools.map((pool) => pool.close()));
        clearInterval(heart);
        await workers.leave(id).catch(() => {});
        client.disconnect();
      })();
      return closing;
    },
  };
}

/** Gives back what workers held that are gone, instead of waiting until their locks run out. */
async function reclaimFromGone(
  connection: QueueConnection,
  base: string,
  workers: ReturnType<typeof workersOf>,
  log: (line: string) => void,
): Promise<void> {
  if (connection.kind === 'embedded') return;
  try {
    const gone = (await workers.list()).filter(isGone);
    if (gone.length === 0) return;
    const board = await openBoard<RunJob>({ connection, base, log });
    try {
      const ids = new Set(gone.map((worker) => worker.id));
      const taken = await board.reclaim((token) => ids.has(token));
      if (taken.length > 0) log(`${taken.length} runs of workers that are gone wait again`);
      for (const worker of gone) await workers.leave(worker.id);
    } finally {
      await board.close();
    }
  } catch (error) {
    log(`runs of workers that are gone were not looked for: ${messageOf(error)}`);
  }
}
