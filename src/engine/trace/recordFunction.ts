import * as tf from '@tensorflow/tfjs';
import { withBackend } from '../backendScope.ts';
import { traceKernels } from '../kernels/index.ts';
import type { SessionDefinition, StepFunction, TensorSpecs, Tensors } from '../types.ts';
import { type Recorder, recordInto, registerTraceBackend, TRACE_BACKEND } from './backend.ts';
import { createGraph, type Graph, type Value } from './graph.ts';

/** A step function as a graph: which value is which input and output. */
export interface RecordedFunction {
  graph: Graph;
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
  return withBackend(TRACE_BACKEND, () => {
    const graph = createGraph();
    return recordInto(graph, (recorder) => {
      let recorded: RecordedFunction | undefined;
      tf.tidy(() => {
        recorded = record(recorder, definition, step);
      });
      return recorded!;
    });
  });
}

function record(recorder: Recorder, definition: SessionDefinition, step: StepFunction): RecordedFunction {
  const readSpecs = Object.fromEntries(
    step.reads.map((name) => {
      const spec = definition.state[name];
      if (!spec) throw new Error(`a step function reads ${name}, which is not in the state`);
      return [name, spec];
    }),
  );
  const [state, stateInputs] = placeholders(recorder, 'state', readSpecs);
  const [feeds, feedInputs] = placeholders(recorder, 'feed', step.feeds);
  const result = step.compute(state, feeds);
  const values = (tensors: Tensors): Record<string, Value> =>
    Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, recorder.value(tensor)]));
  for (const [name, tensor] of Object.entries(result.state ?? {})) checkNewState(definition, name, tensor);
  return {
    graph: recorder.graph,
    stateInputs,
    feedInputs,
    outputs: values(result.outputs),
    stateOutputs: values(result.state ?? {}),
  };
}

function placeholders(
  recorder: Recorder,
  prefix: string,
  specs: TensorSpecs,
): [Tensors, Record<string, Value>] {
  const tensors: Tensors = {};
  const values: Record<string, Value> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const value = recorder.graph.input(`${prefix}/${name}`, spec.shape, spec.dtype);
    values[name] = value;
    tensors[name] = tf.engine().makeTensorFromTensorInfo(recorder.tensor(value, spec.shape, spec.dtype));
  }
  return [tensors, values];
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
