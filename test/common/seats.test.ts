import { describe, expect, it } from 'vitest';
import { shownPlaces } from '../../src/common/seats.ts';

const shown = (places: Parameters<typeof shownPlaces>[0]) =>
  shownPlaces(places).map(({ name, place }) => `${name}${place.doing ? `: ${place.doing}` : ''}`);

describe('shownPlaces', () => {
  it('shows a device with one seat by its name, busy or idle', () => {
    expect(
      shown([
        { device: 'cpu 0', seat: null, doing: 'a' },
        { device: 'cpu 1', seat: null, doing: null },
      ]),
    ).toEqual(['cpu 0: a', 'cpu 1']);
  });

  it('shows seats that have a run, and the idle ones of each device together', () => {
    const seats = (device: string, ...doing: (string | null)[]) =>
      doing.map((each, seat) => ({ device, seat, doing: each }));
    expect(
      shown([
        ...seats('gpu 0', null, 'a', null, 'b', null),
        ...seats('gpu 1', null, null, null),
        ...seats('gpu 2', 'c', null),
        ...seats('gpu 3', 'd', 'e'),
      ]),
    ).toEqual([
      'gpu 0 seat 1: a',
      'gpu 0 seat 3: b',
      'gpu 0, 3 seats',
      'gpu 1, 3 seats',
      'gpu 2 seat 0: c',
      'gpu 2 seat 1',
      'gpu 3 seat 0: d',
      'gpu 3 seat 1: e',
    ]);
  });
});
