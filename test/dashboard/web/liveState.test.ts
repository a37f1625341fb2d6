import { expect, test } from 'vitest';
import type { LiveObservation } from '../../../src/dashboard/api/live.ts';
import type { RunRow, SweepSummary } from '../../../src/dashboard/api/sweeps.ts';
import {
  mergeLog,
  mergeObservations,
  mergeRows,
  mergeSummary,
  mergeThroughput,
} from '../../../src/dashboard/web/liveState.ts';

const row = (run: string, status: RunRow['status'] = 'planned'): RunRow => ({
  ...{ run, label: run, kind: 'cpt', domain: 'math', domainRatio: 0.5, seed: 1, modelSize: 10, status },
  ...{ tokens: 0, totalTokens: 100, generalLoss: null, domainLoss: null, reason: null },
});
const seen = (run: string, tokens: number, generalLoss: number): LiveObservation => ({
  ...{ run, tokens, generalLoss, domainLoss: generalLoss - 1 },
  ...{ generalBitsPerByte: generalLoss / 2, domainBitsPerByte: null },
});

test('changed rows are replaced in their place; the others stay the same objects', () => {
  const before = [row('a'), row('b'), row('c')];
  const after = mergeRows(before, [row('b', 'running'), row('unknown')]);
  expect(after.map(({ run, status }) => `${run} ${status}`)).toEqual(['a planned', 'b running', 'c planned']);
  expect(after[0]).toBe(before[0]);
  expect(mergeRows(before, [row('unknown')])).toBe(before);
  expect(mergeRows(before, [])).toBe(before);
});

test('measurements come to their curves in the order of tokens, each once', () => {
  const rows = [row('a'), row('b')];
  const first = mergeObservations(new Map(), [seen('a', 100, 3), seen('a', 0, 4)], rows);
  expect(first.get('a')).toMatchObject({ label: 'a', modelSize: 10, tokens: [0, 100], generalLoss: [4, 3] });
  const again = mergeObservations(first, [seen('a', 100, 3), seen('b', 0, 5)], rows);
  expect(again.get('a')!.tokens).toEqual([0, 100]);
  expect(again.get('a')!.domainLoss).toEqual([3, 2]);
  expect(again.get('b')!.generalLoss).toEqual([5]);
  // What was held before is not touched: charts compare by identity.
  expect(first.get('b')).toBeUndefined();
  expect(mergeObservations(again, [seen('b', 50, 4)], rows).get('a')).toBe(again.get('a'));
});

test('measurements of runs of another sweep change nothing', () => {
  const curves = new Map();
  expect(mergeObservations(curves, [seen('stranger', 0, 1)], [row('a')])).toBe(curves);
  expect(mergeObservations(curves, [], [row('a')])).toBe(curves);
});

test('throughput grows by newer samples only; workers come and go', () => {
  const known = { times: [1, 2], workers: [{ id: 'a', host: 'h', rates: [10, 11] }] };
  const newest = { times: [2, 3], workers: [{ id: 'b', host: 'i', rates: [null, 7] }] };
  expect(mergeThroughput(known, newest)).toEqual({
    times: [1, 2, 3],
    workers: [
      { id: 'a', host: 'h', rates: [10, 11, null] },
      { id: 'b', host: 'i', rates: [null, null, 7] },
    ],
  });
  expect(mergeThroughput(known, { times: [2], workers: [] })).toBe(known);
  expect(mergeThroughput(null, newest)).toBe(newest);
});

test('throughput keeps half an hour', () => {
  const long = Array.from({ length: 1800 }, (_, at) => at);
  const known = { times: long, workers: [{ id: 'a', host: 'h', rates: long }] };
  const { times, workers } = mergeThroughput(known, {
    times: [5000],
    workers: [{ id: 'a', host: 'h', rates: [1] }],
  });
  expect(times).toHaveLength(1800);
  expect(times.at(-1)).toBe(5000);
  expect(workers[0]!.rates).toHaveLength(1800);
  expect(workers[0]!.rates[0]).toBe(1);
});

test('lines of a log are never doubled, and a gap starts it anew', () => {
  expect(mergeLog(['a', 'b'], { from: 2, lines: ['c'] })).toEqual(['a', 'b', 'c']);
  expect(mergeLog(['a', 'b'], { from: 0, lines: ['a', 'b', 'c'] })).toEqual(['a', 'b', 'c']);
  expect(mergeLog(['a'], { from: 5, lines: ['f'] })).toEqual(['f']);
});

test('a sweep’s own line goes over what is known of it', () => {
  const detail = { sweep: 'math', state: 'running', lawForm: 'L3' } as unknown as SweepSummary;
  const summaries = [{ sweep: 'math', state: 'paused' }] as unknown as SweepSummary[];
  expect(mergeSummary(detail, summaries)).toMatchObject({ state: 'paused', lawForm: 'L3' });
  expect(mergeSummary(detail, [])).toBe(detail);
});
