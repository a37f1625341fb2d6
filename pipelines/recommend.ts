/** `npm run recommend -- math --at model_size=1.8B,tokens=10B`: the best ratio, and the other questions a law answers. */
import { Option } from 'commander';
import { recommendFor } from '../src/analysis/recommend.ts';
import { recommendationText } from '../src/analysis/recommendText.ts';
import { onlySweep, readSource } from '../src/analysis/source.ts';
import { countFlag, parseTarget } from '../src/cli/counts.ts';
import { EXIT_CODES } from '../src/cli/exitCodes.ts';
import { runCommand } from '../src/cli/main.ts';
import { oneOf, positiveNumber, share, wholeNumber } from '../src/cli/numbers.ts';
import { parseCommandLine } from '../src/cli/options.ts';
import { UserError } from '../src/common/errors.ts';
import type { ConstraintKind } from '../src/laws/types.ts';
import { parseMap } from '../src/measurements/columns.ts';
import { parseUnits } from '../src/measurements/units.ts';

interface Flags {
  at?: string;
  tolerance: number;
  toleranceNats?: number;
  baseLoss?: number;
  domain?: string;
  domainTokens?: number;
  flops?: number;
  domainRatio?: number;
  inferenceTokens?: number;
  form: string;
  constraint?: ConstraintKind;
  huberDelta: number;
  resamples: number;
  level: number;
  seed: number;
  map?: string;
  unit?: string;
  where?: string;
  skipBadRows: boolean;
}

await runCommand(async () => {
  const command = parseCommandLine(
    {
      name: 'recommend',
      summary:
        'Answers from a sweep or a table of measurements: best ratio, limited domain text, compute budgets, trade-off.',
      argument: {
        name: '[sweep-or-file]',
        description: 'a sweep in the runs folder, or a CSV, TSV, JSON lines or Parquet file',
      },
      options: ['json', 'runs'],
      more: [
        new Option('--at <target>', 'model_size=1.8B,tokens=10B (the largest measured when left out)'),
        new Option('--tolerance <share>', 'how far general loss may rise above the base model’s, e.g. 3%')
          .default(0.03)
          .argParser(share),
        new Option('--tolerance-nats <nats>', 'the same in nats per token').argParser(positiveNumber),
        new Option(
          '--base-loss <nats>',
          'general loss of the base model at the target size, where it is not in the data',
        ).argParser(positiveNumber),
        new Option('--domain <name>', 'only this domain'),
        new Option('--domain-tokens <count>', 'how much domain text there is, none read twice').argParser(
          countFlag,
        ),
        new Option(
          '--flops <count>',
          'a training budget: which size, how many tokens, which ratio',
        ).argParser(countFlag),
        new Option(
          '--domain-ratio <share>',
          'for --flops: at this ratio, instead of the best one within the tolerance',
        ).argParser(share),
        new Option(
          '--inference-tokens <count>',
          'tokens the model will serve, paid from --flops too',
        ).argParser(countFlag),
        new Option('--form <name>', 'law form').default('L3'),
        new Option('--constraint <kind>', 'published or box').argParser(oneOf(['published', 'box'])),
        new Option('--huber-delta <number>', 'threshold on log loss').default(1e-3).argParser(positiveNumber),
        new Option('--resamples <count>', 'fits to resampled runs').default(200).argParser(wholeNumber),
        new Option('--level <share>', 'coverage of intervals').default(0.9).argParser(share),
        new Option('--seed <number>', 'of the resampling').default(1).argParser(wholeNumber),
        new Option('--map <role=column,…>', 'columns of a file'),
        new Option('--unit <unit>', 'raw, millions or billions'),
        new Option('--where <condition>', 'rows of a file to use'),
        new Option('--skip-bad-rows', 'go on without rows that cannot be used').default(false),
      ],
      examples: [
        ['math', 'the best ratio at the largest size and tokens measured'],
        ['math --at model_size=1.8B,tokens=10B --tolerance-nats 0.05', 'another target and tolerance'],
        ['math --domain-tokens 200k', 'when there is only so much domain text'],
        ['math --flops 5e19 --domain-ratio 0.5 --json', 'size and tokens for a budget, for another program'],
      ],
    },
    process.argv.slice(2),
    { writeOut: (text) => process.stdout.write(text), variables: process.env },
  );
  if (!command) return EXIT_CODES.done;
  const flags = command.more as unknown as Flags;
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const target = flags.at === undefined ? { modelSize: null, tokens: null } : parseTarget(flags.at);
  const source = command.argument ?? onlySweep(command.options.runs);
  const domains = await readSource(source, {
    runsFolder: command.options.runs,
    skipBadRows: flags.skipBadRows,
    ...(flags.domain === undefined ? {} : { domain: flags.domain }),
    ...(flags.map === undefined ? {} : { map: parseMap(flags.map) }),
    ...(flags.unit === undefined ? {} : { units: parseUnits(flags.unit) }),
    ...(flags.where === undefined ? {} : { where: flags.where }),
  });
  if (domains.length === 0) throw new UserError('no finished run was found', 'Let the sweep run further.');
  const billions = (count: number | null | undefined) => (count == null ? null : count / 1e9);
  const answers = domains.map((data) =>
    recommendFor(data, {
      form: flags.form,
      delta: flags.huberDelta,
      starts: 128,
      resamples: flags.resamples,
      level: flags.level,
      seed: flags.seed,
      constraint: flags.constraint ?? null,
      modelSize: billions(target.modelSize),
      tokens: billions(target.tokens),
      tolerance: flags.tolerance,
      ...(flags.toleranceNats === undefined ? {} : { toleranceNats: flags.toleranceNats }),
      ...(flags.baseLoss === undefined ? {} : { baseLoss: flags.baseLoss }),
      ...(flags.domainTokens === undefined ? {} : { domainTokens: flags.domainTokens / 1e9 }),
      ...(flags.flops === undefined ? {} : { flops: flags.flops }),
      ...(flags.domainRatio === undefined ? {} : { domainRatio: flags.domainRatio }),
      ...(flags.inferenceTokens === undefined ? {} : { inferenceTokens: flags.inferenceTokens / 1e9 }),
      onStep: say,
    }),
  );
  if (command.options.json) {
    const short = answers.map(({ general, ofDomain, ...answer }) => ({
      ...answer,
      laws: {
        general: { ...general, replicates: undefined },
        domain: { ...ofDomain, replicates: undefined },
      },
    }));
    process.stdout.write(`${JSON.stringify({ source, answers: short }, null, 2)}\n`);
  } else process.stdout.write(`${answers.map(recommendationText).join('\n\n')}\n`);
  return EXIT_CODES.done;
});
