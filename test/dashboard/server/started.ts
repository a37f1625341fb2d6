import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { z } from 'zod';
import { computingSchema } from '../../../src/dashboard/api/laws.ts';
import { type DashboardOptions, startDashboard } from '../../../src/dashboard/server/dashboard.ts';
import type { QueueWatch } from '../../../src/dashboard/server/queueWatch.ts';
import type { ResultsStore } from '../../../src/store/types.ts';
import { measured, plantSweep } from '../plantedStore.ts';

export const TOKEN = 'a-token-of-these-tests-alone';
export const PAGE = '<!doctype html><title>the page</title>';

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'dashboard-'));

/** A folder as `npm run build` makes it, with one file, and a secret beside it that no address may reach. */
export function pageFolder(place: string): string {
  const folder = join(place, 'page');
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'index.html'), PAGE);
  writeFileSync(join(folder, 'assets/main-0123abcd.js'), 'export const page = 1;\n');
  writeFileSync(join(place, 'secret.txt'), 'what no address may reach');
  return folder;
}

/** A dashboard on a free port of this machine, over the runs folder `place`. */
export async function started(place: string, over: Partial<DashboardOptions> = {}) {
  const lines: string[] = [];
  const dashboard = await startDashboard({
    ...{ runsFolder: place, cacheFolder: join(place, 'cache'), host: '127.0.0.1', port: 0, token: TOKEN },
    ...{ names: [], requireToken: false, bullBoardMayChange: false, queue: {}, version: '0.0.1' },
    ...{ pageFolder: pageFolder(place), sweepScript: join(place, 'no-such-script.ts') },
    log: (line) => void lines.push(line),
    ...over,
  });
  return { ...dashboard, port: Number(new URL(dashboard.url).port), lines };
}

/** No queue, until told otherwise. */
export function noQueue(): QueueWatch & { look(): void; now: ReturnType<QueueWatch['status']> } {
  const listeners: (() => void)[] = [];
  const watch: ReturnType<typeof noQueue> = {
    now: { state: 'none', reason: 'none in this test' },
    look: () => {
      for (const listener of listeners) listener();
    },
    status: () => watch.now,
    throughput: () => ({ times: [], workers: [] }),
    operations: () => {
      throw new Error('no queue in this test');
    },
    onConnection: () => {},
    onLook: (listener) => void listeners.push(listener),
    close: async () => {},
  };
  return watch;
}

/** A sweep of which one run trains, one diverged, one failed, and no CPT run is done. */
export function plantPartly(store: ResultsStore): void {
  const open = plantSweep(store, 'partly', { isOpen: () => true }).filter(({ kind }) => kind === 'cpt');
  store.setRunning(open[0]!.run, { engine: 'onnx' });
  store.recordObservation(measured('partly', open[0]!, open[0]!.tokens[0]!));
  store.divergeRun(open[1]!.run, 'the loss is no number', 70_000);
  store.failRun(open[2]!.run, '<script>alert(1)</script>');
}

/** A whole answer, which must be what its schema documents: zod leaves out what it does not know. */
export async function wholeAnswer<Schema extends z.ZodType>(
  url: string,
  path: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  for (;;) {
    const response = await fetch(new URL(path, url));
    const value: unknown = await response.json();
    if (response.status === 202) {
      expect(computingSchema.parse(value)).toStrictEqual(value);
      await delay(50);
      continue;
    }
    expect({ path, status: response.status, value }).toMatchObject({ status: 200 });
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('cache-control')).toBe('private, no-cache');
    const parsed = schema.parse(value);
    expect(parsed).toStrictEqual(value);
    return parsed;
  }
}
