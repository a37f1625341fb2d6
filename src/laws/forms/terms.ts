import type { ParameterInfo } from './form.ts';
import { amount, exponent } from './parameters.ts';
import type { Term } from './sumOfTerms.ts';

/** The irreducible loss, nats per token. */
export const constant = (coefficient: ParameterInfo = amount('E')): Term => ({
  coefficient,
  shape: [],
  evaluate: (_, at, out) => {
    out.value.fill(1, 0, at.count);
    out.byRatio?.fill(0, 0, at.count);
  },
});

/** A/N^alpha. `input`: another column of parameter counts in billions, e.g. their mean over training. */
export const sizePower = (input?: string): Term => ({
  coefficient: amount('A', 'nats per token · billion^alpha'),
  shape: [exponent('alpha')],
  evaluate: ([alpha], at, out) => {
    for (let i = 0; i < at.count; i++) {
      const logN = input ? Math.log(at.inputs[input]![i]!) : at.logN[i]!;
      const value = Math.exp(-alpha! * logN);
      out.value[i] = value;
      if (out.byShape) out.byShape[0]![i] = -logN * value;
    }
    out.byRatio?.fill(0, 0, at.count);
  },
  coefficientFactor: ([alpha], nUnit) => nUnit ** -alpha!,
});

/** B/D^beta. */
export const tokenPower = (coefficient = amount('B', 'nats per token · billion^beta')): Term => ({
  coefficient,
  shape: [exponent('beta')],
  evaluate: ([beta], at, out) => {
    for (let i = 0; i < at.count; i++) {
      const value = Math.exp(-beta! * at.logD[i]!);
      out.value[i] = value;
      if (out.byShape) out.byShape[0]![i] = -at.logD[i]! * value;
    }
    out.byRatio?.fill(0, 0, at.count);
  },
  coefficientFactor: ([beta], _, dUnit) => dUnit ** -beta!,
});

/** Added to the ratio so that the floor stays finite at ratio 0; the paper finds it near 0.1. */
export const epsilon: ParameterInfo = {
  name: 'epsilon',
  unit: '1',
  lower: 1e-3,
  upper: 2,
  start: { low: 0.02, high: 2, steps: 'log' },
};

/** C/(r + epsilon)^gamma: what too little of a corpus costs, whatever the tokens. */
export const ratioFloor = (): Term => ({
  coefficient: amount('C'),
  shape: [exponent('gamma', 6), epsilon],
  evaluate: ([gamma, shift], at, out) => {
    for (let i = 0; i < at.count; i++) {
      const share = at.ratio[i]! + shift!;
      const log = Math.log(share);
      const value = Math.exp(-gamma! * log);
      out.value[i] = value;
      if (out.byShape) {
        out.byShape[0]![i] = -log * value;
        out.byShape[1]![i] = (-gamma! * value) / share;
      }
      if (out.byRatio) out.byRatio[i] = (-gamma! * value) / share;
    }
  },
});

/** B·r^eta/D^beta. At ratio 0 the term and its slopes vanish, so that rows without the corpus stay finite. */
export const sharedTokenPower = (): Term => ({
  coefficient: amount('B', 'nats per token · billion^beta'),
  shape: [exponent('beta'), exponent('eta', 6)],
  evaluate: ([beta, eta], at, out) => {
    for (let i = 0; i < at.count; i++) {
      const ratio = at.ratio[i]!;
      const logR = ratio === 0 ? 0 : at.logRatio[i]!;
      const value = ratio === 0 ? 0 : Math.exp(eta! * logR - beta! * at.logD[i]!);
      out.value[i] = value;
      if (out.byShape) {
        out.byShape[0]![i] = -at.logD[i]! * value;
        out.byShape[1]![i] = logR * value;
      }
      if (out.byRatio) out.byRatio[i] = ratio === 0 ? 0 : (eta! * value) / ratio;
    }
  },
  coefficientFactor: ([beta], _, dUnit) => dUnit ** -beta!,
});

/** C/r^power: for forms without a value at ratio 0. */
export const ratioPower = (power: ParameterInfo): Term => ({
  coefficient: amount('C'),
  shape: [power],
  evaluate: ([gamma], at, out) => {
    for (let i = 0; i < at.count; i++) {
      const value = Math.exp(-gamma! * at.logRatio[i]!);
      out.value[i] = value;
      if (out.byShape) out.byShape[0]![i] = -at.logRatio[i]! * value;
      if (out.byRatio) out.byRatio[i] = (-gamma! * value) / at.ratio[i]!;
    }
  },
});
