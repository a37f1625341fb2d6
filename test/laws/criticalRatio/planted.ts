import { makeRandom } from '../../../src/common/random.ts';
import type { SizeTrajectories, TrajectoryRow } from '../../../src/laws/criticalRatio/types.ts';

/** Published (alpha4, s4, beta3) of arXiv 2407.17467, T in steps of 0.2 billion tokens, and CMR at 20 billion tokens. */
export const PUBLISHED_ACROSS = [
  { size: 0.46, alpha: 0.22524761, s: 0.26944345, beta: -0.48139982, cmr: [0.055, 0.165, 0.298, 0.516] },
  { size: 0.94, alpha: 0.7520627, s: 0.13720245, beta: -1.06581937, cmr: [0.104, 0.221, 0.349, 0.538] },
  { size: 1.6, alpha: -2.36384831, s: -0.15125569, beta: 1.59223649, cmr: [0.14, 0.284, 0.414, 0.567] },
  { size: 3.1, alpha: -2.5368197, s: -0.42071423, beta: 0.84375368, cmr: [0.189, 0.355, 0.478, 0.595] },
] as const;
export const PAPER_UNIT = 0.2;
export const PAPER_RATIOS = [1 / 8, 1 / 4, 1 / 3, 1 / 2, 3 / 4, 1];

/** Turning point of general loss (billions of tokens) at a domain ratio: the 0.46 B model's published curve by default. */
export function publishedTurning(
  ratio: number,
  law: (typeof PUBLISHED_ACROSS)[number] = PUBLISHED_ACROSS[0],
): number {
  return PAPER_UNIT * ((ratio - law.beta) / law.alpha) ** (1 / law.s);
}

export interface PlantedRatio {
  /** General: rise·T^0.3 − fall·T^0.6; domain: −gain·(T^0.25), T in billions. */
  rise: number;
  fall: number;
  gain: number;
}

/** General loss turns at publishedTurning(ratio) where domain loss has no say (lambda = ∞). */
export function plantedRatio(ratio: number, fall = 0.01, turning = publishedTurning): PlantedRatio {
  return { rise: 2 * fall * turning(ratio) ** 0.3, fall, gain: 0.2 * ratio ** 0.4 };
}

export const generalChange = ({ rise, fall }: PlantedRatio, tokens: number): number =>
  rise * tokens ** 0.3 - fall * tokens ** 0.6;

export interface PlantedOptions {
  ratios?: readonly number[];
  seeds?: number;
  /** Standard deviations: of single checkpoints, and a factor on what a run's general loss rises by. */
  noise?: number;
  runNoise?: number;
  fall?: number;
  tokens?: readonly number[];
  turning?: (ratio: number) => number;
  /** Added to general loss from the first checkpoint on. */
  step?: number;
  modelSize?: number;
  seed?: number;
}

export const BASE = { generalLoss: 2.5, domainLoss: 2 };

/** Trajectories of a planted world, up to 20 billion tokens by default. */
export function plantedSize(options: PlantedOptions = {}): SizeTrajectories {
  const {
    ratios = PAPER_RATIOS,
    seeds = 1,
    noise = 0,
    runNoise = 0,
    fall = 0.01,
    tokens = Array.from({ length: 20 }, (_, k) => k + 1),
    turning,
    step = 0,
    modelSize = 0.46,
    seed = 1,
  } = options;
  const random = makeRandom('planted critical ratio', seed);
  const rows = ratios.flatMap((domainRatio) =>
    Array.from({ length: seeds }, (_, k) => {
      const truth = plantedRatio(domainRatio, fall, turning);
      const own = { ...truth, rise: truth.rise * (1 + runNoise * random.normal()) };
      return tokens.map(
        (count): TrajectoryRow => ({
          run: `R = ${domainRatio.toFixed(3)}, seed ${k}`,
          domainRatio,
          tokens: count,
          generalLoss: BASE.generalLoss + step + generalChange(own, count) + noise * random.normal(),
          domainLoss: BASE.domainLoss - truth.gain * count ** 0.25 + noise * random.normal(),
        }),
      );
    }).flat(),
  );
  return { modelSize, base: BASE, rows };
}
