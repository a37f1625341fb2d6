import { UserError } from '../../common/errors.ts';
import { percent } from './words.ts';

/** How far general loss may rise above the base model's. Exactly one binds: toleranceNats where it is given. */
export interface Tolerance {
  /** As a share of the base model's loss. */
  tolerance: number;
  /** In nats per token. */
  toleranceNats?: number;
}

/** Highest general loss allowed, nats per token. Throws a UserError for a tolerance that means nothing. */
export function generalLossLimit(baseLoss: number, { tolerance, toleranceNats }: Tolerance): number {
  if (
    toleranceNats === undefined
      ? !(tolerance > -1 && Number.isFinite(tolerance))
      : !Number.isFinite(toleranceNats)
  ) {
    throw new UserError(
      toleranceNats === undefined
        ? `the tolerance is ${tolerance}`
        : `the tolerance is ${toleranceNats} nats`,
      'Give a share, e.g. 0.03 for 3 %, or a number of nats per token.',
    );
  }
  return toleranceNats === undefined ? (1 + tolerance) * baseLoss : baseLoss + toleranceNats;
}

/** The tolerance that binds, in words: `3 %` or `0.05 nats`. */
export const allowance = ({ tolerance, toleranceNats }: Tolerance): string =>
  toleranceNats === undefined ? percent(tolerance) : `${Number(toleranceNats.toPrecision(6))} nats`;
