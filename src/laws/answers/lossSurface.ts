import { UserError } from '../../common/errors.ts';
import { type Columns, columnsOf } from '../forms/columns.ts';
import { type Evaluation, evaluationFor, toVector } from '../forms/form.ts';
import { lawForm } from '../forms/registry.ts';
import type { LawParameters, LawPoint } from '../types.ts';

/** A form by name, with parameters for billions; a LawFit is one. */
export interface NamedLaw {
  form: string;
  parameters: LawParameters;
}

/** One law, ready for many calls: an answer asks it thousands of times, once a resampled fit. */
export interface LossSurface {
  /** Predicted loss, nats per token; N and D in billions. */
  at(n: number, d: number, ratio: number): number;
  /** Predicted losses of points that were laid out before. The array is filled anew by the next call with as many points. */
  over(columns: Columns): Float64Array;
}

/** Points as columns that any form without inputs of its own can read; made once for all resampled fits. */
export const layOut = (points: readonly LawPoint[]): Columns =>
  columnsOf({ name: 'answers', inputs: [] }, points);

/**
 * A law as a function of N, D and ratio alone. Throws a UserError for a form that needs further inputs at every point: where
 * they would lie at mixtures nobody trained on is not known.
 */
export function surfaceOf(law: NamedLaw): LossSurface {
  const form = lawForm(law.form);
  if (form.inputs.length > 0) {
    throw new UserError(
      `${form.name} cannot answer this: beside N, D and the ratio it needs ${form.inputs.map(({ name }) => name).join(', ')}`,
      'Fit a form that needs nothing else, e.g. L3.',
    );
  }
  const vector = toVector(form, law.parameters);
  const one = layOut([{ n: 1, d: 1, ratio: 1 }]);
  const single = evaluationFor(form, 1);
  const room = new Map<number, Evaluation>();
  return {
    at: (n, d, ratio) => {
      one.n[0] = n;
      one.d[0] = d;
      one.ratio[0] = ratio;
      one.logN[0] = Math.log(n);
      one.logD[0] = Math.log(d);
      one.logRatio[0] = Math.log(ratio);
      form.evaluate(vector, one, single);
      return single.value[0]!;
    },
    over: (columns) => {
      const out = room.get(columns.count) ?? evaluationFor(form, columns.count);
      room.set(columns.count, out);
      form.evaluate(vector, columns, out);
      return out.value;
    },
  };
}
