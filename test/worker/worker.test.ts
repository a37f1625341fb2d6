import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { openArtifactCache } from '../../src/artifacts/cache.ts';
import { openFolderHome } from '../../src/artifacts/folderHome.ts';
import { shardPath } from '../../src/corpus/shards.ts';
import { openBoard } from '../../src/queue/board.ts';
import { openQueueConnection } from '../../src/queue/connection.ts';
import { queueBase } from '../../src/queue/names.ts';
import { openSlotPool } from '../../src/sweep/localWorker.ts';
import { runMemoryBytes } from '../../src/training/memory.ts';
import { NUMERICS_VERSION, runId } from '../../src/training/runSpec.ts';
import { cpuSlots, type Slot } from '../../src/worker/devices.ts';
import type { RunJob } from '../../src/worker/job.ts';
import { findResult } from '../../src/worker/runResults.ts';
import { startWorker } from '../../src/worker/worker.ts';
import { FAST } from '../contract/boardTiming.ts';
import { tinySpec } from '../training/tinySpec.ts';

const specOf = (seed: number) => ({ ...tinySpec(), seed });
const idOf = (seed: number) => runId(specOf(seed));

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited 20 s for ${what}`);
    await delay(10);
  }
}

describe('a worker whose runs share a trainer', () => {
  const release: (() => unknown)[] = [];
  afterEach(async () => {
    for (const each of release.splice(0).reverse()) await each();
  });

  /** A worker on an embedded store, with runs of these seeds in its queue. */
  async function scene(slots: Slot[], seeds: readonly number[]) {
    const folder = mkdtempSync(join(tmpdir(), 'worker-'));
    release.push(() => rmSync(folder, { recursive: true, force: true }));
    const home = openFolderHome(join(folder, 'artifacts'));
    const cacheFolder = join(folder, 'cache');
    const { general } = tinySpec();
    mkdirSync(join(cacheFolder, 'shards'), { recursive: true });
    for (const hash of [general.trainShard, general.validationShard])
      writeFileSync(shardPath(cacheFolder, hash), 'stands for a shard');
    const connection = await openQueueConnection({ log: () => {} });
    release.push(() => connection.close());
    const base = queueBase({ homeId: home.id, engine: 'onnx', numericsVersion: NUMERICS_VERSION });
    const board = await openBoard<RunJob>({ connection, base, log: () => {}, timing: FAST });
    release.push(() => board.close());
    const lines: string[] = [];
    const workFolder = join(folder, 'work');
    const worker = await startWorker({
      ...{ connection, home, cacheFolder, workFolder, slots },
      cache: openArtifactCache({ home, folder: join(folder, 'copies'), maxBytes: 1e9, log: () => {} }),
      engine: 'onnx',
      environment: {},
      openPool: (some) => openSlotPool(join(import.meta.dirname, 'trainerStub.ts'), some, () => {}),
      shareEverySeconds: 600,
      log: () => {},
      onRun: (line) => lines.push(line),
      timing: FAST,
    });
    release.push(() => worker.close());
    await board.enqueue(
      seeds.map((seed) => ({
        id: idOf(seed),
        payload: {
          spec: specOf(seed),
          label: `run ${seed}`,
          parentCheckpoint: null,
          shards: {},
          resume: null,
          memoryBytes: 1e9,
          keepCheckpoint: false,
          checkpointSeconds: 20,
        },
      })),
    );
    const begun = (seed: number, times = 1) =>
      lines.filter((line) => line.startsWith(`run ${seed}: begins`)).length >= times;
    return {
      ...{ board, worker, lines, begun },
      end: (seed: number) => writeFileSync(join(workFolder, `end-${seed}`), ''),
      ended: (seed: number) => until(`the end of run ${seed}`, () => lines.includes(`run ${seed}: done`)),
      /** Of a run that is done: the losses, and the process that trained it. */
      result: async (seed: number) => {
        const { observations, environment } = (await findResult(home, idOf(seed), null, () => {}))!.result;
        return { loss: observations[0]!.generalLoss, trainedBy: environment.engine };
      },
    };
  }

  it('trains two at once in one process, each with its own result', async () => {
    const { worker, lines, begun, end, ended, result } = await scene(cpuSlots(1, 2), [1, 2]);
    await until('two runs', () => begun(1) && begun(2));
    expect(lines.map((line) => line.replace(/run \d/, 'run')).sort()).toEqual([
      'run: begins on cpu 0 seat 0',
      'run: begins on cpu 0 seat 1',
    ]);
    end(1);
    end(2);
    await Promise.all([ended(1), ended(2)]);
    const trainedBy = `pid ${worker.pids()[0]}, population 2`;
    expect(await result(1)).toEqual({ loss: 1, trainedBy });
    expect(await result(2)).toEqual({ loss: 2, trainedBy });
    expect(worker.pids()).toHaveLength(1);
  });

  it('a cancelled run leaves its neighbour alone', async () => {
    const { board, lines, begun, end, ended, result } = await scene(cpuSlots(1, 2), [1, 2]);
    await until('two runs', () => begun(1) && begun(2));
    await board.cancel(idOf(1));
    await until('the end of run 1', () => lines.some((line) => line.startsWith('run 1: handed back')));
    end(2);
    await ended(2);
    expect(await result(2)).toMatchObject({ loss: 2 });
    expect(await board.outstanding()).toEqual([]);
  });

  it('a trainer that is killed costs each of its runs an attempt, no more: both are trained in the next', async () => {
    const { worker, begun, lines, end, ended, result } = await scene(cpuSlots(1, 2), [1, 2]);
    await until('two runs', () => begun(1) && begun(2));
    const [killed] = worker.pids();
    process.kill(killed!, 'SIGKILL');
    await until('two second attempts', () => begun(1, 2) && begun(2, 2));
    expect(lines.filter((line) => /failed \(the trainer .* was killed/.test(line))).toHaveLength(2);
    end(1);
    end(2);
    await Promise.all([ended(1), ended(2)]);
    const trainedBy = `pid ${worker.pids()[0]}, population 2`;
    expect(worker.pids()).not.toContain(killed);
    expect(await result(1)).toEqual({ loss: 1, trainedBy });
    expect(await result(2)).toEqual({ loss: 2, trainedBy });
  });

  it('takes no more runs than the device has memory for, whatever its seats', async () => {
    const memoryBytes = 2.5 * runMemoryBytes(tinySpec());
    const slots = cpuSlots(1, 8).map((slot) => ({ ...slot, memoryBytes }));
    const { board, lines, begun, end, ended } = await scene(slots, [1, 2, 3]);
    await until('two runs', () => begun(1) && begun(2));
    await delay(300);
    expect(begun(3)).toBe(false);
    // It waits in the queue, for whoever has room, and not here.
    const waiting = (await board.outstanding()).filter((job) => !job.active).map((job) => job.id);
    expect(waiting).toEqual([idOf(3)]);
    end(2);
    await until('the third', () => begun(3));
    expect(lines.at(-1)).toBe('run 3: begins on cpu 0 seat 1');
    end(1);
    end(3);
    await Promise.all([ended(1), ended(3)]);
  });
});
