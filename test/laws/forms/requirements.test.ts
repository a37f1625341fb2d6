import { describe, expect, it } from 'vitest';
import { type LawForm, lawValue, toVector } from '../../../src/laws/forms/form.ts';
import { lawForm } from '../../../src/laws/forms/registry.ts';
import type { LawParameters, LawPoint } from '../../../src/laws/types.ts';

/*
 * The four requirements of arXiv 2406.01375 section 3.1 (finite at all ratios; loss falls with N, D and r; ∂²L/∂D∂r < 0;
 * Chinchilla at a fixed ratio), by differences of losses alone, and where each form fails them.
 */

type Sign = 'falls' | 'rises' | 'flat' | 'mixed';

interface Verdict {
  /** A law of the form in which the trends that it can have hold. */
  law: LawParameters;
  finite: boolean;
  bySize: Sign;
  byTokens: Sign;
  byRatio: Sign;
  /** ∂²L/∂D∂r: 'falls' is what the paper asks for. */
  byTokensAndRatio: Sign;
  /** At a fixed ratio, E + A/N^alpha + B/D^beta in N and D (a form without N: with A = 0). */
  chinchilla: boolean;
}

const SIZES = [6e-6, 5.6e-5];
const TOKENS = [6e-5, 2e-4, 6e-4];
const INSIDE = [0.03, 0.2, 0.4, 0.6, 0.8, 0.97];
const LEAST_TOKENS = TOKENS[0]!;

const base = { E: 1.2, A: 0.02, B: 0.005, alpha: 0.3, beta: 0.4 };
const floor = { C: 0.6, gamma: 0.6, epsilon: 0.12 };
const meets = {
  finite: true,
  bySize: 'falls',
  byTokens: 'falls',
  byRatio: 'falls',
  chinchilla: true,
} as const;

/** The C above which the slope in r is negative at ratios up to 1 and D from LEAST_TOKENS on (App. E.3 and E.4). */
const leastC: Record<string, (p: Readonly<Record<string, number>>) => number> = {
  L3: (p) => (p.B! * p.eta! * (1 + p.epsilon!) ** (p.gamma! + 1)) / (p.gamma! * LEAST_TOKENS ** p.beta!),
  L6: (p) => (p.B! * Math.E * (1 + p.epsilon!) ** (p.gamma! + 1)) / (p.gamma! * LEAST_TOKENS ** p.beta!),
  L7: (p) => (p.B! * p.eta! * (1 + p.epsilon!) ** (p.eta! + p.gamma!)) / (p.gamma! * LEAST_TOKENS ** p.beta!),
};
/** A law whose C is this multiple of the least. */
const withC = (name: string, parameters: LawParameters, factor: number): LawParameters => ({
  ...parameters,
  C: factor * leastC[name]!(parameters),
});
const steep = { ...base, ...floor, eta: 1.3 };

const VERDICTS: Record<string, Verdict> = {
  L1: { ...meets, law: { ...base, ...floor }, byTokensAndRatio: 'flat' },
  L2: { ...meets, law: { ...base, ...floor, eta: 0.6 }, byTokensAndRatio: 'falls', chinchilla: false },
  L3: { ...meets, law: withC('L3', steep, 1.01), byTokensAndRatio: 'falls' },
  L4: {
    ...meets,
    law: { ...base, B: 0.02, C: 0.5, b: 2, c: 4 },
    byRatio: 'mixed',
    byTokensAndRatio: 'falls',
  },
  L5: {
    ...meets,
    law: { ...base, sigma: 1.5e-4 },
    byRatio: 'mixed',
    byTokensAndRatio: 'mixed',
    chinchilla: false,
  },
  L6: { ...meets, law: withC('L6', { ...base, ...floor }, 1.01), byTokensAndRatio: 'falls' },
  L7: { ...meets, law: withC('L7', { ...base, ...floor, eta: 0.7 }, 1.01), byTokensAndRatio: 'falls' },
  chinchilla: { ...meets, law: base, byRatio: 'flat', byTokensAndRatio: 'flat' },
  'data-mixing': {
    ...meets,
    law: { c: 1.7, k: 0.9, t: -3 },
    bySize: 'flat',
    byTokens: 'flat',
    byTokensAndRatio: 'flat',
    chinchilla: false,
  },
  bimix: {
    ...meets,
    law: { B: 0.02, C: 1.8, alpha: 0.12, beta: 0.4 },
    finite: false,
    bySize: 'flat',
    byTokensAndRatio: 'rises',
  },
  ge24: {
    ...meets,
    law: { E: 1.5, B: 0.02, C: 0.3, beta: 0.35, gamma: 0.4 },
    finite: false,
    bySize: 'flat',
    byTokensAndRatio: 'flat',
  },
  capacity: { ...meets, law: { ...base, q: 1.6 }, finite: false, byTokensAndRatio: 'rises' },
  'cross-lingual': {
    ...meets,
    law: { ...base, gamma: 0.08 },
    byRatio: 'flat',
    byTokensAndRatio: 'flat',
    chinchilla: false,
  },
};

const lossOf = (form: LawForm, parameters: LawParameters) => {
  const vector = toVector(form, parameters);
  return (n: number, d: number, ratio: number): number => {
    const point: LawPoint = { n, d, ratio };
    return lawValue(form, vector, point);
  };
};
type Loss = ReturnType<typeof lossOf>;

const STEP = 1e-3;
/** Nats per unit of log N, log D or r: below this a difference is rounding. */
const ROUNDING = 1e-9;
const byLogSize = (loss: Loss) => (n: number, d: number, r: number) =>
  (loss(n * Math.exp(STEP), d, r) - loss(n * Math.exp(-STEP), d, r)) / (2 * STEP);
const byLogTokens = (loss: Loss) => (n: number, d: number, r: number) =>
  (loss(n, d * Math.exp(STEP), r) - loss(n, d * Math.exp(-STEP), r)) / (2 * STEP);
const byShare = (loss: Loss) => (n: number, d: number, r: number) =>
  (loss(n, d, r + STEP) - loss(n, d, r - STEP)) / (2 * STEP);

/** The sign of a derivative over the box. */
function signOf(derivative: Loss): Sign {
  const values = SIZES.flatMap((n) => TOKENS.flatMap((d) => INSIDE.map((r) => derivative(n, d, r))));
  if (values.every((value) => Math.abs(value) < ROUNDING)) return 'flat';
  if (values.every((value) => value < -ROUNDING)) return 'falls';
  return values.every((value) => value > ROUNDING) ? 'rises' : 'mixed';
}

/** Whether loss at a ratio is a constant, a power of N and a power of D: log-derivatives are straight lines, each blind to the other. */
function isChinchilla(loss: Loss, ratio: number): boolean {
  const straight = (at: (step: number, other: number) => number): boolean => {
    const logs = [0, 1].map((other) => [0, 1, 2].map((step) => Math.log(-at(step, other))));
    if (logs.flat().some((value) => !Number.isFinite(value))) return false;
    const [a, b] = logs as [[number, number, number], [number, number, number]];
    return Math.abs(a[0] - 2 * a[1] + a[2]) < 1e-6 && Math.abs(a[0] - b[0]) < 1e-6;
  };
  const blindToSize = Math.abs(byLogSize(loss)(1e-5, 1e-4, ratio)) < ROUNDING;
  const inTokens = (k: number, j: number) => byLogTokens(loss)(SIZES[j]!, 6e-5 * 3 ** k, ratio);
  const inSize = (k: number, j: number) => byLogSize(loss)(6e-6 * 3 ** k, TOKENS[j]!, ratio);
  return straight(inTokens) && (blindToSize || straight(inSize));
}

describe.each(Object.entries(VERDICTS))('%s', (name, verdict) => {
  const form = lawForm(name);
  const loss = lossOf(form, verdict.law);

  it(`is ${verdict.finite ? 'finite' : 'not finite'} at every ratio`, () => {
    const values = [0, 1e-12, 1 - 1e-12, 1].map((r) => loss(1e-5, 2e-4, r));
    expect(values.every(Number.isFinite)).toBe(verdict.finite);
    expect(form.ratios).toBe(verdict.finite ? 'all' : 'positive');
  });

  it('has the explicit trends that it can have', () => {
    expect(signOf(byLogSize(loss))).toBe(verdict.bySize);
    expect(signOf(byLogTokens(loss))).toBe(verdict.byTokens);
    expect(signOf(byShare(loss))).toBe(verdict.byRatio);
  });

  it('has the implicit trend that it can have', () => {
    expect(signOf(byShare(byLogTokens(loss)))).toBe(verdict.byTokensAndRatio);
  });

  it(`is ${verdict.chinchilla ? 'Chinchilla' : 'not Chinchilla'} at a fixed ratio`, () => {
    expect(isChinchilla(loss, 0.4)).toBe(verdict.chinchilla);
  });
});

describe('what the trends depend on', () => {
  it.each(Object.keys(leastC))(
    '%s: on C, whose least value is exact at ratio 1 and the fewest tokens',
    (name) => {
      const slope = (factor: number) => {
        const loss = lossOf(lawForm(name), withC(name, VERDICTS[name]!.law, factor));
        return loss(1e-5, LEAST_TOKENS, 1) - loss(1e-5, LEAST_TOKENS, 1 - 1e-5);
      };
      expect(slope(1.01)).toBeLessThan(0);
      expect(slope(0.99)).toBeGreaterThan(0);
    },
  );

  it('L3: with eta below 1 loss rises with the first traces of the corpus, whatever C', () => {
    const loss = lossOf(lawForm('L3'), withC('L3', { ...steep, eta: 0.6 }, 2));
    expect(loss(1e-5, LEAST_TOKENS, 1e-8)).toBeGreaterThan(loss(1e-5, LEAST_TOKENS, 0));
  });

  it('L3: tokens do not matter at ratio 0; in L7 they do', () => {
    const fall = (name: string) => {
      const loss = lossOf(lawForm(name), VERDICTS[name]!.law);
      return loss(1e-5, 6e-5, 0) - loss(1e-5, 6e-4, 0);
    };
    expect(fall('L3')).toBe(0);
    expect(fall('L7')).toBeGreaterThan(0.01);
  });

  it.each([
    [0.6, 'falls'],
    [1, 'flat'],
    [1.4, 'rises'],
  ] as const)('L2: the implicit trend needs eta below 1 (%d: %s)', (eta, sign) => {
    const loss = lossOf(lawForm('L2'), { ...VERDICTS.L2!.law, eta });
    expect(signOf(byShare(byLogTokens(loss)))).toBe(sign);
  });

  it.each([
    [0.5, 'rises'],
    [1, 'flat'],
    [2, 'falls'],
  ] as const)(
    'L4: the implicit trend needs b above 1 (%d: %s), where the slope in r may have either sign',
    (b, sign) => {
      const loss = lossOf(lawForm('L4'), { ...VERDICTS.L4!.law, b });
      expect(signOf(byShare(byLogTokens(loss)))).toBe(sign);
      expect(signOf(byShare(loss))).toBe(b > 1 ? 'mixed' : 'falls');
    },
  );

  it('L5: more of a corpus helps only where D exceeds sigma', () => {
    const { sigma } = VERDICTS.L5!.law;
    const slope = byShare(lossOf(lawForm('L5'), VERDICTS.L5!.law));
    for (const r of INSIDE) {
      expect(slope(1e-5, 1.01 * sigma!, r)).toBeLessThan(0);
      expect(slope(1e-5, 0.99 * sigma!, r)).toBeGreaterThan(0);
      expect(Math.abs(slope(1e-5, sigma!, r))).toBeLessThan(ROUNDING);
    }
  });

  it('L5: the implicit trend turns where beta·r·(D − sigma) = sigma', () => {
    const { sigma, beta } = VERDICTS.L5!.law;
    const mixed = byShare(byLogTokens(lossOf(lawForm('L5'), VERDICTS.L5!.law)));
    for (const r of [0.4, 0.6, 0.8]) {
      const turning = sigma! + sigma! / (beta! * r);
      expect(mixed(1e-5, 0.95 * turning, r)).toBeLessThan(0);
      expect(mixed(1e-5, 1.05 * turning, r)).toBeGreaterThan(0);
    }
  });

  it('cross-lingual: tokens are worth more to larger models when gamma < 0, less when gamma > 0', () => {
    for (const gamma of [-0.1, 0.1]) {
      const slope = byLogTokens(lossOf(lawForm('cross-lingual'), { ...base, gamma }));
      const grows = Math.abs(slope(5e-5, 2e-4, 1)) > Math.abs(slope(6e-6, 2e-4, 1));
      expect(grows).toBe(gamma < 0);
    }
  });

  it('average-parameter-chinchilla: with a constant size it is Chinchilla', () => {
    for (const n of SIZES) {
      const point = { n, d: 2e-4, ratio: 0.5 };
      const average = lawForm('average-parameter-chinchilla');
      const inputs = { meanModelSize: n };
      expect(lawValue(average, toVector(average, base), { ...point, inputs })).toBeCloseTo(
        lawValue(lawForm('chinchilla'), toVector(lawForm('chinchilla'), base), point),
        14,
      );
    }
  });
});
