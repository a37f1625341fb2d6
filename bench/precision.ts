/**
 * `npm run bench:precision`: the same runs in float32 and in float16 (same seed, text and rate), and how far their held-out
 * losses are apart, beside how far runs of other seeds are. On the processor float16 is slower and its rounding real.
 */
import { performance } from 'node:perf_hooks';
import { stderr, stdout } from 'node:process';
import { Command, Option } from 'commander';
import { mathematics } from '../data/mathematics.ts';
import { prose } from '../data/prose.ts';
import { makeRandom, type Random } from '../src/common/random.ts';
import { textTable } from '../src/common/textTable.ts';
import type { DemoGenerator } from '../src/corpus/sources.ts';
import { ONNX_DEVICES, type OnnxDevice } from '../src/engine/onnx/deviceNames.ts';
import { createOnnxEngine } from '../src/engine/onnx/engine.ts';
import type { Precision } from '../src/engine/types.ts';
import { countParameters, modelFromWidth } from '../src/model/family.ts';
import { initialState, sessionDefinition } from '../src/model/session.ts';
import { OPTIMIZER } from './trainPeers.ts';

const numbers = (text: string): number[] => text.split(',').map(Number);
const options = new Command()
  .description(
    'The same runs in float32 and float16: how far their held-out losses are apart, beside the seeds.',
  )
  .option('--widths <list>', 'model widths', numbers, [16, 32])
  .option('--seeds <count>', 'seeds: initial weights and order of the text', Number, 3)
  .option('--steps <count>', 'optimiser steps of a run', Number, 400)
  .addOption(new Option('--device <name>', 'where').choices([...ONNX_DEVICES]).default('cpu'))
  .option('--json', 'one JSON object in place of the table')
  .parse()
  .opts<{ widths: number[]; seeds: number; steps: number; device: OnnxDevice; json?: boolean }>();

const CONTEXT = 128;
const BATCH = 8;
const VOCABULARY = 256;
const TRAINING_BYTES = 2_000_000;
const HELD_OUT_SEQUENCES = 256;
const WARM_UP_SHARE = 0.05;
/** Some units in the last place of float32: what any other order of sums does to a run. */
const NUDGE = 1e-6;

/** Synthetic text as bytes. */
function textOf(generator: DemoGenerator, seed: number, bytes: number): Buffer {
  const pieces: Buffer[] = [];
  let size = 0;
  for (const document of generator.generate(seed)) {
    pieces.push(Buffer.from(document));
    size += pieces.at(-1)!.length;
    if (size >= bytes) break;
  }
  return Buffer.concat(pieces);
}

const TRAINING = [prose, mathematics].map((generator) => textOf(generator, 1, TRAINING_BYTES));
const HELD_OUT = [prose, mathematics].map((generator) =>
  textOf(generator, 2, HELD_OUT_SEQUENCES * (CONTEXT + 1)),
);

/** Sequences of both corpora in turn, from wherever `start` says. */
function batchOf(texts: readonly Buffer[], start: (text: Buffer, row: number) => number): Int32Array {
  const batch = new Int32Array(BATCH * (CONTEXT + 1));
  for (let row = 0; row < BATCH; row++) {
    const text = texts[row % texts.length]!;
    const from = start(text, row);
    batch.set(text.subarray(from, from + CONTEXT + 1), row * (CONTEXT + 1));
  }
  return batch;
}

const drawnBatch = (random: Random): Int32Array =>
  batchOf(TRAINING, (text) => random.integer(text.length - CONTEXT));
const heldOutBatches = Array.from({ length: HELD_OUT_SEQUENCES / BATCH }, (_, i) => ({
  tokens: batchOf(HELD_OUT, (_text, row) => (i * BATCH + row) * (CONTEXT + 1)),
}));

interface Variant {
  precision?: Precision;
  /** Initial weights are multiplied by 1 ± this. */
  nudge?: number;
}

/** Held-out loss in nats per token after training, and seconds of training. */
async function trained(width: number, seed: number, { precision = 'float32', nudge = 0 }: Variant = {}) {
  const spec = modelFromWidth(width, { vocabularySize: VOCABULARY, contextLength: CONTEXT });
  const batches = { trainBatch: BATCH, evaluationBatch: BATCH };
  const session = await createOnnxEngine(options.device).open({
    ...sessionDefinition(spec, OPTIMIZER, batches),
    precision,
  });
  try {
    const signs = makeRandom('nudge', seed);
    const start = Object.entries(initialState(spec, seed)).map(([name, values]) => [
      name,
      values.map((value) => value * (1 + (signs.uniform() < 0.5 ? nudge : -nudge))),
    ]);
    await session.writeState(Object.fromEntries(start));
    const random = makeRandom('precision', seed);
    const rate = 2e-3 * Math.sqrt(64 / width);
    const feeds = Array.from({ length: options.steps }, (_, i) => ({
      tokens: drawnBatch(random),
      learningRate: Float32Array.of(rate * Math.min(1, (i + 1) / (WARM_UP_SHARE * options.steps))),
      step: Float32Array.of(i + 1),
    }));
    const began = performance.now();
    await session.callEach('train', feeds);
    const seconds = (performance.now() - began) / 1000;
    let sum = 0;
    for (const { sequenceLoss } of await session.callEach('evaluate', heldOutBatches))
      for (const loss of sequenceLoss!) sum += loss;
    return { loss: sum / (HELD_OUT_SEQUENCES * CONTEXT), seconds };
  } finally {
    await session.close();
  }
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const rootMeanSquare = (values: readonly number[]): number => Math.sqrt(mean(values.map((v) => v * v)));
function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, v) => sum + (v - middle) ** 2, 0) / (values.length - 1));
}

async function measure(width: number) {
  const single: number[] = [];
  const apart: number[] = [];
  const nudgedApart: number[] = [];
  const times: number[] = [];
  for (let seed = 1; seed <= options.seeds; seed++) {
    const full = await trained(width, seed);
    const half = await trained(width, seed, { precision: 'float16' });
    const nudged = await trained(width, seed, { nudge: NUDGE });
    single.push(full.loss);
    apart.push(half.loss / full.loss - 1);
    nudgedApart.push(nudged.loss / full.loss - 1);
    times.push(half.seconds / full.seconds);
    if (!options.json)
      stderr.write(
        `width ${width}, seed ${seed}: ${full.loss}, float16 ${half.loss}, nudged ${nudged.loss}\n`,
      );
  }
  const betweenSeeds = deviation(single) / mean(single);
  const typicallyApart = rootMeanSquare(apart);
  return {
    width,
    parameters: countParameters(modelFromWidth(width, { vocabularySize: VOCABULARY, contextLength: CONTEXT }))
      .nonEmbedding,
    loss: mean(single),
    /** Relative, as the two after it: float16 against float32, of the same seed. */
    betweenSeeds,
    meanApart: mean(apart),
    typicallyApart,
    /** Of float32 against float32 whose initial weights differ by NUDGE. */
    typicallyNudged: rootMeanSquare(nudgedApart),
    ofSeedNoise: typicallyApart / betweenSeeds,
    timesSlower: mean(times),
  };
}

const rows = [];
for (const width of options.widths) rows.push(await measure(width));
if (options.json) {
  const { device, seeds, steps } = options;
  stdout.write(`${JSON.stringify({ device, seeds, steps, rows })}\n`);
} else {
  const percent = (share: number): string => `${(100 * share).toFixed(4)} %`;
  const header = [
    'width',
    'N',
    'loss',
    'seeds: deviation',
    'float16: mean',
    'root mean square',
    'of the deviation',
    'nudged float32',
    'time',
  ];
  const table = textTable(
    header.map((text) => ({ header: text, align: 'right' as const })),
    rows.map((row) => [
      `${row.width}`,
      `${row.parameters}`,
      row.loss.toFixed(4),
      percent(row.betweenSeeds),
      percent(row.meanApart),
      percent(row.typicallyApart),
      row.ofSeedNoise.toFixed(2),
      percent(row.typicallyNudged),
      `× ${row.timesSlower.toFixed(2)}`,
    ]),
  );
  stdout.write(`${table}\n`);
}
