/** `npm run plan -- configs/math.yaml --next 5`: which runs would sharpen the answer most, and how many it takes. */
import { Option } from 'commander';
import { countFlag } from '../src/cli/counts.ts';
import { EXIT_CODES } from '../src/cli/exitCodes.ts';
import { runCommand } from '../src/cli/main.ts';
import { positiveNumber, share, wholeNumber } from '../src/cli/numbers.ts';
import { parseCommandLine } from '../src/cli/options.ts';
import { UserError } from '../src/common/errors.ts';
import { loadConfig } from '../src/config/loadConfig.ts';
import { planNext } from '../src/sweep/planNext.ts';
import { domainPlanText } from '../src/sweep/planNextText.ts';

interface Flags {
  next?: number;
  power?: boolean;
  halfWidth: number;
  tokens?: number;
  flops?: number;
  like?: string;
  domain?: string;
  level: number;
  seed: number;
}

await runCommand(async () => {
  const command = parseCommandLine(
    {
      name: 'plan',
      summary:
        'Says which runs would narrow the best ratio most, and how many runs it takes to know it; trains nothing.',
      argument: { name: '<config>', description: 'a YAML file, e.g. configs/math.yaml' },
      options: ['set', 'json', 'runs'],
      more: [
        new Option(
          '--next <count>',
          'suggest so many runs (5 when neither --next nor --power is given)',
        ).argParser(wholeNumber),
        new Option('--tokens <count>', 'training tokens of the suggested runs together, at most').argParser(
          countFlag,
        ),
        new Option('--flops <count>', 'their training FLOP together, at most').argParser(countFlag),
        new Option('--power', 'how many runs until the ratio is known to ± --half-width'),
        new Option('--half-width <number>', 'for --power').default(0.05).argParser(positiveNumber),
        new Option('--like <sweep>', 'take the laws of this earlier sweep'),
        new Option('--domain <name>', 'only this domain'),
        new Option('--level <share>', 'coverage of intervals').default(0.9).argParser(share),
        new Option('--seed <number>', 'of the simulations').default(1).argParser(wholeNumber),
      ],
      examples: [
        ['configs/math.yaml --next 5', 'the five runs that tell most, checked on simulated sweeps'],
        ['configs/math.yaml --next 8 --tokens 3M', 'within a budget'],
        [
          'configs/math.yaml --power --half-width 0.02',
          'how many runs and seeds before the ratio is known to ±0.02',
        ],
        ['configs/mine.yaml --power --like math', 'before anything of it has been run'],
      ],
    },
    process.argv.slice(2),
    { writeOut: (text) => process.stdout.write(text), variables: process.env },
  );
  if (!command) return EXIT_CODES.done;
  const flags = command.more as unknown as Flags;
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const { config, notes } = loadConfig(command.argument!, command.options.set);
  for (const note of notes) say(note);
  if (flags.next === 0) throw new UserError('--next 0 asks for nothing', 'E.g. --next 5');
  const next = flags.next ?? (flags.power ? null : 5);
  const plans = planNext({
    config,
    runsFolder: command.options.runs,
    like: flags.like ?? null,
    domain: flags.domain ?? null,
    next,
    tokens: flags.tokens ?? null,
    flops: flags.flops ?? null,
    halfWidth: flags.power ? flags.halfWidth : null,
    level: flags.level,
    seed: flags.seed,
    onStep: say,
  });
  if (command.options.json) process.stdout.write(`${JSON.stringify({ plans }, null, 2)}\n`);
  else process.stdout.write(`${plans.map(domainPlanText).join('\n\n')}\n`);
  return EXIT_CODES.done;
});
