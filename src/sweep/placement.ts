import type { Announced } from '../queue/announcements.ts';
import { DEVICE_CLASSES, type DeviceClass } from '../queue/names.ts';
import { isGone, type WorkerInfo } from '../queue/workers.ts';

/** What must agree before a worker can take a sweep's runs. */
export interface Wanted {
  homeId: string;
  engine: string;
  numericsVersion: number;
}

/** Least memory of a class's devices when no worker says what it has, bytes. */
const NOMINAL_BYTES: Record<DeviceClass, number> = {
  cpu: 8e9,
  gpu: 16e9,
  'gpu-40g': 40e9,
  'gpu-80g': 80e9,
};

export interface Placement {
  /** The class whose queue a run goes to; null when no live worker can take it. */
  classOf(memoryBytes: number): DeviceClass | null;
  /** Slots of live workers that can take runs of this sweep. */
  slots: number;
  /** Why nothing, or not everything, can be placed: a sentence and what to do. Empty when all is well. */
  problemFor(label: string, memoryBytes: number): string;
  /** Said when there is nobody at all. */
  nobody: string | null;
}

/**
 * Where runs go: to the smallest device class that has a live worker with enough memory. While no worker is there, to
 * the class that would do, so that the first one that comes finds work.
 */
export function placeRuns(workers: readonly Announced<WorkerInfo>[], wanted: Wanted): Placement {
  const live = workers.filter((worker) => !isGone(worker) && !worker.info.draining);
  const able = live.filter(
    ({ info }) =>
      info.homeId === wanted.homeId &&
      info.engine === wanted.engine &&
      info.numericsVersion === wanted.numericsVersion,
  );
  const slots = able.flatMap(({ info }) => info.slots);
  const bytesOf = (deviceClass: DeviceClass) =>
    Math.max(0, ...slots.filter((slot) => slot.deviceClass === deviceClass).map((slot) => slot.memoryBytes));
  const largest = Math.max(0, ...slots.map((slot) => slot.memoryBytes));
  const others = live.length - able.length;
  const differing =
    others > 0
      ? `; ${others} live worker${others === 1 ? '' : 's'} cannot take its runs (another engine, numerics version or artifact home: npm run workers)`
      : '';
  return {
    classOf: (memoryBytes) => {
      if (able.length === 0) {
        return DEVICE_CLASSES.find((each) => NOMINAL_BYTES[each] >= memoryBytes) ?? 'gpu-80g';
      }
      return DEVICE_CLASSES.find((each) => bytesOf(each) >= memoryBytes && memoryBytes > 0) ?? null;
    },
    slots: slots.length,
    problemFor: (label, memoryBytes) =>
      `${label} needs about ${gigabytes(memoryBytes)} and the largest slot of a live worker has ${gigabytes(largest)}: ` +
      'start a worker on a larger device, or with fewer --slots',
    nobody:
      able.length === 0
        ? `no worker takes runs of this sweep: start one with npm run worker${differing}`
        : null,
  };
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toPrecision(2)} GB`;
}
