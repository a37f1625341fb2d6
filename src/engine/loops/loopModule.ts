import { messageOf } from '../../common/errors.ts';
import { NoLoops } from './arrayMemory.ts';
import { LOOP_INSTRUCTIONS, type Loop } from './cutLoops.ts';

/** Where a loop's arrays and scalars stand, bytes from the beginning of the memory, in the order of its `arrays`, `scalars`, `results`. */
export interface LoopPlaces {
  arrays: readonly number[];
  scalars: readonly number[];
  results: readonly number[];
}

/** Loops as machine code over one memory. */
export interface LoopModule {
  /** Runs one of the loops. Arrays are read and written in whole 16 bytes, up to 12 bytes past their end. */
  run(loop: number, places: LoopPlaces): void;
}

/** Bytes of a vector register: four elements. */
const STRIDE = 16;

/**
 * Compiles loops by way of WebAssembly; those that differ in names and sizes only share their code. Throws NoLoops where
 * the assembler does not start.
 */
export async function compileLoops(loops: readonly Loop[], memory: WebAssembly.Memory): Promise<LoopModule> {
  // Loaded when the first loop is compiled: most processes never train.
  const { default: openWabt } = await import('wabt');
  const wabt = await openWabt().catch((error) => {
    throw new NoLoops(`WebAssembly's assembler does not start (${messageOf(error)})`);
  });
  const bodies = loops.map(bodyOf);
  const distinct = [...new Set(bodies)];
  const text = [
    '(module (memory (import "host" "memory") 1)',
    ...distinct.map((body, i) => `(func (export "loop${i}") ${body})`),
    ')',
  ].join('\n');
  const parsed = wabt.parseWat('loops.wat', text, { simd: true });
  let binary: Uint8Array;
  try {
    binary = parsed.toBinary({}).buffer;
  } finally {
    parsed.destroy();
  }
  const { instance } = await WebAssembly.instantiate(Uint8Array.from(binary), { host: { memory } });
  const functions = bodies.map(
    (body) => instance.exports[`loop${distinct.indexOf(body)}`] as (...numbers: number[]) => void,
  );
  return {
    run: (loop, { arrays, scalars, results }) => {
      functions[loop]!(
        Math.ceil((loops[loop]!.size * 4) / STRIDE) * STRIDE,
        ...arrays,
        ...scalars,
        ...results,
      );
    },
  };
}

/**
 * Parameters, locals and instructions of a loop in WebAssembly's text format. All arrays are read before any is
 * written, so that a result may replace an array. Instructions round as float32 operations one by one do.
 */
function bodyOf({ arrays, scalars, steps, results }: Loop): string {
  const values = new Map([
    ...arrays.map((name, i) => [name, `$array${i}`] as const),
    ...scalars.map((name, i) => [name, `$scalar${i}`] as const),
    ...steps.map(({ result }, i) => [result, `$step${i}`] as const),
  ]);
  const value = (name: string): string => `(local.get ${values.get(name)!})`;
  const at = (kind: string, i: number): string =>
    `(i32.add (local.get $${kind}At${i}) (local.get $position))`;
  const places = (kind: string, names: readonly string[]): string[] =>
    names.map((_, i) => `(param $${kind}At${i} i32)`);
  return [
    '(param $end i32)',
    ...places('array', arrays),
    ...places('scalar', scalars),
    ...places('result', results),
    '(local $position i32)',
    ...[...values.values()].map((name) => `(local ${name} v128)`),
    ...scalars.map((_, i) => `(local.set $scalar${i} (v128.load32_splat (local.get $scalarAt${i})))`),
    '(loop $next',
    ...arrays.map((_, i) => `(local.set $array${i} (v128.load ${at('array', i)}))`),
    ...steps.map(
      ({ op, operands }, i) =>
        `(local.set $step${i} (${LOOP_INSTRUCTIONS[op]} ${operands.map(value).join(' ')}))`,
    ),
    ...results.map((name, i) => `(v128.store ${at('result', i)} ${value(name)})`),
    `(local.set $position (i32.add (local.get $position) (i32.const ${STRIDE})))`,
    '(br_if $next (i32.lt_u (local.get $position) (local.get $end))))',
  ].join('\n');
}
