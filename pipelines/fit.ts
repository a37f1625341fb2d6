/** `npm run fit -- losses.csv`: fits laws to losses that were measured anywhere, compares forms, writes a report. */
import { join } from 'node:path';
import { Option } from 'commander';
import { fitFiles, fitsJson } from '../src/analysis/fitFiles.ts';
import { EXIT_CODES } from '../src/cli/exitCodes.ts';
import { runCommand } from '../src/cli/main.ts';
import { oneOf, positiveNumber, share, wholeNumber } from '../src/cli/numbers.ts';
import { parseCommandLine } from '../src/cli/options.ts';
import { lawForms } from '../src/laws/forms/registry.ts';
import type { ConstraintKind, ObjectiveKind } from '../src/laws/types.ts';
import { parseMap } from '../src/measurements/columns.ts';
import { parseUnits } from '../src/measurements/units.ts';
import { fitSummaryText } from '../src/report/fitText.ts';

interface Flags {
  form?: string;
  map?: string;
  lossColumn?: string;
  unit?: string;
  where?: string;
  huberDelta: number;
  objective: ObjectiveKind;
  constraint?: ConstraintKind;
  starts: number;
  resamples: number;
  level: number;
  seed: number;
  validate?: boolean;
  skipBadRows: boolean;
  out: string;
}

await runCommand(async () => {
  const command = parseCommandLine(
    {
      name: 'fit',
      summary:
        'Fits laws to measured losses (CSV, TSV, JSON lines, Parquet): parameters with intervals, forms side by side, a report.',
      argument: { name: '<file...>', description: 'tables of measurements, joined by column name' },
      options: ['json'],
      more: [
        new Option('--form <names>', `one or more of d-cpt, ${Object.keys(lawForms).join(', ')}; or all`),
        new Option(
          '--map <role=column,…>',
          'which column is what, e.g. model_size=N,tokens=D,domain_ratio=r',
        ),
        new Option('--loss-column <column>', 'fit this loss alone, whatever corpus it is of'),
        new Option('--unit <unit>', 'raw, millions or billions; or model_size=millions,tokens=billions'),
        new Option('--where <condition>', 'rows to use, e.g. "loss < 5 and seed == 1"'),
        new Option('--huber-delta <number>', 'threshold on log loss').default(1e-3).argParser(positiveNumber),
        new Option('--objective <kind>', 'log-huber or least-squares (on the loss itself)')
          .default('log-huber')
          .argParser(oneOf(['log-huber', 'least-squares'])),
        new Option(
          '--constraint <kind>',
          'published or box: the loss may not rise with its corpus’ share',
        ).argParser(oneOf(['published', 'box'])),
        new Option('--starts <count>', 'starts of the global search').default(128).argParser(wholeNumber),
        new Option('--resamples <count>', 'fits to resampled runs, for intervals')
          .default(200)
          .argParser(wholeNumber),
        new Option('--level <share>', 'coverage of intervals').default(0.9).argParser(share),
        new Option('--seed <number>', 'of the resampling').default(1).argParser(wholeNumber),
        new Option('--validate', 'compare the forms on held-out rows (the default with several forms)'),
        new Option('--no-validate', 'do not'),
        new Option('--skip-bad-rows', 'go on without rows that cannot be used').default(false),
        new Option('--out <folder>', 'where the report goes').default(join('runs', 'fit')),
      ],
      examples: [
        ['runs/math/observations.csv --where "tokens > 100000"', "the D-CPT law of a sweep's own table"],
        ['losses.csv --form all', 'every form, compared on held-out rows'],
        [
          'losses.parquet --form chinchilla --loss-column c4_loss --unit billions',
          'one loss of a table from elsewhere',
        ],
        ['losses.csv --json > fits.json', 'for another program'],
      ],
    },
    process.argv.slice(2),
    { writeOut: (text) => process.stdout.write(text), variables: process.env },
  );
  if (!command) return EXIT_CODES.done;
  const flags = command.more as unknown as Flags;
  const forms =
    flags.form === undefined
      ? null
      : flags.form === 'all'
        ? 'all'
        : flags.form.split(',').map((name) => name.trim());
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const fitted = await fitFiles({
    files: command.all,
    forms,
    validate: flags.validate ?? (forms === 'all' || (forms?.length ?? 1) > 1),
    objective: flags.objective,
    delta: flags.huberDelta,
    starts: flags.starts,
    resamples: flags.resamples,
    level: flags.level,
    seed: flags.seed,
    constraint: flags.constraint ?? null,
    skipBadRows: flags.skipBadRows,
    ...(flags.map === undefined ? {} : { map: parseMap(flags.map) }),
    ...(flags.lossColumn === undefined ? {} : { lossColumn: flags.lossColumn }),
    ...(flags.unit === undefined ? {} : { units: parseUnits(flags.unit) }),
    ...(flags.where === undefined ? {} : { where: flags.where }),
    onStep: say,
  });
  // What draws figures takes half a second to load.
  const { writeFitReport } = await import('../src/report/fitReport.ts');
  const [page] = writeFitReport(fitted, flags.out);
  if (command.options.json)
    process.stdout.write(`${JSON.stringify({ ...fitsJson(fitted), report: page }, null, 2)}\n`);
  else {
    const colour = Boolean(process.stdout.isTTY) && !process.env.NO_COLOR;
    const columns = process.stdout.columns ?? 100;
    process.stdout.write(`\n${fitSummaryText(fitted, { columns, colour })}\n\nReport: ${page}\n`);
  }
  return EXIT_CODES.done;
});
