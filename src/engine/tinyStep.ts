import { performance } from 'node:perf_hooks';
import * as tf from '@tensorflow/tfjs';
import type { Engine, SessionDefinition } from './types.ts';

const SIDE = 128;
const TIMED_CALLS = 5;

/** One gradient step of a small least-squares problem: matrix products, a backward pass and an update. */
const TINY: SessionDefinition = {
  state: { weight: { shape: [SIDE, SIDE], dtype: 'float32' } },
  functions: {
    step: {
      feeds: { x: { shape: [SIDE, SIDE], dtype: 'float32' } },
      reads: ['weight'],
      compute: ({ weight }, { x }) => {
        const lossOf = (w: tf.Tensor): tf.Scalar => tf.mean(tf.square(tf.sub(tf.matMul(x!, w), x!)));
        const { value, grad } = tf.valueAndGrad(lossOf)(weight!);
        return { outputs: { loss: value }, state: { weight: tf.sub(weight!, grad) } };
      },
    },
  },
};

/**
 * Milliseconds of a tiny training step on an engine: the fastest of a few. Throws when the engine does not work or
 * computes a wrong loss (with weights at zero it is the mean square of x, 1 here).
 */
export async function tinyStepMs(engine: Engine): Promise<number> {
  const session = await engine.open(TINY);
  try {
    const x = new Float32Array(SIDE * SIDE).fill(1);
    const { loss } = await session.call('step', { x });
    if (!(Math.abs(loss![0]! - 1) < 1e-3))
      throw new Error(`a tiny step gave the loss ${loss![0]} in place of 1`);
    let fastest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < TIMED_CALLS; i++) {
      const begin = performance.now();
      await session.call('step', { x });
      fastest = Math.min(fastest, performance.now() - begin);
    }
    return fastest;
  } finally {
    await session.close();
  }
}
