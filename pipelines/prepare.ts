/** `npm run prepare-data configs/math.yaml`: the sweep's corpora, ready to train on, without training. */
import { demoGenerators } from '../data/demoGenerators.ts';
import { EXIT_CODES } from '../src/cli/exitCodes.ts';
import { runCommand } from '../src/cli/main.ts';
import { parseCommandLine } from '../src/cli/options.ts';
import { preparationLines } from '../src/cli/preparation.ts';
import { textTable } from '../src/common/textTable.ts';
import { loadConfig } from '../src/config/loadConfig.ts';
import { prepareSweep } from '../src/sweep/corpora.ts';

await runCommand(async () => {
  const command = parseCommandLine(
    {
      name: 'prepare-data',
      summary: 'Reads, splits and tokenises the corpora of a config and reports duplicates across the split.',
      argument: { name: '<config>', description: 'a YAML file, e.g. configs/math.yaml' },
      options: ['set', 'json', 'cache'],
      examples: [['configs/code.yaml', 'fills data/cache; a sweep then starts at once']],
    },
    process.argv.slice(2),
    { writeOut: (text) => process.stdout.write(text), variables: process.env },
  );
  if (!command) return EXIT_CODES.done;
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const { config, notes } = loadConfig(command.argument!, command.options.set);
  for (const note of notes) say(note);
  const { facts, tokenizer } = await prepareSweep({
    config,
    cacheFolder: command.options.cache,
    generators: demoGenerators,
    onProgress: preparationLines(say),
    note: say,
  });
  if (command.options.json) {
    process.stdout.write(`${JSON.stringify({ tokenizer: tokenizer.name, corpora: facts }, null, 2)}\n`);
    return EXIT_CODES.done;
  }
  const count = (value: number) => value.toLocaleString('en-US');
  const table = textTable(
    [
      { header: 'corpus' },
      { header: 'train tokens', align: 'right' },
      { header: 'documents', align: 'right' },
      { header: 'validation tokens', align: 'right' },
      { header: 'duplicated', align: 'right' },
      { header: 'source' },
    ],
    facts.map((each) => [
      each.name,
      count(each.trainTokens),
      count(each.trainDocuments),
      count(each.validationTokens),
      `${(100 * each.overlapShare).toFixed(1)} %`,
      each.description,
    ]),
  );
  process.stdout.write(`${table}\n`);
  return EXIT_CODES.done;
});
