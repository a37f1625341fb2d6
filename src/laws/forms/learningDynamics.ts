import type { LawForm } from './form.ts';
import { amount, exponent, signed } from './parameters.ts';
import { sumOfTerms, type Term } from './sumOfTerms.ts';
import { constant } from './terms.ts';

/** A·(S1pt + S1cpt)^-alpha: what all steps so far have taught. */
const forward: Term = {
  coefficient: amount('A'),
  shape: [exponent('alpha')],
  evaluate: ([alpha], at, out) => {
    const [before, since] = [at.inputs.s1Pretraining!, at.inputs.s1Cpt!];
    for (let i = 0; i < at.count; i++) {
      const log = Math.log(before[i]! + since[i]!);
      const value = Math.exp(-alpha! * log);
      out.value[i] = value;
      if (out.byShape) out.byShape[0]![i] = -log * value;
    }
    out.byRatio?.fill(0, 0, at.count);
  },
};

/** −C1·S2pt. */
const annealingBefore: Term = {
  coefficient: amount('C1', 'nats per token, per unit of rate'),
  shape: [],
  evaluate: (_, at, out) => {
    for (let i = 0; i < at.count; i++) out.value[i] = -at.inputs.s2Pretraining![i]!;
    out.byRatio?.fill(0, 0, at.count);
  },
};

/** −C2·S2cpt·e^(a1·r), r the share of the predicted corpus. */
const annealingSince: Term = {
  coefficient: amount('C2', 'nats per token, per unit of rate'),
  shape: [{ name: 'a1', unit: '1', lower: -5, upper: 5, start: { low: -0.5, high: 0.5, steps: 'linear' } }],
  evaluate: ([a1], at, out) => {
    for (let i = 0; i < at.count; i++) {
      const value = -at.inputs.s2Cpt![i]! * Math.exp(a1! * at.ratio[i]!);
      out.value[i] = value;
      if (out.byShape) out.byShape[0]![i] = at.ratio[i]! * value;
      if (out.byRatio) out.byRatio[i] = a1! * value;
    }
  },
};

/**
 * B·(1 − (1 + E·S1cpt)^-beta)·share: the shift to the new distribution, zero before the first step. `share` says how much
 * of the shift a mixture brings: nothing where only the corpus of the base model is read.
 */
const shift = (
  share: (a2: number, ratio: number) => { value: number; byA2: number; byRatio: number },
): Term => ({
  coefficient: signed('B'),
  shape: [
    {
      name: 'E',
      unit: '1 per unit of rate',
      lower: 1e-4,
      upper: 1e6,
      start: { low: 1, high: 1000, steps: 'log' },
    },
    exponent('beta'),
    { name: 'a2', unit: '1', lower: 0.01, upper: 30, start: { low: 0.3, high: 10, steps: 'log' } },
  ],
  evaluate: ([rate, beta, a2], at, out) => {
    for (let i = 0; i < at.count; i++) {
      const area = at.inputs.s1Cpt![i]!;
      const log = Math.log1p(rate! * area);
      const left = Math.exp(-beta! * log);
      const of = share(a2!, at.ratio[i]!);
      out.value[i] = (1 - left) * of.value;
      if (out.byShape) {
        out.byShape[0]![i] = ((beta! * left * area) / (1 + rate! * area)) * of.value;
        out.byShape[1]![i] = log * left * of.value;
        out.byShape[2]![i] = (1 - left) * of.byA2;
      }
      if (out.byRatio) out.byRatio[i] = (1 - left) * of.byRatio;
    }
  },
});

const inputs: LawForm['inputs'] = [
  { name: 's1Pretraining', unit: 'other', meaning: 'sum of the learning rates of pre-training' },
  { name: 's2Pretraining', unit: 'other', meaning: 'annealing area of pre-training (scheduleAreas.ts)' },
  {
    name: 's1Cpt',
    unit: 'other',
    meaning: 'sum of the learning rates of continual pre-training so far; 0 for the base model',
  },
  { name: 's2Cpt', unit: 'other', meaning: 'annealing area of continual pre-training so far' },
];

const about = {
  source: 'arXiv 2505.07796 Eq 4 and 8',
  inputs,
  tokensFromZero: true,
  needs: { sizes: 1, tokens: 4, ratios: 2 },
} as const;

/**
 * Learning dynamics of the general loss in CPT: L0 + A(S1pt + S1cpt)^-alpha − C1·S2pt − C2·S2cpt·e^(a1·r) +
 * B[1 − (1 + E·S1cpt)^-beta](1 − e^(-a2·(1 − r))), r the general share (arXiv 2505.07796 Eq 4 with Eq 8's replay; the caption of
 * its fitted figures writes another share in the annealing term). One model size: Eq 7's size terms are not in it. B > 0: the
 * shift forgets. Anchored: before the first step it is the law of pre-training, so base models are rows too.
 */
export const learningDynamicsGeneral = sumOfTerms({
  ...about,
  name: 'learning-dynamics-general',
  formula:
    'L0 + A*(S1pt + S1cpt)^-alpha - C1*S2pt - C2*S2cpt*e^(a1*r) + B*(1 - (1 + E*S1cpt)^-beta)*(1 - e^(-a2*(1 - r)))',
  terms: [
    constant(signed('L0')),
    forward,
    annealingBefore,
    annealingSince,
    shift((a2, ratio) => {
      const left = Math.exp(-a2 * (1 - ratio));
      return { value: 1 - left, byA2: (1 - ratio) * left, byRatio: -a2 * left };
    }),
  ],
  limits: { ratio0: 'the whole shift', ratio1: 'no shift: pre-training goes on' },
});

/** The same for the domain loss, r the domain share: the shift is B[…](e^(a2·r) − 1) with B < 0, the domain is learned. */
export const learningDynamicsDomain = sumOfTerms({
  ...about,
  name: 'learning-dynamics-domain',
  formula:
    'L0 + A*(S1pt + S1cpt)^-alpha - C1*S2pt - C2*S2cpt*e^(a1*r) + B*(1 - (1 + E*S1cpt)^-beta)*(e^(a2*r) - 1)',
  terms: [
    constant(signed('L0')),
    forward,
    annealingBefore,
    annealingSince,
    shift((a2, ratio) => {
      const grown = Math.exp(a2 * ratio);
      return { value: grown - 1, byA2: ratio * grown, byRatio: a2 * grown };
    }),
  ],
  limits: { ratio0: 'no shift: pre-training goes on', ratio1: 'the whole shift' },
});
