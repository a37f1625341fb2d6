import { expect, test } from 'vitest';
import type { RunRow } from '../../../src/dashboard/api/sweeps.ts';
import { gridsOf, linesOf, neighbour, placeOf, shareOf } from '../../../src/dashboard/charts/gridModel.ts';
import { gridSvg } from '../../../src/dashboard/charts/gridSvg.ts';
import { THEMES } from '../../../src/dashboard/charts/palette.ts';

const row = (run: string, modelSize: number, domainRatio: number, more: Partial<RunRow> = {}): RunRow => ({
  ...{ run, label: run, kind: 'cpt', domain: 'math', domainRatio, seed: 1, modelSize, status: 'planned' },
  ...{ tokens: 0, totalTokens: 100, generalLoss: null, domainLoss: null, reason: null },
  ...more,
});
const base = (run: string, modelSize: number) => row(run, modelSize, 0, { kind: 'base', domain: null });
const ROWS = [
  ...[base('b1', 10), base('b2', 20), row('a', 10, 0), row('b', 10, 0.5), row('c', 20, 0.5)],
  ...[row('c2', 20, 0.5, { seed: 2 }), row('law', 10, 1, { domain: 'law' })],
];

test('one grid a domain; base models stand in each', () => {
  const [math, law] = gridsOf(ROWS, ['math', 'law']);
  expect(math).toMatchObject({ domain: 'math', modelSizes: [10, 20], ratios: [0, 0.5], seeds: [1, 2] });
  expect(math!.places.get(placeOf(20, 0.5))!.map(({ run }) => run)).toEqual(['c', 'c2']);
  expect(law!.ratios).toEqual([1]);
  expect(law!.bases.get(20)!.map(({ run }) => run)).toEqual(['b2']);
});

test('a sweep without a domain has one grid of its base models', () => {
  expect(gridsOf([base('b1', 10)], [])).toMatchObject([{ domain: null, modelSizes: [10], ratios: [] }]);
  expect(gridsOf([], [])).toEqual([]);
});

test('arrow keys walk along a size and to the same ratio of the next one', () => {
  const lines = linesOf(gridsOf(ROWS, ['math'])[0]!);
  expect(lines.map((line) => line.map(({ run }) => run))).toEqual([
    ['b1', 'a', 'b'],
    ['b2', 'c', 'c2'],
  ]);
  expect(neighbour(lines, 'a', 'ArrowRight')).toBe('b');
  expect(neighbour(lines, 'b1', 'ArrowLeft')).toBeNull();
  expect(neighbour(lines, 'b', 'ArrowDown')).toBe('c');
  expect(neighbour(lines, 'c2', 'ArrowUp')).toBe('b');
  expect(neighbour(lines, 'b2', 'ArrowDown')).toBeNull();
  expect(neighbour(lines, 'c', 'End')).toBe('c2');
  expect(neighbour(lines, 'gone', 'ArrowUp')).toBeNull();
});

test('a run that is done is full, also when it was measured to less', () => {
  expect(shareOf(row('a', 1, 0, { tokens: 25 }))).toBe(0.25);
  expect(shareOf(row('a', 1, 0, { tokens: 99, status: 'done' }))).toBe(1);
  expect(shareOf(row('a', 1, 0, { totalTokens: 0 }))).toBe(0);
});

test('the picture has every run, and what stands in a label stays text', () => {
  const rows = [row('<script>x', 10, 0.5, { generalLoss: 2.5, status: 'done' })];
  const { svg } = gridSvg(gridsOf(rows, ['math'])[0]!, 'general', THEMES.light);
  expect(svg).toContain('&lt;script&gt;x: done');
  expect(svg).not.toContain('<script>');
  expect(svg).toContain('✓ 2.500');
});
