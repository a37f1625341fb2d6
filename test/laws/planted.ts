import { makeRandom } from '../../src/common/random.ts';
import { predict } from '../../src/laws/predict.ts';
import type { LawObservation, LawParameters } from '../../src/laws/types.ts';

export const PLANTED: LawParameters = {
  E: 1.5,
  A: 0.02,
  B: 0.02,
  C: 0.3,
  alpha: 0.3,
  beta: 0.25,
  gamma: 0.6,
  eta: 0.8,
  epsilon: 0.12,
};

export interface PlantedOptions {
  parameters?: LawParameters;
  sizes?: readonly number[];
  ratios?: readonly number[];
  /** Token counts in billions. */
  tokens?: readonly number[];
  /** Relative noise of single rows, and of whole runs. */
  rowNoise?: number;
  runNoise?: number;
  seed?: number;
}

/** Rows of a law that is known: a grid of sizes, ratios and token counts like a small sweep's. */
export function plantedRows(options: PlantedOptions = {}): LawObservation[] {
  const {
    parameters = PLANTED,
    sizes = [6e-6, 1.4e-5, 2.5e-5, 5.6e-5],
    ratios = [0, 0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 0.9, 1],
    tokens = Array.from({ length: 10 }, (_, k) => 6e-5 * 10 ** (k / 9)),
    rowNoise = 0,
    runNoise = 0,
    seed = 1,
  } = options;
  const random = makeRandom('planted', seed);
  return sizes.flatMap((n) =>
    ratios.flatMap((ratio) => {
      const ofRun = runNoise * random.normal();
      return tokens.map((d) => ({
        n,
        d,
        ratio,
        loss: predict('L3', parameters, { n, d, ratio }) * Math.exp(ofRun + rowNoise * random.normal()),
        run: `n=${n} r=${ratio}`,
      }));
    }),
  );
}
