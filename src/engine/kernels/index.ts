import type { TraceKernel } from '../trace/backend.ts';
import { arrangementKernels } from './arrangement.ts';
import { elementwiseKernels } from './elementwise.ts';
import { fusedKernels } from './fused.ts';
import { indexingKernels } from './indexing.ts';
import { matmulKernels } from './matmul.ts';
import { reductionKernels } from './reductions.ts';

/** Every tfjs kernel that can be recorded as ONNX nodes, by tfjs's own kernel name. */
export const traceKernels: Readonly<Record<string, TraceKernel>> = {
  ...arrangementKernels,
  ...elementwiseKernels,
  ...fusedKernels,
  ...indexingKernels,
  ...matmulKernels,
  ...reductionKernels,
};
