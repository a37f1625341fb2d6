import * as tf from '@tensorflow/tfjs';
import { withBackend } from '../backendScope.ts';
import { joined, split } from '../kernels/arrangement.ts';
import { traceKernels } from '../kernels/index.ts';
import type { SessionDefinition, StepFunction, TensorSpec, Tensors } from '../types.ts';
import { type Recorder, recordInto, registerTraceBackend, reshaped, TRACE_BACKEND } from './backend.ts';
import { createGraph, type Graph, type Value } from './graph.ts';
import { type StateBuffer, stateLayout } from './stateLayout.ts';

/** A step function as a graph: which value is which input and output. */
export interface RecordedFunction {
  graph: Graph;
  /** By the name of the state buffer (see stateLayout). */
  stateInputs: Record<string, Value>;
  feedInputs: Record<string, Value>;
  outputs: Record<string, Value>;
  stateOutputs: Record<string, Value>;
}

/** Records one run of a step function on placeholders: forward, tfjs's own backward pass, and update. */
export async function recordFunction(
  definition: SessionDefinition,
  step: StepFunction,
): Promise<RecordedFunction> {
  registerTraceBackend(traceKernels);
  return withBackend(TRACE_BACKEND, () =>
    recordInto(createGraph(), (recorder) => {
      let recorded: RecordedFunction | undefined;
      tf.tidy(() => {
        recorded = record(recorder, definition, step);
      });
      return recorded!;
    }),
  );
}

function record(recorder: Recorder, definition: SessionDefinition, step: StepFunction): RecordedFunction {
  const { graph } = recorder;
  const state = placeholderState(recorder, definition);
  const unknown = step.reads.find((name) => !definition.state[name]);
  if (unknown !== undefined) throw new Error(`a step function reads ${unknown}, which is not in the state`);

  const feedInputs: Record<string, Value> = {};
  const feeds: Tensors = {};
  for (const [name, spec] of Object.entries(step.feeds)) {
    feedInputs[name] = graph.input(`feed/${name}`, spec.shape, spec.dtype);
    feeds[name] = tensorOf(recorder, feedInputs[name], spec);
  }
  const reads = step.reads.map((name) => [
    name,
    tensorOf(recorder, state.entry(name), definition.state[name]!),
  ]);
  const result = step.compute(Object.fromEntries(reads) as Tensors, feeds);

  const outputs: Record<string, Value> = {};
  for (const [name, tensor] of Object.entries(result.outputs)) outputs[name] = recorder.value(tensor);
  const newState = result.state ?? {};
  for (const [name, tensor] of Object.entries(newState)) checkNewState(definition, name, tensor);
  const stateOutputs: Record<string, Value> = {};
  for (const [key, buffer] of Object.entries(state.buffers)) {
    if (!buffer.entries.some(({ name }) => newState[name])) continue;
    const parts = buffer.entries.map(({ name, size }) => {
      const tensor = newState[name];
      if (!tensor) return state.entry(name);
      return reshaped(
        graph,
        recorder.rawValue(tensor),
        buffer.entries.length === 1 ? buffer.spec.shape : [size],
      );
    });
    stateOutputs[key] = joined(graph, parts, 0);
  }
  return { graph, stateInputs: state.inputs, feedInputs, outputs, stateOutputs };
}

interface PlaceholderState {
  buffers: Record<string, StateBuffer>;
  /** Graph inputs made so far, by buffer. */
  inputs: Record<string, Value>;
  /** The value of one state entry; flat where it shares a buffer. */
  entry(name: string): Value;
}

function placeholderState(recorder: Recorder, definition: SessionDefinition): PlaceholderState {
  const { graph } = recorder;
  const buffers = stateLayout(definition);
  const inputs: Record<string, Value> = {};
  const values: Record<string, Value> = {};
  const openBuffer = (key: string, { spec, entries }: StateBuffer): void => {
    const input = graph.input(`state/${key}`, spec.shape, spec.dtype);
    inputs[key] = input;
    const pieces =
      entries.length === 1
        ? [input]
        : split(
            graph,
            input,
            0,
            entries.map(({ size }) => size),
          );
    entries.forEach(({ name }, i) => {
      values[name] = pieces[i]!;
    });
  };
  return {
    buffers,
    inputs,
    entry: (name) => {
      if (!values[name]) {
        const [key, buffer] = Object.entries(buffers).find(([, { entries }]) =>
          entries.some((entry) => entry.name === name),
        )!;
        openBuffer(key, buffer);
      }
      return values[name]!;
    },
  };
}

function tensorOf(recorder: Recorder, value: Value, spec: TensorSpec): tf.Tensor {
  return tf.engine().makeTensorFromTensorInfo(recorder.tensor(value, spec.shape, spec.dtype));
}

/** Throws when a step function returns a state entry that does not exist or has another shape. */
export function checkNewState(definition: SessionDefinition, name: string, tensor: tf.Tensor): void {
  const spec = definition.state[name];
  if (!spec) throw new Error(`a step function returns the state entry ${name}, which does not exist`);
  if (tensor.shape.join() !== spec.shape.join() || tensor.dtype !== spec.dtype) {
    throw new Error(
      `a step function returns ${name} as ${tensor.dtype} [${tensor.shape}], the state holds ${spec.dtype} [${spec.shape}]`,
    );
  }
}
