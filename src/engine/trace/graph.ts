/**
 * Element types that occur in a recorded step. `int64` and `bool` are ONNX's own: indices, shapes, comparisons. `float16`
 * occurs between casts only (see halfPrecision.ts): nothing is fed, kept or given back in it.
 */
export type ElementType = 'float32' | 'float16' | 'int32' | 'int64' | 'bool';

export type ConstantData = Float32Array | Int32Array | BigInt64Array | Uint8Array;

/** One symbolic array: a name in the graph in place of numbers. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
}

export type Attribute = number | { float: number } | { text: string } | readonly number[];
export type Attributes = Record<string, Attribute>;

export interface GraphNode {
  op: string;
  /** Empty for the standard operators, `com.microsoft` for ONNX Runtime's own. */
  domain: string;
  inputs: string[];
  outputs: string[];
  attributes: Attributes;
}

export interface GraphConstant {
  value: Value;
  data: ConstantData;
}

export interface EmitOptions {
  attributes?: Attributes;
  domain?: string;
}

/**
 * A graph under construction: nodes in the order in which they were recorded, each written once. A node equal to an
 * earlier one (same operator, inputs and attributes) is not recorded again, nor is a constant of equal content,
 * because every operator used here is a pure function.
 */
export interface Graph {
  readonly nodes: GraphNode[];
  readonly constants: Map<string, GraphConstant>;
  readonly inputs: Value[];
  input(name: string, shape: readonly number[], type: ElementType): Value;
  constant(data: ConstantData, shape: readonly number[]): Value;
  /** The node that computes a value; undefined for inputs and constants. */
  producerOf(value: Value): GraphNode | undefined;
  /** The value of a node's first output, or of an input or constant, by name. */
  valueNamed(name: string): Value;
  /** Content of a constant, or undefined for a computed value. */
  dataOf(value: Value): ConstantData | undefined;
  emit(
    op: string,
    inputs: readonly Value[],
    shape: readonly number[],
    type: ElementType,
    options?: EmitOptions,
  ): Value;
  /** As emit, for operators with several outputs. */
  emitMany(
    op: string,
    inputs: readonly Value[],
    outputs: readonly { shape: readonly number[]; type: ElementType }[],
    options?: EmitOptions,
  ): Value[];
}

/** A graph that is no longer added to, with what of it is asked for. */
export interface FinishedGraph {
  nodes: readonly GraphNode[];
  constants: readonly GraphConstant[];
  inputs: readonly Value[];
  outputs: readonly Value[];
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((side, i) => side === b[i]);
}

export function createGraph(): Graph {
  const nodes: GraphNode[] = [];
  const constants = new Map<string, GraphConstant>();
  const inputs: Value[] = [];
  const recorded = new Map<string, Value[]>();
  const constantsByContent = new Map<string, Value>();
  const producers = new Map<string, GraphNode>();
  const values = new Map<string, Value>();
  let count = 0;
  // Inputs, constants and results share one name space in ONNX: the prefixes keep them apart.
  const newName = (prefix: string): string => `${prefix}${count++}`;

  const keep = (value: Value): Value => {
    values.set(value.name, value);
    return value;
  };

  const emitMany: Graph['emitMany'] = (op, operands, outputs, options = {}) => {
    const { attributes = {}, domain = '' } = options;
    const inputNames = operands.map((operand) => operand.name);
    const key = JSON.stringify([domain, op, inputNames, attributes, outputs]);
    const earlier = recorded.get(key);
    if (earlier) return earlier;
    const results = outputs.map(({ shape, type }) => keep({ name: newName('v'), type, shape: [...shape] }));
    const node = { op, domain, inputs: inputNames, outputs: results.map((value) => value.name), attributes };
    nodes.push(node);
    for (const result of results) producers.set(result.name, node);
    recorded.set(key, results);
    return results;
  };

  return {
    nodes,
    constants,
    inputs,
    input: (name, shape, type) => {
      const value = keep({ name: `in:${name}`, type, shape: [...shape] });
      inputs.push(value);
      return value;
    },
    constant: (data, shape) => {
      const type = elementTypeOf(data);
      const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
      const key = `${type}[${shape.join()}]${bytes.toString('latin1')}`;
      const earlier = constantsByContent.get(key);
      if (earlier) return earlier;
      const value = keep({ name: newName('c'), type, shape: [...shape] });
      constants.set(value.name, { value, data });
      constantsByContent.set(key, value);
      return value;
    },
    producerOf: (value) => producers.get(value.name),
    valueNamed: (name) => {
      const value = values.get(name);
      if (!value) throw new Error(`the graph has no value ${name}`);
      return value;
    },
    dataOf: (value) => constants.get(value.name)?.data,
    emit: (op, operands, shape, type, options) => emitMany(op, operands, [{ shape, type }], options)[0]!,
    emitMany,
  };
}

function elementTypeOf(data: ConstantData): ElementType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof BigInt64Array) return 'int64';
  return 'bool';
}
