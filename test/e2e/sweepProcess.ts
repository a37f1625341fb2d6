import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

export interface SweepProcess {
  child: ChildProcess;
  stdout(): string;
  stderr(): string;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }>;
}

/** A fresh place for a sweep's results; `cache` is shared so that corpora are prepared once. */
export function sweepFolders(cache = mkdtempSync(join(tmpdir(), 'sweep-cache-'))) {
  return { runs: mkdtempSync(join(tmpdir(), 'sweep-runs-')), cache };
}

/** Starts `npm run sweep` as its own process, as a user would, without npm in between. */
export function startSweep(
  config: string,
  folders: { runs: string; cache: string },
  args: readonly string[] = [],
): SweepProcess {
  return startVerb('sweep', [config, '--runs', folders.runs, '--cache', folders.cache, '--json', ...args]);
}

/** Starts `pipelines/<file>.ts` with arguments; `variables` are added to its environment. */
export function startVerb(
  file: string,
  args: readonly string[],
  variables: Record<string, string> = {},
): SweepProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', `pipelines/${file}.ts`, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ...variables },
  });
  let stdout = '';
  let stderr = '';
  child.stdout!.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr!.on('data', (chunk) => {
    stderr += chunk;
  });
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    ended: new Promise((done) => {
      child.on('close', (code, signal) => done({ code, signal, stdout, stderr }));
    }),
  };
}

/** Pids of the process's direct children (Linux). */
export function childPids(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  return existsSync(path) ? readFileSync(path, 'utf8').split(' ').filter(Boolean).map(Number) : [];
}

/** Whether a process still runs (a zombie does not count). */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Polls until `condition` holds; throws after `timeoutMs`. */
export async function until(condition: () => boolean, timeoutMs: number, what: string): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** The sweep's observations as written for other tools. */
export function observationsCsv(runs: string, sweep: string): string {
  return readFileSync(join(runs, sweep, 'observations.csv'), 'utf8');
}

/** Names of half-written files anywhere below a folder. */
export function temporaryFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.tmp'));
}
