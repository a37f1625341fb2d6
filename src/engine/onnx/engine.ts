import { createRequire } from 'node:module';
import type * as ort from 'onnxruntime-node';
import type { Engine } from '../types.ts';
import type { OnnxDevice } from './deviceNames.ts';
import { deviceBackend } from './devices.ts';
import { openRunsSession } from './runsSession.ts';
import { openSession } from './session.ts';

/** One thread, asleep when idle: a machine runs one trainer per core, and small matrices gain little from more. */
const SESSION_OPTIONS: ort.InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  logSeverityLevel: 3,
  extra: {
    session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } },
    // It would undo the transposes that kernels/matmul.ts makes beforehand, because they pay.
    optimization: { disable_specified_optimizers: 'GemmTransposeFusion' },
  },
};

/** Runs step functions as ONNX graphs, recorded once when a session opens. */
export function createOnnxEngine(device: OnnxDevice = 'cpu'): Engine {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  return {
    name: 'onnx',
    device,
    version: `onnxruntime-node ${version}`,
    open: (definition) => openSession(device, deviceBackend(device, SESSION_OPTIONS), definition),
    openRuns: (definition, runs) =>
      openRunsSession(device, deviceBackend(device, SESSION_OPTIONS), definition, runs),
  };
}
