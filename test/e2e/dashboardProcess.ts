import { type SweepProcess, startVerb, until } from './sweepProcess.ts';

/** Long enough to be taken; the same one lets a browser stay signed in over a restart. */
export const TOKEN = 'a-token-for-tests-only';

export interface DashboardProcess {
  url: string;
  urlWithToken: string;
  port: string;
  process: SweepProcess;
}

/** Starts `npm run dashboard` as its own process, without npm in between; done when it answers. */
export async function startDashboard(
  folders: { runs: string; cache: string },
  port = '0',
): Promise<DashboardProcess> {
  const started = startVerb(
    'dashboard',
    ['--runs', folders.runs, '--cache', folders.cache, '--listen', `127.0.0.1:${port}`, '--json'],
    { DASHBOARD_TOKEN: TOKEN },
  );
  await until(
    () => started.stdout().endsWith('\n') || started.child.exitCode !== null,
    60_000,
    'its address',
  );
  if (started.child.exitCode !== null) throw new Error(`no dashboard: ${started.stderr()}`);
  const { url, urlWithToken } = JSON.parse(started.stdout()) as { url: string; urlWithToken: string };
  return { url, urlWithToken, port: new URL(url).port, process: started };
}

/** Ends it, and waits for that. */
export async function stopDashboard(
  dashboard: DashboardProcess | undefined,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<void> {
  dashboard?.process.child.kill(signal);
  await dashboard?.process.ended;
}
