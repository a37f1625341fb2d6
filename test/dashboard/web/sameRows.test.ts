import { expect, it } from 'vitest';
import type { RunRow } from '../../../src/dashboard/api/sweeps.ts';
import { sameRows } from '../../../src/dashboard/web/liveState.ts';

const row = (run: string, tokens = 0): RunRow => ({
  ...{ run, label: run, kind: 'cpt', domain: 'math', domainRatio: 0.5, seed: 1, modelSize: 6000 },
  ...{ status: 'running', tokens, totalTokens: 100, generalLoss: null, domainLoss: null, reason: null },
});

it('rows asked for again stay the same objects, unless they say something else', () => {
  const known = [row('a'), row('b'), row('gone')];
  const given = [row('new'), row('b', 10), row('a')];
  const same = sameRows(known, given);
  expect(same).toEqual(given);
  expect(same[2]).toBe(known[0]);
  expect(same[1]).toBe(given[1]);
});
