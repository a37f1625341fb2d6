import { describe, expect, it } from 'vitest';
import { inZone, nextDue, parseSchedule } from '../../src/refit/cron.ts';

const at = (text: string) => Date.parse(text);

describe('a schedule', () => {
  it('is due by the clock of its zone, on both sides of summer time', () => {
    const nightly = parseSchedule('0 3 * * *', 'Europe/Berlin');
    const due = (after: string) => nextDue(nightly, at(after))?.toISOString();
    expect(due('2027-01-10T12:00:00Z')).toBe('2027-01-11T02:00:00.000Z');
    expect(due('2027-07-10T12:00:00Z')).toBe('2027-07-11T01:00:00.000Z');
    // The clocks go forward at two.
    expect(due('2027-03-27T12:00:00Z')).toBe('2027-03-28T01:00:00.000Z');
    expect(inZone(new Date('2027-01-11T02:00:00Z'), 'Europe/Berlin')).toBe(
      '2027-01-11 03:00:00 Europe/Berlin',
    );
  });

  it('may have seconds, and names of days', () => {
    expect(
      nextDue(parseSchedule(' */2 * * * * * ', 'UTC'), at('2027-01-10T12:00:00.5Z'))?.toISOString(),
    ).toBe('2027-01-10T12:00:02.000Z');
    expect(nextDue(parseSchedule('30 4 * * THU', 'UTC'), at('2027-01-10T12:00:00Z'))?.toISOString()).toBe(
      '2027-01-14T04:30:00.000Z',
    );
  });

  it.each([
    '',
    'tonight',
    '0 3 * *',
    '0 3 * * * * *',
    '60 3 * * *',
    '0 25 * * *',
    '0 3 * * XYZ',
    'a b c d e',
    '0 3 30 2 *',
    'H 3 * * *',
    'H/5 3 * * *',
    '@daily',
  ])('%o is refused', (pattern) => {
    expect(() => parseSchedule(pattern, 'UTC')).toThrow(/^--schedule: /);
  });

  it('in an unknown zone is refused', () => {
    expect(() => parseSchedule('0 3 * * *', 'Europe/Atlantis')).toThrow(/"Europe\/Atlantis" is not a known/);
  });
});
