import type { GraphConstant } from '../trace/graph.ts';
import type { TensorSpec, TensorValues } from '../types.ts';
import type { ArrayMemory } from './arrayMemory.ts';
import type { Carried, CutGraph, Loop } from './cutLoops.ts';
import { compileLoops, type LoopPlaces } from './loopModule.ts';

/** The update of the state, taken out of a function's graph. */
export interface StateLoops {
  loops: readonly Loop[];
  /** What the graph computes for them, by output. */
  given: Readonly<Record<string, TensorSpec>>;
  /** Arrays that are always the same. */
  constants: readonly GraphConstant[];
  /** Which state buffer an input stands for, and an output replaces. */
  buffers: Readonly<Record<string, string>>;
}

/** What a cut graph leaves to loops. `constants`: those of the whole graph; `carried`: every buffer that it replaces. */
export function stateLoops(
  { loops, given }: CutGraph,
  constants: readonly GraphConstant[],
  carried: readonly (Carried & { buffer: string })[],
): StateLoops {
  const read = new Set(loops.flatMap(({ arrays, scalars }) => [...arrays, ...scalars]));
  return {
    loops,
    given: Object.fromEntries(given.map(({ name, shape }) => [name, { shape, dtype: 'float32' }])),
    constants: constants.filter(({ value }) => read.has(value.name)),
    buffers: Object.fromEntries(
      carried.flatMap(({ output, input, buffer }) => [
        [output, buffer],
        [input, buffer],
      ]),
    ),
  };
}

/** Arrays that the loops of a function need beside the state. */
export function arraysOf({ given, constants }: StateLoops): TensorSpec[] {
  return [
    ...Object.values(given),
    ...constants.map(({ value }): TensorSpec => ({ shape: value.shape, dtype: 'float32' })),
  ];
}

/** A function's loops, ready to be run after its graph. */
export interface OpenedLoops {
  /** Where the graph is to put what it computes for the loops, by output. */
  targets: Readonly<Record<string, TensorValues>>;
  /** Replaces the state. `bufferArray`: a state buffer's array, in the loops' memory. */
  run(bufferArray: (buffer: string) => TensorValues): void;
}

/** Takes the arrays beside the state out of `memory` and compiles the loops. Throws NoLoops as compileLoops does. */
export async function openLoops(
  { loops, given, constants, buffers }: StateLoops,
  memory: ArrayMemory,
): Promise<OpenedLoops> {
  const targets = Object.fromEntries(
    Object.entries(given).map(([output, spec]) => [output, memory.take(spec)]),
  );
  const fixed = new Map(Object.entries(targets).map(([name, array]) => [name, array.byteOffset]));
  for (const { value, data } of constants) {
    const array = memory.take({ shape: value.shape, dtype: 'float32' });
    (array as Float32Array).set(data as Float32Array);
    fixed.set(value.name, array.byteOffset);
  }
  const module = await compileLoops(loops, memory.memory);
  return {
    targets,
    run: (bufferArray) => {
      const place = (name: string): number => fixed.get(name) ?? bufferArray(buffers[name]!).byteOffset;
      loops.forEach(({ arrays, scalars, results }, i) => {
        const places: LoopPlaces = {
          arrays: arrays.map(place),
          scalars: scalars.map(place),
          results: results.map(place),
        };
        module.run(i, places);
      });
    },
  };
}
