import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { textTable } from '../common/textTable.ts';
import { DeviceError, deviceError } from '../engine/onnx/deviceErrors.ts';
import type { GpuFacts } from './gpuFacts.ts';

/** Ways to train on a GPU: two devices of the onnx engine, and the other engine. */
export const GPU_PATHS = ['cuda', 'webgpu', 'tensorflow'] as const;
export type GpuPath = (typeof GPU_PATHS)[number];

export interface GpuTrial {
  path: GpuPath;
  works: boolean;
  /** Of the tiny model; null where it does not work. */
  stepMs: number | null;
  notes: string[];
  /** Why it does not work. */
  reason: string | null;
  /** A command or a sentence that mends it; null where nothing does, or nothing needs to. */
  remedy: string | null;
}

/** What is left of a child process. */
export interface ChildEnd {
  stdout: string;
  stderr: string;
  signal: string | null;
}

export const INSTALL_COMMANDS: Record<'cuda' | 'tensorflow', string> = {
  // `true`, since the script takes names of versions for no order at all; .npmrc tells npm to skip it.
  cuda: 'ONNXRUNTIME_NODE_INSTALL=true node node_modules/onnxruntime-node/script/install.js',
  tensorflow: 'npm install --no-save @tensorflow/tfjs-node-gpu@4.22.0',
};

/** Shaders and kernels are compiled at first; a driver that hangs is given up. */
const TRIAL_LIMIT_MS = 180_000;

/** Trains a tiny model in a child process, since a driver may take its process down. */
export function startTrial(path: GpuPath): Promise<ChildEnd> {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const child = fileURLToPath(new URL('./gpuTrialChild.ts', import.meta.url));
  return new Promise((ended) => {
    execFile(
      process.execPath,
      ['--import', tsx, child, path],
      { timeout: TRIAL_LIMIT_MS, maxBuffer: 1e7, env: { NVIDIA_TF32_OVERRIDE: '0', ...process.env } },
      (error, stdout, stderr) => ended({ stdout, stderr, signal: error?.signal ?? null }),
    );
  });
}

/** What a trial's process has left behind, as a result with a remedy. */
export function readTrial(path: GpuPath, end: ChildEnd, facts: GpuFacts): GpuTrial {
  const told = lastLine(end.stdout);
  if (!told) {
    const reason = end.signal
      ? `${path}: the process ended by ${end.signal}${end.signal === 'SIGTERM' ? ' after 3 minutes' : ': its driver crashed'}`
      : `${path}: the process ended without a word: ${lastWords(end.stderr)}`;
    return failed(path, reason, 'Update the GPU’s driver; the processor works without it.');
  }
  if (told.works) {
    if (told.inSoftware) {
      const reason = `${path} works, but so slowly (${told.stepMs?.toFixed(0)} ms a step) that its driver must be one in software`;
      return failed(path, reason, facts.gpus.length > 0 ? VULKAN_DRIVERS : null);
    }
    const onProcessor = path === 'tensorflow' ? tensorflowOnProcessor(end.stderr, told.engine) : null;
    if (onProcessor) return failed(path, onProcessor, remedyOf(path, facts, null));
    return {
      path,
      works: true,
      stepMs: told.stepMs ?? null,
      notes: told.notes ?? [],
      reason: null,
      remedy: null,
    };
  }
  // The error only says that a library is missing; which one stands on standard error.
  const detailed = deviceError(path, new Error(`${end.stderr}\n${told.reason}`));
  const [reason, remedy] =
    path !== 'tensorflow' && detailed instanceof DeviceError
      ? [detailed.message, detailed.nextStep ?? null]
      : [told.reason ?? 'no reason was told', told.remedy ?? null];
  return failed(path, reason, remedyOf(path, facts, remedy));
}

interface Told {
  works: boolean;
  engine?: string;
  inSoftware?: boolean;
  stepMs?: number;
  notes?: string[];
  reason?: string;
  remedy?: string | null;
}

function lastLine(stdout: string): Told | null {
  const line = stdout.trimEnd().split('\n').at(-1) ?? '';
  try {
    return line.startsWith('{') ? (JSON.parse(line) as Told) : null;
  } catch {
    return null;
  }
}

function lastWords(stderr: string): string {
  return stderr.trimEnd().split('\n').slice(-3).join(' | ') || 'nothing on standard error';
}

function failed(path: GpuPath, reason: string, remedy: string | null): GpuTrial {
  return { path, works: false, stepMs: null, notes: [], reason, remedy };
}

/** TensorFlow works on without a GPU, and says so on standard error only. */
function tensorflowOnProcessor(stderr: string, engine = ''): string | null {
  const missing = /Could not load dynamic library '([^']+)'/.exec(stderr)?.[1];
  if (missing) return `tensorflow runs, but on the processor: it does not find ${missing}`;
  if (/Cannot dlopen some GPU libraries|failed call to cuInit|no CUDA-capable device/.test(stderr))
    return 'tensorflow runs, but on the processor: it finds no GPU';
  if (!engine.includes('tensorflow on gpu'))
    return 'tensorflow runs, but only its build for the processor is installed';
  return null;
}

const VULKAN_DRIVERS =
  'Install the GPU’s Vulkan driver: NVIDIA’s comes with its driver (in a container: NVIDIA_DRIVER_CAPABILITIES=all), for AMD and Intel apt-get install mesa-vulkan-drivers';

/** What helps on this machine, which may be more to the point than what an error says. */
function remedyOf(path: GpuPath, facts: GpuFacts, told: string | null): string | null {
  const hasGpu = facts.gpus.length > 0;
  if (path === 'webgpu') {
    if (!facts.vulkanLoader) return 'Install the Vulkan loader: apt-get install libvulkan1';
    if (facts.vulkanDrivers.length === 0) return VULKAN_DRIVERS;
    return told;
  }
  if (!hasGpu) return 'Nothing to mend without an NVIDIA GPU and its driver.';
  if (path === 'cuda') {
    if (process.platform !== 'linux' || process.arch !== 'x64')
      return 'Use webgpu: ONNX Runtime’s CUDA provider exists for linux/amd64 only.';
    if (!facts.cudaProvider) return INSTALL_COMMANDS.cuda;
    if (!facts.cudaLibraries.includes(12) || !facts.cudnnLibraries.includes(9))
      return 'Install the libraries of CUDA 12 and cuDNN 9, and put their folder into LD_LIBRARY_PATH.';
    return told;
  }
  // TensorFlow 2.9.1 is built for CUDA 11.2 and cuDNN 8.
  if (!facts.cudaLibraries.includes(11))
    return 'Only with CUDA 11 and cuDNN 8, which are not here: use cuda or webgpu.';
  return INSTALL_COMMANDS.tensorflow;
}

export function trialsText(trials: readonly GpuTrial[]): string {
  const table = textTable(
    [
      'device',
      'works',
      { header: 'ms a step', align: 'right' },
      'why not, or what it leaves to the processor',
    ],
    trials.map(({ path, works, stepMs, reason, notes }) => [
      path === 'tensorflow' ? 'tensorflow' : `onnx on ${path}`,
      works ? 'yes' : 'no',
      stepMs === null ? '' : stepMs.toFixed(1),
      works ? (notes[0] ?? '') : (reason ?? ''),
    ]),
  );
  const remedies = trials.flatMap(({ path, remedy }) => (remedy === null ? [] : [`${path}: ${remedy}`]));
  return remedies.length > 0 ? `${table}\n\nTo mend it:\n  ${remedies.join('\n  ')}` : table;
}
