import { expect, test } from 'vitest';
import type { SweepSummary } from '../../../src/dashboard/api/sweeps.ts';
import { outsideWords } from '../../../src/dashboard/web/fitWords.ts';
import { measuredRange, questionOf, questionQuery } from '../../../src/dashboard/web/question.ts';
import { routeOf, tabOf, titleOf, views } from '../../../src/dashboard/web/routes.ts';
import { beyond, beyondWords, positionOf, valueAt } from '../../../src/dashboard/web/sliderScale.ts';
import {
  ago,
  answerWords,
  countFrom,
  flopsWords,
  intervalWords,
  progressOf,
  progressWords,
  runsWords,
  timeLeft,
} from '../../../src/dashboard/web/words.ts';

test('paths name views, and nothing else does', () => {
  expect(routeOf('/')).toEqual({ view: 'sweeps' });
  expect(routeOf('/sweeps/a%20b/')).toEqual({ view: 'sweep', sweep: 'a b' });
  expect(routeOf('/runs/abc')).toEqual({ view: 'run', run: 'abc' });
  expect(routeOf('/queue')).toEqual({ view: 'queue' });
  for (const path of ['/nothing', '/sweeps/a/b', '/bull-board', '/sweeps/%E0%A4%A', '/queue/x']) {
    expect(routeOf(path).view).toBe('none');
  }
  expect(views.sweep('math', 'law', { domain: 'math' })).toBe('/sweeps/math?tab=law&domain=math');
  expect(tabOf(new URLSearchParams('tab=law'))).toBe('law');
  expect(tabOf(new URLSearchParams('tab=nonsense'))).toBe('grid');
  expect(titleOf({ view: 'sweep', sweep: 'math' }, 'law', null)).toBe('Law · math · Mixture law');
  expect(titleOf({ view: 'run', run: 'f'.repeat(64) }, 'grid', null)).toBe(
    'ffffffffffff · run · Mixture law',
  );
});

test('an answer is a number only when there is one to stand by', () => {
  const interval = { low: 0.21, high: 0.4, level: 0.9 };
  expect(answerWords({ status: 'recommended', domainRatio: 0.33, interval })).toBe('0.33 (0.21–0.40)');
  expect(answerWords({ status: 'recommended', domainRatio: 0.33, interval: null })).toBe('0.33, no interval');
  expect(answerWords({ status: 'infeasible', domainRatio: 0.33, interval })).toBe('infeasible');
  expect(answerWords({ status: 'not-identified', domainRatio: 0.5, interval })).toBe('not identified');
  expect(intervalWords(interval, (value) => value.toFixed(1))).toBe('0.2–0.4 (90\u00a0%)');
});

test('progress is by tokens, and is neither begun nor ended by rounding', () => {
  const runs = { total: 10, planned: 3, running: 2, done: 4, diverged: 0, failed: 1 };
  const sweep = { tokens: { trained: 999, planned: 1000 }, runs };
  expect(progressOf(sweep)).toBe(0.999);
  expect(progressWords(0.999)).toBe('99\u00a0%');
  expect(progressWords(0.0001)).toBe('1\u00a0%');
  expect(progressWords(1)).toBe('100\u00a0%');
  expect(runsWords({ runs })).toBe('4 of 10 runs done, 2 running, 1 failed');
  const left = (state: SweepSummary['state'], secondsLeft: number | null) => timeLeft({ state, secondsLeft });
  expect(left('running', 200)).toBe('3 min 20 s left');
  expect(left('running', null)).toBe('time left not known yet');
  expect(left('incomplete', null)).toBe('not running');
});

test('numbers for people', () => {
  expect(flopsWords(3.04e13)).toBe('30.4 TFLOP');
  expect(flopsWords(0)).toBe('–');
  const now = Date.parse('2026-01-01T12:00:00Z');
  expect(ago('2026-01-01T11:58:00Z', now)).toBe('2 min ago');
  expect(ago('2026-01-01T12:00:09Z', now)).toBe('now');
  expect(ago('2025-12-29T12:00:00Z', now)).toBe('3 days ago');
  expect(outsideWords(4, 5, 100)).toMatch(/by chance\.$/);
  expect(outsideWords(40, 5, 100)).toContain('misses something');
});

test('counts are read as people type them', () => {
  expect(countFrom('55.5k')).toBe(55_500);
  expect(countFrom(' 1.8B ')).toBe(1.8e9);
  expect(countFrom('300,000')).toBe(300_000);
  expect(countFrom('2e9')).toBe(2e9);
  for (const text of ['', 'x', '-5', '0', '1.2.3', '5q']) expect(countFrom(text)).toBeNull();
});

test('a slider goes from the least measured to a thousand times the most, and back to the same value', () => {
  const scale = beyond(6000, 55_536);
  expect(scale).toEqual({ low: 6000, high: 55_536_000 });
  expect(valueAt(0, scale)).toBe(6000);
  expect(valueAt(1000, scale)).toBe(55_536_000);
  for (const position of [1, 137, 500, 999]) {
    expect(Math.abs(positionOf(valueAt(position, scale), scale) - position)).toBeLessThanOrEqual(1);
  }
  expect(positionOf(1, scale)).toBe(0);
  expect(positionOf(1e15, scale)).toBe(1000);
  expect(beyondWords(55_536, 6000, 55_536)).toBeNull();
  expect(beyondWords(555_360_000, 6000, 55_536)).toBe('10,000 times the largest measured');
  expect(beyondWords(100, 6000, 55_536)).toBe('less than the smallest measured');
});

test('a question stands in the address; what it leaves out is the config’s target', () => {
  const range = { modelSizes: [10, 20], leastTokens: 5, mostTokens: 100 };
  const target = { modelSize: null, tokens: 50, tolerance: 0.02 };
  const own = questionOf(new URLSearchParams(), target, range);
  expect(own).toEqual({
    modelSize: 20,
    tokens: 50,
    tolerance: 0.02,
    toleranceNats: null,
    domainTokens: null,
  });
  const asked = questionOf(new URLSearchParams('modelSize=7&tokens=x&toleranceNats=0.1'), target, range);
  expect(asked).toMatchObject({ modelSize: 7, tokens: 50, toleranceNats: 0.1 });
  // Both tolerances at once would be two questions.
  expect(questionQuery(asked)).toMatchObject({ toleranceNats: 0.1, tolerance: null });
  expect(questionOf(new URLSearchParams('tolerance=7'), target, range).tolerance).toBe(0.02);
});

test('what was measured is told by the runs of the domain alone', () => {
  const row = (domain: string | null, totalTokens: number) => ({
    kind: domain ? 'cpt' : 'base',
    domain,
    totalTokens,
  });
  const rows = [row(null, 9000), row('math', 100), row('math', 400), row('law', 7000)] as never;
  expect(measuredRange({ modelSizes: [1] } as never, rows, 'math')).toEqual({
    ...{ modelSizes: [1], leastTokens: 10, mostTokens: 400 },
  });
});
