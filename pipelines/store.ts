/** `npm run store`: makes the results store anew from artifacts, checks it against them, or serves them to workers. */
import { existsSync } from 'node:fs';
import { EXIT_CODES, type ExitCode } from '../src/cli/exitCodes.ts';
import type { Interrupt } from '../src/cli/interrupt.ts';
import { runCommand } from '../src/cli/main.ts';
import { parseCommandLine } from '../src/cli/options.ts';
import { UserError } from '../src/common/errors.ts';
import { lockStore } from '../src/store/lock.ts';
import { openResultsStore } from '../src/store/results.ts';
import { checkStore, rebuildStore } from '../src/sweep/rebuild.ts';
import { openRunsHome } from '../src/sweep/runsHome.ts';
import { runsLayout } from '../src/sweep/runsLayout.ts';

const ACTIONS = ['rebuild', 'check', 'serve'] as const;

type Print = (result: unknown, text: string) => void;
const say = (line: string) => process.stderr.write(`${line}\n`);

await runCommand(async (interrupt) => {
  const command = parseCommandLine(
    {
      name: 'store',
      summary: 'The results store and the artifacts behind it.',
      argument: { name: '<action>', description: ACTIONS.join(', ') },
      options: ['runs', 'json'],
      examples: [
        ['rebuild', 'makes results.sqlite anew from the records in the artifact home'],
        ['check', 'every finished run has its result and its checkpoint there, whole'],
        ['serve', 'serves the artifact folder to workers over HTTP, until Ctrl-C'],
      ],
      notes: `Environment: ARTIFACTS_URL, when the home is not runs/artifacts; for serve ARTIFACTS_TOKEN or ARTIFACTS_TOKEN_FILE, and
ARTIFACTS_LISTEN=host:port (127.0.0.1:7420 without it). See docs/store.md.`,
    },
    process.argv.slice(2),
    { writeOut: (text) => process.stdout.write(text), variables: process.env },
  );
  if (!command) return EXIT_CODES.done;
  const { runs, json } = command.options;
  const print = (result: unknown, text: string) =>
    process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : `${text}\n`);
  switch (command.argument) {
    case 'rebuild':
      return rebuild(runs, interrupt, print);
    case 'check':
      return check(runs, interrupt, print);
    case 'serve':
      return serve(runs, interrupt);
    default:
      throw new UserError(
        `store cannot ${JSON.stringify(command.argument)}`,
        `it can: ${ACTIONS.join(', ')}`,
      );
  }
});

async function openHome(runs: string, interrupt: Interrupt) {
  const home = await openRunsHome(runs, process.env);
  interrupt.onRelease(() => home.close());
  return home;
}

async function rebuild(runs: string, interrupt: Interrupt, print: Print): Promise<ExitCode> {
  const home = await openHome(runs, interrupt);
  interrupt.onRelease(lockStore(runs, 'store rebuild'));
  const rebuilt = await rebuildStore(home, runsLayout(runs).store, say);
  print(
    rebuilt,
    `${runsLayout(runs).store} holds ${rebuilt.sweeps} sweeps, ${rebuilt.runs} runs, ${rebuilt.results} results with ` +
      `${rebuilt.observations} observations, ${rebuilt.lawVersions} versions of laws, from ${home.description}` +
      (rebuilt.before ? `; the one before is ${rebuilt.before}` : ''),
  );
  return EXIT_CODES.done;
}

async function check(runs: string, interrupt: Interrupt, print: Print): Promise<ExitCode> {
  const { store: path } = runsLayout(runs);
  if (!existsSync(path)) {
    throw new UserError(
      `there is no results store in ${runs}`,
      'npm run store -- rebuild makes one from artifacts',
    );
  }
  const home = await openHome(runs, interrupt);
  const store = openResultsStore(path);
  interrupt.onRelease(() => store.close());
  const checked = await checkStore(home, store, (done, total) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${total} runs`);
  });
  if (process.stderr.isTTY) process.stderr.write('\n');
  const lines = checked.problems.map(
    ({ run, label, problem }) => `${label} (${run.slice(0, 12)}): ${problem}`,
  );
  print(
    checked,
    lines.length === 0
      ? `${checked.runs} finished runs, ${checked.artifacts} artifacts: all there and whole`
      : [...lines, `${lines.length} problems: run the sweep again, it trains anew what is lost`].join('\n'),
  );
  return lines.length === 0 ? EXIT_CODES.done : EXIT_CODES.failedRuns;
}

async function serve(runs: string, interrupt: Interrupt): Promise<ExitCode> {
  const home = await openHome(runs, interrupt);
  const { listen } = await import('../src/artifacts/listen.ts');
  const server = await listen(home, process.env, say);
  interrupt.onRelease(() => server.close());
  say(`serving ${home.description} at ${server.url}: workers need ARTIFACTS_URL=${server.url} and the token`);
  await new Promise<void>((stopped) => {
    interrupt.signal.addEventListener('abort', () => stopped(), { once: true });
  });
  return EXIT_CODES.done;
}
