import { HandedBack } from './types.ts';

export interface TrainerSeats {
  /**
   * Resolves with a slot, taken until it is released, as soon as its trainer has room for this share of its device
   * (0 to 1; null: one seat's, 1 / slots of the trainer). Rejects with a HandedBack when the signal aborts before.
   */
  take(share: number | null, signal: AbortSignal): Promise<number>;
  release(slot: number): void;
}

/** Shares are quotients: five fifths must fit. */
const SHARE_TOLERANCE = 1e-9;

/**
 * Hands out the slots of trainers, several of which may share one: to the trainer with the fewest runs first, in the
 * order in which they were asked for. A large run that waits at the head is not passed by small ones behind it, or it
 * might wait for ever.
 */
export function trainerSeats(slots: number, trainerOf: (slot: number) => number): TrainerSeats {
  const slotsOfTrainer = new Map<number, number[]>();
  for (let slot = 0; slot < slots; slot++) {
    const trainer = trainerOf(slot);
    slotsOfTrainer.set(trainer, [...(slotsOfTrainer.get(trainer) ?? []), slot]);
  }
  const trainers = [...slotsOfTrainer.values()];
  /** Shares of the slots that are taken. */
  const taken = new Map<number, number>();
  const waiting: { share: number | null; give(slot: number): void }[] = [];

  const freeSlot = (wanted: number | null): { slot: number; share: number } | null => {
    let best: { slot: number; share: number; runs: number } | null = null;
    for (const mine of trainers) {
      const share = wanted ?? 1 / mine.length;
      const shares = mine.map((slot) => taken.get(slot)).filter((each) => each !== undefined);
      const room = 1 + SHARE_TOLERANCE - shares.reduce((sum, each) => sum + each, 0);
      const runs = shares.length;
      if (runs === mine.length || share > room || (best && best.runs <= runs)) continue;
      best = { slot: mine.find((slot) => !taken.has(slot))!, share, runs };
    }
    return best;
  };

  const serve = (): void => {
    for (let head = waiting[0]; head; head = waiting[0]) {
      const free = freeSlot(head.share);
      if (!free) return;
      waiting.shift();
      taken.set(free.slot, free.share);
      head.give(free.slot);
    }
  };

  return {
    take: (share, signal) =>
      new Promise((resolve, reject) => {
        if (share !== null && !(share > 0 && share <= 1))
          throw new RangeError(`a run's share of its trainer is above 0 and at most 1, not ${share}`);
        const giveUp = () => {
          const at = waiting.indexOf(wanting);
          if (at >= 0) waiting.splice(at, 1);
          reject(new HandedBack('stopped before it began'));
          // Those behind it may be smaller.
          serve();
        };
        const wanting = {
          share,
          give: (slot: number) => {
            signal.removeEventListener('abort', giveUp);
            resolve(slot);
          },
        };
        if (signal.aborted) return giveUp();
        signal.addEventListener('abort', giveUp, { once: true });
        waiting.push(wanting);
        serve();
      }),
    release: (slot) => {
      taken.delete(slot);
      serve();
    },
  };
}
