import { describe, expect, it } from 'vitest';
import { trainerSeats } from '../../src/queue/trainerSeats.ts';
import { HandedBack } from '../../src/queue/types.ts';

const never = new AbortController().signal;
/** Two trainers of three seats: slots 0 to 2 and 3 to 5. */
const twoOfThree = () => trainerSeats(6, (slot) => Math.floor(slot / 3));

/** What a run was given so far: a slot, or null while it waits. */
function asked(seats: ReturnType<typeof trainerSeats>, share: number | null = null, signal = never) {
  const run = { slot: null as number | null, refused: null as unknown };
  seats.take(share, signal).then(
    (slot) => (run.slot = slot),
    (error) => (run.refused = error),
  );
  return run;
}
const settled = () => new Promise((done) => setImmediate(done));
const slotsOf = async (runs: readonly { slot: number | null }[]) => {
  await settled();
  return runs.map((run) => run.slot);
};

describe('seats of trainers', () => {
  it('spread runs evenly, the trainer with the fewest first', async () => {
    const seats = twoOfThree();
    const runs = Array.from({ length: 6 }, () => asked(seats));
    expect(await slotsOf(runs)).toEqual([0, 3, 1, 4, 2, 5]);
    const next = [asked(seats), asked(seats)];
    expect(await slotsOf(next)).toEqual([null, null]);
    // Of the second trainer two end: it is the emptier one.
    seats.release(4);
    expect(await slotsOf(next)).toEqual([4, null]);
    seats.release(0);
    expect(await slotsOf(next)).toEqual([4, 0]);
  });

  it('give a slot each to trainers of their own, and again when it is free', async () => {
    const seats = trainerSeats(2, (slot) => slot);
    const runs = [asked(seats), asked(seats), asked(seats)];
    expect(await slotsOf(runs)).toEqual([0, 1, null]);
    seats.release(1);
    expect(await slotsOf(runs)).toEqual([0, 1, 1]);
  });

  it('let runs in as long as their shares leave room, whatever rounding says', async () => {
    const seats = trainerSeats(8, () => 0);
    // In floating point 1 − 4 · 0.2 is less than 0.2.
    const fifths = [1, 2, 3, 4, 5].map(() => asked(seats, 1 / 5));
    const eighth = asked(seats, 1 / 8);
    expect(await slotsOf([...fifths, eighth])).toEqual([0, 1, 2, 3, 4, null]);
    seats.release(1);
    expect(await slotsOf([eighth])).toEqual([1]);
  });

  it('a share counts for its own trainer only', async () => {
    const seats = twoOfThree();
    const runs = [asked(seats, 0.9), asked(seats, 0.5), asked(seats, 0.5), asked(seats, 0.05)];
    expect(await slotsOf(runs)).toEqual([0, 3, 4, 1]);
  });

  it('a large run at the head is not passed by small ones behind it', async () => {
    const seats = trainerSeats(4, () => 0);
    const small = [asked(seats), asked(seats)];
    const large = asked(seats, 0.75);
    const behind = asked(seats);
    expect(await slotsOf([...small, large, behind])).toEqual([0, 1, null, null]);
    seats.release(0);
    expect(await slotsOf([large, behind])).toEqual([0, null]);
    seats.release(1);
    expect(await slotsOf([behind])).toEqual([1]);
  });

  it('when the head gives up, those behind it are looked at', async () => {
    const seats = trainerSeats(4, () => 0);
    const first = asked(seats, 0.5);
    const stop = new AbortController();
    const large = asked(seats, 1, stop.signal);
    const behind = asked(seats);
    expect(await slotsOf([first, large, behind])).toEqual([0, null, null]);
    stop.abort();
    expect(await slotsOf([large, behind])).toEqual([null, 1]);
    expect(large.refused).toBeInstanceOf(HandedBack);
    // An abort that comes later takes nothing away from anybody.
    seats.release(0);
    expect(await slotsOf([asked(seats, 0.75)])).toEqual([0]);
  });

  it('who is aborted before it asks gets nothing and takes nothing', async () => {
    const seats = trainerSeats(1, () => 0);
    const run = asked(seats, null, AbortSignal.abort());
    expect(await slotsOf([run, asked(seats)])).toEqual([null, 0]);
    expect(run.refused).toBeInstanceOf(HandedBack);
  });

  it.each([0, -0.5, 1.01, Number.NaN])('refuse a share of %d', async (share) => {
    await expect(trainerSeats(2, () => 0).take(share, never)).rejects.toThrow(RangeError);
  });
});
