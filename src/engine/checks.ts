import { UserError } from '../common/errors.ts';
import { elementsOf } from './trace/stateLayout.ts';
import type { Arrays, TensorSpec, TensorSpecs, TensorValues } from './types.ts';

/** Throws unless every array is known, of its spec's type and of its length. */
export function checkArrays(what: string, arrays: Arrays, specs: TensorSpecs): void {
  for (const [name, values] of Object.entries(arrays)) {
    const spec = specs[name];
    if (!spec) throw new Error(`${what}: there is no ${name}; known are ${Object.keys(specs).join(', ')}`);
    checkArray(`${what} ${name}`, values, spec);
  }
}

function checkArray(what: string, values: TensorValues, spec: TensorSpec): void {
  const expected = spec.dtype === 'int32' ? Int32Array : Float32Array;
  if (!(values instanceof expected)) throw new Error(`${what}: expected a ${expected.name}`);
  const elements = elementsOf(spec);
  if (values.length !== elements) {
    throw new Error(`${what}: ${values.length} numbers given, [${spec.shape}] holds ${elements}`);
  }
}

/** As checkArrays, and none may be missing. */
export function checkFeeds(functionName: string, feeds: Arrays, specs: TensorSpecs): void {
  checkArrays(`feed of ${functionName}`, feeds, specs);
  const missing = Object.keys(specs).filter((name) => !feeds[name]);
  if (missing.length > 0) throw new Error(`${functionName}: feed ${missing.join(', ')} is missing`);
}

export function closedError(): UserError {
  return new UserError('the engine session is closed', 'Open a new one.');
}
