/** `npm run report math`: fits a sweep's laws again from the store and writes its report anew; trains nothing. */
import { Option } from 'commander';
import { EXIT_CODES } from '../src/cli/exitCodes.ts';
import { runCommand } from '../src/cli/main.ts';
import { parseCommandLine } from '../src/cli/options.ts';
import { UserError } from '../src/common/errors.ts';
import { sweepSummaryText } from '../src/report/summaryText.ts';
import { compareLaws, comparisonText, registerLaws } from '../src/sweep/lawRegistry.ts';
import { summarise } from '../src/sweep/summary.ts';
import { tallyOf } from '../src/sweep/tally.ts';

await runCommand(async () => {
  const beganMs = performance.now();
  const command = parseCommandLine(
    {
      name: 'report',
      summary:
        'Fits the laws of a sweep again from what was measured and writes its report anew; also in its midst.',
      argument: { name: '<sweep>', description: "the sweep's name, e.g. math" },
      options: ['json', 'runs'],
      more: [
        new Option(
          '--compare <older,newer>',
          'two versions of the laws: what changed, and new points outside the band',
        ),
      ],
      examples: [['math', 'writes runs/math/report.html, report.md and observations.csv']],
    },
    process.argv.slice(2),
    { writeOut: (text) => process.stdout.write(text), variables: process.env },
  );
  if (!command) return EXIT_CODES.done;
  const { runs: runsFolder, json } = command.options;
  // What draws figures takes half a second to load: not for --help.
  const { collectSweep, writeSweepFiles } = await import('../src/sweep/finish.ts');
  const input = collectSweep(runsFolder, command.argument!, (what) =>
    process.stderr.write(`fitting: ${what}\n`),
  );
  const [page] = writeSweepFiles(runsFolder, input);
  for (const line of registerLaws(runsFolder, input)) process.stderr.write(`${line}\n`);
  if (command.more.compare !== undefined) {
    const versions = parseVersions(String(command.more.compare));
    const comparisons = compareLaws(runsFolder, input, versions);
    process.stdout.write(
      json
        ? `${JSON.stringify({ comparisons }, null, 2)}\n`
        : `${comparisons.map(comparisonText).join('\n\n')}\n`,
    );
    return EXIT_CODES.done;
  }
  const wallSeconds = (performance.now() - beganMs) / 1000;
  const colour = Boolean(process.stdout.isTTY) && !process.env.NO_COLOR;
  const columns = process.stdout.columns ?? 100;
  process.stdout.write(
    json
      ? `${JSON.stringify(summarise(input, tallyOf(input.runs, new Set(input.runs.map(({ run }) => run)), 0), wallSeconds, page!), null, 2)}\n`
      : `${sweepSummaryText(input, { columns, colour })}\n\nReport: ${page}\n`,
  );
  return EXIT_CODES.done;
});

function parseVersions(text: string): [number, number] {
  const versions = text.split(',').map(Number);
  if (versions.length !== 2 || !versions.every((version) => Number.isInteger(version) && version > 0)) {
    throw new UserError(`--compare: "${text}" is not two versions`, 'E.g. --compare 1,2');
  }
  return versions as [number, number];
}
