import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fitLaw } from '../../../src/laws/fitting/fit.ts';
import { chinchilla } from '../../../src/laws/forms/chinchilla.ts';
import { lawValues, toVector } from '../../../src/laws/forms/form.ts';
import { linearMixing, manyCorporaMixing } from '../../../src/laws/forms/manyCorpora.ts';

/** Public measurements (licences beside them), not part of the project: skipped where LOSSDATA_DIR does not hold them. */
const folder = process.env.LOSSDATA_DIR ?? '/nowhere';
const read = (...path: string[]) =>
  readFileSync(join(folder, ...path), 'utf8')
    .trim()
    .split('\n');
const has = (...path: string[]) => existsSync(join(folder, ...path));

describe.skipIf(!has('gemstones'))('gemstones, 28 runs (mcleish7/gemstone-scaling-laws)', () => {
  const rows = () =>
    read('gemstones', 'slim_chinchilla.jsonl').map((line, i) => {
      const { params_active_precise, tokens, final_loss } = JSON.parse(line);
      return { n: params_active_precise / 1e9, d: tokens / 1e9, ratio: 1, loss: final_loss, run: `${i}` };
    });

  it('reaches the published objective and exponents at delta = 1e-3', () => {
    const fit = fitLaw(chinchilla, rows(), { delta: 1e-3 });
    expect(fit.quality.huberSum).toBeLessThanOrEqual(1.204363e-4 * (1 + 1e-6));
    expect(fit.parameters.alpha).toBeCloseTo(0.21378, 3);
    expect(fit.parameters.beta).toBeCloseTo(0.52601, 3);
  });

  it('finds a lower objective than the published one at delta = 1e-4', () => {
    expect(fitLaw(chinchilla, rows(), { delta: 1e-4 }).quality.huberSum).toBeLessThan(1.33978e-5);
  });
});

describe.skipIf(!has('mlfoundations-scaling'))('mlfoundations/scaling, 34 runs on C4', () => {
  it('has the published exponents', () => {
    const [header, ...lines] = read('mlfoundations-scaling', 'losses_flat.csv').map((line) =>
      line.split(','),
    );
    const column = (name: string) => header!.indexOf(name);
    const rows = lines
      .filter((cells) => cells[column('dataset')] === 'c4_original')
      .map((cells) => ({
        n: Number(cells[column('params')]) / 1e9,
        d: Number(cells[column('tokens')]) / 1e9,
        ratio: 1,
        loss: Number(cells[column('loss_c4_val')]),
        run: cells[column('name')]!,
      }));
    const { parameters } = fitLaw(chinchilla, rows);
    expect(parameters.alpha).toBeCloseTo(0.253, 2);
    expect(parameters.beta).toBeCloseTo(0.262, 2);
    expect(parameters.E).toBeCloseTo(1.62, 2);
  });
});

describe.skipIf(!has('regmix'))(
  'regmix: ranks of unseen mixtures of 17 corpora, Pile-CC loss (sail-sg/regmix)',
  () => {
    const target = 'metric/the_pile_pile_cc_val_loss';
    const shareNames = () =>
      read('regmix', 'train_mixture_1m.csv')[0]!
        .split(',')
        .slice(1)
        .map((name) => name.replace('train_', ''));
    /** Joined by index and column name: the files differ in both orders. */
    const rowsOf = (mixture: string, losses: string) => {
      const table = (lines: string[]) => {
        const [header, ...body] = lines.map((line) => line.split(','));
        return new Map(
          body.map((cells) => [cells[0]!, new Map(header!.map((name, i) => [name, Number(cells[i])]))]),
        );
      };
      const measured = table(read('regmix', losses));
      return [...table(read('regmix', mixture))].map(([index, shares]) => ({
        n: 1,
        d: 1,
        ratio: 1,
        run: index,
        loss: measured.get(index)!.get(target)!,
        inputs: Object.fromEntries(shareNames().map((name) => [name, shares.get(`train_${name}`)!])),
      }));
    };
    const unseen = ['1m', '60m', '1B'] as const;

    it.each([
      ['linear', [90.2, 89.3, 87.7]],
      ['exponential', [96.4, 95.9, 98.7]],
    ] as const)('%s', (kind, published) => {
      const form = kind === 'linear' ? linearMixing(shareNames()) : manyCorporaMixing(shareNames());
      const fit = fitLaw(form, rowsOf('train_mixture_1m.csv', 'train_pile_loss_1m.csv'), {
        ...(kind === 'linear' ? { objective: 'least-squares' as const } : {}),
        starts: 12,
      });
      unseen.forEach((size, i) => {
        const rows = rowsOf(`test_mixture_${size}.csv`, `test_pile_loss_${size}.csv`);
        const predicted = lawValues(form, toVector(form, fit.parameters), rows);
        const rank =
          100 *
          spearman(
            [...predicted],
            rows.map((row) => row.loss),
          );
        expect(Math.abs(rank - published[i]!), `${size}: ${rank.toFixed(2)}`).toBeLessThan(0.35);
      });
    });
  },
);

function spearman(a: readonly number[], b: readonly number[]): number {
  const ranks = (values: readonly number[]) => {
    const order = values.map((_, i) => i).sort((i, j) => values[i]! - values[j]!);
    const rank = new Array<number>(values.length);
    order.forEach((i, position) => {
      rank[i] = position;
    });
    return rank;
  };
  const [x, y] = [ranks(a), ranks(b)];
  const mean = (a.length - 1) / 2;
  const product = x.reduce((sum, value, i) => sum + (value - mean) * (y[i]! - mean), 0);
  return product / x.reduce((sum, value) => sum + (value - mean) ** 2, 0);
}
