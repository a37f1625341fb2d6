import { UserError } from '../../src/common/errors.ts';
import { applyOverrides } from '../../src/config/applyOverrides.ts';
import { parseConfigFile } from '../../src/config/parseConfigFile.ts';
import { resolveConfig } from '../../src/config/resolveConfig.ts';

/** The least that a config must say. */
export const LEAST = `name: demo
corpora:
  general: { source: { demo: prose, bytes: 8_000_000 } }
  domains:
    math: { source: { demo: mathematics, bytes: 6_000_000 } }
models:
  sizes: [16, 32]
training:
  baseTokens: 1_024_000
  cptTokens: 614_400
`;

export const FILE = 'my.yaml';

export const resolveText = (text: string, overrides: string[] = []) =>
  resolveConfig(applyOverrides(parseConfigFile(text, FILE), overrides));

/** The UserError that `work` throws; fails when it throws another error or none. */
export function userErrorOf(work: () => unknown): UserError {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
