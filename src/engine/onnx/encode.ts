import onnxProto from 'onnx-proto';
import type { Attribute, ConstantData, ElementType, FinishedGraph, Value } from '../trace/graph.ts';

const { onnx } = onnxProto;

/** Operator sets that the kernels are written for; RotaryEmbedding needs 23. */
const STANDARD_OPSET = 23;
const MICROSOFT_OPSET = 1;
const IR_VERSION = 10;

const DATA_TYPES: Record<ElementType, number> = {
  float32: onnx.TensorProto.DataType.FLOAT,
  float16: onnx.TensorProto.DataType.FLOAT16,
  int32: onnx.TensorProto.DataType.INT32,
  int64: onnx.TensorProto.DataType.INT64,
  bool: onnx.TensorProto.DataType.BOOL,
};

/** A graph that is run over and over (see repeat.ts). */
export interface RepeatedGraph {
  body: FinishedGraph;
  /** Names outside the loop of the body's inputs and outputs, in the body's order. */
  bodyInputs: readonly string[];
  bodyOutputs: readonly string[];
  /** Of the body's inputs the last so many, which come anew each time. */
  fedInputs: number;
  inputs: readonly Value[];
  outputs: readonly Value[];
}

/** Serialises a recorded graph as an ONNX model file. */
export function encodeModel(graph: FinishedGraph | RepeatedGraph): Uint8Array {
  const model = onnx.ModelProto.create({
    irVersion: IR_VERSION,
    producerName: 'mixture-law',
    opsetImport: [
      { domain: '', version: STANDARD_OPSET },
      { domain: 'com.microsoft', version: MICROSOFT_OPSET },
    ],
    graph: 'body' in graph ? encodeLoop(graph) : encodeGraph(graph),
  });
  return onnx.ModelProto.encode(model).finish();
}

function encodeGraph(graph: FinishedGraph) {
  return {
    name: 'step',
    node: graph.nodes.map((node) => ({
      opType: node.op,
      domain: node.domain,
      input: node.inputs,
      output: node.outputs,
      attribute: Object.entries(node.attributes).map(([name, value]) => encodeAttribute(name, value)),
    })),
    input: graph.inputs.map(encodeValue),
    output: graph.outputs.map(encodeValue),
    initializer: graph.constants.map(({ value, data }) => ({
      name: value.name,
      dims: [...value.shape],
      dataType: DATA_TYPES[value.type],
      rawData: bytesOf(data),
    })),
  };
}

function encodeLoop({ body, bodyInputs, bodyOutputs, fedInputs, inputs, outputs }: RepeatedGraph) {
  const { AttributeType } = onnx.AttributeProto;
  return {
    name: 'steps',
    node: [
      {
        opType: 'Scan',
        input: [...bodyInputs],
        output: [...bodyOutputs],
        attribute: [
          { name: 'body', type: AttributeType.GRAPH, g: encodeGraph(body) },
          encodeAttribute('num_scan_inputs', fedInputs),
        ],
      },
    ],
    input: inputs.map(encodeValue),
    output: outputs.map(encodeValue),
  };
}

function encodeValue(value: Value) {
  return {
    name: value.name,
    type: {
      tensorType: {
        elemType: DATA_TYPES[value.type],
        shape: { dim: value.shape.map((side) => ({ dimValue: side })) },
      },
    },
  };
}

function encodeAttribute(name: string, value: Attribute) {
  const { AttributeType } = onnx.AttributeProto;
  if (typeof value === 'number') return { name, type: AttributeType.INT, i: value };
  if ('float' in value) return { name, type: AttributeType.FLOAT, f: value.float };
  if ('text' in value) return { name, type: AttributeType.STRING, s: Buffer.from(value.text) };
  return { name, type: AttributeType.INTS, ints: [...value] };
}

/** ONNX stores raw data little-endian, as every platform with an onnxruntime-node binary does. */
function bytesOf(data: ConstantData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
