import * as tf from '@tensorflow/tfjs';
import { UserError } from '../common/errors.ts';
import { withBackend } from './backendScope.ts';
import { checkArrays, checkFeeds, closedError } from './checks.ts';
import { checkNewState } from './trace/recordFunction.ts';
import { elementsOf } from './trace/stateLayout.ts';
import type {
  Arrays,
  Engine,
  EngineName,
  EngineSession,
  SessionDefinition,
  TensorSpec,
  Tensors,
  TensorValues,
} from './types.ts';

export interface EagerEngineNames {
  name?: EngineName;
  device?: string;
  version?: string;
}

/** Runs step functions directly, on a backend that is registered with tfjs (`cpu`, `tensorflow`). */
export function createEagerEngine(backendName: string, names: EagerEngineNames = {}): Engine {
  return {
    name: names.name ?? 'tensorflow',
    device: names.device ?? backendName,
    version: names.version ?? `tfjs ${tf.version.tfjs}`,
    open: (definition) => open(backendName, definition),
  };
}

async function open(backendName: string, definition: SessionDefinition): Promise<EngineSession> {
  if (definition.precision === 'float16')
    throw new UserError(
      'the eager engine (tensorflow) computes in float32 only',
      'Set training.precision: float32, or run.engine: onnx.',
    );
  const state: Tensors = {};
  let closed = false;
  const onBackend = <T>(work: () => T): Promise<T> => {
    if (closed) throw closedError();
    return withBackend(backendName, work);
  };
  const replace = (name: string, tensor: tf.Tensor): void => {
    state[name]?.dispose();
    state[name] = tf.keep(tensor);
  };
  const tensorOf = (values: TensorValues, spec: TensorSpec): tf.Tensor =>
    tf.tensor(values, [...spec.shape], spec.dtype);

  await onBackend(() => {
    for (const [name, spec] of Object.entries(definition.state)) {
      const zeros =
        spec.dtype === 'int32' ? new Int32Array(elementsOf(spec)) : new Float32Array(elementsOf(spec));
      replace(name, tensorOf(zeros, spec));
    }
  });

  const session: EngineSession = {
    callsAtOnce: 1,
    callEach: async (functionName, feeds) => {
      const results: Arrays[] = [];
      for (const each of feeds) results.push(await session.call(functionName, each));
      return results;
    },
    writeState: async (values) => {
      checkArrays('state entry', values, definition.state);
      await onBackend(() => {
        // Copied, because the cpu backend keeps the array it is given.
        for (const [name, array] of Object.entries(values)) {
          replace(name, tensorOf(array.slice(), definition.state[name]!));
        }
      });
    },
    readState: async (names = Object.keys(definition.state)) =>
      onBackend(() => {
        const unknown = names.find((name) => !state[name]);
        if (unknown !== undefined) throw new Error(`the state has no entry ${unknown}`);
        return Object.fromEntries(
          names.map((name) => [name, (state[name]!.dataSync() as TensorValues).slice()]),
        );
      }),
    call: async (functionName, feeds) => {
      const step = definition.functions[functionName];
      if (!step) throw new Error(`the session has no function ${functionName}`);
      checkFeeds(functionName, feeds, step.feeds);
      return onBackend((): Arrays => {
        const outputs: Arrays = {};
        tf.tidy(() => {
          const read = Object.fromEntries(step.reads.map((name) => [name, state[name]!]));
          const fed = Object.fromEntries(
            Object.entries(step.feeds).map(([name, spec]) => [name, tensorOf(feeds[name]!, spec)]),
          );
          const result = step.compute(read, fed);
          for (const [name, tensor] of Object.entries(result.outputs)) {
            outputs[name] = (tensor.dataSync() as TensorValues).slice();
          }
          const written = Object.entries(result.state ?? {});
          for (const [name, tensor] of written) checkNewState(definition, name, tensor);
          // Clones share the numbers; all are made before an old entry goes, because entries may change places.
          const fresh = written.map(([name, tensor]) => [name, tensor.clone()] as const);
          for (const [name, tensor] of fresh) replace(name, tensor);
        });
        return outputs;
      });
    },
    close: async () => {
      if (closed) return;
      await onBackend(() => {
        for (const tensor of Object.values(state)) tensor.dispose();
      });
      closed = true;
    },
  };
  return session;
}
