/** `npm run sweep configs/math.yaml`: prepares, trains, fits, answers; goes on where an earlier run was interrupted. */
import { fileURLToPath } from 'node:url';
import { demoGenerators } from '../data/demoGenerators.ts';
import { EXIT_CODES } from '../src/cli/exitCodes.ts';
import { runCommand } from '../src/cli/main.ts';
import { parseCommandLine } from '../src/cli/options.ts';
import { preparationLines } from '../src/cli/preparation.ts';
import { createProgress } from '../src/cli/progress.ts';
import { loadConfig } from '../src/config/loadConfig.ts';
import { queueSettings } from '../src/queue/settings.ts';
import { keepLawsInHome } from '../src/sweep/lawRecords.ts';
import { planText } from '../src/sweep/planText.ts';
import { progressObserver } from '../src/sweep/progressObserver.ts';
import { summarise } from '../src/sweep/summary.ts';

await runCommand(async (interrupt) => {
  const command = parseCommandLine(
    {
      name: 'sweep',
      summary: 'Trains a grid of models and mixtures, fits the D-CPT law, recommends a domain ratio.',
      argument: { name: '<config>', description: 'a YAML file, e.g. configs/math.yaml' },
      options: ['set', 'json', 'runs', 'cache', 'dryRun'],
      examples: [
        ['configs/smoke.yaml', 'everything once, in half a minute'],
        ['configs/math.yaml --dry-run', 'what it would train, and how long that takes here'],
        [
          "configs/math.yaml --set name=law --set 'corpora.domains={law: {source: {jsonl: law.jsonl.gz}}}'",
          'your own text',
        ],
        ['configs/math.yaml --json > answer.json', 'for another program'],
      ],
    },
    process.argv.slice(2),
    { writeOut: (text) => process.stdout.write(text), variables: process.env },
  );
  if (!command) return EXIT_CODES.done;
  const { json, runs: runsFolder, cache: cacheFolder, dryRun, set } = command.options;
  const beganMs = performance.now();
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const { config, notes } = loadConfig(command.argument!, set);
  for (const note of notes) say(note);

  // Each takes half a second and more to load: the one not before the config is known to be right, the other while the
  // first runs start. No later: by the end of a long sweep its files may be those of another version.
  const { trainSweep } = await import('../src/sweep/sweep.ts');
  const loadFinish = () =>
    Promise.all([
      import('../src/sweep/finish.ts'),
      import('../src/sweep/lawRegistry.ts'),
      import('../src/report/summaryText.ts'),
    ]);
  let finish: ReturnType<typeof loadFinish> | undefined;
  const display = createProgress({
    stream: process.stderr,
    isTTY: process.stderr.isTTY,
    now: () => performance.now(),
  });
  interrupt.onRelease(() => display.stop());
  const tally = await trainSweep({
    config,
    runsFolder,
    cacheFolder,
    generators: demoGenerators,
    trainerScript: fileURLToPath(new URL('../workers/trainer.ts', import.meta.url)),
    queue: queueSettings(process.env),
    environment: process.env,
    observer: progressObserver(display),
    onPrepare: preparationLines(say),
    signal: interrupt.signal,
    planOnly: dryRun,
    onPlan: async (plan) => {
      const estimate = dryRun ? await plan.estimate() : null;
      say(planText(config, plan, estimate));
      if (!dryRun) {
        finish = loadFinish();
        return true;
      }
      const flops = plan.runs.reduce((sum, run) => sum + run.flops, 0);
      const tokens = plan.runs.reduce((sum, run) => sum + run.spec.tokens, 0);
      const answer = {
        sweep: config.name,
        runs: { total: plan.runs.length, done: plan.doneIds.size },
        tokens,
        flops,
        expectedSeconds: estimate!.seconds,
        throughputs: estimate!.throughputs,
      };
      if (json) process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
      return false;
    },
  });
  display.stop();
  interrupt.signal.throwIfAborted();
  if (!tally) return EXIT_CODES.done;

  const [{ collectSweep, writeSweepFiles }, { registerLaws }, { sweepSummaryText }] = await finish!;
  const input = collectSweep(runsFolder, config.name, (what) => say(`fitting: ${what}`));
  const [page] = writeSweepFiles(runsFolder, input);
  for (const line of registerLaws(runsFolder, input)) say(line);
  await keepLawsInHome(runsFolder, process.env);
  const wallSeconds = (performance.now() - beganMs) / 1000;
  const columns = process.stdout.columns ?? 100;
  const colour = Boolean(process.stdout.isTTY) && !process.env.NO_COLOR;
  if (json) process.stdout.write(`${JSON.stringify(summarise(input, tally, wallSeconds, page!), null, 2)}\n`);
  else process.stdout.write(`\n${sweepSummaryText(input, { columns, colour })}\n\nReport: ${page}\n`);
  if (tally.failed === 0) return EXIT_CODES.done;
  say(
    `${tally.failed} of ${tally.total} runs failed: the laws were fitted to the others. Run again to try them again.`,
  );
  return EXIT_CODES.failedRuns;
});
