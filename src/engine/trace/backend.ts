import * as tf from '@tensorflow/tfjs';
import { type Graph, sameShape, sizeOf, type Value } from './graph.ts';

export const TRACE_BACKEND = 'onnx-trace';

/** Domain of ONNX Runtime's own operators. */
export const MICROSOFT = 'com.microsoft';

/** What a kernel of the trace backend works with: the graph being recorded and the values behind tensors. */
export interface Recorder {
  readonly graph: Graph;
  /** The value behind a tensor, in the tensor's own shape (a Reshape is recorded when it has another). */
  value(tensor: tf.TensorInfo): Value;
  /** The value behind a tensor in whatever shape it was made: enough for element-wise work. */
  rawValue(tensor: tf.TensorInfo): Value;
  /** A tensor of `shape` that stands for a value of as many elements. */
  tensor(value: Value, shape: readonly number[], dtype: tf.DataType): tf.TensorInfo;
}

/** Appends ONNX nodes for one tfjs kernel and returns its result. */
export type TraceKernel = (
  recorder: Recorder,
  inputs: Record<string, tf.TensorInfo | tf.TensorInfo[]>,
  attributes: Record<string, unknown>,
) => tf.TensorInfo | tf.TensorInfo[];

/**
 * A tfjs backend whose tensors hold a graph value in place of numbers. Reading one is an error: a step function may
 * not look at tensor values. One recording at a time.
 */
class TraceBackend extends tf.KernelBackend {
  private readonly data = new tf.DataStorage<{ value: Value; references: number }>(this, tf.engine());
  graph: Graph | null = null;

  recordingGraph(): Graph {
    if (!this.graph) throw new Error(`the ${TRACE_BACKEND} backend was used outside a recording`);
    return this.graph;
  }

  /** Called for tensors made from numbers: they become constants of the graph. */
  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): tf.DataId {
    const dataId = {};
    this.move(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(
    dataId: tf.DataId,
    values: tf.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    references: number,
  ): void {
    // Copied, because the caller may go on to change its array.
    const numbers = Array.from(values as ArrayLike<number>, Number);
    const data =
      dtype === 'bool'
        ? Uint8Array.from(numbers)
        : dtype === 'int32'
          ? Int32Array.from(numbers)
          : Float32Array.from(numbers);
    this.data.set(dataId, { value: this.recordingGraph().constant(data, shape), references });
  }

  hold(value: Value): tf.DataId {
    const dataId = {};
    this.data.set(dataId, { value, references: 1 });
    return dataId;
  }

  heldValue(dataId: tf.DataId): Value {
    return this.data.get(dataId).value;
  }

  override refCount(dataId: tf.DataId): number {
    return this.data.has(dataId) ? this.data.get(dataId).references : 0;
  }

  override incRef(dataId: tf.DataId): void {
    this.data.get(dataId).references++;
  }

  override disposeData(dataId: tf.DataId, force = false): boolean {
    if (!this.data.has(dataId)) return true;
    const entry = this.data.get(dataId);
    entry.references--;
    if (!force && entry.references > 0) return false;
    this.data.delete(dataId);
    return true;
  }

  override numDataIds(): number {
    return this.data.numDataIds();
  }

  override readSync(): tf.BackendValues {
    throw new Error('a step function read the values of a tensor while it was recorded');
  }

  override async read(): Promise<tf.BackendValues> {
    return this.readSync();
  }

  override memory() {
    return { unreliable: true, reasons: ['values are symbolic'] };
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override timerAvailable(): boolean {
    return false;
  }

  override dispose(): void {}
}

let backend: TraceBackend | null = null;

/** Registers the trace backend and its kernels with tfjs, once per process. */
export function registerTraceBackend(kernels: Readonly<Record<string, TraceKernel>>): void {
  if (backend) return;
  const created = new TraceBackend();
  backend = created;
  tf.registerBackend(TRACE_BACKEND, () => created, 0);
  for (const [kernelName, kernel] of Object.entries(kernels)) {
    tf.registerKernel({
      kernelName,
      backendName: TRACE_BACKEND,
      kernelFunc: ({ inputs, attrs }) =>
        kernel(
          recorderOf(created),
          inputs as Record<string, tf.TensorInfo | tf.TensorInfo[]>,
          (attrs ?? {}) as Record<string, unknown>,
        ),
    });
  }
  // tfjs itself would name a missing kernel, but not the operation that asked for it.
  for (const { kernelName } of tf.getKernelsForBackend('cpu')) {
    if (kernels[kernelName]) continue;
    tf.registerKernel({
      kernelName,
      backendName: TRACE_BACKEND,
      kernelFunc: () => {
        throw new MissingKernelError(kernelName, currentOperation());
      },
    });
  }
}

/** A step function uses a tfjs kernel that has no translation to ONNX yet. */
export class MissingKernelError extends Error {
  override readonly name = 'MissingKernelError';

  constructor(kernelName: string, operation: string) {
    super(
      `the onnx engine has no kernel ${kernelName}, asked for by ${operation}: ` +
        'add one to src/engine/kernels, or write the step with other operations',
    );
  }
}

/** Runs `work` with a graph for the trace backend to record into. Call it with the trace backend active. */
export function recordInto<T>(graph: Graph, work: (recorder: Recorder) => T): T {
  if (!backend) throw new Error('registerTraceBackend was not called');
  if (backend.graph) throw new Error('a recording is already under way');
  backend.graph = graph;
  try {
    return work(recorderOf(backend));
  } finally {
    backend.graph = null;
  }
}

function recorderOf(traceBackend: TraceBackend): Recorder {
  const graph = traceBackend.recordingGraph();
  return {
    graph,
    rawValue: (tensor) => traceBackend.heldValue(tensor.dataId),
    value: (tensor) => reshaped(graph, traceBackend.heldValue(tensor.dataId), tensor.shape),
    tensor: (value, shape, dtype) => {
      if (sizeOf(value.shape) !== sizeOf(shape)) {
        throw new Error(`a kernel made [${value.shape}] for a tensor of shape [${shape}]`);
      }
      return { dataId: traceBackend.hold(value), shape: [...shape], dtype };
    },
  };
}

/** The value in another shape of as many elements; itself when it has that shape already. */
export function reshaped(graph: Graph, value: Value, shape: readonly number[]): Value {
  if (sameShape(value.shape, shape)) return value;
  const data = graph.dataOf(value);
  if (data) return graph.constant(data, shape);
  const target = graph.constant(BigInt64Array.from(shape, BigInt), [shape.length]);
  return graph.emit('Reshape', [value, target], shape, value.type);
}

/** The tfjs operation under way: all but a few open a scope `<name>__op`. */
function currentOperation(): string {
  const scope = tf.engine().state.activeScope?.name ?? '';
  return scope.endsWith('__op') ? `tf.${scope.slice(0, -'__op'.length)}` : 'an operation without a scope';
}
