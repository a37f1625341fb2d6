import { messageOf } from '../../common/errors.ts';
import type { OpenedEngine } from '../openEngine.ts';
import { tinyStepMs } from '../tinyStep.ts';
import type { Engine } from '../types.ts';
import { DeviceError, deviceError } from './deviceErrors.ts';
import type { OnnxDevice } from './deviceNames.ts';
import { createOnnxEngine } from './engine.ts';

export interface OpenDeviceOptions {
  /** A further trial, e.g. of a model's own steps; throws when the device does not pass. */
  check?: (engine: Engine) => Promise<unknown>;
  /** The GPUs that this process may use, as CUDA_VISIBLE_DEVICES lists them; undefined: all. */
  visibleGpus?: string | undefined;
  create?: (device: OnnxDevice) => Engine;
}

const GPUS = ['cuda', 'webgpu'] as const;

/**
 * The onnx engine on a device. A GPU is taken only after it has run a tiny step with the right result. `auto` takes the
 * first that passes of cuda, webgpu and the processor, and says why not the earlier ones; a GPU that was asked for by name
 * and does not pass is a DeviceError.
 */
export async function openOnnxDevice(
  device: OnnxDevice | 'auto',
  options: OpenDeviceOptions = {},
): Promise<OpenedEngine> {
  const { create = createOnnxEngine } = options;
  if (device === 'cpu') return { engine: create('cpu'), reason: 'onnx on the processor' };
  const failures: string[] = [];
  for (const gpu of device === 'auto' ? GPUS : [device]) {
    try {
      if (device === 'auto') refuseAnothersGpu(gpu, options.visibleGpus);
      const engine = create(gpu);
      const stepMs = await tinyStepMs(engine);
      await options.check?.(engine);
      const before = failures.length > 0 ? `; ${failures.join('; ')}` : '';
      return { engine, reason: `onnx on ${gpu}: a tiny step takes ${stepMs.toFixed(1)} ms${before}` };
    } catch (error) {
      const told = deviceError(gpu, error);
      if (device !== 'auto') throw told instanceof DeviceError ? told : unusable(gpu, told);
      failures.push(sentenceOf(gpu, told));
    }
  }
  return {
    engine: create('cpu'),
    reason: `onnx on the processor, because no GPU works: ${failures.join('; ')}`,
  };
}

/** WebGPU has no way to choose among several GPUs: it always opens the first. */
function refuseAnothersGpu(gpu: (typeof GPUS)[number], visible: string | undefined): void {
  if (gpu !== 'webgpu' || visible === undefined || visible === '' || visible.split(',')[0] === '0') return;
  throw new Error(`webgpu opens the machine’s first GPU, this trainer has number ${visible}`);
}

function unusable(gpu: OnnxDevice, error: unknown): DeviceError {
  const message = messageOf(error);
  return new DeviceError(
    'unsupported',
    message.includes(gpu) ? message : `${gpu}: ${message}`,
    'Use another device (ONNX_DEVICE=auto or cpu); npm run setup:gpu tries them all.',
    error,
  );
}

function sentenceOf(gpu: string, error: unknown): string {
  const message = messageOf(error);
  const text = message.includes(gpu) ? message : `${gpu}: ${message}`;
  return error instanceof DeviceError ? `${text} (${error.nextStep})` : text;
}
