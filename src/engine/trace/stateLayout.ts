import type { SessionDefinition, TensorSpec, TensorSpecs } from '../types.ts';

/**
 * State entries of fewer elements than this share a buffer with their like: every graph input and output has a fixed
 * cost per call, which dozens of small tensors would pay dozens of times.
 */
const SHARED_BELOW_ELEMENTS = 16_384;

/** One array of state that a graph takes and gives as a whole; it holds one entry, or several end to end. */
export interface StateBuffer {
  spec: TensorSpec;
  entries: { name: string; spec: TensorSpec; offset: number; size: number }[];
}

/**
 * Which state entries share a buffer: the small float32 ones whose names agree up to the first '/' (parameters, `m/…`,
 * `v/…`), in the state's order. A step function that handles them as one flat vector in that order, as an optimiser
 * can, then reads and writes the buffer itself, without copies.
 */
export function stateLayout(definition: Pick<SessionDefinition, 'state'>): Record<string, StateBuffer> {
  const buffers: Record<string, StateBuffer> = {};
  const { shared, own } = partition(definition.state);
  for (const [name, spec] of own) {
    buffers[`own:${name}`] = { spec, entries: [{ name, spec, offset: 0, size: elementsOf(spec) }] };
  }
  for (const [name, spec] of shared) {
    const key = `shared:${name.includes('/') ? name.slice(0, name.indexOf('/')) : ''}`;
    const entries = buffers[key]?.entries ?? [];
    const offset = entries.reduce((sum, entry) => sum + entry.size, 0);
    const size = elementsOf(spec);
    entries.push({ name, spec, offset, size });
    buffers[key] = { spec: { shape: [offset + size], dtype: 'float32' }, entries };
  }
  return buffers;
}

/** Name of an entry that several runs have, each its own. */
export const entryOfRun = (run: number, name: string): string => `${run}:${name}`;

/** The same buffers for several runs: each with a leading axis of `runs`, and every entry once for each run. */
export function layoutOverRuns(
  layout: Record<string, StateBuffer>,
  runs: number,
): Record<string, StateBuffer> {
  const over = ({ spec, entries }: StateBuffer): StateBuffer => ({
    spec: { ...spec, shape: [runs, ...spec.shape] },
    entries: Array.from({ length: runs }, (_, run) =>
      entries.map((entry) => ({
        ...entry,
        name: entryOfRun(run, entry.name),
        offset: run * elementsOf(spec) + entry.offset,
      })),
    ).flat(),
  });
  return Object.fromEntries(Object.entries(layout).map(([key, buffer]) => [key, over(buffer)]));
}

function partition(specs: TensorSpecs): { shared: [string, TensorSpec][]; own: [string, TensorSpec][] } {
  const small = ([, spec]: [string, TensorSpec]): boolean =>
    spec.dtype === 'float32' && elementsOf(spec) < SHARED_BELOW_ELEMENTS;
  const entries = Object.entries(specs);
  return { shared: entries.filter(small), own: entries.filter((entry) => !small(entry)) };
}

/** Number of elements of an array of that shape. */
export function elementsOf(spec: TensorSpec): number {
  return spec.shape.reduce((product, side) => product * side, 1);
}
