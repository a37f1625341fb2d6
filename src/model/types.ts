/** Dimensions of a decoder-only Llama. Equal specs have equal parameter names and shapes. */
export interface ModelSpec {
  vocabularySize: number;
  /** Sequence length in tokens that the model is trained on. */
  contextLength: number;
  /** Hidden size d. */
  width: number;
  layers: number;
  /** Query heads; width / heads is the head size and is even (rotary pairs). */
  heads: number;
  /** Key and value heads; divides heads. Equal to heads = ordinary attention. */
  keyValueHeads: number;
  /** Hidden size of the SwiGLU feed-forward block. */
  feedForwardWidth: number;
  tiedEmbeddings: boolean;
  ropeTheta: number;
  normEpsilon: number;
}
