import { describe, expect, it } from 'vitest';
import { openPace } from '../../../src/dashboard/server/pace.ts';

describe('the pace of a sweep', () => {
  it('tells the time left by what was done lately, and nothing before it knows', () => {
    const pace = openPace();
    expect(pace.secondsLeft('a', 10, 0)).toBeNull();
    for (let ms = 0; ms <= 10_000; ms += 1000) pace.note('a', ms / 100, ms);
    expect(pace.secondsLeft('a', 50, 10_000)).toBeCloseTo(5, 9);
    expect(pace.secondsLeft('a', 0, 10_000)).toBe(0);
    // Twice as fast for two minutes: what was before is forgotten.
    for (let ms = 11_000; ms <= 140_000; ms += 1000) pace.note('a', 100 + (ms - 10_000) / 50, ms);
    expect(pace.secondsLeft('a', 50, 140_000)).toBeCloseTo(2.5, 2);
  });

  it('begins anew when work was taken back', () => {
    const pace = openPace();
    pace.note('a', 100, 0);
    pace.note('a', 200, 5000);
    pace.note('a', 50, 6000);
    expect(pace.secondsLeft('a', 50, 6000)).toBeNull();
  });
});
