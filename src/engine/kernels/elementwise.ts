import type * as tf from '@tensorflow/tfjs';
import type { Recorder, TraceKernel } from '../trace/backend.ts';
import { reshaped } from '../trace/backend.ts';
import { type ElementType, type Graph, sameShape, sizeOf, type Value } from '../trace/graph.ts';

/** Shape that two shapes broadcast to, by NumPy's rule. tfjs has checked that they are compatible. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const sideA = a[a.length - rank + i] ?? 1;
    const sideB = b[b.length - rank + i] ?? 1;
    return sideA === 1 ? sideB : sideA;
  });
}

/** The number that every element of a constant equals, or undefined. */
export function uniformNumber(graph: Graph, value: Value): number | undefined {
  const data = graph.dataOf(value);
  if (!data || data.length === 0 || data instanceof BigInt64Array) return undefined;
  return data.every((element) => element === data[0]) ? data[0] : undefined;
}

const unary =
  (op: string): TraceKernel =>
  (recorder, inputs) => {
    const x = inputs.x as tf.TensorInfo;
    const value = recorder.rawValue(x);
    return recorder.tensor(recorder.graph.emit(op, [value], value.shape, value.type), x.shape, x.dtype);
  };

/** Records an element-wise operation of two tensors, in the shape that needs no Reshape where there is one. */
function combine(
  recorder: Recorder,
  op: string,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  resultType?: ElementType,
): Value {
  const { graph } = recorder;
  const [rawA, rawB] = [recorder.rawValue(a), recorder.rawValue(b)];
  const type = resultType ?? rawA.type;
  const record = (left: Value, right: Value): Value =>
    graph.emit(op, [left, right], broadcastShape(left.shape, right.shape), type);
  if (sameShape(a.shape, b.shape)) {
    // Equal elements in equal order: the shape does not matter.
    return record(
      rawA,
      graph.dataOf(rawB)
        ? reshaped(graph, rawB, rawA.shape)
        : sameShape(rawA.shape, rawB.shape)
          ? rawB
          : reshaped(graph, rawB, rawA.shape),
    );
  }
  if (sizeOf(b.shape) === 1 && rawB.shape.length <= rawA.shape.length) return record(rawA, rawB);
  if (sizeOf(a.shape) === 1 && rawA.shape.length <= rawB.shape.length) return record(rawA, rawB);
  return record(recorder.value(a), recorder.value(b));
}

interface Identities {
  /** The operation leaves its first operand as it is when the second is this number everywhere. */
  right?: number;
  /** As `right`, with the operands exchanged. */
  left?: number;
}

const binary =
  (op: string, identities: Identities = {}): TraceKernel =>
  (recorder, inputs) => {
    const a = inputs.a as tf.TensorInfo;
    const b = inputs.b as tf.TensorInfo;
    const shape = broadcastShape(a.shape, b.shape);
    const unchanged = (kept: tf.TensorInfo, other: tf.TensorInfo, identity: number | undefined): boolean =>
      identity !== undefined &&
      sizeOf(kept.shape) === sizeOf(shape) &&
      uniformNumber(recorder.graph, recorder.rawValue(other)) === identity;
    if (unchanged(a, b, identities.right)) return recorder.tensor(recorder.rawValue(a), shape, a.dtype);
    if (unchanged(b, a, identities.left)) return recorder.tensor(recorder.rawValue(b), shape, b.dtype);
    return recorder.tensor(combine(recorder, op, a, b), shape, a.dtype);
  };

const comparison =
  (op: string): TraceKernel =>
  (recorder, inputs) => {
    const a = inputs.a as tf.TensorInfo;
    const b = inputs.b as tf.TensorInfo;
    return recorder.tensor(combine(recorder, op, a, b, 'bool'), broadcastShape(a.shape, b.shape), 'bool');
  };

const identity: TraceKernel = (recorder, inputs) => {
  const x = inputs.x as tf.TensorInfo;
  return recorder.tensor(recorder.rawValue(x), x.shape, x.dtype);
};

const square: TraceKernel = (recorder, inputs) => {
  const x = inputs.x as tf.TensorInfo;
  const value = recorder.rawValue(x);
  return recorder.tensor(
    recorder.graph.emit('Mul', [value, value], value.shape, value.type),
    x.shape,
    x.dtype,
  );
};

const rsqrt: TraceKernel = (recorder, inputs) => {
  const x = inputs.x as tf.TensorInfo;
  const value = recorder.rawValue(x);
  const root = recorder.graph.emit('Sqrt', [value], value.shape, value.type);
  return recorder.tensor(
    recorder.graph.emit('Reciprocal', [root], value.shape, value.type),
    x.shape,
    x.dtype,
  );
};

const squaredDifference: TraceKernel = (recorder, inputs) => {
  const a = inputs.a as tf.TensorInfo;
  const b = inputs.b as tf.TensorInfo;
  const difference = combine(recorder, 'Sub', a, b);
  const squared = recorder.graph.emit('Mul', [difference, difference], difference.shape, difference.type);
  return recorder.tensor(squared, broadcastShape(a.shape, b.shape), a.dtype);
};

/** 1 where x > 0, `alpha` elsewhere (the derivative of Relu and its relatives). */
const step: TraceKernel = (recorder, inputs, attributes) => {
  const x = inputs.x as tf.TensorInfo;
  const { graph } = recorder;
  const value = recorder.rawValue(x);
  const scalar = (number: number): Value => graph.constant(Float32Array.of(number), []);
  const positive = graph.emit('Greater', [value, scalar(0)], value.shape, 'bool');
  const alpha = scalar((attributes.alpha as number | undefined) ?? 0);
  return recorder.tensor(
    graph.emit('Where', [positive, scalar(1), alpha], value.shape, 'float32'),
    x.shape,
    x.dtype,
  );
};

const addMany: TraceKernel = (recorder, inputs) => {
  const operands = Object.values(inputs) as tf.TensorInfo[];
  const first = operands[0]!;
  return operands.slice(1).reduce((sum, operand) => {
    return recorder.tensor(combine(recorder, 'Add', sum, operand), first.shape, first.dtype);
  }, first);
};

const select: TraceKernel = (recorder, inputs) => {
  const [condition, t, e] = [inputs.condition, inputs.t, inputs.e] as tf.TensorInfo[];
  const operands = [condition!, t!, e!].map((operand) => recorder.value(operand));
  const result = recorder.graph.emit('Where', operands, t!.shape, operands[1]!.type);
  return recorder.tensor(result, t!.shape, t!.dtype);
};

/** ONNX numbers of the element types (TensorProto.DataType). */
const CAST_TARGETS: Record<ElementType, number> = { float32: 1, int32: 6, int64: 7, bool: 9, float16: 10 };

/** The value as another element type. */
export function castValue(graph: Graph, value: Value, type: ElementType): Value {
  if (value.type === type) return value;
  return graph.emit('Cast', [value], value.shape, type, { attributes: { to: CAST_TARGETS[type] } });
}

const cast: TraceKernel = (recorder, inputs, attributes) => {
  const x = inputs.x as tf.TensorInfo;
  const dtype = attributes.dtype as tf.DataType;
  return recorder.tensor(
    castValue(recorder.graph, recorder.rawValue(x), elementTypeFor(dtype)),
    x.shape,
    dtype,
  );
};

export function elementTypeFor(dtype: tf.DataType): ElementType {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  throw new Error(`the onnx engine has no tensors of type ${dtype}`);
}

const fillWith =
  (number: number): TraceKernel =>
  (recorder, inputs) => {
    const x = inputs.x as tf.TensorInfo;
    return filled(recorder, number, x.shape, x.dtype);
  };

const fill: TraceKernel = (recorder, _inputs, attributes) => {
  const { shape, value, dtype } = attributes as { shape: number[]; value: number; dtype?: tf.DataType };
  return filled(recorder, value, shape, dtype ?? 'float32');
};

function filled(
  recorder: Recorder,
  number: number,
  shape: readonly number[],
  dtype: tf.DataType,
): tf.TensorInfo {
  const type = elementTypeFor(dtype);
  const size = sizeOf(shape);
  const data =
    type === 'int32'
      ? new Int32Array(size).fill(number)
      : type === 'bool'
        ? new Uint8Array(size).fill(number)
        : new Float32Array(size).fill(number);
  return recorder.tensor(recorder.graph.constant(data, shape), shape, dtype);
}

export const elementwiseKernels: Record<string, TraceKernel> = {
  Abs: unary('Abs'),
  Erf: unary('Erf'),
  Exp: unary('Exp'),
  Log: unary('Log'),
  LogicalNot: unary('Not'),
  Neg: unary('Neg'),
  Reciprocal: unary('Reciprocal'),
  Relu: unary('Relu'),
  Sigmoid: unary('Sigmoid'),
  Sqrt: unary('Sqrt'),
  Tanh: unary('Tanh'),
  Identity: identity,
  Rsqrt: rsqrt,
  Square: square,
  Step: step,
  Add: binary('Add', { left: 0, right: 0 }),
  Maximum: binary('Max'),
  Minimum: binary('Min'),
  Multiply: binary('Mul', { left: 1, right: 1 }),
  Pow: binary('Pow', { right: 1 }),
  RealDiv: binary('Div', { right: 1 }),
  SquaredDifference: squaredDifference,
  Sub: binary('Sub', { right: 0 }),
  AddN: addMany,
  Equal: comparison('Equal'),
  Greater: comparison('Greater'),
  GreaterEqual: comparison('GreaterOrEqual'),
  Less: comparison('Less'),
  LessEqual: comparison('LessOrEqual'),
  LogicalAnd: comparison('And'),
  LogicalOr: comparison('Or'),
  Select: select,
  Cast: cast,
  Fill: fill,
  OnesLike: fillWith(1),
  ZerosLike: fillWith(0),
};
