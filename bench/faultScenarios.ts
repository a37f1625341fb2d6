/** The faults of `npm run bench:faults`: each what it needs before the sweep starts, and the harm it does. */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { readManifest } from '../src/training/checkpoint.ts';
import { type Fleet, type Part, startProxy } from '../test/e2e/fleet.ts';
import { childPids } from '../test/e2e/sweepProcess.ts';

export const WORKERS = ['one', 'two', 'three', 'four'];

/** A sweep under way, and the means to disturb it. */
export interface Scene {
  fleet: Fleet;
  coordinator: Part;
  /** Every coordinator that was started, for what they said. */
  coordinators: Part[];
  workers: Map<string, Part>;
  allWorkers: Part[];
  /** Starts the same command again. */
  restartCoordinator(environment?: Record<string, string>): void;
  startWorker(name: string, environment?: Record<string, string>): Part;
}

/** What the parts of a sweep are started with. */
interface Prepared {
  coordinator?: Record<string, string>;
  workers?: Record<string, () => Record<string, string>>;
  artifacts?: string;
  close?(): Promise<void> | void;
}

export interface Scenario {
  name: string;
  /** Before the parts start; `redis` is where it will listen. */
  prepare?(redis: { port: number }): Promise<Prepared>;
  /** Does harm; returns the workers whose runs were hit, and when that was. */
  harm(scene: Scene): Promise<{ hit: Part[]; ms: number }>;
}

const pick = (scene: Scene, name: string) => scene.workers.get(name)!;
const trainersOf = (worker: Part) => childPids(worker.child.pid!);

const clockFolder = mkdtempSync(join(tmpdir(), 'clock-'));
const clockFile = join(clockFolder, 'step');
const clockStep = (ms: number) => ({
  NODE_OPTIONS: `--import ${pathToFileURL(resolve(import.meta.dirname, 'clockStep.mjs')).href}`,
  CLOCK_STEP_FILE: clockFile,
  CLOCK_STEP_MS: `${ms}`,
});
const DAY_MS = 86_400_000;

/** The first worker's way to Redis leads through a proxy, which is cut and, where told, mended. */
function networkCut(name: string, mendAfterMs: number | null): Scenario {
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  return {
    name,
    prepare: async ({ port }) => {
      proxy = await startProxy(port);
      return {
        workers: { one: () => ({ REDIS_URL: `redis://127.0.0.1:${proxy.port}/0` }) },
        close: () => proxy.close(),
      };
    },
    harm: async (scene) => {
      const hit = pick(scene, 'one');
      const ms = performance.now();
      proxy.cut();
      if (mendAfterMs !== null) {
        await delay(mendAfterMs);
        proxy.heal();
      }
      return { hit: [hit], ms };
    },
  };
}

/** Artifacts on a small disk of their own, which is filled and emptied again. */
function fullDisk(name: string, emptyAfterMs: number): Scenario {
  let mounted: string;
  return {
    name,
    prepare: async () => {
      mounted = mkdtempSync(join(tmpdir(), 'small-disk-'));
      const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', mounted]);
      if (status !== 0) throw new Error(`no small disk can be mounted here: ${String(stderr)}`);
      return {
        artifacts: join(mounted, 'artifacts'),
        close: () => {
          spawnSync('umount', ['-l', mounted]);
        },
      };
    },
    harm: async (scene) => {
      const filler = join(mounted, 'filler');
      const ms = performance.now();
      const file = openSync(filler, 'w');
      try {
        for (;;) writeSync(file, Buffer.alloc(1 << 16, 1));
      } catch {
        closeSync(file);
      }
      await delay(emptyAfterMs);
      rmSync(filler);
      return { hit: scene.allWorkers, ms };
    },
  };
}

export const SCENARIOS: readonly Scenario[] = [
  { name: 'undisturbed', harm: async () => ({ hit: [], ms: performance.now() }) },
  {
    name: 'kill -9 of a trainer, three times',
    harm: async (scene) => {
      const ms = performance.now();
      for (const name of ['one', 'two', 'three']) {
        const [trainer] = trainersOf(pick(scene, name));
        if (trainer) process.kill(trainer, 'SIGKILL');
        await delay(500);
      }
      return { hit: [pick(scene, 'one'), pick(scene, 'two'), pick(scene, 'three')], ms };
    },
  },
  {
    name: 'kill -9 of a worker',
    harm: async (scene) => {
      const hit = pick(scene, 'one');
      const ms = performance.now();
      await hit.end('SIGKILL');
      return { hit: [hit], ms };
    },
  },
  {
    name: 'kill -9 of the coordinator',
    harm: async (scene) => {
      const ms = performance.now();
      await scene.coordinator.end('SIGKILL');
      scene.restartCoordinator();
      return { hit: [], ms };
    },
  },
  {
    name: 'kill -9 of Redis, back after 2 s',
    harm: async (scene) => {
      const ms = performance.now();
      await scene.fleet.redis.kill();
      await delay(2000);
      await scene.fleet.redis.restart();
      return { hit: scene.allWorkers, ms };
    },
  },
  {
    name: 'kill -9 of all at once',
    harm: async (scene) => {
      const hit = [...scene.allWorkers];
      const ms = performance.now();
      await Promise.all([
        ...hit.map((worker) => worker.end('SIGKILL')),
        scene.coordinator.end('SIGKILL'),
        scene.fleet.redis.kill(),
      ]);
      await scene.fleet.redis.restart();
      scene.restartCoordinator();
      for (const name of WORKERS) scene.startWorker(name);
      return { hit, ms };
    },
  },
  {
    name: 'SIGTERM of two workers',
    harm: async (scene) => {
      const hit = [pick(scene, 'one'), pick(scene, 'two')];
      const ms = performance.now();
      await Promise.all(hit.map((worker) => worker.end('SIGTERM')));
      return { hit, ms };
    },
  },
  networkCut('network cut of a worker for 20 s', 20_000),
  networkCut('network cut of a worker until all is done', null),
  fullDisk('artifact disk full for 15 s', 15_000),
  {
    name: 'every base checkpoint corrupted',
    harm: async (scene) => {
      const ms = performance.now();
      const home = join(scene.fleet.runs, 'artifacts');
      for (const folder of readdirSync(home).filter((name) => /^[0-9a-f]{2}$/.test(name))) {
        for (const name of readdirSync(join(home, folder))) {
          const path = join(home, folder, name);
          const text = readFileSync(path);
          if (text[0] !== 0x7b) continue;
          const { parametersSha256 } = readManifest(path);
          const parameters = join(home, parametersSha256.slice(0, 2), parametersSha256);
          const bytes = readFileSync(parameters);
          bytes[bytes.length - 5]! ^= 1;
          writeFileSync(parameters, bytes);
        }
      }
      // Workers go on with the copies that they have: new ones have none.
      for (const name of WORKERS) {
        await pick(scene, name).end('SIGKILL');
        scene.startWorker(`${name} anew`);
      }
      return { hit: [], ms };
    },
  },
  {
    name: 'clocks step by a day, and a trainer dies',
    prepare: async () => {
      rmSync(clockFile, { force: true });
      return {
        coordinator: clockStep(-DAY_MS),
        workers: { one: () => clockStep(DAY_MS), two: () => clockStep(-DAY_MS) },
      };
    },
    harm: async (scene) => {
      const ms = performance.now();
      writeFileSync(clockFile, '');
      await delay(1000);
      for (const name of ['one', 'two']) {
        const [trainer] = trainersOf(pick(scene, name));
        if (trainer) process.kill(trainer, 'SIGKILL');
      }
      return { hit: [pick(scene, 'one'), pick(scene, 'two')], ms };
    },
  },
];
