/** One runner of bench/train.ts in a process of its own: the traced engine, or tfjs on WebAssembly. Speaks as trainWithTorch.py does. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import * as tf from '@tensorflow/tfjs';
import { createEagerEngine } from '../src/engine/eagerEngine.ts';
import { createOnnxEngine } from '../src/engine/onnx/engine.ts';
import type { Arrays, Engine, EngineSession } from '../src/engine/types.ts';
import { parameterSpecs } from '../src/model/family.ts';
import { sessionDefinition, zeroMoments } from '../src/model/session.ts';
import type { ModelSpec } from '../src/model/types.ts';
import { OPTIMIZER, type Question } from './trainPeers.ts';

const ENGINES: Record<string, () => Engine | Promise<Engine>> = {
  onnx: () => createOnnxEngine(),
  wasm: wasmEngine,
  eager: () => createEagerEngine('cpu'),
};
const engine = await ENGINES[process.argv[2]!]!();
let session: EngineSession | undefined;
let spec: ModelSpec | undefined;
let batch = 0;
let step = 0;

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line) as Question))}\n`);
}

async function answer(question: Question): Promise<object> {
  if (question.do === 'open') {
    ({ spec, batch } = question);
    const begin = performance.now();
    const definition = sessionDefinition(spec, OPTIMIZER, { trainBatch: batch, evaluationBatch: 32 });
    session = await engine.open(definition);
    await session.writeState({ ...parametersOf(spec, question.parameters), ...zeroMoments(spec) });
    return { seconds: (performance.now() - begin) / 1000, version: `${engine.version} on ${engine.device}` };
  }
  const batches = batchesOf(question.batches);
  if (question.do === 'train') {
    const losses: number[] = [];
    const norms: number[] = [];
    for (const [i, tokens] of batches.entries()) {
      const { loss, norm } = await trainStep(tokens, question.rates[i]!);
      losses.push(loss);
      norms.push(norm);
    }
    const names = Object.keys(parameterSpecs(spec!));
    const state = await session!.readState(names);
    writeFileSync(question.parameters, Buffer.concat(names.map((name) => bytesOf(state[name]!))));
    return { losses, norms };
  }
  const begin = performance.now();
  const cpu = process.cpuUsage();
  let steps = 0;
  let loss = 0;
  do {
    // As training does: as many steps in one go as the engine makes.
    const next = Array.from(
      { length: session!.callsAtOnce },
      (_, i) => batches[(steps + i) % batches.length]!,
    );
    const results = await session!.callEach(
      'train',
      next.map((tokens) => feedsOf(tokens, 1e-3)),
    );
    loss = results.at(-1)!.loss![0]!;
    steps += next.length;
  } while (performance.now() - begin < question.seconds * 1000);
  const seconds = (performance.now() - begin) / 1000;
  const used = process.cpuUsage(cpu);
  const memoryBytes = process.resourceUsage().maxRSS * 1024;
  return { steps, seconds, cpuSeconds: (used.user + used.system) / 1e6, loss, memoryBytes };
}

function feedsOf(tokens: Int32Array, rate: number): Arrays {
  return { tokens, learningRate: Float32Array.of(rate), step: Float32Array.of(++step) };
}

async function trainStep(tokens: Int32Array, rate: number): Promise<{ loss: number; norm: number }> {
  const { loss, gradientNorm } = await session!.call('train', feedsOf(tokens, rate));
  return { loss: loss![0]!, norm: gradientNorm![0]! };
}

function parametersOf(model: ModelSpec, path: string): Arrays {
  const values = floatsOf(path);
  let at = 0;
  return Object.fromEntries(
    Object.entries(parameterSpecs(model)).map(([name, { shape }]) => {
      const size = shape.reduce((product, side) => product * side, 1);
      at += size;
      return [name, values.slice(at - size, at)];
    }),
  );
}

function batchesOf(path: string): Int32Array[] {
  const bytes = readFileSync(path);
  const tokens = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const size = batch * (spec!.contextLength + 1);
  return Array.from({ length: tokens.length / size }, (_, i) => tokens.slice(i * size, (i + 1) * size));
}

function floatsOf(path: string): Float32Array {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

function bytesOf(values: Float32Array | Int32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** The eager engine on tfjs's WebAssembly backend, with the one kernel that it lacks written as a product with a one-hot matrix. */
async function wasmEngine(): Promise<Engine> {
  const wasm = await import('@tensorflow/tfjs-backend-wasm');
  wasm.setWasmPaths(`${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  await tf.setBackend('wasm');
  await tf.ready();
  tf.registerKernel({
    kernelName: 'UnsortedSegmentSum',
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs }) => {
      const { x, segmentIds } = inputs as Record<string, tf.Tensor>;
      const { numSegments } = attrs as unknown as { numSegments: number };
      const hot = tf.oneHot(segmentIds as tf.Tensor1D, numSegments).toFloat() as tf.Tensor2D;
      return tf.matMul(hot, x as tf.Tensor2D, true, false);
    },
  });
  return createEagerEngine('wasm', { device: 'wasm', version: `tfjs wasm ${tf.version.tfjs}` });
}
