/** `npm run report math`: fits a sweep's laws again from the store and writes its report anew; trains nothing. */
import { EXIT_CODES } from '../src/cli/exitCodes.ts';
import { runCommand } from '../src/cli/main.ts';
import { parseCommandLine } from '../src/cli/options.ts';
import { sweepSummaryText } from '../src/report/summaryText.ts';
import { collectSweep, writeSweepFiles } from '../src/sweep/finish.ts';
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
      examples: [['math', 'writes runs/math/report.html, report.md and observations.csv']],
    },
    process.argv.slice(2),
    { writeOut: (text) => process.stdout.write(text), variables: process.env },
  );
  if (!command) return EXIT_CODES.done;
  const { runs: runsFolder, json } = command.options;
  const input = collectSweep(runsFolder, command.argument!, (what) =>
    process.stderr.write(`fitting: ${what}\n`),
  );
  const [page] = writeSweepFiles(runsFolder, input);
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
