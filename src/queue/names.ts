/** All keys of all queues begin with this, so that a shared Redis shows whose they are. */
export const PREFIX = 'mixture-law';

/** What a run may need, smallest first. A worker takes runs of its own class before those of smaller ones. */
export const DEVICE_CLASSES = ['cpu', 'gpu', 'gpu-40g', 'gpu-80g'] as const;
export type DeviceClass = (typeof DEVICE_CLASSES)[number];

/** What must agree between a run and a worker: the place of its inputs, the engine, the numerics. */
export interface QueueIdentity {
  /** 32 hex digits, see ArtifactHome. */
  homeId: string;
  engine: string;
  numericsVersion: number;
}

/**
 * The name that the queues of one identity share, e.g. `runs-0123abcd-onnx-v3`. A worker of another engine, numerics
 * version or artifact home polls other queues, so it cannot take a run that it must not train.
 */
export function queueBase({ homeId, engine, numericsVersion }: QueueIdentity): string {
  return `runs-${homeId.slice(0, 8)}-${engine}-v${numericsVersion}`;
}

export function classQueue(base: string, deviceClass: DeviceClass): string {
  return `${base}-${deviceClass}`;
}

/** Own class first, then smaller ones, the largest of them first. */
export function classesFor(own: DeviceClass): DeviceClass[] {
  return DEVICE_CLASSES.slice(0, DEVICE_CLASSES.indexOf(own) + 1).reverse();
}
