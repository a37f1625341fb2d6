import { UserError } from '../common/errors.ts';
import { shown } from './problems.ts';
import { readYaml } from './readYaml.ts';
import { type ConfigTree, isMapping, type Origin } from './tree.ts';

/**
 * First step: a config file's text to a tree with source positions. Checks what YAML itself asks for; keys and
 * values are checked by resolveConfig. Throws a UserError that lists every syntax problem with line and column.
 */
export function parseConfigFile(text: string, path: string): ConfigTree {
  const { value, positions, problems } = readYaml(text);
  if (problems.length > 0) {
    const lines = problems.map(({ line, column, message }) => `${path}:${line}:${column} ${message}`);
    throw new UserError(
      lines.length === 1 ? lines[0]! : `${path} is not valid YAML:\n  ${lines.join('\n  ')}`,
      'Mend the YAML and run it again.',
    );
  }
  if (value === null || value === undefined) {
    throw new UserError(`${path} is empty`, 'Start from configs/math.yaml or configs/smoke.yaml.');
  }
  if (!isMapping(value)) {
    const found = Array.isArray(value) ? 'a list' : shown(value);
    throw new UserError(
      `${path} holds ${found}, where a mapping of keys to values is expected`,
      'Start from configs/math.yaml or configs/smoke.yaml.',
    );
  }
  const origins = Object.fromEntries(
    Object.entries(positions).map(([key, position]): [string, Origin] => [key, { at: 'file', ...position }]),
  );
  return { file: path, value, origins };
}
