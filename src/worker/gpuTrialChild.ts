/** One trial of setup:gpu, in a process of its own: `cuda`, `webgpu` or `tensorflow`. Prints one line of JSON at the end. */
import { messageOf, UserError } from '../common/errors.ts';
import { describeEngine } from '../engine/describeEngine.ts';
import { deviceError } from '../engine/onnx/deviceErrors.ts';
import { createOnnxEngine } from '../engine/onnx/engine.ts';
import { loadTensorflowEngine } from '../engine/tensorflowEngine.ts';
import { checkTraining, isSoftware } from '../training/tinyTraining.ts';
import type { GpuPath } from './gpuTrials.ts';

async function tried(path: GpuPath) {
  try {
    const engine = path === 'tensorflow' ? await loadTensorflowEngine() : createOnnxEngine(path);
    const training = await checkTraining(engine);
    const { stepMs, notes } = training;
    return { works: true, engine: describeEngine(engine), inSoftware: isSoftware(training), stepMs, notes };
  } catch (error) {
    const told = deviceError(path, error);
    return {
      works: false,
      reason: messageOf(told),
      remedy: told instanceof UserError ? (told.nextStep ?? null) : null,
    };
  }
}

const outcome = await tried(process.argv[2] as GpuPath);
process.stdout.write(`\n${JSON.stringify(outcome)}\n`, () => process.exit(0));
