import { Command, CommanderError, Option } from 'commander';
import { UserError } from '../common/errors.ts';

/** Flags that several commands share; each command names those it takes. */
const SHARED_OPTIONS = {
  set: () =>
    new Option('--set <path=value>', 'override a key of the config; may be repeated (value: YAML)')
      .default([], 'none')
      .argParser((value: string, earlier: string[]) => [...earlier, value]),
  json: () => new Option('--json', 'logs on stderr, one JSON object on stdout at the end').default(false),
  runs: () => new Option('--runs <folder>', 'folder of sweeps and results').default('runs'),
  cache: () => new Option('--cache <folder>', 'folder of prepared corpora').default('data/cache'),
  dryRun: () =>
    new Option('--dry-run', 'print the plan: runs, tokens, FLOPs, expected time; train nothing').default(
      false,
    ),
} as const;

export type SharedOption = keyof typeof SHARED_OPTIONS;

export interface SharedOptionValues {
  set: string[];
  json: boolean;
  runs: string;
  cache: string;
  dryRun: boolean;
}

export interface CommandDescription<Shared extends SharedOption> {
  /** As in `npm run <name>`. */
  name: string;
  summary: string;
  /** commander's notation: `<config>`, `[sweep]`, `<file...>`. */
  argument?: { name: string; description: string };
  options: readonly Shared[];
  /** Arguments behind `npm run <name> -- `, each with what it does. */
  examples: readonly [args: string, does: string][];
  /** What a reader of --help must know besides, e.g. environment variables. */
  notes?: string;
  /** Further flags of this command alone. */
  more?: readonly Option[];
}

export interface ParsedCommand<Shared extends SharedOption> {
  /** The positional argument, or undefined when it is optional and was not given. */
  argument: string | undefined;
  /** All of them, where the argument may be repeated. */
  all: string[];
  options: Pick<SharedOptionValues, Shared>;
  /** Values of `more`, by commander's camel-case names. */
  more: Record<string, unknown>;
}

const EXIT_CODE_HELP = `
Exit codes: 0 done, 1 failed runs, 2 bad input, 130 interrupted (run the same command again to go on).
Every key of a config: docs/configuration.md`;

/**
 * Reads a command line. Returns null when help was asked for, which is then printed: end with exit code 0. Throws a
 * UserError on flags and arguments that are unknown, missing or out of place, with the nearest known flag.
 */
export function parseCommandLine<Shared extends SharedOption>(
  description: CommandDescription<Shared>,
  argv: readonly string[],
  environment: {
    writeOut(text: string): void;
    /** process.env: tells which flags npm kept for itself. */
    variables: Readonly<Record<string, string | undefined>>;
  },
): ParsedCommand<Shared> | null {
  const { name, argument, options, examples, notes, more = [] } = description;
  const known = [...options.map((option): Option => SHARED_OPTIONS[option]()), ...more];
  refuseFlagsKeptByNpm(name, known, argv, environment.variables);

  const lines = examples.map(([args, does]) => `  npm run ${name} -- ${args}\n      ${does}`);
  const command = new Command(`npm run ${name} --`)
    .description(description.summary)
    .helpOption('-h, --help', 'print this')
    .allowExcessArguments(false)
    .addHelpText('after', `\nExamples:\n${lines.join('\n')}\n${notes ? `\n${notes}\n` : ''}${EXIT_CODE_HELP}`)
    .exitOverride()
    .configureOutput({ writeOut: environment.writeOut, writeErr: () => {}, outputError: () => {} });
  if (argument) command.argument(argument.name, argument.description);
  for (const option of known) command.addOption(option);

  try {
    command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return null;
    throw new UserError(
      error.message.replace(/^error: /, '').replace(/\n\(Did you mean (.*)\?\)$/s, ' (did you mean $1?)'),
      `npm run ${name} -- --help lists every flag.`,
    );
  }
  const values = command.opts();
  const pick = (keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, values[key]]));
  return {
    argument: command.args[0],
    all: command.args,
    options: pick(options) as Pick<SharedOptionValues, Shared>,
    more: pick(more.map((option) => option.attributeName())),
  };
}

/**
 * `npm run sweep x.yaml --dry-run`, without the `--`, hands the flag to npm and not to the command, and so would
 * start a sweep that nobody asked for. npm leaves a trace in its environment variables.
 */
function refuseFlagsKeptByNpm(
  name: string,
  known: readonly Option[],
  argv: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
): void {
  if (variables.npm_lifecycle_event !== name) return;
  const kept = known
    .map((option) => option.long!)
    // npm has a cache of its own, which is always set.
    .filter((flag) => flag !== '--cache')
    .filter((flag) => variables[`npm_config_${flag.slice(2).replaceAll('-', '_')}`] === 'true')
    .filter((flag) => !argv.some((word) => word === flag || word.startsWith(`${flag}=`)));
  if (kept.length === 0) return;
  throw new UserError(
    `npm took ${kept.join(' and ')} for itself`,
    `Put -- before the arguments: npm run ${name} -- ${[...argv].join(' ')} ${kept.join(' ')}`,
  );
}
