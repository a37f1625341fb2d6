import { describe, expect, it } from 'vitest';
import { decisionData } from '../../src/report/figures/decisionData.ts';
import { paddedExtent, thinned, visibleRange } from '../../src/report/figures/drawing.ts';
import { lossAgainstRatioData } from '../../src/report/figures/lossAgainstRatio.ts';
import { logTicks, lossAgainstTokensData } from '../../src/report/figures/lossAgainstTokens.ts';
import { predictedPoints } from '../../src/report/figures/predictedPoints.ts';
import { measuredPoints } from '../../src/report/measured.ts';
import { plantedLoss, plantedSweep, RATIOS, SIZES } from './fixture.ts';

describe('measuredPoints', () => {
  it('averages seeds by value, whatever the order of the rows', () => {
    const { observations } = plantedSweep({ sizes: [1000], ratios: [0.5], seeds: [1, 2, 3] });
    const points = measuredPoints(observations, 'math', 'domain');
    expect(points).toHaveLength(13);
    const last = points.at(-1)!;
    const rows = observations.filter((row) => row.kind === 'cpt' && row.tokens === last.tokens);
    const losses = rows.map((row) => row.domainLoss!);
    expect(rows).toHaveLength(3);
    expect(last.loss).toBeCloseTo((losses[0]! + losses[1]! + losses[2]!) / 3, 12);
    expect([last.low, last.high, last.seeds]).toEqual([Math.min(...losses), Math.max(...losses), 3]);
    expect(measuredPoints(observations.toReversed(), 'math', 'domain').map((point) => point.tokens)).toEqual(
      points.map((point) => point.tokens),
    );
  });

  it('takes no base run, no other domain and no loss that was not measured', () => {
    const { observations } = plantedSweep({ domains: ['math', 'code'] });
    observations.find((row) => row.domain === 'math')!.domainLoss = null;
    expect(measuredPoints(observations, 'math', 'domain')).toHaveLength(4 * 9 * 13 - 1);
    expect(measuredPoints(observations, 'math', 'general')).toHaveLength(4 * 9 * 13);
    expect(measuredPoints(observations, 'law', 'general')).toEqual([]);
  });
});

describe('loss against ratio', () => {
  const input = plantedSweep({ noise: 0 });
  const answer = input.answers[0]!;

  it.each(['general', 'domain'] as const)(
    'puts the %s curve through noise-free points, ratio the right way round',
    (which) => {
      const data = lossAgainstRatioData(answer, input.observations, which);
      expect(data.sizes).toEqual(SIZES);
      expect(data.points).toHaveLength(SIZES.length * RATIOS.length);
      expect(data.curve).toHaveLength(SIZES.length * 101);
      for (const point of data.points) {
        const near = data.curve
          .filter((row) => row.modelSize === point.modelSize)
          .reduce((best, row) =>
            Math.abs(row.domainRatio - point.domainRatio) < Math.abs(best.domainRatio - point.domainRatio)
              ? row
              : best,
          );
        expect(near.loss).toBeCloseTo(point.loss, 6);
      }
      // More domain text: general loss up, domain loss down.
      const [first, last] = [data.points[0]!, data.points[RATIOS.length - 1]!];
      expect(Math.sign(last.loss - first.loss)).toBe(which === 'general' ? 1 : -1);
    },
  );

  it('has bands around the curve only where the fit was resampled, and base losses only for the general loss', () => {
    const data = lossAgainstRatioData(answer, input.observations, 'general');
    expect(data.band).toHaveLength(data.curve.length);
    for (const row of data.band) expect(row.low).toBeLessThan(row.high);
    expect(data.baseLosses.map((row) => row.modelSize)).toEqual(SIZES);
    expect(lossAgainstRatioData(answer, input.observations, 'domain').baseLosses).toEqual([]);
    const bare = plantedSweep({ replicates: 0 });
    expect(lossAgainstRatioData(bare.answers[0]!, bare.observations, 'general').band).toEqual([]);
  });

  it('shows a run that ended early nowhere, and each size at its own last token count', () => {
    const diverged = input.runs.find((run) => run.kind === 'cpt' && run.domainRatio === 1)!.run;
    const early = input.observations.filter((row) => row.run !== diverged || row.tokens < 200_000);
    const data = lossAgainstRatioData(answer, early, 'domain');
    expect(data.points).toHaveLength(SIZES.length * RATIOS.length - 1);
    expect(data.tokens).toHaveLength(1);
  });
});

describe('loss against tokens', () => {
  it('marks what the fit left out and draws the law over the rest', () => {
    const input = plantedSweep({ noise: 0 });
    const answer = input.answers[0]!;
    const data = lossAgainstTokensData(answer, input.observations, 'domain');
    expect(data.points).toHaveLength(SIZES.length * RATIOS.length * 12);
    const left = data.points.filter((point) => !point.fitted);
    expect(new Set(left.map((point) => point.tokens))).toEqual(new Set([32_768]));
    expect(left).toHaveLength(SIZES.length * RATIOS.length);
    expect(Math.min(...data.curve.map((point) => point.tokens))).toBeGreaterThan(32_768);
    for (const row of data.curve.slice(0, 41)) {
      const expected = plantedLoss(answer.domainLaw.parameters, {
        n: SIZES[0]! / 1e9,
        d: row.tokens / 1e9,
        ratio: 0,
      });
      expect(row.loss).toBeCloseTo(expected, 12);
    }
  });

  it('labels round token counts inside the range', () => {
    expect(logTicks([30_000, 1_700_000], 3)).toEqual([100_000, 1_000_000]);
    expect(logTicks([30_000, 1_700_000], 6)).toEqual([50_000, 100_000, 200_000, 500_000, 1_000_000]);
    expect(logTicks([1.1e5, 1.9e5], 3)).toHaveLength(1);
    expect(logTicks([1e3, 1e12], 3).length).toBeLessThanOrEqual(4);
  });
});

describe('predicted points', () => {
  it('joins every fitted row with its prediction, in counts and domain ratios', () => {
    const input = plantedSweep({ noise: 0 });
    const [general, domain] = (['general', 'domain'] as const).map((which) =>
      predictedPoints(input.answers[0]!, which),
    );
    expect(general).toHaveLength(input.answers[0]!.generalRows.length);
    for (const point of [...general!, ...domain!])
      expect(Math.abs(point.relativeResidual)).toBeLessThan(1e-12);
    expect(new Set(general!.map((point) => point.modelSize))).toEqual(new Set(SIZES));
    const ratios = [...new Set(general!.map((point) => Number(point.domainRatio.toFixed(9))))].sort();
    expect(ratios).toEqual(RATIOS);
  });

  it('signs residuals as predicted minus measured and leaves out what cannot be predicted', () => {
    const input = plantedSweep({ noise: 0 });
    const answer = input.answers[0]!;
    answer.generalRows[0]!.loss *= 2;
    expect(predictedPoints(answer, 'general')[0]!.relativeResidual).toBeCloseTo(-0.5, 9);
    answer.generalLaw.starts = 0;
    expect(predictedPoints(answer, 'general')).toEqual([]);
  });
});

describe('decision', () => {
  const input = plantedSweep({ noise: 0 });
  const answer = input.answers[0]!;

  it('crosses the limit where the planted answer is', () => {
    const data = decisionData(answer, input.observations);
    const { recommendation } = answer;
    expect(data.curve).toHaveLength(201);
    expect(data.chosen!.generalLoss).toBeCloseTo(recommendation.generalLossLimit, 9);
    const below = data.curve.filter((point) => point.generalLoss <= recommendation.generalLossLimit);
    expect(Math.max(...below.map((point) => point.domainRatio))).toBeCloseTo(recommendation.domainRatio!, 2);
    expect(data.inInterval[0]!.domainRatio).toBeCloseTo(recommendation.interval!.low, 12);
    expect(data.inInterval.at(-1)!.domainRatio).toBeCloseTo(recommendation.interval!.high, 12);
    expect(data.generalBand).toHaveLength(201);
    // 40 pairs of replicates, thinned to every second and the last; replicate i of one law with i of the other.
    expect(new Set(data.threads.map((point) => point.replicate)).size).toBe(21);
    const thread = data.threads.find((point) => point.replicate === 2 && point.domainRatio === 0.5)!;
    const at = { ...recommendation.target, ratio: 0.5 };
    expect(thread.generalLoss).toBeCloseTo(plantedLoss(answer.generalLaw.replicates[2]!, at), 12);
    expect(thread.domainLoss).toBeCloseTo(plantedLoss(answer.domainLaw.replicates[2]!, at), 12);
  });

  it('shows the measured ends of the size at the target, joined by ratio, on the curve when there is no noise', () => {
    const { measured, curve } = decisionData(answer, input.observations.toReversed());
    expect(measured.map((point) => point.domainRatio)).toEqual(RATIOS);
    for (const point of measured.filter(({ domainRatio }) => [0, 0.1, 0.5, 1].includes(domainRatio))) {
      const same = curve.find((row) => Math.abs(row.domainRatio - point.domainRatio) < 1e-9)!;
      expect(same.generalLoss).toBeCloseTo(point.generalLoss, 9);
      expect(same.domainLoss).toBeCloseTo(point.domainLoss, 9);
    }
  });

  it('shows no measurement that is far from the target, and no point when there is none', () => {
    const target = { n: 7, d: 100, tolerance: 0.03 };
    const recommendation = { ...answer.recommendation, target, domainRatio: null, interval: null };
    const data = decisionData({ ...answer, recommendation }, input.observations);
    expect(data).toMatchObject({ measured: [], chosen: null, inInterval: [] });
  });
});

describe('axes', () => {
  it('keep the data readable whatever a wild curve does', () => {
    expect(visibleRange([2, 3], [2.5, 1e9])).toEqual([expect.closeTo(1.91, 1), expect.closeTo(3.59, 1)]);
    expect(visibleRange([], [1, 2])).toEqual(paddedExtent([1, 2]));
    expect(paddedExtent([])).toEqual([0, 1]);
    const [low, high] = paddedExtent([3, 3, Number.NaN]);
    expect(low).toBeLessThan(3);
    expect(high).toBeGreaterThan(3);
  });

  it('thin long series evenly and keep the last', () => {
    const items = Array.from({ length: 101 }, (_, at) => at);
    expect(thinned(items, 200)).toEqual(items);
    expect(thinned(items, 11)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
  });
});
