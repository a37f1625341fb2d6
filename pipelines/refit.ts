/** `npm run refit`: fits every law of a runs folder again where there is something new; once, or every night. */
import { fileURLToPath } from 'node:url';
import { Option } from 'commander';
import { openFolderHome } from '../src/artifacts/folderHome.ts';
import { EXIT_CODES, type ExitCode } from '../src/cli/exitCodes.ts';
import type { Interrupt } from '../src/cli/interrupt.ts';
import { runCommand } from '../src/cli/main.ts';
import { oneOf, positiveNumber } from '../src/cli/numbers.ts';
import { parseCommandLine } from '../src/cli/options.ts';
import { messageOf, UserError } from '../src/common/errors.ts';
import { openQueueConnection } from '../src/queue/connection.ts';
import { queueSettings } from '../src/queue/settings.ts';
import { endWithParent, runNight, tellNightEnd } from '../src/refit/nightProcess.ts';
import { refit } from '../src/refit/refit.ts';
import { writeRefitFiles } from '../src/refit/refitFiles.ts';
import { hasNews, refitText } from '../src/refit/refitText.ts';
import { postWebhook, readWebhook } from '../src/refit/webhook.ts';
import {
  isOccasion,
  nightFailedPayload,
  WEBHOOK_OCCASIONS,
  type WebhookOccasion,
  webhookPayload,
} from '../src/refit/webhookPayload.ts';
import { collectLateResults } from '../src/sweep/lateResults.ts';
import { keepLawsInHome } from '../src/sweep/lawRecords.ts';
import { runsLayout } from '../src/sweep/runsLayout.ts';

interface Flags {
  webhookOn: WebhookOccasion;
  schedule?: string;
  tz?: string;
  limitMinutes?: number;
  unschedule: boolean;
}

const DEFAULT_LIMIT_MINUTES = 120;
/** The longest that a timer of the runtime can wait. */
const MAX_LIMIT_MINUTES = 35_000;

const say = (line: string) => void process.stderr.write(`${line}\n`);

await runCommand(async (interrupt) => {
  endWithParent();
  const command = parseCommandLine(
    {
      name: 'refit',
      summary:
        'Fits every law of the runs folder again where there are new observations, and says what moved.',
      options: ['json', 'runs'],
      more: [
        new Option('--webhook-on <occasion>', 'when to post to REFIT_WEBHOOK_URL: drift, new or always')
          .default('new')
          .argParser(oneOf(WEBHOOK_OCCASIONS)),
        new Option('--schedule <cron>', 'stay, and refit at these times, e.g. "0 3 * * *"'),
        new Option('--tz <zone>', 'time zone of --schedule, e.g. Europe/Berlin (default: this machine’s)'),
        new Option(
          '--limit-minutes <minutes>',
          `how long a scheduled refit may take (default: ${DEFAULT_LIMIT_MINUTES})`,
        ).argParser(positiveNumber),
        new Option('--unschedule', 'take the schedule out of the Redis of REDIS_URL').default(false),
      ],
      examples: [
        ['--json', 'fits what is new, for another program'],
        ['--schedule "0 3 * * *" --tz Europe/Berlin', 'every night at three, until it is stopped'],
      ],
      notes: `Environment: REFIT_WEBHOOK_URL or REFIT_WEBHOOK_URL_FILE, where news are posted; REDIS_URL or REDIS_URL_FILE, so that
several instances share a schedule; ARTIFACTS_URL, when the home is not runs/artifacts. See docs/refit.md.`,
    },
    process.argv.slice(2),
    { writeOut: (text) => process.stdout.write(text), variables: process.env },
  );
  if (!command) return EXIT_CODES.done;
  const { options } = command;
  const flags = command.more as unknown as Flags;
  const webhook = readWebhook(process.env);
  if (flags.unschedule) return unschedule(options.runs, flags);
  if (flags.schedule !== undefined) return schedule(options, flags, interrupt);
  if (flags.tz !== undefined || flags.limitMinutes !== undefined) {
    throw new UserError(
      '--tz and --limit-minutes belong to --schedule',
      'E.g. --schedule "0 3 * * *" --tz UTC',
    );
  }

  const result = await refit({
    runsFolder: options.runs,
    collectLate: (note) => collectLateResults(options.runs, process.env, note),
    note: say,
    signal: interrupt.signal,
  });
  if (hasNews(result)) {
    await keepLawsInHome(options.runs, process.env).catch((error) =>
      result.warnings.push(`the new versions are not in the artifact home: ${messageOf(error)}`),
    );
  }
  if (webhook && isOccasion(result, flags.webhookOn)) {
    const problem = await postWebhook(webhook, webhookPayload(result), { signal: interrupt.signal });
    if (problem) result.warnings.push(problem);
  }
  const page = writeRefitFiles(options.runs, result);
  if (options.json) process.stdout.write(`${JSON.stringify({ ...result, report: page }, null, 2)}\n`);
  else process.stdout.write(`${refitText(result)}\n\nReport: ${page}\n`);
  await tellNightEnd();
  return result.laws.some(({ status }) => status === 'failed') ? EXIT_CODES.failedRuns : EXIT_CODES.done;
});

async function schedule(
  options: { runs: string; json: boolean },
  flags: Flags,
  interrupt: Interrupt,
): Promise<ExitCode> {
  // BullMQ takes half a second to load: a single refit and every night of a schedule do without.
  const { inZone, nextDueText, parseSchedule } = await import('../src/refit/cron.ts');
  const { openSchedule } = await import('../src/refit/schedule.ts');
  const timeZone = flags.tz ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const cron = parseSchedule(flags.schedule!, timeZone);
  const limitMinutes = flags.limitMinutes ?? DEFAULT_LIMIT_MINUTES;
  if (limitMinutes > MAX_LIMIT_MINUTES) {
    throw new UserError(`--limit-minutes: at most ${MAX_LIMIT_MINUTES}`, 'Leave it out for two hours.');
  }
  const webhook = readWebhook(process.env);
  const queue = queueSettings(process.env);
  const identity = await identityOf(options.runs);
  const connection = await openQueueConnection({ ...queue, log: say });
  interrupt.onRelease(() => connection.close());
  const nights = await openSchedule({
    connection,
    identity,
    cron,
    log: say,
    night: (signal, due) => {
      say(`the refit that was due at ${inZone(due, timeZone)} begins`);
      return runNight({
        script: fileURLToPath(import.meta.url),
        args: [
          ...['--runs', options.runs, '--webhook-on', flags.webhookOn],
          ...(options.json ? ['--json'] : []),
        ],
        limitMs: limitMinutes * 60_000,
        signal,
        writeOut: (line) => process.stdout.write(`${line}\n`),
        writeError: say,
      });
    },
    onEnd: async (end) => {
      if (end.kind === 'failed') {
        // Its last lines were shown already.
        say(`this refit failed: ${end.reason.split('\n')[0]}`);
        const problem =
          webhook &&
          (await postWebhook(webhook, nightFailedPayload(end.reason), { signal: interrupt.signal }));
        if (problem) say(problem);
      }
      if (end.kind !== 'stopped') say(nextDueText(cron));
    },
  });
  interrupt.onRelease(() => nights.close());
  say(`${nextDueText(cron)}, through ${connection.description}, for at most ${limitMinutes} minutes`);
  await new Promise<void>((stopped) => {
    if (interrupt.signal.aborted) stopped();
    else interrupt.signal.addEventListener('abort', () => stopped(), { once: true });
  });
  await nights.close();
  if (connection.kind === 'redis') say('the schedule stays in Redis; --unschedule takes it out');
  return EXIT_CODES.done;
}

async function unschedule(runsFolder: string, flags: Flags): Promise<ExitCode> {
  if (flags.schedule !== undefined) {
    throw new UserError('--schedule and --unschedule contradict each other', 'Give one of them.');
  }
  const queue = queueSettings(process.env);
  if (!queue.redisUrl) {
    throw new UserError(
      'without REDIS_URL there is no schedule to take out: it ends with its process',
      'Stop the process that was started with --schedule, or set REDIS_URL.',
    );
  }
  const { removeSchedule } = await import('../src/refit/schedule.ts');
  const identity = await identityOf(runsFolder);
  const connection = await openQueueConnection({ ...queue, log: say });
  try {
    const removed = await removeSchedule({ connection, identity, log: say });
    say(removed ? 'the schedule is taken out' : 'there was no schedule');
  } finally {
    await connection.close();
  }
  return EXIT_CODES.done;
}

/** The same for everyone who uses this runs folder. */
async function identityOf(runsFolder: string): Promise<string> {
  const home = openFolderHome(runsLayout(runsFolder).artifacts);
  await home.close();
  return home.id;
}
