import type { Engine } from './types.ts';

/** As it is recorded with every run: `onnx on webgpu (onnxruntime-node 1.30.0)`. */
export function describeEngine({
  name,
  device,
  version,
}: Pick<Engine, 'name' | 'device' | 'version'>): string {
  return `${name} on ${device} (${version})`;
}
