/** `npm run queue`: what waits and runs; pause, resume, cancel, retry and priority of running sweeps. */
import { Option } from 'commander';
import { EXIT_CODES } from '../src/cli/exitCodes.ts';
import { queuesText, sweepsText, workersText } from '../src/cli/fleetText.ts';
import { runCommand } from '../src/cli/main.ts';
import { parseCommandLine } from '../src/cli/options.ts';
import { UserError } from '../src/common/errors.ts';
import type { Operations } from '../src/queue/operations.ts';
import { connectToRunning, queueSettings } from '../src/queue/settings.ts';

const ACTIONS = ['status', 'pause', 'resume', 'cancel', 'retry', 'priority'] as const;
type Action = (typeof ACTIONS)[number];

await runCommand(async (interrupt) => {
  const command = parseCommandLine(
    {
      name: 'queue',
      summary: 'Shows and steers the sweeps that are running, here or on the queue of REDIS_URL.',
      argument: { name: '[words...]', description: `${ACTIONS.join(', ')}, then what it is about` },
      options: ['runs', 'json'],
      more: [new Option('--run <id>', 'with cancel: one run, by the first characters of its id')],
      examples: [
        ['', 'sweeps, workers, and what waits for them'],
        ['pause math', 'no further run is started; those that run go on'],
        ['resume math', 'goes on'],
        ['cancel math', 'stops its runs after a checkpoint, and its coordinator'],
        ['cancel --run 3fa9c1', 'stops one run, which then counts as failed'],
        ['retry math', 'tries its failed runs again'],
        ['priority math 10', 'after sweeps of priority 0 (the default)'],
      ],
    },
    process.argv.slice(2),
    { writeOut: (text) => process.stdout.write(text), variables: process.env },
  );
  if (!command) return EXIT_CODES.done;
  const { runs, json } = command.options;
  const work = parse(command.all, command.more.run as string | undefined);
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const connection = await connectToRunning(queueSettings(process.env), runs, say);
  interrupt.onRelease(() => connection.close());
  // BullMQ takes half a second to load: not before there is a queue.
  const { openOperations } = await import('../src/queue/operations.ts');
  const operations = openOperations(connection, say);
  interrupt.onRelease(() => operations.close());
  const { text, result } = await work(operations);
  process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : `${text}\n`);
  return EXIT_CODES.done;
});

interface Answer {
  text: string;
  result: unknown;
}

/** The work that the words mean. Throws a UserError on words that mean nothing. */
function parse(
  words: readonly string[],
  run: string | undefined,
): (operations: Operations) => Promise<Answer> {
  const [action = 'status', sweep, ...rest] = words;
  if (!ACTIONS.includes(action as Action)) {
    throw new UserError(`queue cannot ${JSON.stringify(action)}`, `it can: ${ACTIONS.join(', ')}`);
  }
  if (run !== undefined && (action !== 'cancel' || sweep !== undefined)) {
    throw new UserError('--run stands alone with cancel', 'npm run queue -- cancel --run 3fa9c1');
  }
  if (action === 'status') {
    refuse([sweep, ...rest], action);
    return async (operations) => {
      const status = await operations.status();
      const text = [sweepsText(status.sweeps), workersText(status.workers), queuesText(status.queues)];
      return { text: text.join('\n\n'), result: status };
    };
  }
  if (run !== undefined) {
    return async (operations) => {
      const id = await operations.cancelRun(run);
      return { text: `run ${id} is cancelled`, result: { cancelled: id } };
    };
  }
  if (sweep === undefined) {
    throw new UserError(`${action} needs a sweep's name`, `npm run queue -- ${action} math`);
  }
  if (action === 'priority') {
    const priority = Number(rest[0]);
    if (rest[0] === undefined || !Number.isInteger(priority) || priority < 0 || priority > 2_097_152) {
      throw new UserError(
        'a priority is a whole number from 0 (first) to 2,097,152',
        'npm run queue -- priority math 10',
      );
    }
    refuse(rest.slice(1), action);
    return done(`${sweep} has priority ${priority}`, { sweep, priority }, (operations) =>
      operations.setPriority(sweep, priority),
    );
  }
  refuse(rest, action);
  switch (action as Exclude<Action, 'status' | 'priority'>) {
    case 'pause':
      return done(`${sweep} is paused`, { sweep, paused: true }, (operations) => operations.pause(sweep));
    case 'resume':
      return done(`${sweep} goes on`, { sweep, paused: false }, (operations) => operations.resume(sweep));
    case 'retry':
      return done(`failed runs of ${sweep} are tried again`, { sweep, retried: true }, (operations) =>
        operations.retry(sweep),
      );
    case 'cancel':
      return done(
        `${sweep} is cancelled; the same command goes on from its checkpoints`,
        { sweep, cancelled: true },
        (operations) => operations.cancelSweep(sweep),
      );
  }
}

function done(
  text: string,
  result: unknown,
  work: (operations: Operations) => Promise<void>,
): (operations: Operations) => Promise<Answer> {
  return async (operations) => {
    await work(operations);
    return { text, result };
  };
}

function refuse(words: readonly (string | undefined)[], action: string): void {
  const extra = words.filter((word) => word !== undefined);
  if (extra.length > 0) {
    throw new UserError(`${action} does not understand ${extra.join(' ')}`, 'npm run queue -- --help');
  }
}
