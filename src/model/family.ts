import { UserError } from '../common/errors.ts';
import type { ModelSpec } from './types.ts';

/** Widths are multiples of this, so that every head size is even and matrix sides fill vector registers. */
export const WIDTH_MULTIPLE = 8;

/** Head size that the rules aim at: smaller heads cost more attention scores for the same matrix products. */
const TARGET_HEAD_SIZE = 32;
const WIDTH_PER_LAYER = 32;
const MINIMUM_LAYERS = 2;

export interface FamilyOptions {
  vocabularySize: number;
  contextLength: number;
  layers?: number;
  heads?: number;
  keyValueHeads?: number;
  feedForwardWidth?: number;
  tiedEmbeddings?: boolean;
}

/**
 * One dial for a family of sizes. Unless set in `options`:
 * - layers = max(2, round(width / 32)): depth grows with width, as in published families;
 * - heads: the divisor of width whose head size is even and nearest 32 (as a ratio);
 * - keyValueHeads = heads (ordinary attention);
 * - feedForwardWidth = 8/3 · width, rounded to a multiple of 8 (Touvron et al. 2023, arXiv 2302.13971, section 2.2:
 *   with SwiGLU's three matrices that keeps the parameters of a two-matrix block of 4 · width);
 * - tied embeddings: at these sizes a second vocabulary matrix would be a large part of the model.
 *
 * Throws a UserError on dimensions that do not fit together.
 */
export function modelFromWidth(width: number, options: FamilyOptions): ModelSpec {
  const heads = options.heads ?? headsForWidth(width);
  const spec: ModelSpec = {
    vocabularySize: options.vocabularySize,
    contextLength: options.contextLength,
    width,
    layers: options.layers ?? Math.max(MINIMUM_LAYERS, Math.round(width / WIDTH_PER_LAYER)),
    heads,
    keyValueHeads: options.keyValueHeads ?? heads,
    feedForwardWidth: options.feedForwardWidth ?? Math.max(8, Math.round(width / 3) * 8),
    tiedEmbeddings: options.tiedEmbeddings ?? true,
    ropeTheta: 10_000,
    normEpsilon: 1e-5,
  };
  checkModel(spec);
  return spec;
}

function headsForWidth(width: number): number {
  let best = 1;
  const distance = (heads: number): number => Math.abs(Math.log(width / heads / TARGET_HEAD_SIZE));
  for (let heads = 1; heads <= width / 2; heads++) {
    if (width % (2 * heads) === 0 && distance(heads) < distance(best)) best = heads;
  }
  return best;
}

/** Throws a UserError that names the dimension which does not fit. */
export function checkModel(spec: ModelSpec): void {
  const { width, heads, keyValueHeads } = spec;
  const counts = [
    'vocabularySize',
    'contextLength',
    'width',
    'layers',
    'heads',
    'keyValueHeads',
    'feedForwardWidth',
  ] as const;
  for (const name of counts) {
    if (!Number.isInteger(spec[name]) || spec[name] < 1) {
      throw new UserError(`model: ${name} is ${spec[name]}`, 'Give a positive whole number.');
    }
  }
  if (width % WIDTH_MULTIPLE !== 0) {
    throw new UserError(
      `model: width ${width} is not a multiple of ${WIDTH_MULTIPLE}`,
      `Use ${Math.max(1, Math.round(width / WIDTH_MULTIPLE)) * WIDTH_MULTIPLE}.`,
    );
  }
  if (width % heads !== 0 || (width / heads) % 2 !== 0) {
    throw new UserError(
      `model: width ${width} cannot be shared by ${heads} heads of an even size`,
      'Choose heads so that width / heads is an even whole number (rotary positions turn pairs).',
    );
  }
  if (heads % keyValueHeads !== 0) {
    throw new UserError(
      `model: ${keyValueHeads} key-value heads do not divide ${heads} heads`,
      'Choose a divisor of the number of heads.',
    );
  }
}

export interface ParameterSpec {
  shape: number[];
  /** Whether weight decay applies: matrices yes, norm gains no. */
  decay: boolean;
}

/** Every parameter by its name in Hugging Face's LlamaForCausalLM, in the order in which the forward pass reads
 * them; matrices are [out, in]. */
export function parameterSpecs(spec: ModelSpec): Record<string, ParameterSpec> {
  const { vocabularySize, width, feedForwardWidth } = spec;
  const headSize = width / spec.heads;
  const keyValueWidth = headSize * spec.keyValueHeads;
  const matrix = (rows: number, columns: number): ParameterSpec => ({ shape: [rows, columns], decay: true });
  const gain = (): ParameterSpec => ({ shape: [width], decay: false });
  const specs: Record<string, ParameterSpec> = { 'model.embed_tokens.weight': matrix(vocabularySize, width) };
  for (let layer = 0; layer < spec.layers; layer++) {
    const at = `model.layers.${layer}`;
    specs[`${at}.input_layernorm.weight`] = gain();
    specs[`${at}.self_attn.q_proj.weight`] = matrix(width, width);
    specs[`${at}.self_attn.k_proj.weight`] = matrix(keyValueWidth, width);
    specs[`${at}.self_attn.v_proj.weight`] = matrix(keyValueWidth, width);
    specs[`${at}.self_attn.o_proj.weight`] = matrix(width, width);
    specs[`${at}.post_attention_layernorm.weight`] = gain();
    specs[`${at}.mlp.gate_proj.weight`] = matrix(feedForwardWidth, width);
    specs[`${at}.mlp.up_proj.weight`] = matrix(feedForwardWidth, width);
    specs[`${at}.mlp.down_proj.weight`] = matrix(width, feedForwardWidth);
  }
  specs['model.norm.weight'] = gain();
  if (!spec.tiedEmbeddings) specs['lm_head.weight'] = matrix(vocabularySize, width);
  return specs;
}

export interface ParameterCount {
  total: number;
  /** Without the token embedding and, when untied, the output matrix: the model size N of the laws. */
  nonEmbedding: number;
}

export function countParameters(spec: ModelSpec): ParameterCount {
  let total = 0;
  for (const { shape } of Object.values(parameterSpecs(spec))) {
    total += shape.reduce((product, side) => product * side, 1);
  }
  const vocabularyMatrices = spec.tiedEmbeddings ? 1 : 2;
  return { total, nonEmbedding: total - vocabularyMatrices * spec.vocabularySize * spec.width };
}

/**
 * Floating-point operations to train on one token, forward and backward: 6 per weight of every matrix product (the
 * vocabulary projection included, the embedding look-up not), and 12 · layers · contextLength · width for the
 * attention scores and their use, counted without the causal mask (Chowdhery et al. 2022, arXiv 2204.02311, app. B).
 */
export function flopsPerToken(spec: ModelSpec): number {
  const { layers, contextLength, width, vocabularySize } = spec;
  const gains = (2 * layers + 1) * width;
  const matrixWeights = countParameters(spec).nonEmbedding - gains + vocabularySize * width;
  return 6 * matrixWeights + 12 * layers * contextLength * width;
}

export interface LearningRateRule {
  /** Width at which `referenceLearningRate` was found to be good. */
  referenceWidth: number;
  referenceLearningRate: number;
  /** 1 halves the rate when the width doubles; 0 keeps it. */
  exponent: number;
}

/**
 * Learning rate that follows width: reference · (referenceWidth / width)^exponent. Exponent 1 is what the maximal
 * update parametrisation prescribes for the hidden matrices under Adam (Yang et al. 2022, arXiv 2203.03466, table 3).
 */
export function learningRateForWidth(width: number, rule: LearningRateRule): number {
  return rule.referenceLearningRate * (rule.referenceWidth / width) ** rule.exponent;
}
