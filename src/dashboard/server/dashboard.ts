import { existsSync } from 'node:fs';
import { UserError } from '../../common/errors.ts';
import type { QueueSettings } from '../../queue/settings.ts';
import { runsLayout } from '../../sweep/runsLayout.ts';
import { startLawService } from '../laws/service.ts';
import { accessFor, isLoopback } from './access.ts';
import { dashboardApp } from './app.ts';
import { openBullBoard } from './bullBoard.ts';
import { openHub } from './live.ts';
import { isBuilt } from './pageRoutes.ts';
import { queueNextWith } from './queueNext.ts';
import { watchQueue } from './queueWatch.ts';
import { listenWith } from './serve.ts';
import { openState } from './state.ts';

export interface DashboardOptions {
  runsFolder: string;
  cacheFolder: string;
  host: string;
  /** 0: any free one. */
  port: number;
  /** Of the environment; a random one without it. */
  token: string | undefined;
  names: readonly string[];
  requireToken: boolean;
  bullBoardMayChange: boolean;
  queue: QueueSettings;
  /** Where the built page lies. */
  pageFolder: string;
  /** pipelines/sweep.ts */
  sweepScript: string;
  version: string;
  log(line: string): void;
}

export interface Dashboard {
  /** Without the token. */
  url: string;
  /** What a person opens. */
  urlWithToken: string;
  /** Whether others than this machine can reach it. */
  isOpen: boolean;
  close(): Promise<void>;
}

/** Starts the dashboard. Throws a UserError when the page is not built or the address cannot be had. */
export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { runsFolder, host, log } = options;
  if (!isBuilt(options.pageFolder)) {
    throw new UserError(`the page is not built (${options.pageFolder})`, 'npm run build');
  }
  if (!existsSync(runsFolder)) {
    log(`there is no folder ${runsFolder} yet: sweeps appear when the first one starts`);
  }
  // A weak token is refused before anything is opened.
  const accessAt = (port: number) => accessFor({ ...options, port });
  const { token } = accessAt(options.port);
  const release: (() => unknown)[] = [];
  const close = async () => {
    for (const each of release.reverse()) await each();
    release.length = 0;
  };
  try {
    const storePath = runsLayout(runsFolder).store;
    const queue = watchQueue(options.queue, runsFolder, log);
    release.push(() => queue.close());
    const state = openState(storePath, queue);
    release.push(() => state.close());
    const service = startLawService({ runsFolder, log });
    release.push(() => service.close());
    const hub = openHub(state, log);
    release.push(() => hub.close());
    const bullBoard = openBullBoard(queue, options.bullBoardMayChange, log);
    release.push(() => bullBoard.close());

    service.onResult((event) => hub.lawChanged(event));
    state.onChange(({ everything, runs, observations }) => {
      // A run that has ended or begun may count now or no longer; one that trains on tells its laws nothing until it is measured.
      const ended = [...runs].filter((run) => state.mirror.runs.get(run)?.status !== 'running');
      const measured = new Set([...ended, ...observations.map(({ run }) => run)]);
      for (const [name, { plan }] of state.mirror.sweeps) {
        if (everything || plan.some(({ run }) => measured.has(run))) service.changed(name);
      }
    });
    const queueNext = queueNextWith({ ...options, state, script: options.sweepScript });
    const server = await listenWith(
      host,
      options.port,
      (port) =>
        dashboardApp({
          ...options,
          ...{ access: accessFor({ ...options, port, token }), state, hub, service, queueNext, storePath },
          bullBoard: bullBoard.app,
        }),
      log,
    );
    release.push(() => server.close());
    const shown = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
    const url = `http://${shown}:${server.port}/`;
    return {
      url,
      urlWithToken: `${url}?token=${encodeURIComponent(token)}`,
      isOpen: !isLoopback(host),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
