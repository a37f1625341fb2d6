/**
 * `npm run bench:train`: tokens per second of training on one thread, the traced engine beside PyTorch and tfjs on
 * WebAssembly: the same model, batches and optimiser, in turns, several rounds, medians of ratios within a round.
 */
import { cpus, loadavg } from 'node:os';
import { performance } from 'node:perf_hooks';
import { stderr, stdout } from 'node:process';
import * as tf from '@tensorflow/tfjs';
import { Command } from 'commander';
import { textTable } from '../src/common/textTable.ts';
import { createOnnxEngine } from '../src/engine/onnx/engine.ts';
import { countParameters, flopsPerToken, modelFromWidth } from '../src/model/family.ts';
import type { ModelSpec } from '../src/model/types.ts';
import {
  findTorch,
  type Opened,
  type PeerName,
  type Round,
  startPeer,
  trainingInputs,
} from './trainPeers.ts';

/** About 30k, 100k, 400k, 1M, 3M and 10M non-embedding parameters. */
const LADDER = [32, 64, 104, 136, 200, 296];
const BATCHES = 8;

interface Options {
  widths: number[];
  seconds: number;
  rounds: number;
  context: number;
  batch: number;
  vocabulary: number;
  python?: string;
  wasm: boolean;
  pairs: boolean;
  json: boolean;
}

const numbers = (text: string): number[] => text.split(',').map(Number);
const options = new Command()
  .description('Tokens per second of training, one thread each, beside PyTorch and tfjs on WebAssembly.')
  .option('--widths <list>', 'model widths', numbers, LADDER)
  .option('--seconds <number>', 'of each runner in each round', Number, 3)
  .option('--rounds <count>', 'rounds, each runner in a new process in each', Number, 5)
  .option('--context <tokens>', 'sequence length', Number, 128)
  .option('--batch <sequences>', 'sequences of a training step', Number, 8)
  .option('--vocabulary <size>', 'vocabulary size', Number, 260)
  .option('--python <path>', 'a Python with PyTorch (default: python3, /usr/bin/python3)')
  .option('--no-wasm', 'without tfjs on WebAssembly, which takes long')
  .option('--no-pairs', 'without two trainers side by side')
  .option('--json', 'one JSON object in place of tables')
  .parse()
  .opts<Options>();

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const say = (line: string) => (options.json ? stderr : stdout).write(`${line}\n`);

/** Multiply-adds of a plain 512-square product on one thread, twice counted: what this machine can do at best. */
async function peakGflops(): Promise<number> {
  const side = 512;
  const products = 8;
  const session = await createOnnxEngine().open({
    state: { a: { shape: [side, side], dtype: 'float32' } },
    functions: {
      products: {
        feeds: {},
        reads: ['a'],
        compute: ({ a }) => {
          let product = a as tf.Tensor2D;
          for (let i = 0; i < products; i++) product = tf.matMul(product, a as tf.Tensor2D);
          return { outputs: { sum: tf.sum(product) } };
        },
      },
    },
  });
  const times = [];
  for (let i = 0; i < 20; i++) {
    const begin = performance.now();
    await session.call('products', {});
    times.push(performance.now() - begin);
  }
  await session.close();
  return (2 * side ** 3 * products) / Math.min(...times) / 1e6;
}

interface Measured {
  name: PeerName;
  /** One of each for a round. */
  opened: Opened[];
  rounds: Round[];
}

/**
 * All runners, warmed, in turns of a second until each has had its seconds; every round in new processes, because how
 * a process's memory happens to lie makes one up to a tenth faster than another.
 */
async function measure(names: readonly PeerName[], python: string | null, spec: ModelSpec) {
  const inputs = trainingInputs(spec, options.batch, BATCHES);
  const turn = { do: 'run', batches: inputs.batches, seconds: Math.min(1, options.seconds) } as const;
  const measured: Measured[] = names.map((name) => ({ name, opened: [], rounds: [] }));
  try {
    for (let round = 0; round < options.rounds; round++) {
      const peers = names.map((name) => startPeer(name, python));
      try {
        for (const [i, peer] of peers.entries()) {
          measured[i]!.opened.push(await peer.ask<Opened>(inputs.open));
          await peer.ask<Round>(turn);
        }
        const done: (Round | undefined)[] = peers.map(() => undefined);
        while (done.some((so) => (so?.seconds ?? 0) < options.seconds)) {
          for (let i = 0; i < peers.length; i++) {
            // Who begins changes from round to round.
            const at = (i + round) % peers.length;
            const before = done[at];
            if (before && before.seconds >= options.seconds) continue;
            done[at] = together(before, await peers[at]!.ask<Round>(turn));
          }
        }
        done.forEach((all, i) => {
          measured[i]!.rounds.push(all!);
        });
      } finally {
        for (const peer of peers) await peer.end();
      }
    }
    return { measured, pair: options.pairs ? await pairOf(python, inputs) : null };
  } finally {
    inputs.remove();
  }
}

function together(before: Round | undefined, turn: Round): Round {
  if (!before) return turn;
  return {
    ...turn,
    steps: before.steps + turn.steps,
    seconds: before.seconds + turn.seconds,
    cpuSeconds: before.cpuSeconds + turn.cpuSeconds,
  };
}

/** Tokens of two trainers at once over those of one alone, in turns. */
async function pairOf(python: string | null, inputs: ReturnType<typeof trainingInputs>): Promise<number> {
  const [first, second] = [startPeer('onnx', python), startPeer('onnx', python)];
  try {
    const question = { do: 'run', batches: inputs.batches, seconds: options.seconds } as const;
    for (const peer of [first, second]) {
      await peer.ask<Opened>(inputs.open);
      await peer.ask<Round>({ ...question, seconds: 1 });
    }
    const ratios = [];
    for (let round = 0; round < options.rounds; round++) {
      const alone = await first.ask<Round>(question);
      const both = await Promise.all([first, second].map((peer) => peer.ask<Round>(question)));
      ratios.push(
        both.reduce((sum, each) => sum + each.steps / each.seconds, 0) / (alone.steps / alone.seconds),
      );
    }
    return median(ratios);
  } finally {
    await first.end();
    await second.end();
  }
}

const python = findTorch(options.python);
const names: PeerName[] = [
  'onnx',
  ...(python ? (['torch'] as const) : []),
  ...(options.wasm ? (['wasm'] as const) : []),
];
const peak = await peakGflops();
say(
  `${cpus()[0]?.model ?? 'unknown processor'}, load ${loadavg()[0]!.toFixed(1)}; matrix products reach ${peak.toFixed(0)} GFLOP/s on one thread`,
);
if (!python)
  say('PyTorch: no python3 here can import torch and numpy (--python PATH names another); left out');
const tokensPerStep = options.batch * options.context;
const rate = ({ steps, seconds }: Round) => (steps * tokensPerStep) / seconds;
const cpuRate = ({ steps, cpuSeconds }: Round) => (steps * tokensPerStep) / cpuSeconds;

async function rowOf(width: number) {
  const spec = modelFromWidth(width, { vocabularySize: options.vocabulary, contextLength: options.context });
  const { measured, pair } = await measure(names, python, spec);
  const [onnx] = measured;
  return {
    width,
    layers: spec.layers,
    parameters: countParameters(spec).nonEmbedding,
    runners: measured.map(({ name, opened, rounds }) => ({
      name,
      version: opened[0]!.version,
      buildSeconds: median(opened.map(({ seconds }) => seconds)),
      tokensPerSecond: median(rounds.map(rate)),
      tokensPerCpuSecond: median(rounds.map(cpuRate)),
      memoryBytes: Math.max(...rounds.map(({ memoryBytes }) => memoryBytes)),
      loss: rounds.at(-1)!.loss,
      /** The traced engine's tokens per second over this runner's, within a round. */
      ratio: median(rounds.map((round, i) => rate(onnx!.rounds[i]!) / rate(round))),
      cpuRatio: median(rounds.map((round, i) => cpuRate(onnx!.rounds[i]!) / cpuRate(round))),
    })),
    gflops: (median(onnx!.rounds.map(rate)) * flopsPerToken(spec)) / 1e9,
    pair,
  };
}

type Row = Awaited<ReturnType<typeof rowOf>>;
const results: Row[] = [];
for (const width of options.widths) {
  const row = await rowOf(width);
  results.push(row);
  say(
    `width ${width}: ${row.runners.map(({ name, tokensPerSecond }) => `${name} ${Math.round(tokensPerSecond)}`).join(', ')} tokens/s`,
  );
}
if (options.json) {
  const { python: _, ...settings } = options;
  stdout.write(`${JSON.stringify({ settings, peakGflops: peak, results })}\n`);
} else {
  const ratioTo = (row: Row, name: PeerName) => {
    const found = row.runners.find((each) => each.name === name);
    return found ? `${found.ratio.toFixed(2)} (${found.cpuRatio.toFixed(2)})` : '–';
  };
  const of = (row: Row, name: PeerName) => row.runners.find((each) => each.name === name);
  const whole = (value: number | undefined) =>
    value === undefined ? '–' : Math.round(value).toLocaleString('en-US');
  const header = [
    ...['width', 'layers', 'N', 'onnx tokens/s', 'torch tokens/s', 'wasm tokens/s'],
    ...['onnx/torch (CPU time)', 'onnx/wasm', 'GFLOP/s', 'of peak', 'MB', 'build s', 'two/one'],
  ];
  say('');
  say(
    textTable(
      header,
      results.map((row) => [
        ...[String(row.width), String(row.layers), whole(row.parameters)],
        ...[whole(of(row, 'onnx')?.tokensPerSecond), whole(of(row, 'torch')?.tokensPerSecond)],
        ...[
          whole(of(row, 'wasm')?.tokensPerSecond),
          ratioTo(row, 'torch'),
          ratioTo(row, 'wasm').split(' ')[0]!,
        ],
        ...[row.gflops.toFixed(1), `${((100 * row.gflops) / peak).toFixed(0)} %`],
        ...[whole((of(row, 'onnx')?.memoryBytes ?? 0) / 1e6), of(row, 'onnx')!.buildSeconds.toFixed(2)],
        row.pair === null ? '–' : row.pair.toFixed(2),
      ]),
    ),
  );
}
