import { performance } from 'node:perf_hooks';
import { stdout } from 'node:process';
import { Command } from 'commander';
import { makeRandom } from '../src/common/random.ts';
import { openEngine } from '../src/engine/openEngine.ts';
import { countParameters, flopsPerToken, modelFromWidth } from '../src/model/family.ts';
import { initialState, sessionDefinition } from '../src/model/session.ts';

const OPTIMIZER = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 };
const ROUNDS = 5;

interface Options {
  widths: number[];
  seconds: number;
  context: number;
  batch: number;
  evaluationBatch: number;
  vocabulary: number;
  engine: 'auto' | 'onnx' | 'tensorflow';
}

const numbers = (text: string): number[] => text.split(',').map(Number);

const options = new Command()
  .description('Tokens per second of training and evaluation on one thread, and the time to open a session.')
  .option('--widths <list>', 'model widths', numbers, [16, 32, 64])
  .option('--seconds <number>', 'measured seconds per width and function', Number, 4)
  .option('--context <tokens>', 'sequence length', Number, 128)
  .option('--batch <sequences>', 'sequences of a training step', Number, 8)
  .option('--evaluation-batch <sequences>', 'sequences of an evaluation call', Number, 32)
  .option('--vocabulary <size>', 'vocabulary size', Number, 260)
  .option('--engine <name>', 'auto, onnx or tensorflow', 'auto')
  .parse()
  .opts<Options>();

/** Tokens per second of each round; `call` handles `tokens` tokens. */
async function rates(tokens: number, seconds: number, call: () => Promise<unknown>): Promise<number[]> {
  for (let i = 0; i < 3; i++) await call();
  const results: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const begin = performance.now();
    let calls = 0;
    do {
      await call();
      calls++;
    } while (performance.now() - begin < (seconds * 1000) / ROUNDS);
    results.push((calls * tokens * 1000) / (performance.now() - begin));
  }
  return results.sort((a, b) => a - b);
}

const { engine, reason } = await openEngine(options.engine);
stdout.write(`${engine.name} on ${engine.device}, ${engine.version} (${reason})\n`);
stdout.write(
  `context ${options.context}, batch ${options.batch}, evaluation batch ${options.evaluationBatch}\n`,
);
stdout.write(
  'width layers non-embedding    build ms   train tokens/s (best)   GFLOP/s   evaluate tokens/s   ratio\n',
);
for (const width of options.widths) {
  const spec = modelFromWidth(width, { vocabularySize: options.vocabulary, contextLength: options.context });
  const batches = { trainBatch: options.batch, evaluationBatch: options.evaluationBatch };
  const begin = performance.now();
  const session = await engine.open(sessionDefinition(spec, OPTIMIZER, batches));
  const buildMs = performance.now() - begin;
  await session.writeState(initialState(spec, 0));
  const random = makeRandom('bench');
  const draw = (sequences: number): Int32Array =>
    Int32Array.from({ length: sequences * (options.context + 1) }, () => random.integer(options.vocabulary));
  const tokens = draw(options.batch);
  const heldOut = draw(options.evaluationBatch);
  let step = 0;
  const train = await rates(options.batch * options.context, options.seconds, () =>
    session.call('train', { tokens, learningRate: Float32Array.of(1e-3), step: Float32Array.of(++step) }),
  );
  const evaluate = await rates(options.evaluationBatch * options.context, options.seconds / 2, () =>
    session.call('evaluate', { tokens: heldOut }),
  );
  await session.close();
  const median = train[ROUNDS >> 1]!;
  const evaluated = evaluate[ROUNDS >> 1]!;
  const cells = [
    String(width).padStart(5),
    String(spec.layers).padStart(6),
    String(countParameters(spec).nonEmbedding).padStart(13),
    buildMs.toFixed(0).padStart(11),
    `${median.toFixed(0)} (${train.at(-1)!.toFixed(0)})`.padStart(23),
    ((median * flopsPerToken(spec)) / 1e9).toFixed(1).padStart(9),
    evaluated.toFixed(0).padStart(19),
    (evaluated / median).toFixed(2).padStart(7),
  ];
  stdout.write(`${cells.join(' ')}\n`);
}
