/** `npm run dashboard`: one page that shows sweeps, laws and the queue, live. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Option } from 'commander';
import { EXIT_CODES } from '../src/cli/exitCodes.ts';
import { runCommand } from '../src/cli/main.ts';
import { parseCommandLine } from '../src/cli/options.ts';
import { parseListen } from '../src/common/listenAddress.ts';
import { secretFrom } from '../src/common/secrets.ts';
import { startDashboard } from '../src/dashboard/server/dashboard.ts';
import { queueSettings } from '../src/queue/settings.ts';

const DEFAULT_LISTEN = '127.0.0.1:7430';
const ROOT = join(import.meta.dirname, '..');

await runCommand(
  async (interrupt) => {
    const command = parseCommandLine(
      {
        name: 'dashboard',
        summary: 'Serves a page that shows sweeps, laws and the queue as they are, and steers the queue.',
        options: ['runs', 'cache', 'json'],
        more: [
          new Option('--listen <host:port>', 'where to listen').default(DEFAULT_LISTEN),
          new Option(
            '--allow-host <name>',
            'a further name it is reached by, e.g. of a proxy; may be repeated',
          )
            .default([], 'none')
            .argParser((value: string, earlier: string[]) => [...earlier, value]),
          new Option(
            '--require-token',
            'looking needs the token too (always so when not on loopback)',
          ).default(false),
          new Option('--bull-board-may-change', 'bull-board may change jobs, not only show them').default(
            false,
          ),
        ],
        examples: [
          ['', `the sweeps of runs/, at http://${DEFAULT_LISTEN}/`],
          ['--listen 0.0.0.0:7430', 'for other machines: they need the token that is printed'],
          ['--listen 127.0.0.1:0 --json', 'any free port; prints its address as JSON'],
        ],
        notes:
          'Environment: REDIS_URL (or REDIS_URL_FILE) for a queue elsewhere than in the running sweep; DASHBOARD_TOKEN (or\n' +
          'DASHBOARD_TOKEN_FILE) for a token that stays the same. Ctrl-C ends it; sweeps go on.',
      },
      process.argv.slice(2),
      { writeOut: (text) => process.stdout.write(text), variables: process.env },
    );
    if (!command) return EXIT_CODES.done;
    const { runs, cache, json } = command.options;
    const flags = command.more as {
      listen: string;
      allowHost: string[];
      requireToken: boolean;
      bullBoardMayChange: boolean;
    };
    const say = (line: string) => process.stderr.write(`${line}\n`);
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    const dashboard = await startDashboard({
      ...parseListen(flags.listen, '--listen', DEFAULT_LISTEN),
      runsFolder: runs,
      cacheFolder: cache,
      token: secretFrom(process.env, 'DASHBOARD_TOKEN'),
      names: flags.allowHost,
      requireToken: flags.requireToken,
      bullBoardMayChange: flags.bullBoardMayChange,
      queue: queueSettings(process.env),
      pageFolder: join(ROOT, 'dist/dashboard'),
      sweepScript: join(ROOT, 'pipelines/sweep.ts'),
      version,
      log: say,
    });
    interrupt.onRelease(() => dashboard.close());
    const { url, urlWithToken, isOpen } = dashboard;
    if (json) process.stdout.write(`${JSON.stringify({ url, urlWithToken, pid: process.pid })}\n`);
    else {
      say(`The dashboard of ${runs}: ${urlWithToken}`);
      say(
        isOpen
          ? 'Other machines can reach it; everything needs the token, and nothing is encrypted: put TLS in front of it.'
          : 'Only this machine can reach it. Ctrl-C ends it; sweeps go on.',
      );
    }
    await new Promise<void>((stopped) => {
      interrupt.signal.addEventListener('abort', () => stopped(), { once: true });
    });
    return EXIT_CODES.done;
  },
  { hasCheckpoints: false },
);
