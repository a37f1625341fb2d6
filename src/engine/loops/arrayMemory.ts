import { elementsOf } from '../trace/stateLayout.ts';
import type { TensorSpec, TensorValues } from '../types.ts';

/** Every array begins at a multiple of this, and has all bytes up to the next for itself. */
const ALIGNMENT_BYTES = 64;
const PAGE_BYTES = 65_536;
/** What a WebAssembly memory can have at most. */
export const MOST_MEMORY_BYTES = 65_536 * PAGE_BYTES;

/** One block of memory that loops can work on, handed out array by array; zeros at first. */
export interface ArrayMemory {
  memory: WebAssembly.Memory;
  /** The next array. Throws when more is asked for than was announced. */
  take(spec: TensorSpec): TensorValues;
}

/** Bytes that an array takes. */
export function spaceOf(spec: TensorSpec): number {
  return Math.ceil((elementsOf(spec) * 4) / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}

/** This process cannot have loops: there is no memory for them, or no room for the addresses that Node sets aside (8 GB and more for each memory). */
export class NoLoops extends Error {
  override readonly name = 'NoLoops';
}

/** `bytes`: the sum of spaceOf over all arrays that will be taken. Throws NoLoops where the system refuses it. */
export function arrayMemory(bytes: number): ArrayMemory {
  const memory = newMemory(Math.ceil(bytes / PAGE_BYTES));
  let next = 0;
  return {
    memory,
    take: (spec) => {
      const offset = next;
      next += spaceOf(spec);
      if (next > bytes) throw new Error('more arrays than the memory was made for');
      return spec.dtype === 'int32'
        ? new Int32Array(memory.buffer, offset, elementsOf(spec))
        : new Float32Array(memory.buffer, offset, elementsOf(spec));
    },
  };
}

function newMemory(pages: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new NoLoops(`${Math.ceil((pages * PAGE_BYTES) / 1e6)} MB were refused (${error.message})`);
  }
}
