/**
 * `npm run bench:queue`: the same real sweep on two trainers through the embedded store, through a Redis in the sweep's own
 * process, and through a Redis with a worker of its own over HTTP artifacts; in turns, several rounds. Prints the median
 * of the ratios within a round.
 */
import { mkdtempSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { textTable } from '../src/common/textTable.ts';
import { freePort } from '../test/contract/boardRedis.ts';
import { type Part, startFleet, untilLine } from '../test/e2e/fleet.ts';
import { startSweep } from '../test/e2e/sweepProcess.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' } } });
const CONFIG = [
  ...['--set', 'name=overhead', '--set', 'run.trainers=2', '--set', 'law.resamples=0'],
  ...['--set', 'mixture.ratios=[0, 0.33, 0.67, 1]'],
  ...['--set', 'training.baseTokens=524288', '--set', 'training.cptTokens=524288'],
];
const cache = mkdtempSync(join(tmpdir(), 'queue-cache-'));
const fresh = () => ({ runs: mkdtempSync(join(tmpdir(), 'queue-runs-')), cache });

/** Seconds of training: from the first run's start to the fit. */
function trainingSeconds(lines: readonly { ms: number; text: string }[]): number {
  const first = lines.find(({ text }) => /: starts/.test(text));
  const last = lines.find(({ text }) => /^fitting:/.test(text));
  if (!first || !last) throw new Error(lines.map(({ text }) => text).join('\n'));
  return (last.ms - first.ms) / 1000;
}

async function finished(part: Part): Promise<number> {
  const { code } = await part.ended;
  if (code !== 0) throw new Error(part.lines.map(({ text }) => text).join('\n'));
  return trainingSeconds(part.lines);
}

async function onFleet(args: readonly string[], withWorker: boolean): Promise<number> {
  const fleet = await startFleet({ cache, redisPort: await freePort(), artifactPort: await freePort() });
  try {
    if (!withWorker) return await finished(fleet.coordinator('configs/math.yaml', args));
    const worker = fleet.worker('one', ['--slots', '2']);
    await untilLine(worker, /^worker /, 30_000);
    return await finished(fleet.coordinator('configs/math.yaml', [...args, '--set', 'run.trainers=auto']));
  } finally {
    await fleet.close();
  }
}

async function embedded(args: readonly string[]): Promise<number> {
  const lines: { ms: number; text: string }[] = [];
  const sweep = startSweep('configs/math.yaml', fresh(), args);
  let rest = '';
  sweep.child.stderr!.on('data', (chunk) => {
    const parts = (rest + String(chunk)).split('\n');
    rest = parts.pop()!;
    for (const text of parts) lines.push({ ms: performance.now(), text });
  });
  const { code, stderr } = await sweep.ended;
  if (code !== 0) throw new Error(stderr);
  return trainingSeconds(lines);
}

const median = (numbers: readonly number[]) =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
const ways = [
  ['embedded store', () => embedded(CONFIG)],
  ['Redis, trained in the same process', () => onFleet(CONFIG, false)],
  ['Redis and a worker, artifacts over HTTP', () => onFleet(CONFIG, true)],
] as const;
const seconds = new Map<string, number[]>(ways.map(([name]) => [name, []]));
// The corpora are prepared once, and files are warm.
await embedded([...CONFIG, '--set', 'training.cptTokens=65536', '--set', 'training.baseTokens=65536']);
for (let round = 0; round < Number(values.rounds); round++) {
  // In another order each round: what comes first may meet another machine.
  for (let at = 0; at < ways.length; at++) {
    const [name, run] = ways[(at + round) % ways.length]!;
    seconds.get(name)!.push(await run());
    process.stderr.write(`round ${round + 1}, ${name}: ${seconds.get(name)!.at(-1)!.toFixed(1)} s\n`);
  }
}
const reference = seconds.get(ways[0][0])!;
process.stdout.write(
  `${cpus()[0]?.model.trim()}, ${availableParallelism()} threads, ${values.rounds} rounds\n\n${textTable(
    [
      'way',
      { header: 'median', align: 'right' },
      { header: 'against embedded (median of rounds)', align: 'right' },
    ],
    ways.map(([name]) => {
      const own = seconds.get(name)!;
      return [
        name,
        `${median(own).toFixed(1)} s`,
        median(own.map((each, round) => each / reference[round]!)).toFixed(3),
      ];
    }),
  )}\n`,
);
