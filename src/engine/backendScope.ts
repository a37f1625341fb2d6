import * as tf from '@tensorflow/tfjs';

// The union package's cpu backend otherwise advises on the console to install another one.
tf.enableProdMode();

let last: Promise<unknown> = Promise.resolve();

/**
 * Runs `work` with a tfjs backend active. tfjs has one active backend per process: work for different backends is
 * done one after the other. `work` must be synchronous.
 */
export function withBackend<T>(backendName: string, work: () => T): Promise<T> {
  const turn = last.then(async () => {
    if (tf.getBackend() !== backendName && !(await tf.setBackend(backendName))) {
      throw new Error(`tfjs could not start its backend ${backendName}`);
    }
    return work();
  });
  last = turn.catch(() => undefined);
  return turn;
}
