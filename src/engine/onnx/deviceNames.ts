import { UserError } from '../../common/errors.ts';

export const ONNX_DEVICES = ['cpu', 'webgpu', 'cuda'] as const;
export type OnnxDevice = (typeof ONNX_DEVICES)[number];

/** The value of ONNX_DEVICE; the processor without one. Throws a UserError on another word. */
export function parseOnnxDevice(text: string | undefined): OnnxDevice | 'auto' {
  const known = ['auto', ...ONNX_DEVICES] as const;
  const device = known.find((each) => each === (text || 'cpu'));
  if (device) return device;
  throw new UserError(`ONNX_DEVICE=${text} names no device`, `set it to one of: ${known.join(', ')}`);
}
