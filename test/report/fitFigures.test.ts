import { describe, expect, it } from 'vitest';
import { percent } from '../../src/common/numbers.ts';
import { predictFit } from '../../src/laws/predict.ts';
import { curvePoints, evenly, fitCurveData } from '../../src/report/figures/fitCurveData.ts';
import { fitCurves } from '../../src/report/figures/fitCurves.ts';
import { fitPointRows, fitPoints } from '../../src/report/figures/fitPoints.ts';
import { formErrors, formErrorsData } from '../../src/report/figures/formErrors.ts';
import { plantedRows } from '../laws/planted.ts';
import { FIT_RATIOS, FIT_SIZES, fitRows, fittedLoss } from './fitFixture.ts';
import { checkXml } from './xml.ts';

const circles = (svg: string): number => checkXml(svg).get('circle') ?? 0;
const rows = fitRows();
const compared = fittedLoss(['L3', 'chinchilla'], rows, { validate: true, resamples: 4 });
const l3 = compared.fits[0]!;

describe('errors by form', () => {
  it('has one dot a form, protocol and kind, and one a mean', () => {
    const data = formErrorsData(compared);
    const expected = compared.validation!.flatMap(({ heldOut }) =>
      Object.values(heldOut).flatMap(({ interpolation, extrapolation }) =>
        [interpolation, extrapolation].filter((each) => each !== null),
      ),
    );
    expect(data.dots).toHaveLength(expected.length);
    const legend = data.protocols.length + 2;
    expect(circles(formErrors(compared, 'loss')!.svg)).toBe(expected.length + 4 + legend);
    expect(data.bestBaseline).toBe(
      Math.min(...data.rows.filter(({ kind }) => kind === 'baseline').map(({ error }) => error)),
    );
    expect(data.rows.map(({ error }) => error)).toEqual(
      data.rows.map(({ error }) => error).sort((a, b) => a - b),
    );
  });

  it('says the lowest, the recommended and the baseline to who cannot see it', () => {
    const { description, svg } = formErrors(compared, 'loss')!;
    const { rows, bestBaseline } = formErrorsData(compared);
    expect(description).toContain(`lowest is ${rows[0]!.name}`);
    expect(description).toContain(
      `with ${percent(rows[0]!.error)}; recommended is ${compared.recommendation!.form}; the best baseline errs by ${percent(bestBaseline)}.`,
    );
    expect(svg).toContain('nearest-run (baseline)');
  });

  it('keeps a diverging form inside the figure and marks one that does not cover all rows', () => {
    const wild = structuredClone(compared);
    const law = wild.validation!.find(({ name }) => name === 'chinchilla')!;
    law.uncovered = 3;
    law.heldOut.ratio!.extrapolation!.meanRelativeError = 1e30;
    law.heldOut.ratio!.foldErrors.fill(1e30);
    const { svg, caption } = formErrors(wild, 'loss')!;
    for (const [, x] of svg.matchAll(/cx="([^"]+)"/g)) expect(Number(x)).toBeLessThanOrEqual(920);
    expect(svg).toContain('chinchilla *');
    expect(caption).toContain('* has no value on some rows');
  });

  it('is not there when nothing was held out', () => {
    expect(formErrors(fittedLoss(['L3']), 'loss')).toBeNull();
    expect(formErrors({ ...compared, validation: [] }, 'loss')).toBeNull();
  });
});

describe('points of a fit', () => {
  it('pairs every row with its own prediction', () => {
    const points = fitPointRows(l3, rows);
    expect(points).toHaveLength(rows.length);
    points.forEach((point, at) => {
      expect(point.predicted).toBeCloseTo(predictFit(l3, rows[at]!), 12);
      expect(point.relativeResidual).toBeCloseTo((point.predicted - rows[at]!.loss) / rows[at]!.loss, 12);
    });
    // Three panels, and a legend of sizes.
    expect(circles(fitPoints(l3, rows, 'loss').svg)).toBe(3 * rows.length + FIT_SIZES.length);
  });

  it('leaves out rows that a form has no value for, and tokens 0 on a logarithmic axis', () => {
    const bimix = fittedLoss(['bimix'], plantedRows()).fits[0]!;
    const some = plantedRows({ ratios: [0, 0.5] });
    expect(fitPointRows(bimix, some).map(({ domainRatio }) => domainRatio)).not.toContain(0);
    expect(fitPointRows(bimix, some)).toHaveLength(some.length / 2);
    const start = { ...rows[0]!, d: 0 };
    expect(fitPoints(l3, [start], 'loss').svg).not.toMatch(/NaN|Infinity/);
  });
});

describe('curves of a fit', () => {
  it('runs along the ratio at the last tokens, through noise-free points, with its band around it', () => {
    const exact = plantedRows({
      sizes: FIT_SIZES,
      ratios: FIT_RATIOS,
      tokens: [6e-5, 1.2e-4, 2.4e-4, 4.8e-4],
    });
    const data = fitCurveData({ ...l3, replicates: [l3.parameters] }, exact);
    expect(data.along).toBe('ratio');
    expect(data.points).toHaveLength(FIT_SIZES.length * FIT_RATIOS.length);
    expect(new Set(data.points.map(({ tokens }) => tokens))).toEqual(new Set([480_000]));
    for (const value of data.curve) {
      expect(value.loss).toBe(predictFit(l3, { n: value.modelSize / 1e9, d: 4.8e-4, ratio: value.x }));
      expect(value.band).toMatchObject({ low: value.loss, high: value.loss });
    }
  });

  it('takes the last token count with the most ratios, since runs may end at different ones', () => {
    const longer = { ...rows[0]!, d: 1e-3 };
    const data = fitCurveData(l3, [...rows, longer]);
    expect(new Set(data.points.map(({ tokens }) => tokens))).toEqual(new Set([480_000]));
  });

  it('runs along tokens where ratios do not vary, and averages rows of the same point', () => {
    const flat = plantedRows({ ratios: [1], sizes: FIT_SIZES });
    const twice = [...flat, ...flat.map((row) => ({ ...row, loss: row.loss + 0.1 }))];
    const data = fitCurveData(l3, twice);
    expect(data.along).toBe('tokens');
    expect(data.points).toHaveLength(flat.length);
    expect(data.points[0]!.rows).toBe(2);
    expect(data.points[0]!.high - data.points[0]!.low).toBeCloseTo(0.1, 12);
    expect(fitCurves(l3, twice, 'loss').caption).toContain('mean over rows of the same point');
  });

  it('draws predictions of the rows themselves for a form that needs further columns', () => {
    const given = rows.map((row) => ({ ...row, inputs: { baseLoss: 2 } }));
    const fit = fittedLoss(['forgetting'], given).fits[0]!;
    expect(fitCurveData(fit, given).curve).toEqual([]);
    expect(curvePoints(fit, given).every(({ predicted }) => Number.isFinite(predicted))).toBe(true);
    expect(fitCurves(fit, given, 'loss').caption).toContain('Rings: predicted by forgetting');
  });

  it('picks sizes evenly', () => {
    expect(evenly([1, 2, 3], 8)).toEqual([1, 2, 3]);
    expect(evenly([1, 2, 3, 4, 5, 6, 7], 3)).toEqual([1, 4, 7]);
  });
});
