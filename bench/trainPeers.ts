import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { makeRandom } from '../src/common/random.ts';
import { parameterSpecs } from '../src/model/family.ts';
import { initialParameters } from '../src/model/initialise.ts';
import type { ModelSpec } from '../src/model/types.ts';
import { trainerEnvironment } from '../src/worker/trainerEnvironment.ts';

/** What is trained with in all benchmarks; trainWithTorch.py has the same numbers. */
export const OPTIMIZER = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 };

/** A line to a runner. Files hold float32 parameters in the order of their names, and int32 batches of tokens. */
export type Question =
  | { do: 'open'; spec: ModelSpec; batch: number; shapes: Record<string, number[]>; parameters: string }
  | { do: 'run'; batches: string; seconds: number }
  | { do: 'train'; batches: string; rates: readonly number[]; parameters: string };

export interface Opened {
  /** To build whatever a step needs. */
  seconds: number;
  version: string;
}
export interface Round {
  steps: number;
  seconds: number;
  cpuSeconds: number;
  loss: number;
  /** Largest resident set of the runner's process so far. */
  memoryBytes: number;
}
export interface Trained {
  losses: number[];
  norms: number[];
}

/** `eager`: tfjs's cpu backend. */
export type PeerName = 'onnx' | 'wasm' | 'eager' | 'torch';

/** A runner in a process of its own: it answers one question after another. */
export interface Peer {
  name: PeerName;
  ask<Answer>(question: Question): Promise<Answer>;
  end(): Promise<void>;
}

const ONE_THREAD = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };

/** Starts a runner. Its errors go to the terminal; a question to one that has died is refused with its name. */
export function startPeer(name: PeerName, python: string | null): Peer {
  const [program, args] =
    name === 'torch'
      ? [python!, [join(import.meta.dirname, 'trainWithTorch.py')]]
      : [process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'trainChild.ts'), name]];
  const child: ChildProcess = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...ONE_THREAD, ...(name === 'onnx' && trainerEnvironment(process.env)) },
  });
  const lines: Interface = createInterface({ input: child.stdout! });
  const waiting: ((line: string | null) => void)[] = [];
  lines.on('line', (line) => waiting.shift()?.(line));
  const ended = new Promise<void>((done) => {
    child.once('close', () => {
      for (const each of waiting.splice(0)) each(null);
      done();
    });
  });
  return {
    name,
    ask: async (question) => {
      const line = await new Promise<string | null>((told) => {
        waiting.push(told);
        child.stdin!.write(`${JSON.stringify(question)}\n`);
      });
      if (line === null) throw new Error(`the runner ${name} has died`);
      return JSON.parse(line);
    },
    end: async () => {
      child.stdin!.end();
      await ended;
    },
  };
}

/** A Python that has PyTorch; null when none was found. */
export function findTorch(asked: string | undefined): string | null {
  const candidates = asked ? [asked] : ['python3', '/usr/bin/python3'];
  return candidates.find((python) => spawnSync(python, ['-c', 'import torch, numpy']).status === 0) ?? null;
}

/** The same parameters and batches for every runner, as files in a folder of their own. */
export function trainingInputs(spec: ModelSpec, batch: number, batches: number) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-train-'));
  const shapes = Object.fromEntries(
    Object.entries(parameterSpecs(spec)).map(([name, { shape }]) => [name, shape]),
  );
  const values = initialParameters(spec, 0);
  const parameters = join(folder, 'parameters');
  writeFileSync(
    parameters,
    Buffer.concat(Object.keys(shapes).map((name) => Buffer.from(values[name]!.buffer))),
  );
  const random = makeRandom('bench');
  // Tokens of a skewed distribution, as text has: a loss that can fall.
  const token = () => Math.floor(spec.vocabularySize * random.uniform() ** 3);
  const tokens = Int32Array.from({ length: batches * batch * (spec.contextLength + 1) }, token);
  const path = join(folder, 'batches');
  writeFileSync(path, Buffer.from(tokens.buffer));
  return {
    open: { do: 'open', spec, batch, shapes, parameters } as const,
    batches: path,
    /** A place for what a runner writes. */
    file: (name: string) => join(folder, name),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
