import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { childPids, isRunning } from '../test/e2e/sweepProcess.ts';

const ROOT = join(import.meta.dirname, '..');
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const START_MS = 30_000;
/** Of the clock that /proc counts in, a second. */
const TICKS = 100;

export interface DashboardProcess {
  url: string;
  pid: number;
  /** Megabytes that its processes have in memory: the server, and what it has started. */
  megabytes(): { server: number; children: number };
  /** Seconds of processor time of all its processes so far. */
  cpuSeconds(): number;
  close(): Promise<void>;
}

/** Starts `npm run dashboard` without npm in between. `folder`: where it is started, and what `runs` is relative to. */
export async function startDashboardProcess(folder: string, runs: string): Promise<DashboardProcess> {
  const child: ChildProcess = spawn(
    process.execPath,
    [
      ...['--import', import.meta.resolve('tsx'), join(ROOT, 'pipelines/dashboard.ts')],
      ...['--runs', runs, '--listen', '127.0.0.1:0', '--json'],
    ],
    { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1' } },
  );
  let said = '';
  child.stderr!.on('data', (chunk) => {
    said = (said + String(chunk)).slice(-10_000);
  });
  const { url, pid } = await new Promise<{ url: string; pid: number }>((started, failed) => {
    const late = setTimeout(() => failed(new Error(`the dashboard does not start:\n${said}`)), START_MS);
    child.once('exit', (code) => failed(new Error(`the dashboard ended with code ${code}:\n${said}`)));
    child.stdout!.once('data', (line) => {
      clearTimeout(late);
      started(JSON.parse(String(line)) as { url: string; pid: number });
    });
  });
  const children = () => childPids(pid).filter(isRunning);
  return {
    url,
    pid,
    megabytes: () => ({
      server: residentMegabytes(pid),
      children: children().reduce((sum, each) => sum + residentMegabytes(each), 0),
    }),
    cpuSeconds: () => [pid, ...children()].reduce((sum, each) => sum + processorSeconds(each), 0),
    close: async () => {
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function residentMegabytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

function processorSeconds(pid: number): number {
  const ticks = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  return (Number(ticks[11]) + Number(ticks[12])) / TICKS;
}

/** The system's own browser, without a window. Throws when there is none. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? BROWSERS.find(existsSync);
  if (!executablePath) throw new Error('there is no chromium: install it, or name it in CHROMIUM');
  return chromium.launch({
    executablePath,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
      ...['--disable-background-networking', '--disable-component-update', '--force-color-profile=srgb'],
    ],
  });
}
