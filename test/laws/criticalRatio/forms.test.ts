import { describe, expect, it } from 'vitest';
import {
  cmrAcrossTokens,
  cmrDomainTokens,
  cmrGeneralTokens,
  cmrRatio,
  TOKEN_SHARE,
} from '../../../src/laws/criticalRatio/forms.ts';
import { fromPaper, toPaper } from '../../../src/laws/criticalRatio/paper.ts';
import { fitRatioLaw, ratioLoss } from '../../../src/laws/criticalRatio/ratioLaw.ts';
import { fitLaw } from '../../../src/laws/fitting/fit.ts';
import { lawGradient, lawValue } from '../../../src/laws/forms/form.ts';
import { lawFormContract } from '../../contract/lawForm.ts';
import { PUBLISHED_ACROSS } from './planted.ts';

for (const form of [cmrRatio, cmrDomainTokens, cmrGeneralTokens, cmrAcrossTokens]) lawFormContract(form);

const at = (share: number) => ({ n: 1, d: 20 * share, ratio: 0.5, inputs: { [TOKEN_SHARE]: share } });

describe('the forms', () => {
  it('are the published formulas in other coefficients', () => {
    const paper = { alpha: -0.44, s: 0.17, beta: 1.9 };
    const { level, slope, s } = fromPaper(paper);
    for (const ratio of [0.02, 0.125, 0.5, 1])
      expect(lawValue(cmrRatio, [level, slope, s], { ...at(1), ratio })).toBeCloseTo(
        -0.44 * ratio ** 0.17 + 1.9,
        13,
      );
    const rising = fromPaper({ alpha: 0.02, s: 0.3, beta: 0 }, 20);
    const falling = fromPaper({ alpha: -0.01, s: 0.6, beta: -0.003 }, 20);
    const vector = [rising.level + falling.level, rising.slope, falling.slope, 0.3, 0.3];
    for (const tokens of [0.5, 5, 20, 60])
      expect(lawValue(cmrGeneralTokens, vector, at(tokens / 20))).toBeCloseTo(
        0.02 * tokens ** 0.3 - 0.01 * tokens ** 0.6 - 0.003,
        13,
      );
    const back = toPaper({ level, slope, s })!;
    expect([back.alpha, back.beta]).toEqual([expect.closeTo(-0.44, 13), expect.closeTo(1.9, 13)]);
  });

  it('pass through exponent 0 as a logarithm, without a step in value or gradient', () => {
    const values = [-1e-9, 0, 1e-9].map((s) => lawValue(cmrDomainTokens, [0.1, -0.2, s], at(0.01)));
    for (const value of values) expect(value).toBeCloseTo(0.1 - 0.2 * Math.log(0.01), 7);
    expect(toPaper({ level: 1, slope: 1, s: 0 })).toBeNull();
    // Either side of the switch between a series and the direct formula: u = s·log x = ±0.02.
    for (const s of [0.02, -0.02]) {
      const slopes = [s * (1 - 1e-9), s * (1 + 1e-9)].map(
        (each) => lawGradient(cmrDomainTokens, [0, 1, each], at(Math.E))[2]!,
      );
      expect(slopes[1]! / slopes[0]!).toBeCloseTo(1, 8);
    }
  });

  it.each([-1.2, -0.05, 0, 0.05, 1.5])('are recovered from rows of exponent %f', (s) => {
    const truth = [-0.1, -0.04, s];
    const rows = Array.from({ length: 12 }, (_, k) => {
      const point = at((k + 1) / 12);
      return { ...point, run: 'one', loss: lawValue(cmrDomainTokens, truth, point) };
    });
    const fit = fitLaw(cmrDomainTokens, rows, { objective: 'least-squares', starts: 48 });
    expect(fit.status).toBe('converged');
    expect(fit.parameters.s1).toBeCloseTo(s, 5);
    expect(fit.parameters.slope1).toBeCloseTo(-0.04, 6);
  });
});

describe('published numbers (arXiv 2407.17467)', () => {
  it('the coefficients of the law across tokens give the printed ratios at 20 billion tokens, and the implied table', () => {
    for (const { alpha, s, beta, cmr } of PUBLISHED_ACROSS) {
      // T in steps of 0.2 billion tokens; the reference is T = 100, 20 billion tokens.
      const { level, slope } = fromPaper({ alpha, s, beta }, 100);
      [25, 50, 100, 250].forEach((tokens, k) => {
        expect(lawValue(cmrAcrossTokens, [level, slope, s], at(tokens / 100))).toBeCloseTo(cmr[k]!, 3);
      });
    }
  });

  const RATIOS = [1, 0.75, 0.5];
  const TABLE_2 = [
    { losses: [1.4628, 1.4844, 1.5122, 1.5387], quarter: 1.5561, printed: 1.5566 },
    { losses: [1.3723, 1.391, 1.4155, 1.4385], quarter: 1.4538, printed: 1.4546 },
    { losses: [1.3242, 1.3416, 1.3643, 1.3854], quarter: 1.3994, printed: 1.3999 },
    { losses: [1.2585, 1.275, 1.2965, 1.317], quarter: 1.3305, printed: 1.3303 },
  ];
  const quarterLoss = (losses: readonly number[], third: number) => {
    const rows = [...RATIOS, third].map((ratio, i) => ({
      n: 1,
      d: 20,
      ratio,
      loss: losses[i]!,
      run: `${ratio}`,
    }));
    const fit = fitRatioLaw(rows)!;
    expect(fit.status).toBe('converged');
    return { loss: ratioLoss(fit.parameters, 0.25), s: fit.parameters.s! };
  };

  it('the ratio law predicts the held-out 25 % of Table 2 to 0.00012, and what the paper prints to 0.0009', () => {
    for (const { losses, quarter, printed } of TABLE_2) {
      const { loss, s } = quarterLoss(losses, 1 / 3);
      expect(Math.abs(loss - quarter)).toBeLessThan(1.2e-4);
      expect(Math.abs(loss - printed)).toBeLessThan(9e-4);
      expect(s).toBeGreaterThan(0.15);
      expect(s).toBeLessThan(0.21);
    }
  });

  it('does so with "33 %" read as a third: 0.33 misses every held-out loss by 0.0007 or more', () => {
    for (const { losses, quarter } of TABLE_2)
      expect(Math.abs(quarterLoss(losses, 0.33).loss - quarter)).toBeGreaterThan(7e-4);
  });
});
