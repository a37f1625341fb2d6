import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../../src/common/random.ts';
import {
  type LimitedDomainQuestion,
  limitedDomainTokens,
} from '../../../src/laws/answers/limitedDomainTokens.ts';
import type { LawFit, LawParameters } from '../../../src/laws/types.ts';
import { PLANTED, plantedRows } from '../planted.ts';
import { fitOf, lossOf, repeated, tooFewSizes } from './givenFits.ts';

const ROWS = plantedRows();
const SIZE = 5.6e-5;
const LAW = { ...PLANTED, B: 0.05, C: 0.12, eta: 1.4 };

/** Of arXiv 2406.01375 App. G.2, the exponent's misprint mended: with less text the best ratio lies inside. */
const threshold = (p: LawParameters) =>
  ((p.B! * (p.eta! + p.beta!) * (1 + p.epsilon!) ** (p.gamma! + 1)) / (p.gamma! * p.C!)) ** (1 / p.beta!);
const EDGE = threshold(LAW);

const ask = (domain: LawFit, question: Partial<LimitedDomainQuestion>, general: LawFit = fitOf(PLANTED)) =>
  limitedDomainTokens(general, domain, { n: SIZE, domainTokens: EDGE * 0.3, ...question }, ROWS, 0.9);

/** The best ratio by trying 100,000, apart from the code under test. */
function bruteForce(
  law: LawParameters,
  tokens: (r: number) => number,
  isAllowed: (r: number) => boolean = () => true,
): number {
  let best = Number.NaN;
  let least = Number.POSITIVE_INFINITY;
  for (let k = 1; k <= 100_000; k++) {
    const r = k / 100_000;
    const loss = lossOf(law, SIZE, tokens(r), r);
    if (loss < least && isAllowed(r)) [best, least] = [r, loss];
  }
  return best;
}

describe('the best ratio for limited domain text', () => {
  it.each([0.2, 0.6, 0.95])('lies inside when there is %d of the threshold', (share) => {
    const domainTokens = EDGE * share;
    const answer = ask(fitOf(LAW), { domainTokens });
    expect(answer).toMatchObject({ status: 'recommended', place: 'interior', limitedBy: null });
    const brute = bruteForce(LAW, (r) => domainTokens / r);
    expect(Math.abs(answer.domainRatio!.value - brute)).toBeLessThan(1e-4);
    expect(answer.tokens!).toBeCloseTo(domainTokens / answer.domainRatio!.value, 12);
    const corner = lossOf(LAW, SIZE, domainTokens, 1);
    expect(answer.allDomainLoss!).toBeCloseTo(corner, 12);
    expect(answer.gain!.value).toBeCloseTo(corner - answer.domainLoss!, 12);
    expect(answer.gain!.value).toBeGreaterThan(0);
    const r = answer.domainRatio!.value;
    expect(answer.generalLoss!).toBeCloseTo(lossOf(PLANTED, SIZE, domainTokens / r, 1 - r), 12);
  });

  it('is the corner when there is more, and says that more would dilute it', () => {
    const answer = ask(fitOf(LAW), { domainTokens: EDGE * 1.2 });
    expect(answer).toMatchObject({ place: 'corner', status: 'recommended', gain: { value: 0 } });
    expect(answer.domainRatio!.value).toBe(1);
    expect(answer.sentence).toMatch(/Mix 1.00 .* dilute/);
  });

  it('lies inside exactly when the published condition says so (500 random laws)', () => {
    const random = makeRandom('interior');
    const between = (low: number, high: number) => low + (high - low) * random.uniform();
    const places = { interior: 0, corner: 0 };
    for (let k = 0; k < 500; k++) {
      const law: LawParameters = {
        ...PLANTED,
        B: between(0.01, 0.5),
        C: between(0.05, 0.5),
        beta: between(0.1, 0.8),
        gamma: between(0.1, 1.5),
        eta: between(1, 2.5),
        epsilon: between(0.05, 0.5),
      };
      // Not nearer to the threshold than 2 %, where the two places are the same to six digits.
      const share = random.uniform() < 0.5 ? between(0.05, 0.98) : between(1.02, 4);
      const { place } = ask(fitOf(law), { domainTokens: threshold(law) * share });
      expect(place).toBe(share < 1 ? 'interior' : 'corner');
      places[place as 'interior' | 'corner']++;
    }
    expect(Math.min(places.interior, places.corner)).toBeGreaterThan(100);
  });

  it('is never inside under the published constraint at realistic amounts (2000 random admissible laws)', () => {
    const random = makeRandom('constraint');
    const between = (low: number, high: number) => low + (high - low) * random.uniform();
    const minTokens = 0.1311;
    const insideWith = (laws: number, kappa: () => number) => {
      let inside = 0;
      for (let k = 0; k < laws; k++) {
        const [B, beta, gamma] = [between(0.01, 2), between(0.05, 1.5), between(0.05, 3)];
        const [eta, epsilon] = [between(1, 3), between(0.01, 1)];
        const c0 = (B * eta * (1 + epsilon) ** (gamma + 1)) / (gamma * minTokens ** beta);
        const law = { ...PLANTED, B, beta, gamma, eta, epsilon, C: c0 * kappa() };
        const answer = ask(fitOf(law), { n: 1.8, domainTokens: minTokens * between(Math.E, 60) });
        if (answer.place !== 'corner') inside++;
      }
      return inside;
    };
    expect(insideWith(2000, () => between(1, 5))).toBe(0);
    // The same laws with C far below C0: the search does find what is inside.
    expect(insideWith(400, () => between(0.001, 0.1))).toBeGreaterThan(100);
  });

  it('takes the largest of equally good ratios, which needs the fewest tokens', () => {
    const flat = { ...PLANTED, B: 0, C: 0 };
    expect(ask(fitOf(flat), {})).toMatchObject({ place: 'corner', domainRatio: { value: 1 } });
  });

  it('cannot be told where the law only wants more steps', () => {
    const answer = ask(fitOf({ ...LAW, C: 0 }), {});
    expect(answer).toMatchObject({ status: 'not-identified', place: null });
    expect(answer.sentence).toMatch(/still falls at the smallest ratio looked at/);
  });

  it('is found for other forms too, without N or with tokens that teach the same at every ratio', () => {
    const domainTokens = 2e-4;
    const l1 = { E: 1, A: 0.02, B: 0.1, C: 0.3, alpha: 0.3, beta: 0.25, gamma: 0.6, epsilon: 0.1 };
    const bimix = { B: 0.001, C: 0.5, alpha: 0.1, beta: 0.6 };
    const losses: Record<string, (r: number) => number> = {
      L1: (r) => lossOf({ ...l1, eta: 0 }, SIZE, domainTokens / r, r),
      BiMix: (r) => (bimix.B / (domainTokens / r) ** bimix.beta + bimix.C) / r ** bimix.alpha,
    };
    for (const [form, parameters] of Object.entries({ L1: l1, BiMix: bimix })) {
      const answer = ask(fitOf(parameters, { form }), { domainTokens });
      const brute = Array.from({ length: 100_000 }, (_, k) => (k + 1) / 100_000).reduce((x, y) =>
        losses[form]!(y) < losses[form]!(x) ? y : x,
      );
      expect(answer.place).toBe('interior');
      expect(Math.abs(answer.domainRatio!.value - brute)).toBeLessThan(1e-4);
      expect(answer.domainLoss!).toBeCloseTo(losses[form]!(answer.domainRatio!.value), 12);
    }
  });

  it('refuses a form that needs more than N, D and the ratio', () => {
    const repetition = fitOf({}, { form: 'repetition-aware', nearOptimal: [] });
    expect(() => ask(repetition, {})).toThrow(/needs uniqueTokens/);
  });
});

describe('limits of tokens and of general loss', () => {
  it('stops at a limit on tokens, and says where it would be without', () => {
    const domainTokens = EDGE * 0.2;
    const free = ask(fitOf(LAW), { domainTokens });
    const maxTokens = free.tokens! / 2;
    const capped = ask(fitOf(LAW), { domainTokens, maxTokens });
    expect(capped).toMatchObject({ place: 'at-limit', limitedBy: 'tokens' });
    expect(capped.tokens!).toBeCloseTo(maxTokens, 10);
    expect(capped.unlimitedRatio!).toBeCloseTo(free.domainRatio!.value, 6);
    const brute = bruteForce(LAW, (r) => Math.min(domainTokens / r, maxTokens));
    expect(Math.abs(capped.domainRatio!.value - brute)).toBeLessThan(1e-4);
    expect(capped.sentence).toMatch(/more tokens cannot be paid for; without the limit it would be/);
    const plenty = ask(fitOf(LAW), { domainTokens: 1, maxTokens: 6e-4 });
    expect(plenty).toMatchObject({ place: 'at-limit', tokens: 6e-4 });
  });

  const general = { ...PLANTED, C: 0.5 };
  const domainTokens = EDGE * 0.6;
  const generalAt = (r: number) => lossOf(general, SIZE, domainTokens / r, 1 - r);

  it('stops where general loss meets its limit, given as a loss, a share or in nats', () => {
    const free = ask(fitOf(LAW), { domainTokens }, fitOf(general));
    const limit = generalAt(free.domainRatio!.value * 0.7);
    const answer = ask(fitOf(LAW), { domainTokens, generalLossLimit: limit }, fitOf(general));
    expect(answer).toMatchObject({ status: 'recommended', place: 'at-limit', limitedBy: 'general-loss' });
    expect(answer.domainRatio!.value).toBeCloseTo(free.domainRatio!.value * 0.7, 6);
    expect(answer.generalLoss!).toBeCloseTo(limit, 6);
    const brute = bruteForce(
      LAW,
      (r) => domainTokens / r,
      (r) => generalAt(r) <= limit,
    );
    expect(Math.abs(answer.domainRatio!.value - brute)).toBeLessThan(1e-4);

    const baseLoss = limit / 1.04;
    const byShare = ask(
      fitOf(LAW),
      { domainTokens, retention: { baseLoss, tolerance: 0.04 } },
      fitOf(general),
    );
    expect(byShare.domainRatio!.value).toBeCloseTo(answer.domainRatio!.value, 6);
    expect(byShare.sentence).toMatch(/4 % of the base model's/);
    const byNats = ask(
      fitOf(LAW),
      { domainTokens, retention: { baseLoss: limit - 0.05, tolerance: 9, toleranceNats: 0.05 } },
      fitOf(general),
    );
    expect(byNats.domainRatio!.value).toBeCloseTo(answer.domainRatio!.value, 6);
    expect(byNats.sentence).toMatch(/0.05 nats of the base model's/);
    expect(byNats.sentence).not.toMatch(/ %/);
  });

  it('is infeasible when no ratio keeps general loss, and says what the lowest is', () => {
    const answer = ask(fitOf(LAW), { generalLossLimit: 0.1 });
    expect(answer).toMatchObject({ status: 'infeasible', domainRatio: null, place: null });
    expect(answer.reason).toMatch(/the lowest that the law predicts is \d\.\d{4}, the limit is 0.1000/);
  });

  it('looks only where general loss is within its limit, though that be above a forbidden stretch', () => {
    // A general loss that rises with its own share: small domain ratios are forbidden.
    const odd = { ...PLANTED, B: 0.5, C: 0, eta: 3 };
    const little = EDGE * 0.05;
    const wanted = ask(fitOf(LAW), { domainTokens: little }).domainRatio!.value;
    const at = (r: number) => lossOf(odd, SIZE, little / r, 1 - r);
    const limit = at(wanted + 0.1);
    expect(at(wanted)).toBeGreaterThan(limit);
    const answer = ask(fitOf(LAW), { domainTokens: little, generalLossLimit: limit }, fitOf(odd));
    const brute = bruteForce(
      LAW,
      (r) => little / r,
      (r) => at(r) <= limit,
    );
    expect(Math.abs(answer.domainRatio!.value - brute)).toBeLessThan(1e-4);
    expect(answer.limitedBy).toBe('general-loss');
  });

  it('refuses two limits of general loss at once, and numbers that mean nothing', () => {
    const retention = { baseLoss: 2, tolerance: 0.1 };
    expect(() => ask(fitOf(LAW), { generalLossLimit: 3, retention })).toThrow(/limited twice/);
    expect(() => ask(fitOf(LAW), { domainTokens: 0 })).toThrow(/domainTokens is 0/);
    expect(() => ask(fitOf(LAW), { maxTokens: Number.NaN })).toThrow(/maxTokens is NaN/);
    expect(() => ask(fitOf(LAW), { retention: { baseLoss: 2, tolerance: Number.NaN } })).toThrow(
      /tolerance is NaN/,
    );
  });
});

describe('what resampled and equally good fits do to the answer', () => {
  const question = { domainTokens: EDGE * 0.3 };

  it('gives the interval over resampled fits, and the gain over domain text alone', () => {
    const replicates = repeated(
      [0.1, 0.12, 0.14].map((C) => ({ ...LAW, C })),
      10,
    );
    const { domainRatio, gain, sentence } = ask(fitOf(LAW, { replicates }), question);
    const at = (C: number) => bruteForce({ ...LAW, C }, (r) => question.domainTokens / r);
    expect(domainRatio!.interval!.low).toBeCloseTo(at(0.1), 4);
    expect(domainRatio!.interval!.high).toBeCloseTo(at(0.14), 4);
    expect(gain!.interval!.low).toBeLessThan(gain!.value);
    expect(gain!.interval!.high).toBeGreaterThan(gain!.value);
    expect(sentence).toMatch(/90 % interval/);
  });

  it('cannot be told when resampled, or equally good, fits put it anywhere', () => {
    const wide = repeated(
      [0.002, 0.12, 1.5].map((C) => ({ ...LAW, C })),
      10,
    );
    const answer = ask(fitOf(LAW, { replicates: wide }), question);
    expect(answer.status).toBe('not-identified');
    expect(answer.sentence).toMatch(/fits to resampled runs put the ratio anywhere from/);
    const good = ask(fitOf(LAW, { nearOptimal: wide }), question);
    expect(good.status).toBe('not-identified');
    expect(good.sentence).toMatch(/equally good fits put the ratio anywhere from/);
  });

  it('warns where equally good fits go beyond the interval, without widening it', () => {
    const replicates = repeated(
      [0.118, 0.122].map((C) => ({ ...LAW, C })),
      20,
    );
    const nearOptimal = [LAW, { ...LAW, C: 0.16 }];
    const narrow = ask(fitOf(LAW, { replicates }), question);
    const answer = ask(fitOf(LAW, { replicates, nearOptimal }), question);
    expect(answer.domainRatio!.interval).toEqual(narrow.domainRatio!.interval);
    expect(answer.domainRatio!.equallyGood!.high).toBeGreaterThan(answer.domainRatio!.interval!.high);
    expect(answer.warnings.join()).toMatch(
      /equally good fits put the ratio between .* beyond the 90 % interval/,
    );
    expect(answer.sentence).toMatch(/equally good fits put it between/);
    expect(narrow.warnings.join()).not.toMatch(/equally good/);
  });

  it('cannot be told when resampled fits disagree on whether any ratio keeps general loss', () => {
    const domain = fitOf(LAW, { replicates: repeated([LAW], 10) });
    const most = [...repeated([PLANTED], 5), ...repeated([{ ...PLANTED, E: 50 }], 5)];
    const answer = ask(domain, { generalLossLimit: 5 }, fitOf(PLANTED, { replicates: most }));
    expect(answer.sentence).toMatch(/50 % of the fits to resampled runs find no feasible ratio/);
    const few = [...repeated([PLANTED], 9), { ...PLANTED, E: 50 }];
    const held = ask(domain, { generalLossLimit: 5 }, fitOf(PLANTED, { replicates: few }));
    expect(held.status).toBe('recommended');
    expect(held.warnings.join()).toMatch(/10 % of the fits to resampled runs find no feasible ratio/);
    const other = ask(domain, { generalLossLimit: 5 }, fitOf({ ...PLANTED, E: 50 }, { replicates: few }));
    expect(other).toMatchObject({ status: 'not-identified', domainRatio: null });
    expect(other.reason).toMatch(/the fit finds no feasible ratio, but 90 %/);
  });

  it('joins replicate i of one law with replicate i of the other', () => {
    const [strict, loose] = [
      { ...PLANTED, C: 0.9 },
      { ...PLANTED, C: 0.05 },
    ];
    const [thin, rich] = [
      { ...LAW, C: 0.015 },
      { ...LAW, C: 0.3 },
    ];
    const limit = lossOf(strict, SIZE, question.domainTokens / 0.4, 0.6);
    const interval = (ofGeneral: LawParameters[], ofDomain: LawParameters[]) =>
      ask(
        fitOf(LAW, { replicates: repeated(ofDomain, 10) }),
        { ...question, generalLossLimit: limit },
        fitOf(strict, { replicates: repeated(ofGeneral, 10) }),
      ).domainRatio!.interval!;
    const joined = interval([strict, loose], [thin, rich]);
    expect(interval([loose, strict], [rich, thin])).toEqual(joined);
    const crossed = interval([strict, loose], [rich, thin]);
    expect(joined.high).toBeGreaterThan(0.5);
    expect(crossed.high).toBeLessThan(0.41);
    expect(() =>
      ask(
        fitOf(LAW, { replicates: [thin] }),
        { ...question, generalLossLimit: limit },
        fitOf(strict, { replicates: [strict, loose] }),
      ),
    ).toThrow(/not of the same draws/);
  });

  it('needs no general law without a limit on general loss, and says what it needs otherwise', () => {
    const answer = ask(fitOf(LAW), question, tooFewSizes());
    expect(answer.status).toBe('recommended');
    const limited = ask(fitOf(LAW), { ...question, generalLossLimit: 3 }, tooFewSizes());
    expect(limited).toMatchObject({ status: 'not-identified', domainRatio: null });
    expect(limited.sentence).toMatch(/the general law cannot be fitted: 1 distinct model size/);
    expect(ask(tooFewSizes(), question).sentence).toMatch(/the domain law cannot be fitted/);
  });

  it('warns when it takes far more tokens than any run read, or a ratio below all measured', () => {
    const domainTokens = 6e-4;
    const edge = { ...LAW, C: 0.004 };
    const answer = ask(fitOf(edge), { domainTokens });
    expect(answer.tokens!).toBeGreaterThan(3 * 6e-4);
    expect(answer.warnings.join()).toMatch(/times those of the longest run measured: an extrapolation/);
    expect(answer.warnings.join()).toMatch(
      /the smallest ratio measured is 0.1; below it the law is untested/,
    );
    const calm = ask(fitOf(LAW), { domainTokens: 5e-5 });
    expect(calm.warnings.join()).not.toMatch(/extrapolation/);
  });

  it('warns when fits differ on whether to mix at all, and when mixing is hardly worth it', () => {
    const domainTokens = EDGE * 0.97;
    const replicates = repeated(
      [
        { ...LAW, C: 0.115 },
        { ...LAW, C: 0.125 },
      ],
      10,
    );
    const answer = ask(fitOf(LAW, { replicates }), { domainTokens });
    expect(answer.warnings.join()).toMatch(/50 % of the fits to resampled runs would take domain text alone/);
    expect(answer.warnings.join()).toMatch(/hardly worth the general text/);
  });
});
