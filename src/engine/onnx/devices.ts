import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import type { FinishedGraph } from '../trace/graph.ts';
import type { TensorSpec, TensorValues } from '../types.ts';
import { deviceError } from './deviceErrors.ts';
import type { OnnxDevice } from './deviceNames.ts';
import { encodeModel, type RepeatedGraph } from './encode.ts';
import { describePlacement, placementOf } from './placement.ts';
import { processorGraph } from './processorGraph.ts';
import { hostState, type SessionState, type StateLayout } from './state.ts';
import { webgpuGraph } from './webgpuGraph.ts';
import { webgpuState } from './webgpuState.ts';

/** How one session's graphs and state get onto a device. */
export interface DeviceBackend {
  createSession(
    functionName: string,
    graph: FinishedGraph | RepeatedGraph,
    stateOutputs: readonly string[],
  ): Promise<ort.InferenceSession>;
  /** `newArray`: where arrays of the process's own memory come from. */
  allocateState(layout: StateLayout, newArray?: (spec: TensorSpec) => TensorValues): SessionState;
  /** What somebody who reads the log should know, e.g. which nodes are not on the device. */
  readonly notes: readonly string[];
}

/** `options`: those of the processor, of which a GPU takes the common part. */
export function deviceBackend(
  device: OnnxDevice,
  options: ort.InferenceSession.SessionOptions,
): DeviceBackend {
  return device === 'cpu' ? processorBackend(options) : gpuBackend(device, options);
}

function processorBackend(options: ort.InferenceSession.SessionOptions): DeviceBackend {
  return {
    createSession: (_name, graph) =>
      ort.InferenceSession.create(
        encodeModel('body' in graph ? { ...graph, body: processorGraph(graph.body) } : processorGraph(graph)),
        options,
      ),
    allocateState: hostState,
    notes: [],
  };
}

function gpuBackend(
  device: 'webgpu' | 'cuda',
  processorOptions: ort.InferenceSession.SessionOptions,
): DeviceBackend {
  const { extra: _tunedForTheProcessor, ...common } = processorOptions;
  const spinning = { allow_spinning: '0' };
  const options: ort.InferenceSession.SessionOptions = {
    ...common,
    executionProviders: [device],
    extra: { session: { intra_op: spinning, inter_op: spinning } },
  };
  const notes: string[] = [];
  return {
    createSession: async (functionName, graph, stateOutputs) => {
      const folder = mkdtempSync(join(tmpdir(), 'mixture-law-'));
      try {
        const saved = join(folder, 'placed.onnx');
        const session = await ort.InferenceSession.create(
          encodeModel(device === 'webgpu' ? webgpuGraph(oneCall(graph)) : graph),
          {
            ...options,
            optimizedModelFilePath: saved,
            ...(device === 'webgpu' && { preferredOutputLocation: onDevice(stateOutputs) }),
          },
        );
        notes.push(describePlacement(functionName, device, placementOf(readFileSync(saved))));
        return session;
      } catch (error) {
        throw deviceError(device, error);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
    allocateState: (layout) => {
      if (device === 'webgpu') return webgpuState(layout, options);
      notes.push(
        'the state travels between processor and GPU on every call: onnxruntime-node keeps none with CUDA',
      );
      return hostState(layout);
    },
    notes,
  };
}

/** Scan would run on the processor there, and the state travel there and back. */
function oneCall(graph: FinishedGraph | RepeatedGraph): FinishedGraph {
  if ('body' in graph) throw new Error('webgpu makes one call at a time');
  return graph;
}

function onDevice(outputs: readonly string[]): Record<string, 'gpu-buffer'> {
  return Object.fromEntries(outputs.map((output) => [output, 'gpu-buffer']));
}
