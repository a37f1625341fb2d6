import { execFile } from 'node:child_process';
import { availableParallelism, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { UserError } from '../common/errors.ts';
import type { DeviceClass } from '../queue/names.ts';
import { MOST_SLOTS } from '../queue/workers.ts';
import { gpuTrainerEnvironment, trainerEnvironment } from './trainerEnvironment.ts';

/** One slot runs one run at a time. Several may be seats of one device, whose runs one trainer process trains together. */
export interface Slot {
  /** `cpu 0`, `gpu 1`. */
  device: string;
  /** Which of the device's seats it is; null where the device has only one. */
  seat: number | null;
  /** Index of the process that trains what is here: the seats of a device share it. */
  trainer: number;
  deviceClass: DeviceClass;
  /** Of the whole device, however many seats share it. */
  memoryBytes: number;
  /** Added to its trainer's environment. */
  environment: Record<string, string>;
}

export interface Gpu {
  index: number;
  memoryBytes: number;
}

/** Seats of each device: a number, `off` for one, or `auto` for what is usually best. */
export type Population = number | 'auto' | 'off';
export const MOST_SEATS = 64;
/**
 * Seats of a GPU on `auto`. Every seat lets this machine take one more run from the queue: with more of them, one
 * machine would hold runs that idle machines could train. How many really train at once is decided by each run's share
 * of the memory.
 */
const AUTO_GPU_SEATS = 16;

/** What is left to the system and to this process. */
const SHARE_OF_MEMORY = 0.8;
const GIB = 2 ** 30;
/** Least memory of a class; drivers report a little less than the card's name says. */
const GPU_CLASSES: readonly [DeviceClass, number][] = [
  ['gpu-80g', 75 * GIB],
  ['gpu-40g', 38 * GIB],
  ['gpu', 0],
];
export function classOfGpu(memoryBytes: number): DeviceClass {
  return GPU_CLASSES.find(([, least]) => memoryBytes >= least)![0];
}

/**
 * The slots that `--devices` and `--slots` mean. `auto`: every GPU, or without one the processor. Throws a UserError on
 * nonsense, and on a GPU that is not there.
 */
export async function slotsOf(options: {
  /** `auto`, `cpu`, `gpu`, or `gpu:0,1`. */
  devices: string;
  /** For the processor: trainers; null for one per thread. */
  slots: number | null;
  population: Population;
  listGpus?: () => Promise<Gpu[]>;
  /** process.env: whoever sets ONNX_DEVICE, NVIDIA_TF32_OVERRIDE or GLIBC_TUNABLES has the last word. */
  variables?: Readonly<Record<string, string | undefined>>;
}): Promise<Slot[]> {
  const { devices, slots, population, listGpus = nvidiaGpus, variables = process.env } = options;
  const wanted = /^(auto|cpu|gpu)(?::(\d+(?:,\d+)*))?$/.exec(devices);
  if (!wanted || (wanted[2] !== undefined && wanted[1] !== 'gpu')) {
    throw new UserError(`--devices ${devices} names no device`, 'write auto, cpu, gpu, or gpu:0,1');
  }
  const [, kind, list] = wanted;
  if (kind === 'cpu') return cpuSlots(slots, population, variables);
  const gpus = await listGpus();
  if (kind === 'auto' && gpus.length === 0) return cpuSlots(slots, population, variables);
  if (gpus.length === 0) {
    throw new UserError(
      'no GPU was found: nvidia-smi is not there or lists none',
      'install the driver, or use --devices cpu',
    );
  }
  if (slots !== null) {
    throw new UserError(
      'a GPU has one trainer: --slots is for the processor',
      'leave it away, or use --devices cpu; --population says how many runs train at once on a GPU',
    );
  }
  const indexes = list === undefined ? gpus.map((gpu) => gpu.index) : list.split(',').map(Number);
  if (new Set(indexes).size !== indexes.length) {
    throw new UserError(`--devices ${devices} names a GPU twice`, 'name each once');
  }
  const trainers = indexes.map((index) => {
    const gpu = gpus.find((each) => each.index === index);
    if (!gpu) {
      throw new UserError(
        `there is no GPU ${index} here`,
        `there are: ${gpus.map((each) => each.index).join(', ')}`,
      );
    }
    return {
      device: `gpu ${index}`,
      deviceClass: classOfGpu(gpu.memoryBytes),
      memoryBytes: gpu.memoryBytes,
      environment: gpuTrainerEnvironment(variables, index),
    };
  });
  return withSeats(trainers, population === 'auto' ? AUTO_GPU_SEATS : population);
}

/** Trainers of the processor, one per thread for null, with one seat each where `population` is no number. */
export function cpuSlots(
  slots: number | null,
  population: Population = 'auto',
  variables: Readonly<Record<string, string | undefined>> = process.env,
): Slot[] {
  if (slots === 0) throw new UserError('a worker with 0 slots trains nothing', 'use --slots 1 or more');
  const count = slots ?? availableParallelism();
  // 0 where no limit (cgroup) is set.
  const memory = Math.min(totalmem(), process.constrainedMemory?.() || Number.POSITIVE_INFINITY);
  const trainers = Array.from({ length: count }, (_, at) => ({
    device: `cpu ${at}`,
    deviceClass: 'cpu' as const,
    memoryBytes: Math.floor((SHARE_OF_MEMORY * memory) / count),
    environment: trainerEnvironment(variables),
  }));
  return withSeats(trainers, population === 'auto' ? 'off' : population);
}

/** The seats of each trainer, beside each other. */
function withSeats(trainers: readonly Omit<Slot, 'seat' | 'trainer'>[], population: number | 'off'): Slot[] {
  const seats = population === 'off' ? 1 : population;
  if (trainers.length * seats > MOST_SLOTS) {
    throw new UserError(
      `${trainers.length} trainers with ${seats} seats each are more than a worker has: ${MOST_SLOTS}`,
      'ask for fewer of either',
    );
  }
  return trainers.flatMap((each, trainer) => {
    // Also for one seat: what stands in this process's own environment would change how its runs round.
    const environment = { ...each.environment, POPULATION: `${seats}` };
    return Array.from({ length: seats }, (_, at): Slot => {
      return { ...each, trainer, seat: seats > 1 ? at : null, environment };
    });
  });
}

const SMI_TIMEOUT_MS = 10_000;

/** The GPUs that nvidia-smi lists; none where it is not installed. */
async function nvidiaGpus(): Promise<Gpu[]> {
  try {
    const { stdout } = await promisify(execFile)(
      'nvidia-smi',
      ['--query-gpu=index,memory.total', '--format=csv,noheader,nounits'],
      { timeout: SMI_TIMEOUT_MS },
    );
    return parseGpus(stdout);
  } catch {
    return [];
  }
}

/** Lines `index, MiB`. */
export function parseGpus(text: string): Gpu[] {
  return text
    .split('\n')
    .map((line) => /^\s*(\d+)\s*,\s*(\d+)\s*$/.exec(line))
    .filter((match) => match !== null)
    .map((match) => ({ index: Number(match[1]), memoryBytes: Number(match[2]) * 2 ** 20 }));
}
