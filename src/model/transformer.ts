import * as tf from '@tensorflow/tfjs';
import { causalAttention } from './ops/causalAttention.ts';
import { gatedSilu } from './ops/gatedSilu.ts';
import { rmsNormalise } from './ops/rmsNormalise.ts';
import { rotaryTables, rotate } from './ops/rotary.ts';
import type { ModelSpec } from './types.ts';

export type Parameters = Record<string, tf.Tensor>;

/**
 * Llama's decoder (Touvron et al. 2023, arXiv 2302.13971) up to and including its last normalisation, without that
 * normalisation's gain.
 *
 * tokens: int32 [sequences, length] → [sequences · length, width], sequence after sequence.
 */
export function hiddenStates(spec: ModelSpec, parameters: Parameters, tokens: tf.Tensor2D): tf.Tensor2D {
  const { width, normEpsilon } = spec;
  const [sequences, length] = tokens.shape;
  const embedding = parameters['model.embed_tokens.weight'] as tf.Tensor2D;
  let stream = tf.gather(embedding, tf.reshape(tokens, [sequences * length]) as tf.Tensor1D) as tf.Tensor2D;
  for (let layer = 0; layer < spec.layers; layer++) {
    const at = `model.layers.${layer}`;
    const matrix = (name: string): tf.Tensor => parameters[`${at}.${name}.weight`]!;
    const gained = (name: string, gain: string): tf.Tensor => tf.mul(matrix(name), matrix(gain));

    const attentionInput = rmsNormalise(stream, normEpsilon);
    const attended = attention(spec, sequences, length, {
      queries: linear(attentionInput, gained('self_attn.q_proj', 'input_layernorm')),
      keys: linear(attentionInput, gained('self_attn.k_proj', 'input_layernorm')),
      values: linear(attentionInput, gained('self_attn.v_proj', 'input_layernorm')),
    });
    stream = tf.add(stream, linear(attended, matrix('self_attn.o_proj')));

    const blockInput = rmsNormalise(stream, normEpsilon);
    const gate = linear(blockInput, gained('mlp.gate_proj', 'post_attention_layernorm'));
    const up = linear(blockInput, gained('mlp.up_proj', 'post_attention_layernorm'));
    stream = tf.add(stream, linear(gatedSilu(gate, up), matrix('mlp.down_proj')));
  }
  return tf.reshape(rmsNormalise(stream, normEpsilon), [sequences * length, width]);
}

/** Scores of every next token. Shapes: tokens int32 [sequences, length] → [sequences · length, vocabulary]. */
export function logits(spec: ModelSpec, parameters: Parameters, tokens: tf.Tensor2D): tf.Tensor2D {
  const output = parameters[spec.tiedEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight']!;
  const gain = parameters['model.norm.weight']!;
  return linear(hiddenStates(spec, parameters, tokens), tf.mul(output, gain));
}

/** x · Wᵀ for a matrix stored [out, in]. */
function linear(x: tf.Tensor2D, matrix: tf.Tensor): tf.Tensor2D {
  return tf.matMul(x, matrix as tf.Tensor2D, false, true);
}

interface AttentionInputs {
  /** [sequences · length, heads · headSize] */
  queries: tf.Tensor2D;
  /** [sequences · length, keyValueHeads · headSize] */
  keys: tf.Tensor2D;
  values: tf.Tensor2D;
}

/** Splits into heads, turns queries and keys by position, attends, joins the heads. */
function attention(spec: ModelSpec, sequences: number, length: number, inputs: AttentionInputs): tf.Tensor2D {
  const { heads, keyValueHeads, width, ropeTheta } = spec;
  const headSize = width / heads;
  const groups = heads / keyValueHeads;
  const batch = keyValueHeads * sequences;
  const queryTables = rotaryTables(length, headSize, ropeTheta, 1 / Math.sqrt(headSize));
  const keyTables = rotaryTables(length, headSize, ropeTheta, 1);

  // [sequences · length, heads · headSize] → [keyValueHeads, sequences, groups, length, headSize]: the query heads
  // that share keys and values become rows of one matrix product.
  const byHead = (rows: tf.Tensor2D, share: number): tf.Tensor =>
    tf.transpose(tf.reshape(rows, [sequences, length, keyValueHeads, share, headSize]), [2, 0, 3, 1, 4]);
  const turned = (rows: tf.Tensor2D, share: number, tables: typeof keyTables): tf.Tensor =>
    rotate(tf.reshape(byHead(rows, share), [batch * share, length, headSize]), tables);

  const attended = causalAttention(
    tf.reshape(turned(inputs.queries, groups, queryTables), [batch, groups * length, headSize]),
    turned(inputs.keys, 1, keyTables) as tf.Tensor3D,
    tf.reshape(byHead(inputs.values, 1), [batch, length, headSize]),
  );
  const joined = tf.transpose(
    tf.reshape(attended, [keyValueHeads, sequences, groups, length, headSize]),
    [1, 3, 0, 2, 4],
  );
  return tf.reshape(joined, [sequences * length, width]);
}
