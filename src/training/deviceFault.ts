import { DeviceError } from '../engine/onnx/deviceErrors.ts';

/**
 * A device that fails says nothing about the run: an ordinary failure, so that the queue has it tried again, here or
 * elsewhere. A lost device stays lost for this process, which ends with the reason as its last words.
 */
export function faultOfDevice(error: unknown, end: (lastWords: string) => void): unknown {
  if (!(error instanceof DeviceError)) return error;
  const sentence = `${error.message}. ${error.nextStep}`;
  if (error.problem === 'lost') end(sentence);
  return new Error(sentence, { cause: error });
}
