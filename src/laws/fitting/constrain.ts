import { UserError } from '../../common/errors.ts';
import type { LawForm, ParameterInfo } from '../forms/form.ts';
import { amount, exponent } from '../forms/parameters.ts';
import { sumOfTerms, type Term } from '../forms/sumOfTerms.ts';
import { constant, epsilon, ratioFloor, sizePower } from '../forms/terms.ts';
import type { ConstraintKind, LawFit, LawObservation, LawParameters } from '../types.ts';
import { type FitOptions, fitLaw } from './fit.ts';

/**
 * How the token term of a form grows with its corpus' share, B·m(r)/D^beta, for the condition ∂L/∂r ≤ 0:
 * C ≥ B·max m'(r)(r + epsilon)^(gamma + 1)/(gamma·D_min^beta) over the ratios wanted (arXiv 2406.01375 App. E.3, E.4).
 */
interface Growth {
  /** Lowest eta; null for a form without eta. The published condition wants more than the box where ratios stay above 0. */
  etaFrom: { published: number; box(lowestRatio: number): number } | null;
  /** m(r), its slopes by eta, epsilon and r. */
  m(
    r: number,
    eta: number,
    shift: number,
  ): { value: number; byEta: number; byEpsilon: number; byRatio: number };
  /** log m'(r) and its slopes by eta and epsilon. */
  logSlope(r: number, eta: number, shift: number): { value: number; byEta: number; byEpsilon: number };
}

const GROWTHS: Readonly<Record<string, Growth>> = {
  L3: {
    etaFrom: { published: 1, box: (lowest) => (lowest > 0 ? 0.01 : 1) },
    m: (r, eta) => {
      const value = r === 0 ? 0 : r ** eta;
      return {
        value,
        byEta: r === 0 ? 0 : Math.log(r) * value,
        byEpsilon: 0,
        byRatio: r === 0 ? 0 : (eta * value) / r,
      };
    },
    logSlope: (r, eta) => ({
      value: Math.log(eta) + (eta - 1) * Math.log(r),
      byEta: 1 / eta + Math.log(r),
      byEpsilon: 0,
    }),
  },
  L6: {
    etaFrom: null,
    m: (r) => ({ value: Math.exp(r), byEta: 0, byEpsilon: 0, byRatio: Math.exp(r) }),
    logSlope: (r) => ({ value: r, byEta: 0, byEpsilon: 0 }),
  },
  L7: {
    etaFrom: { published: 0.01, box: () => 0.01 },
    m: (r, eta, shift) => {
      const value = (r + shift) ** eta;
      const byRatio = (eta * value) / (r + shift);
      return { value, byEta: Math.log(r + shift) * value, byEpsilon: byRatio, byRatio };
    },
    logSlope: (r, eta, shift) => ({
      value: Math.log(eta) + (eta - 1) * Math.log(r + shift),
      byEta: 1 / eta + Math.log(r + shift),
      byEpsilon: (eta - 1) / (r + shift),
    }),
  },
};

export const CONSTRAINABLE = Object.keys(GROWTHS);

interface Box {
  ratios: { low: number; high: number };
  /** Smallest D, billions. */
  minTokens: number;
}

/**
 * Fits a form whose loss may not rise with its corpus' share, and says whether the condition binds and what it costs.
 * C is written as C0(shape)·B + what is left, so that the fit itself cannot leave the condition. Throws a UserError for forms
 * that have no such condition (only L3, L6 and L7 have).
 */
export function fitConstrained(
  form: LawForm,
  rows: readonly LawObservation[],
  kind: ConstraintKind,
  options: Partial<FitOptions> = {},
): LawFit {
  const { constrained, toPlain } = constrainedForm(form, kind, boxOf(rows));
  const free = fitLaw(form, rows, options);
  const fit = fitLaw(constrained, withMinTokens(rows), options);
  const parameters = toPlain(fit.parameters);
  const bindsEta =
    'eta' in parameters &&
    parameters.eta! <= constrained.parameters.find(({ name }) => name === 'eta')!.lower;
  const bindsC = fit.parameters.C! <= 1e-12 * parameters.C!;
  const binds = bindsC || (bindsEta && kind === 'published');
  const cost = fit.objective.value / free.objective.value;
  return {
    ...fit,
    form: form.name,
    parameters,
    nearOptimal: fit.nearOptimal.map(toPlain),
    constraint: {
      kind,
      binds,
      freeObjective: free.objective.value,
      detail: binds
        ? `the condition binds (${[bindsEta && 'eta', bindsC && 'C'].filter(Boolean).join(' and ')} at its limit): the objective is ${cost.toFixed(2)} times that of the free fit`
        : 'the condition does not bind: the free fit already meets it',
    },
  };
}

/** The box of ratios and tokens that rows span; D in billions. */
export function boxOf(rows: readonly LawObservation[]): Box {
  const ratios = rows.map((row) => row.ratio);
  return {
    ratios: { low: Math.min(...ratios), high: Math.max(...ratios) },
    minTokens: Math.min(...rows.map((row) => row.d)),
  };
}

/** Rows that carry the box' smallest D, which the constrained form needs in the fitter's units. */
export function withMinTokens(rows: readonly LawObservation[]): LawObservation[] {
  const { minTokens } = boxOf(rows);
  return rows.map((row) => ({ ...row, inputs: { ...row.inputs, minTokens } }));
}

/** The form with C measured from its least admissible value, and the way back to the form's own parameters. */
export function constrainedForm(
  form: LawForm,
  kind: ConstraintKind,
  box: Box,
): { constrained: LawForm; toPlain(parameters: LawParameters): LawParameters } {
  const growth = Object.hasOwn(GROWTHS, form.name) ? GROWTHS[form.name] : undefined;
  if (!growth) {
    throw new UserError(
      `${form.name} has no published condition under which its loss falls with the corpus' share`,
      `Leave the constraint out, or use one of: ${CONSTRAINABLE.join(', ')}.`,
    );
  }
  const ratios = kind === 'published' ? { low: 0, high: 1 } : box.ratios;
  const etaFrom = growth.etaFrom
    ? kind === 'published'
      ? growth.etaFrom.published
      : growth.etaFrom.box(ratios.low)
    : null;
  const eta: ParameterInfo | null =
    etaFrom === null
      ? null
      : {
          ...exponent('eta', 6),
          lower: etaFrom,
          start: { low: Math.max(0.05, etaFrom), high: 3, steps: 'log' },
        };
  const leastC = (beta: number, gamma: number, shift: number, etaValue: number, minTokens: number) => {
    const at = (r: number) => {
      const slope = growth.logSlope(r, etaValue, shift);
      return { r, slope, log: slope.value + (gamma + 1) * Math.log(r + shift) };
    };
    // m'(r)(r + epsilon)^(gamma + 1) falls at most once and then rises: its largest value is at an end.
    const ends = [at(ratios.high), ...(ratios.low > 0 ? [at(ratios.low)] : [])];
    const worst = ends.reduce((a, b) => (b.log > a.log ? b : a));
    const value = Math.exp(worst.log - Math.log(gamma) - beta * Math.log(minTokens));
    return {
      value,
      byBeta: -Math.log(minTokens) * value,
      byGamma: (Math.log(worst.r + shift) - 1 / gamma) * value,
      byEpsilon: (worst.slope.byEpsilon + (gamma + 1) / (worst.r + shift)) * value,
      byEta: worst.slope.byEta * value,
    };
  };
  const shape = [exponent('beta'), exponent('gamma', 6), epsilon, ...(eta ? [eta] : [])];
  const paidTokens: Term = {
    coefficient: amount('B', 'nats per token · billion^beta'),
    shape,
    evaluate: ([beta, gamma, shift, etaValue = 1], at, out) => {
      const least = leastC(beta!, gamma!, shift!, etaValue, at.inputs.minTokens?.[0] ?? 1);
      for (let i = 0; i < at.count; i++) {
        const r = at.ratio[i]!;
        const tokens = Math.exp(-beta! * at.logD[i]!);
        const m = growth.m(r, etaValue, shift!);
        const floor = (r + shift!) ** -gamma!;
        const floorByRatio = (-gamma! * floor) / (r + shift!);
        out.value[i] = m.value * tokens + least.value * floor;
        if (out.byShape) {
          out.byShape[0]![i] = -at.logD[i]! * m.value * tokens + least.byBeta * floor;
          out.byShape[1]![i] = least.byGamma * floor - least.value * Math.log(r + shift!) * floor;
          out.byShape[2]![i] = m.byEpsilon * tokens + least.byEpsilon * floor + least.value * floorByRatio;
          if (eta) out.byShape[3]![i] = m.byEta * tokens + least.byEta * floor;
        }
        if (out.byRatio) out.byRatio[i] = m.byRatio * tokens + least.value * floorByRatio;
      }
    },
    coefficientFactor: ([beta], _, dUnit) => dUnit ** -beta!,
  };
  const constrained = sumOfTerms({
    ...form,
    name: `${form.name} with ${kind === 'published' ? 'the published condition' : 'the condition on its box'}`,
    terms: [constant(), sizePower(), paidTokens, ratioFloor()],
    inputs: [{ name: 'minTokens', unit: 'd', meaning: 'smallest D of the rows' }],
  });
  return {
    constrained,
    toPlain: ({ C: excess, ...parameters }) => {
      const { beta, gamma, epsilon: shift, eta: etaValue = 1, B } = parameters;
      const least = leastC(beta!, gamma!, shift!, etaValue, box.minTokens);
      return Object.fromEntries(
        form.parameters.map(({ name }) => [
          name,
          name === 'C' ? excess! + B! * least.value : parameters[name]!,
        ]),
      );
    },
  };
}
