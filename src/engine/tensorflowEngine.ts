import { messageOf, UserError } from '../common/errors.ts';
import { createEagerEngine } from './eagerEngine.ts';
import type { Engine } from './types.ts';

/** Packages that register tfjs's `tensorflow` backend, best first. Neither is needed to use this project. */
const PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

interface TensorflowModule {
  version: Record<string, string>;
}

/**
 * The eager engine on TensorFlow's own library. Throws a UserError when neither package is installed with its binary.
 * The packages are loaded by name at run time, because they are optional and their binaries often missing.
 */
export async function loadTensorflowEngine(
  load: (packageName: string) => Promise<unknown> = (packageName) => import(packageName),
): Promise<Engine> {
  const failures: string[] = [];
  for (const packageName of PACKAGES) {
    try {
      const module = (await load(packageName)) as TensorflowModule & { default?: TensorflowModule };
      const versions = module.version ?? module.default?.version ?? {};
      return createEagerEngine('tensorflow', {
        name: 'tensorflow',
        device: packageName.endsWith('-gpu') ? 'gpu' : 'cpu',
        version: `${packageName} ${versions['tfjs-node'] ?? versions.tfjs ?? 'of unknown version'}`,
      });
    } catch (error) {
      failures.push(describe(packageName, error));
    }
  }
  throw new UserError(
    `the tensorflow engine is not available (${failures.join('; ')})`,
    'Use the onnx engine, or install @tensorflow/tfjs-node-gpu on a machine with CUDA 11.x (npm install @tensorflow/tfjs-node-gpu).',
  );
}

function describe(packageName: string, error: unknown): string {
  const notFound = (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
  const message = messageOf(error).split('\n')[0]!;
  return notFound && message.includes(`'${packageName}'`)
    ? `${packageName} is not installed`
    : `${packageName}: ${message}`;
}
