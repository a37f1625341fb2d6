import { parseOnnxDevice } from '../engine/onnx/deviceNames.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Several small trainers beat one with several threads: small matrices gain little, busy threads fight. */
const ONE_THREAD = { OMP_NUM_THREADS: '1', TF_NUM_INTRAOP_THREADS: '1', TF_CPP_MIN_LOG_LEVEL: '2' };

const LARGE_PAGES = 'glibc.malloc.hugetlb';

/** What a trainer's environment has more than its parent's (`variables`), wherever it trains. */
export function trainerEnvironment(variables: Variables): Record<string, string> {
  return { ...ONE_THREAD, ...largePages(variables) };
}

/**
 * On a GPU, which the trainer tries with cuda, then webgpu. Without TF32, which is the default of CUDA's libraries and
 * keeps 10 bits of the mantissa: a run's losses must not depend on which worker took it.
 */
export function gpuTrainerEnvironment(variables: Variables, index: number): Record<string, string> {
  return {
    ...trainerEnvironment(variables),
    ONNX_DEVICE: parseOnnxDevice(variables.ONNX_DEVICE || 'auto'),
    NVIDIA_TF32_OVERRIDE: variables.NVIDIA_TF32_OVERRIDE ?? '0',
    CUDA_VISIBLE_DEVICES: `${index}`,
  };
}

/**
 * Has the C library ask for pages of 2 MB for large arrays (glibc 2.35 or later on Linux, where the kernel's
 * transparent_hugepage is `madvise`, the usual default; others ignore it). A step walks through 100 MB and more of
 * activations: with pages of 4 KB the processor spends a few percent of its time on finding them (docs/performance.md). A
 * setting of the user's own stays.
 */
function largePages({ GLIBC_TUNABLES: set }: Variables): Record<string, string> {
  if (set?.includes(LARGE_PAGES)) return {};
  return { GLIBC_TUNABLES: [...(set ? [set] : []), `${LARGE_PAGES}=1`].join(':') };
}
