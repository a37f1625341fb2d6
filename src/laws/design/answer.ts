import { UserError } from '../../common/errors.ts';
import { columnsOf } from '../forms/columns.ts';
import { evaluationFor, type LawForm } from '../forms/form.ts';
import type { LawPoint } from '../types.ts';
import { covers, type Frame, slopesAt } from './frame.ts';
import type { DesignQuestion } from './types.ts';

/** Ratios looked at; between neighbours the crossing is found by bisection. As the answer itself does (answers/bestRatio.ts). */
const GRID = 1000;
const PRECISION = 1e-7;

export const generalLimit = ({ target, baseGeneralLoss }: DesignQuestion): number =>
  (1 + target.tolerance) * baseGeneralLoss;

/** The point that decides the general loss of a domain ratio at the question's target. */
export const generalPoint = ({ target }: DesignQuestion, domainRatio: number): LawPoint => ({
  n: target.n,
  d: target.d,
  ratio: 1 - domainRatio,
});

/** Throws a UserError for a question or a coverage that means nothing. */
export function checkQuestion({ target, baseGeneralLoss }: DesignQuestion, level: number): void {
  const positive = { n: target.n, d: target.d, baseGeneralLoss };
  for (const [name, value] of Object.entries(positive)) {
    if (!(value > 0 && Number.isFinite(value)))
      throw new UserError(
        `the question's ${name} is ${value}, not a positive number`,
        'Give N and D in billions and the loss in nats per token.',
      );
  }
  if (!(target.tolerance > -1 && Number.isFinite(target.tolerance)))
    throw new UserError(`the tolerance is ${target.tolerance}`, 'Give a share, e.g. 0.03 for 3 %.');
  if (!(level > 0 && level < 1))
    throw new UserError(`the level is ${level}`, 'Give a coverage between 0 and 1, e.g. 0.9.');
}

/**
 * The largest domain ratio within the tolerance, as a function of the general law's parameters (billions): null when
 * none is. All ratios are evaluated in one call, because simulations ask thousands of times.
 */
export function ratioSolver(
  form: LawForm,
  question: DesignQuestion,
): (vector: readonly number[]) => number | null {
  const limit = generalLimit(question);
  const last = covers(form, 0) ? GRID : GRID - 1;
  const grid = columnsOf(
    form,
    Array.from({ length: last + 1 }, (_, k) => generalPoint(question, k / GRID)),
  );
  const all = evaluationFor(form, grid.count);
  const single = evaluationFor(form, 1);
  return (vector) => {
    form.evaluate(vector, grid, all);
    let k = last;
    while (k >= 0 && !(all.value[k]! <= limit)) k--;
    if (k < 0) return null;
    if (k === GRID) return 1;
    let low = k / GRID;
    let high = (k + 1) / GRID;
    while (high - low > PRECISION) {
      const middle = (low + high) / 2;
      form.evaluate(vector, columnsOf(form, [generalPoint(question, middle)]), single);
      if (single.value[0]! <= limit) low = middle;
      else high = middle;
    }
    return low;
  };
}

/** What the data are to pin down, and how it moves with the free parameters of the general law. */
export interface Quantity {
  kind: 'domain-ratio' | 'general-loss';
  value: number;
  gradient: number[];
  warnings: string[];
}

/** Where the general loss hardly depends on the ratio, a crossing moves further than a straight line can tell. */
const FLAT_SLOPE = 0.02;

/**
 * The best ratio r is an implicit function of the parameters θ: L_g(θ; 1 − r) = limit, so that dr/dθ = (∂L_g/∂θ)/(∂L_g/∂ratio).
 * At the ends of its range r has no derivative; there the general loss itself is the quantity.
 */
export function quantityOf(frame: Frame, question: DesignQuestion, domainRatio: number | null): Quantity {
  const { target } = question;
  if (domainRatio !== null && domainRatio > 0 && domainRatio < 1) {
    const { value, byParameter, byRatio } = slopesAt(frame, [generalPoint(question, domainRatio)]);
    const slope = byRatio[0]!;
    if (slope < 0) {
      const flat = -slope < FLAT_SLOPE * value[0]!;
      return {
        kind: 'domain-ratio',
        value: domainRatio,
        gradient: byParameter[0]!.map((each) => each / slope),
        warnings: flat
          ? [
              'the general loss hardly changes with the ratio at the answer: half widths from a straight line are rough there',
            ]
          : [],
      };
    }
  }
  const end = domainRatio ?? 0;
  const why =
    domainRatio === null
      ? `no ratio keeps general loss within the tolerance at N = ${target.n}, D = ${target.d} billion`
      : domainRatio === 0 || domainRatio === 1
        ? `the best ratio stands at the end of its range, ${domainRatio}`
        : 'the law lets general loss fall with the domain ratio at the answer';
  const { value, byParameter } = slopesAt(frame, [generalPoint(question, end)]);
  return {
    kind: 'general-loss',
    value: value[0]!,
    gradient: byParameter[0]!,
    warnings: [
      `${why}: a ratio without a derivative cannot be planned for, so the plan sharpens the general loss at ratio ${end} (limit ${generalLimit(question).toFixed(4)} nats per token)`,
    ],
  };
}
