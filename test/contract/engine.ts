import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, test } from 'vitest';
import { UserError } from '../../src/common/errors.ts';
import type { Arrays, Engine, EngineSession, SessionDefinition } from '../../src/engine/types.ts';

const SIDE = 130;

/** Small entries, which an engine may keep together, one large one, and an integer one. */
const DEFINITION: SessionDefinition = {
  state: {
    a: { shape: [2, 3], dtype: 'float32' },
    b: { shape: [2, 3], dtype: 'float32' },
    'm/a': { shape: [2, 3], dtype: 'float32' },
    large: { shape: [SIDE, SIDE], dtype: 'float32' },
    count: { shape: [], dtype: 'int32' },
  },
  functions: {
    /** m/a ← a · factor, and nothing else. */
    scale: {
      feeds: { factor: { shape: [], dtype: 'float32' } },
      reads: ['a'],
      compute: ({ a }, { factor }) => {
        const scaled = tf.mul(a!, factor!);
        return { outputs: { total: tf.sum(scaled) }, state: { 'm/a': scaled } };
      },
    },
    /** a ↔ b. */
    exchange: {
      feeds: {},
      reads: ['a', 'b'],
      compute: ({ a, b }) => ({ outputs: {}, state: { a: b!, b: a! } }),
    },
    /** large ← large + 1; count ← count + 1. */
    advance: {
      feeds: {},
      reads: ['large', 'count'],
      compute: ({ large, count }) => ({
        outputs: { first: tf.slice(large!, [0, 0], [1, 1]) },
        state: { large: tf.add(large!, 1), count: tf.add(count!, tf.scalar(1, 'int32')) },
      }),
    },
    /** Outputs that are no results of an operation, and one value under two names. */
    echo: {
      feeds: { ids: { shape: [3], dtype: 'int32' } },
      reads: ['a'],
      compute: ({ a }, { ids }) => {
        const doubled = tf.add(a!, a!);
        return { outputs: { ids: ids!, a: a!, seven: tf.scalar(7), once: doubled, twice: doubled } };
      },
    },
    /** b ← a · factor + b; large ← factor everywhere, without a look at it. */
    gather: {
      feeds: { factor: { shape: [], dtype: 'float32' } },
      reads: ['a', 'b'],
      compute: ({ a, b }, { factor }) => {
        const sum = tf.add(tf.mul(a!, factor!), b!);
        return {
          outputs: { total: tf.sum(sum) },
          state: { b: sum, large: tf.mul(factor!, tf.ones([SIDE, SIDE])) },
        };
      },
    },
    /** Gives back the entry it read. */
    keep: { feeds: {}, reads: ['a'], compute: ({ a }) => ({ outputs: {}, state: { a: a! } }) },
  },
};

const A = Float32Array.of(1, 2, 3, 4, 5, 6);
const B = Float32Array.of(-1, -2, -3, -4, -5, -6);

/** What every engine must do. Run once for each of them. */
export function engineContract(label: string, makeEngine: () => Engine): void {
  describe(`engine contract: ${label}`, () => {
    const opened: EngineSession[] = [];
    const open = async (definition = DEFINITION): Promise<EngineSession> => {
      const session = await makeEngine().open(definition);
      opened.push(session);
      return session;
    };
    afterEach(async () => {
      for (const session of opened.splice(0)) await session.close();
    });

    test('says what it is', () => {
      const engine = makeEngine();
      expect(['onnx', 'tensorflow']).toContain(engine.name);
      expect(engine.version).toMatch(/\d+\.\d+/);
      expect(engine.device).not.toBe('');
    });

    test('state begins at zero, and is what was written', async () => {
      const session = await open();
      expect(await session.readState(['a', 'count'])).toEqual({
        a: new Float32Array(6),
        count: new Int32Array(1),
      });
      const large = Float32Array.from({ length: SIDE * SIDE }, (_, i) => i / 7);
      await session.writeState({ a: A, large, count: Int32Array.of(5) });
      const state = await session.readState();
      expect(state).toEqual({
        a: A,
        b: new Float32Array(6),
        'm/a': new Float32Array(6),
        large,
        count: Int32Array.of(5),
      });
    });

    test('arrays at the door are copies', async () => {
      const session = await open();
      const given = A.slice();
      await session.writeState({ a: given });
      given.fill(9);
      const { a } = await session.readState(['a']);
      expect(a).toEqual(A);
      a!.fill(8);
      expect((await session.readState(['a'])).a).toEqual(A);
    });

    test('a call gives outputs and replaces only the entries that it returns', async () => {
      const session = await open();
      await session.writeState({ a: A, b: B });
      const { total } = await session.call('scale', { factor: Float32Array.of(2) });
      expect(total).toEqual(Float32Array.of(42));
      expect(await session.readState(['a', 'b', 'm/a'])).toEqual({
        a: A,
        b: B,
        'm/a': Float32Array.of(2, 4, 6, 8, 10, 12),
      });
    });

    test('entries can change places', async () => {
      const session = await open();
      await session.writeState({ a: A, b: B });
      await session.call('exchange', {});
      expect(await session.readState(['a', 'b'])).toEqual({ a: B, b: A });
      await session.call('exchange', {});
      expect(await session.readState(['a', 'b'])).toEqual({ a: A, b: B });
    });

    test('functions share the state, call after call', async () => {
      const session = await open();
      await session.writeState({ a: A, b: B });
      for (let i = 0; i < 3; i++) {
        expect((await session.call('advance', {})).first).toEqual(Float32Array.of(i));
        await session.call('keep', {});
      }
      await session.call('exchange', {});
      await session.call('scale', { factor: Float32Array.of(1) });
      const state = await session.readState(['count', 'm/a', 'large']);
      expect(state.count).toEqual(Int32Array.of(3));
      expect(state['m/a']).toEqual(B);
      expect(state.large!.every((element) => element === 3)).toBe(true);
    });

    test('an output may be a feed, a state entry, a constant, or another output', async () => {
      const session = await open();
      await session.writeState({ a: A });
      const ids = Int32Array.of(4, 5, 6);
      const outputs = await session.call('echo', { ids });
      const doubled = A.map((element) => 2 * element);
      expect(outputs).toEqual({ ids, a: A, seven: Float32Array.of(7), once: doubled, twice: doubled });
    });

    test('outputs stay as they are when the next call is made', async () => {
      const session = await open();
      await session.writeState({ a: A });
      const first = await session.call('scale', { factor: Float32Array.of(1) });
      await session.call('scale', { factor: Float32Array.of(3) });
      expect(first.total).toEqual(Float32Array.of(21));
    });

    test('calls made in one go give what calls one by one give, to the bit', async () => {
      const factors = Array.from({ length: 21 }, (_, i) => ({ factor: Float32Array.of(1 + i / 7) }));
      const ids = Array.from({ length: 9 }, (_, i) => ({ ids: Int32Array.of(i, -i, 7) }));
      const [oneByOne, atOnce] = [await open(), await open()];
      expect(atOnce.callsAtOnce).toBeGreaterThanOrEqual(1);
      for (const session of [oneByOne, atOnce]) await session.writeState({ a: A, b: B });
      for (const [name, feeds] of [
        ['scale', factors],
        ['echo', ids],
        ['gather', factors],
        ['advance', Array.from({ length: 10 }, () => ({}))],
        ['scale', factors.slice(0, 3)],
        ['scale', []],
      ] as const) {
        const expected: Arrays[] = [];
        for (const each of feeds) expected.push(await oneByOne.call(name, each));
        expect(await atOnce.callEach(name, feeds)).toEqual(expected);
        expect(await atOnce.readState()).toEqual(await oneByOne.readState());
      }
      await expect(atOnce.callEach('scale', [...factors, {}])).rejects.toThrow(/feed factor is missing/);
    });

    test('products in float16 are rounded, or refused with what to set', async () => {
      // Float16 has 128 and 128.125 and nothing between; and nothing between 128² and 128² + 16.
      const X = Float32Array.of(128.0625, 1);
      const rounded = async (): Promise<Arrays> => {
        const session = await open({
          precision: 'float16',
          state: { x: { shape: [1, 2], dtype: 'float32' } },
          functions: {
            square: {
              feeds: {},
              reads: ['x'],
              compute: ({ x }) => ({ outputs: { square: tf.matMul(x!, x!, false, true) } }),
            },
          },
        });
        await session.writeState({ x: X });
        const { square } = await session.call('square', {});
        return { square: square!, ...(await session.readState()) };
      };
      const results = await rounded().catch((error: unknown) => error);
      if (results instanceof Error) {
        expect(results).toBeInstanceOf(UserError);
        expect((results as UserError).nextStep).toMatch(/training\.precision: float32/);
      } else
        expect(results).toEqual({
          square: Float32Array.of(128 ** 2),
          x: X,
        });
    });

    test('sessions are independent', async () => {
      const [one, other] = [await open(), await open()];
      await one.writeState({ a: A });
      expect((await other.readState(['a'])).a).toEqual(new Float32Array(6));
    });

    test('what does not fit is refused by name', async () => {
      const session = await open();
      await expect(session.writeState({ c: A })).rejects.toThrow(/no c;/);
      await expect(session.writeState({ a: new Float32Array(5) })).rejects.toThrow(
        /a: 5 numbers.*\[2,3\] holds 6/,
      );
      await expect(session.writeState({ a: new Int32Array(6) })).rejects.toThrow(
        /a: expected a Float32Array/,
      );
      await expect(session.readState(['c'])).rejects.toThrow(/no entry c/);
      await expect(session.call('fly', {})).rejects.toThrow(/no function fly/);
      await expect(session.call('scale', {})).rejects.toThrow(/feed factor is missing/);
      await expect(session.call('scale', { factor: A })).rejects.toThrow(/factor: 6 numbers/);
      await expect(session.call('scale', { factor: Float32Array.of(1), x: A })).rejects.toThrow(/no x;/);
    });

    test('a refused write changes nothing', async () => {
      const session = await open();
      await expect(session.writeState({ a: A, b: new Float32Array(1) })).rejects.toThrow();
      expect((await session.readState(['a'])).a).toEqual(new Float32Array(6));
    });

    test('a step that returns a wrong shape or an unknown entry is refused', async () => {
      const returning = (state: () => Record<string, tf.Tensor>): SessionDefinition => ({
        state: { a: { shape: [2], dtype: 'float32' } },
        functions: { f: { feeds: {}, reads: ['a'], compute: () => ({ outputs: {}, state: state() }) } },
      });
      const run = async (definition: SessionDefinition): Promise<unknown> =>
        (await open(definition)).call('f', {});
      await expect(run(returning(() => ({ a: tf.zeros([3]) })))).rejects.toThrow(
        /returns a as float32 \[3\]/,
      );
      await expect(run(returning(() => ({ z: tf.zeros([2]) })))).rejects.toThrow(
        /state entry z, which does not exist/,
      );
    });

    test('a closed session says so', async () => {
      const session = await open();
      await session.close();
      await session.close();
      await expect(session.call('keep', {})).rejects.toThrow(UserError);
      await expect(session.readState()).rejects.toThrow(UserError);
      await expect(session.writeState({})).rejects.toThrow(UserError);
    });
  });
}
