import { messageOf, UserError } from '../../common/errors.ts';

/**
 * - `memory`: the device has too little of it free.
 * - `lost`: the device or its driver is gone; this process cannot get it back.
 * - `busy`: another process holds it for itself.
 * - `unsupported`: it cannot compute this graph.
 * - `unavailable`: it, its driver or a library is not there.
 */
export type DeviceProblem = 'memory' | 'lost' | 'busy' | 'unsupported' | 'unavailable';

/** A device of this machine does not do what is asked: another machine's may. */
export class DeviceError extends UserError {
  readonly problem: DeviceProblem;

  constructor(problem: DeviceProblem, message: string, nextStep: string, cause: unknown) {
    super(message, nextStep);
    this.problem = problem;
    this.cause = cause;
  }
}

interface Pattern {
  text: RegExp;
  problem: DeviceProblem;
  /** What is wrong, with what the pattern's groups have caught. */
  sentence(groups: readonly string[]): string;
  remedy: string;
}

const LESS_MEMORY =
  'End other processes on that GPU (nvidia-smi lists them), use one worker for each GPU, a GPU with more memory, or a smaller training.batchTokens.';
const SETUP = 'npm run setup:gpu shows what is missing and how to mend it.';
const CUDA_LIBRARIES =
  'Install the libraries of CUDA 12 and cuDNN 9 and put their folder into LD_LIBRARY_PATH; npm run setup:gpu tries again.';
const RESTART_DEVICE =
  'Look into the system log (dmesg | grep -i -e xid -e nvrm); reset the GPU (nvidia-smi -r) or restart the machine. The run goes on from its last checkpoint.';

/** First match counts. */
const PATTERNS: readonly Pattern[] = [
  {
    text: /Failed to allocate memory for requested buffer of size (\d+)/,
    problem: 'memory',
    sentence: ([bytes]) => `has no room for ${megabytes(bytes)} more`,
    remedy: LESS_MEMORY,
  },
  {
    text: /CUDA failure 2: out of memory|CUBLAS_STATUS_ALLOC_FAILED|VK_ERROR_OUT_OF_(?:DEVICE|HOST)_MEMORY|WebGPU device error\(2\)|Out of memory/i,
    problem: 'memory',
    sentence: () => 'is out of memory',
    remedy: LESS_MEMORY,
  },
  {
    text: /maxStorageBufferBindingSize|maxBufferSize|is larger than the maximum (?:storage )?buffer/i,
    problem: 'memory',
    sentence: () => 'takes no array as large as this model needs',
    remedy: 'Use cuda or the processor for it (ONNX_DEVICE=cuda or cpu), or a smaller vocabulary or width.',
  },
  {
    text: /device (?:is|was|has been) lost|DEVICE_LOST|DEVICE_REMOVED|DEVICE_HUNG|fallen off the bus/i,
    problem: 'lost',
    sentence: () => 'was lost',
    remedy: RESTART_DEVICE,
  },
  {
    text: /CUDA failure (?:4|214|219|700|702|715|716|717|718|719|999): ([^;]+?)\s*(?:;|$)/,
    problem: 'lost',
    sentence: ([reason]) => `was lost (${reason})`,
    remedy: RESTART_DEVICE,
  },
  {
    text: /CUDA failure 46: ([^;]+?)\s*(?:;|$)/,
    problem: 'busy',
    sentence: ([reason]) => `belongs to another process (${reason})`,
    remedy:
      'End the other process (nvidia-smi lists them), or allow several: nvidia-smi -c DEFAULT. One worker for each GPU is enough.',
  },
  {
    text: /CUDA failure (?:35|803|804): ([^;]+?)\s*(?:;|$)/,
    problem: 'unavailable',
    sentence: ([reason]) => `has too old a driver (${reason})`,
    remedy: 'Install an NVIDIA driver for CUDA 12 (525 or newer).',
  },
  {
    text: /CUDA failure (?:3|100|101): ([^;]+?)\s*(?:;|$)/,
    problem: 'unavailable',
    sentence: ([reason]) => `is not there (${reason})`,
    remedy:
      'Check that nvidia-smi lists a GPU and that CUDA_VISIBLE_DEVICES names one of them; in a container: --gpus all.',
  },
  {
    text: /CUDA failure 209: ([^;]+?)\s*(?:;|$)/,
    problem: 'unsupported',
    sentence: ([reason]) => `is too old or too new for this build of ONNX Runtime (${reason})`,
    remedy: 'Use webgpu on it (ONNX_DEVICE=webgpu).',
  },
  {
    text: /(lib(?:cublas|cublasLt|cudart|cudnn|cufft|curand|nvrtc)\.so[\d.]*): cannot open shared object file/,
    problem: 'unavailable',
    sentence: ([library]) => `cannot be used without ${library}`,
    remedy: CUDA_LIBRARIES,
  },
  {
    text: /libonnxruntime_providers_(?:shared|cuda)\.so: cannot open shared object file/,
    problem: 'unavailable',
    sentence: () => 'cannot be used without ONNX Runtime’s CUDA provider, which is a download of its own',
    remedy: 'npm run setup:gpu -- --install',
  },
  {
    // Which library is missing stands on standard error only.
    text: /ExecutionProvider_Cuda: Failed to load shared library/,
    problem: 'unavailable',
    sentence: () =>
      'cannot be used: ONNX Runtime’s CUDA provider or a library that it needs is not installed',
    remedy: SETUP,
  },
  {
    text: /Failed to get a WebGPU adapter|libvulkan\.so\.1: cannot open/,
    problem: 'unavailable',
    sentence: () => 'finds no Vulkan driver',
    remedy: `Install the Vulkan loader (libvulkan1) and the GPU’s Vulkan driver. ${SETUP}`,
  },
  {
    text: /Failed to get a WebGPU device/,
    problem: 'unavailable',
    sentence: () => 'could not be opened: its Vulkan driver offers too little',
    remedy: 'Update the GPU’s driver.',
  },
  {
    text: /\[(\w+)\] backend not found/,
    problem: 'unavailable',
    sentence: () => 'is not in onnxruntime-node for this system',
    remedy: 'Use the processor (ONNX_DEVICE=cpu), or a machine with linux/amd64.',
  },
  {
    text: /requires f16 but the device does not support it/,
    problem: 'unsupported',
    sentence: () => 'has no float16 (the device or its driver lacks the feature shader-f16)',
    remedy: 'Set training.precision: float32, or train on another device.',
  },
  {
    text: /Could not find an implementation for (\w+)\(\d+\) node/,
    problem: 'unsupported',
    sentence: ([operator]) => `has no ${operator}`,
    remedy: 'Use another device for this model (ONNX_DEVICE=cpu), and tell the project.',
  },
  {
    text: /while running (\w+) node[\s\S]*Too many storage buffers in shader/,
    problem: 'unsupported',
    sentence: ([operator]) => `cannot run a ${operator} with so many inputs and outputs`,
    remedy: 'Use another device for this model (ONNX_DEVICE=cpu), and tell the project.',
  },
];

/** What ONNX Runtime threw on a device: a DeviceError where the text is known, else the error itself. */
export function deviceError(device: string, error: unknown): unknown {
  if (error instanceof DeviceError) return error;
  const text = messageOf(error);
  for (const { text: pattern, problem, sentence, remedy } of PATTERNS) {
    const match = pattern.exec(text);
    if (match) return new DeviceError(problem, `${device} ${sentence(match.slice(1))}`, remedy, error);
  }
  return error;
}

function megabytes(bytes: string | undefined): string {
  return `${Math.ceil(Number(bytes) / 1e6).toLocaleString('en-US')} MB`;
}
