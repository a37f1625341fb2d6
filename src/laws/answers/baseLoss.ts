import { UserError } from '../../common/errors.ts';

/** General loss of one base model before CPT; n in billions, loss in nats per token. */
export interface BaseLoss {
  n: number;
  loss: number;
}

/**
 * The base model's general loss at size n: measured (mean over seeds) where there is such a model; else on the
 * straight line in log N and log loss through the two nearest sizes, with a warning.
 */
export function baseLossAt(measured: readonly BaseLoss[], n: number): { loss: number; warnings: string[] } {
  if (measured.length === 0)
    throw new UserError('no base model has been measured', 'Train the base models first.');
  const bySize = new Map<number, number[]>();
  for (const each of measured) bySize.set(each.n, [...(bySize.get(each.n) ?? []), each.loss]);
  const sizes = [...bySize]
    .map(([size, losses]) => ({ size, loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length }))
    .sort((a, b) => a.size - b.size);
  const exact = sizes.find(({ size }) => Math.abs(size - n) <= 1e-6 * n);
  if (exact) return { loss: exact.loss, warnings: [] };
  if (sizes.length === 1) {
    return {
      loss: sizes[0]!.loss,
      warnings: ['one base model only: its general loss is taken for the target size'],
    };
  }
  const above = sizes.findIndex(({ size }) => size > n);
  const upper = above < 0 ? sizes.length - 1 : Math.max(1, above);
  const [a, b] = [sizes[upper - 1]!, sizes[upper]!];
  const share = Math.log(n / a.size) / Math.log(b.size / a.size);
  const outside = share < 0 || share > 1;
  return {
    loss: a.loss * (b.loss / a.loss) ** share,
    warnings: [
      `no base model has the target size: its general loss is ${outside ? 'extrapolated' : 'interpolated'} from those of ` +
        `${Math.round(a.size * 1e9)} and ${Math.round(b.size * 1e9)} parameters`,
    ],
  };
}
