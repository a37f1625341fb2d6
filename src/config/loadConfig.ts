import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf, UserError } from '../common/errors.ts';
import { applyOverrides } from './applyOverrides.ts';
import { parseConfigFile } from './parseConfigFile.ts';
import { didYouMean } from './problems.ts';
import { type ConfigResolution, resolveConfig } from './resolveConfig.ts';

/** Far above what parseConfigFile takes: a file of another kind is refused before it is read. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

/** File, then flags, then defaults. Throws a UserError on anything that is wrong with either. */
export function loadConfig(path: string, overrides: readonly string[] = []): ConfigResolution {
  return resolveConfig(applyOverrides(parseConfigFile(readText(path), path), overrides));
}

function readText(path: string): string {
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) {
      throw new UserError(`${path} is a folder, not a config file`, `Name a file${yamlFilesOf(path, '')}.`);
    }
    if (stats.size > MAX_FILE_BYTES) {
      throw new UserError(`${path} has ${stats.size} bytes: that is no config`, 'Name a YAML file.');
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    if (error instanceof UserError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new UserError(
        `there is no file ${path}`,
        `Name a config file${yamlFilesOf(dirname(path), path)}.`,
      );
    }
    if (error instanceof TypeError) throw new UserError(`${path} is not UTF-8 text`, 'Save it as UTF-8.');
    throw new UserError(`${path} cannot be read: ${messageOf(error)}`, 'Check its permissions.');
  }
}

/** The configs that stand where the user looked, or in configs/. */
function yamlFilesOf(folder: string, wanted: string): string {
  for (const place of [folder, 'configs']) {
    try {
      const files = readdirSync(place)
        .filter((name) => /\.ya?ml$/.test(name))
        .map((name) => join(place, name));
      if (files.length > 0) return ` (${files.join(', ')})${wanted === '' ? '' : didYouMean(wanted, files)}`;
    } catch {
      // Nothing to suggest from a folder that is not there.
    }
  }
  return '';
}
