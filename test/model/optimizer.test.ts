import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { modelFromWidth, parameterSpecs } from '../../src/model/family.ts';
import {
  adamScalars,
  adamUpdate,
  clipFactor,
  decayed,
  firstMoment,
  globalNorm,
  secondMoment,
} from '../../src/model/optimizer.ts';
import {
  FLAT_BELOW_ELEMENTS,
  joinFlat,
  parameterGroups,
  splitFlat,
} from '../../src/model/parameterGroups.ts';

beforeAll(async () => {
  tf.enableProdMode();
  await tf.setBackend('cpu');
});

const numbers = (tensor: tf.Tensor): number[] => [...tensor.dataSync()];
const expectNumbers = (tensor: tf.Tensor, expected: readonly number[]): void => {
  const measured = numbers(tensor);
  expect(measured).toHaveLength(expected.length);
  expected.forEach((value, i) => {
    expect(measured[i]).toBeCloseTo(value, 6);
  });
};
const SPEC = { beta1: 0.9, beta2: 0.95, epsilon: 1e-2, weightDecay: 0.1, clipNorm: 1 };

describe('pieces of AdamW, against numbers worked out by hand', () => {
  test('global norm: √(3² + 4² + 12²) = 13', () => {
    expectNumbers(globalNorm([tf.tensor1d([3]), tf.tensor2d([[4], [12]])]), [13]);
    expect(() => globalNorm([])).toThrow();
  });

  test('clip factor: 1/4 for a norm of 4 and a limit of 1; 1 below the limit and at a norm of zero', () => {
    expectNumbers(clipFactor(tf.scalar(4), 1), [0.25]);
    expectNumbers(clipFactor(tf.scalar(0.5), 1), [1]);
    expectNumbers(clipFactor(tf.scalar(0), 1), [1]);
  });

  test('a norm that is no number is not hidden by the clip', () => {
    expect(numbers(clipFactor(tf.scalar(Number.NaN), 1))[0]).toBeNaN();
  });

  test('first moment: 0.9·2 + 0.1·(0.5·6) = 2.1', () => {
    expectNumbers(firstMoment(tf.tensor1d([2]), tf.tensor1d([6]), 0.9, tf.scalar(0.5)), [2.1]);
  });

  test('second moment: 0.95·4 + 0.05·(0.5·6)² = 4.25', () => {
    expectNumbers(secondMoment(tf.tensor1d([4]), tf.tensor1d([6]), 0.95, tf.scalar(0.5)), [4.25]);
  });

  test('bias corrections at steps 1 and 2', () => {
    // Step 1: 1 − 0.9 = 0.1 and √(1 − 0.95) = 0.2236068; step 2: 0.19 and √0.0975 = 0.3122499.
    const first = adamScalars(SPEC, tf.scalar(0.01), tf.scalar(1));
    expectNumbers(first.stepSize, [0.02236068]);
    expectNumbers(first.epsilon, [0.002236068]);
    const second = adamScalars(SPEC, tf.scalar(0.01), tf.scalar(2));
    expectNumbers(second.stepSize, [0.0164342]);
    expectNumbers(second.epsilon, [0.003122499]);
  });

  test('update: 0.5 · 3 / (√4 + 1) = 0.5', () => {
    const scalars = { stepSize: tf.scalar(0.5), epsilon: tf.scalar(1) };
    expectNumbers(adamUpdate(tf.tensor1d([3]), tf.tensor1d([4]), scalars), [0.5]);
  });

  test('together they are the textbook update, over three steps', () => {
    // Written out as in Kingma and Ba, algorithm 1, with corrected moments.
    let [m, v, p] = [0, 0, 1];
    let tensors = { m: tf.tensor1d([0]), v: tf.tensor1d([0]), p: tf.tensor1d([1]) };
    [0.3, -0.2, 0.7].forEach((g, i) => {
      const step = i + 1;
      m = 0.9 * m + 0.1 * g;
      v = 0.95 * v + 0.05 * g * g;
      const corrected = [m / (1 - 0.9 ** step), v / (1 - 0.95 ** step)] as const;
      p = p - 0.1 * SPEC.weightDecay * p - (0.1 * corrected[0]) / (Math.sqrt(corrected[1]) + SPEC.epsilon);

      const learningRate = tf.scalar(0.1);
      const scalars = adamScalars(SPEC, learningRate, tf.scalar(step));
      const next = {
        m: firstMoment(tensors.m, tf.tensor1d([g]), SPEC.beta1, tf.scalar(1)),
        v: secondMoment(tensors.v, tf.tensor1d([g]), SPEC.beta2, tf.scalar(1)),
      };
      const kept = decayed(tensors.p, learningRate, SPEC.weightDecay);
      tensors = { ...next, p: tf.sub(kept, adamUpdate(next.m, next.v, scalars)) };
      expectNumbers(tensors.p, [p]);
    });
    expect(Math.abs(p - 1)).toBeGreaterThan(0.1);
  });

  test('decay: 2 · (1 − 0.5 · 0.1) = 1.9, element by element for a flat vector', () => {
    expectNumbers(decayed(tf.tensor1d([2]), tf.scalar(0.5), 0.1), [1.9]);
    expectNumbers(decayed(tf.tensor1d([2, 2]), tf.scalar(0.5), Float32Array.of(0, 0.1)), [2, 1.9]);
    expectNumbers(decayed(tf.tensor1d([2]), tf.scalar(0.5), 0), [2]);
  });
});

describe('parameter groups', () => {
  const spec = modelFromWidth(16, { vocabularySize: 2000, contextLength: 8 });

  test('small parameters are one group, large ones stand alone, and each is in exactly one', () => {
    const groups = parameterGroups(spec, 0.1);
    const specs = parameterSpecs(spec);
    expect(groups.flatMap(({ names }) => names).sort()).toEqual(Object.keys(specs).sort());
    const alone = groups.filter(({ names }) => names.length === 1);
    expect(alone.map(({ names }) => names[0])).toEqual(['model.embed_tokens.weight']);
    expect(2000 * 16).toBeGreaterThanOrEqual(FLAT_BELOW_ELEMENTS);
    expect(alone[0]!.weightDecay).toBe(0.1);
  });

  test('in a group, matrices decay and gains do not', () => {
    const { names, shapes, weightDecay } = parameterGroups(spec, 0.1)[0]!;
    let offset = 0;
    names.forEach((name, i) => {
      const size = shapes[i]!.reduce((product, side) => product * side, 1);
      const values = (weightDecay as Float32Array).slice(offset, offset + size);
      const expected = Math.fround(name.includes('norm') ? 0 : 0.1);
      expect(
        values.every((value) => value === expected),
        name,
      ).toBe(true);
      offset += size;
    });
    expect(weightDecay).toHaveLength(offset);
  });

  test('splitFlat undoes joinFlat', () => {
    const tensors = [tf.tensor2d([[1, 2, 3]]), tf.tensor1d([4]), tf.tensor2d([[5], [6]])];
    const parts = splitFlat(
      joinFlat(tensors),
      tensors.map((tensor) => tensor.shape),
    );
    parts.forEach((part, i) => {
      expect(part.shape).toEqual(tensors[i]!.shape);
      expect(numbers(part)).toEqual(numbers(tensors[i]!));
    });
  });
});
