import type { ModelSpec } from '../../src/model/types.ts';

/**
 * Llama written a second time, in plain loops over float64 numbers, one sequence and one position at a time, from the
 * papers and with nothing of src/model but the parameter names: what the tensor version is measured against.
 */
export type ReferenceParameters = Record<string, Float64Array | Float32Array>;

/** Negative log-likelihood of each target of one sequence of contextLength + 1 tokens. */
export function referenceLosses(
  spec: ModelSpec,
  parameters: ReferenceParameters,
  tokens: ArrayLike<number>,
): number[] {
  const { width, heads, keyValueHeads, vocabularySize } = spec;
  const headSize = width / heads;
  const length = tokens.length - 1;
  const embedding = parameters['model.embed_tokens.weight']!;
  const stream: number[][] = [];
  for (let t = 0; t < length; t++) {
    stream.push(Array.from(embedding.slice(tokens[t]! * width, (tokens[t]! + 1) * width)));
  }

  for (let layer = 0; layer < spec.layers; layer++) {
    const weight = (name: string): Float64Array | Float32Array =>
      parameters[`model.layers.${layer}.${name}.weight`]!;

    // Attention: position t looks at positions 0 … t.
    const queries: number[][] = [];
    const keys: number[][] = [];
    const values: number[][] = [];
    for (let t = 0; t < length; t++) {
      const x = rmsNorm(stream[t]!, weight('input_layernorm'), spec.normEpsilon);
      queries.push(turned(times(weight('self_attn.q_proj'), x), t, headSize, spec.ropeTheta));
      keys.push(turned(times(weight('self_attn.k_proj'), x), t, headSize, spec.ropeTheta));
      values.push(times(weight('self_attn.v_proj'), x));
    }
    for (let t = 0; t < length; t++) {
      const attended: number[] = [];
      for (let head = 0; head < heads; head++) {
        // Consecutive query heads share one key-value head.
        const shared = Math.floor(head / (heads / keyValueHeads));
        const scores: number[] = [];
        for (let s = 0; s <= t; s++) {
          let score = 0;
          for (let i = 0; i < headSize; i++) {
            score += queries[t]![head * headSize + i]! * keys[s]![shared * headSize + i]!;
          }
          scores.push(score / Math.sqrt(headSize));
        }
        const shares = softmax(scores);
        for (let i = 0; i < headSize; i++) {
          attended.push(
            shares.reduce((sum, share, s) => sum + share * values[s]![shared * headSize + i]!, 0),
          );
        }
      }
      addTo(stream[t]!, times(weight('self_attn.o_proj'), attended));
    }

    // Feed-forward: down(silu(gate) · up).
    for (const position of stream) {
      const x = rmsNorm(position, weight('post_attention_layernorm'), spec.normEpsilon);
      const up = times(weight('mlp.up_proj'), x);
      const gated = times(weight('mlp.gate_proj'), x).map(
        (gate, i) => (gate / (1 + Math.exp(-gate))) * up[i]!,
      );
      addTo(position, times(weight('mlp.down_proj'), gated));
    }
  }

  const output = spec.tiedEmbeddings ? embedding : parameters['lm_head.weight']!;
  return stream.map((position, t) => {
    const logits = times(output, rmsNorm(position, parameters['model.norm.weight']!, spec.normEpsilon));
    if (logits.length !== vocabularySize) throw new Error('the output matrix has a wrong size');
    return -Math.log(softmax(logits)[tokens[t + 1]!]!);
  });
}

/** matrix [out, in] · x. */
function times(matrix: ArrayLike<number>, x: readonly number[]): number[] {
  const result: number[] = [];
  for (let row = 0; row < matrix.length / x.length; row++) {
    let sum = 0;
    for (let column = 0; column < x.length; column++) sum += matrix[row * x.length + column]! * x[column]!;
    result.push(sum);
  }
  return result;
}

function rmsNorm(x: readonly number[], gain: ArrayLike<number>, epsilon: number): number[] {
  const meanSquare = x.reduce((sum, value) => sum + value * value, 0) / x.length;
  return x.map((value, i) => (value / Math.sqrt(meanSquare + epsilon)) * gain[i]!);
}

/** Rotary positions in the "rotate half" order: elements i and i + headSize/2 of each head are one pair. */
function turned(x: readonly number[], position: number, headSize: number, theta: number): number[] {
  const result = [...x];
  const half = headSize / 2;
  for (let start = 0; start < x.length; start += headSize) {
    for (let i = 0; i < half; i++) {
      const angle = position / theta ** ((2 * i) / headSize);
      const [a, b] = [x[start + i]!, x[start + i + half]!];
      result[start + i] = a * Math.cos(angle) - b * Math.sin(angle);
      result[start + i + half] = b * Math.cos(angle) + a * Math.sin(angle);
    }
  }
  return result;
}

function softmax(scores: readonly number[]): number[] {
  const highest = Math.max(...scores);
  const exponentials = scores.map((score) => Math.exp(score - highest));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}

function addTo(target: number[], added: readonly number[]): void {
  added.forEach((value, i) => {
    target[i]! += value;
  });
}
