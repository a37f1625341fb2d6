import { expect, test } from 'vitest';
import type { Curve } from '../../../src/dashboard/api/sweeps.ts';
import {
  alignCurves,
  chosenCurves,
  curveRows,
  lossOf,
  nearestPoint,
} from '../../../src/dashboard/charts/curvesData.ts';

const curve = (run: string, tokens: number[], losses: number[], more: Partial<Curve> = {}): Curve => ({
  ...{ run, label: run, kind: 'cpt', domain: 'math', modelSize: 6000, domainRatio: 0.5, seed: 1, tokens },
  generalLoss: losses,
  domainLoss: losses.map((loss) => loss - 1),
  generalBitsPerByte: losses.map((loss) => loss / 2),
  domainBitsPerByte: losses.map((loss) => loss / 4),
  ...more,
});
const A = curve('a', [0, 100, 300], [4, 3, 2]);
const B = curve('b', [0, 200, 300], [5, 4, 3], { domainRatio: 0.1, modelSize: 14_000, seed: 2 });

test('curves are put over the tokens of all, with gaps where one was not measured', () => {
  expect(alignCurves([A, B], 'general', 'nats', false)).toEqual({
    tokens: [0, 100, 200, 300],
    losses: [
      [4, 3, null, 2],
      [5, null, 4, 3],
    ],
  });
});

test('a logarithmic axis leaves 0 tokens out', () => {
  expect(alignCurves([A], 'domain', 'nats', true)).toEqual({ tokens: [100, 300], losses: [[2, 1]] });
});

test('bits per byte are columns of their own', () => {
  expect(lossOf(A, 'general', 'bits')).toEqual([2, 1.5, 1]);
  expect(lossOf(A, 'domain', 'bits')).toEqual([1, 0.75, 0.5]);
});

test('curves are chosen by every part of the filter; base models only when asked for', () => {
  const base = curve('base', [0], [6], { kind: 'base', domain: null, domainRatio: 0 });
  const all = { domain: null, modelSizes: null, ratios: null, seeds: null, base: true };
  const runs = (filter: Partial<typeof all> & object) =>
    chosenCurves([A, B, base], { ...all, ...filter } as never).map(({ run }) => run);
  expect(runs({})).toEqual(['a', 'b', 'base']);
  expect(runs({ base: false })).toEqual(['a', 'b']);
  expect(runs({ domain: 'law' } as never)).toEqual(['base']);
  expect(runs({ ratios: [0.1] } as never)).toEqual(['b', 'base']);
  expect(runs({ modelSizes: [6000] } as never)).toEqual(['a', 'base']);
  expect(runs({ seeds: [2] } as never)).toEqual(['b']);
});

test('the nearest measured point is found, and none beyond the reach', () => {
  const aligned = alignCurves([A, B], 'general', 'nats', false);
  const toX = (tokens: number) => tokens;
  const toY = (loss: number) => 100 - loss * 10;
  expect(nearestPoint(aligned, { x: 205, y: 62 }, toX, toY)).toEqual({ curve: 1, point: 2 });
  // The first curve has no measurement at 200: its gap is never chosen.
  expect(nearestPoint(aligned, { x: 296, y: 79 }, toX, toY)).toEqual({ curve: 0, point: 3 });
  expect(nearestPoint(aligned, { x: 150, y: 0 }, toX, toY)).toBeNull();
});

test('a table has a row a measurement', () => {
  expect(curveRows([A])[1]).toEqual(['a', 'cpt', 'math', 6000, 0.5, 1, 100, 3, 2, 1.5, 0.75]);
});
