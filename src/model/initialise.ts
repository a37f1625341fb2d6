import { makeRandom } from '../common/random.ts';
import { parameterSpecs } from './family.ts';
import type { ModelSpec } from './types.ts';

/** Standard deviation of the embedding (GPT-2's and Llama's value for all their matrices). */
const EMBEDDING_DEVIATION = 0.02;

/**
 * Seeded initial parameters: norm gains 1; embeddings normal with deviation 0.02; every other matrix normal with
 * deviation 1/√(inputs), so that activations keep their size at every width of the family; the matrices that write to
 * the residual stream (o_proj, down_proj) divided by √(2 · layers) besides (Radford et al. 2019, section 2.3).
 * Each parameter draws from a stream of its own name: the same seed gives the same bits, and another number of
 * layers leaves the parameters in common alike.
 */
export function initialParameters(spec: ModelSpec, seed: number): Record<string, Float32Array> {
  const parameters: Record<string, Float32Array> = {};
  for (const [name, { shape }] of Object.entries(parameterSpecs(spec))) {
    const values = new Float32Array(shape.reduce((product, side) => product * side, 1));
    if (shape.length === 1) {
      values.fill(1);
    } else {
      const random = makeRandom('initialise', seed, name);
      const deviation = deviationOf(name, shape[1]!, spec.layers);
      for (let i = 0; i < values.length; i++) values[i] = deviation * random.normal();
    }
    parameters[name] = values;
  }
  return parameters;
}

function deviationOf(name: string, inputs: number, layers: number): number {
  if (name === 'model.embed_tokens.weight') return EMBEDDING_DEVIATION;
  const writesToResidual = name.endsWith('.o_proj.weight') || name.endsWith('.down_proj.weight');
  return 1 / Math.sqrt(inputs) / (writesToResidual ? Math.sqrt(2 * layers) : 1);
}
