import { UserError } from '../common/errors.ts';
import { shortened } from './problems.ts';
import { readYaml } from './readYaml.ts';
import { type ConfigTree, FORBIDDEN_KEYS, isMapping, type Origin, pathKey, pathText } from './tree.ts';

const FORM =
  'Write --set path=value, e.g. --set training.cptTokens=800000 or --set mixture.ratios=[0,0.5,1].';

/** No config is that deep, and each key costs a look at all before it. */
const MAX_PATH = 100;

/**
 * Second step: `path=value` assignments laid over a tree, in order. A path is keys and list indexes joined by dots;
 * a value is YAML. Mappings on the way are made, an index may replace an item or append one. Leaves `tree` as it
 * was. Throws a UserError that names every flag that cannot be read or applied.
 */
export function applyOverrides(tree: ConfigTree, assignments: readonly string[]): ConfigTree {
  const result: ConfigTree = { ...structuredClone(tree) };
  const problems: string[] = [];
  for (const assignment of assignments) {
    const flag = `--set ${assignment}`;
    const problem = assign(result, assignment, { at: 'flag', flag });
    if (problem) problems.push(`${shortened(flag, 200)}: ${shortened(problem, 1000)}`);
  }
  if (problems.length > 0) {
    throw new UserError(
      problems.length === 1
        ? problems[0]!
        : `${problems.length} overrides cannot be used:\n  ${problems.join('\n  ')}`,
      FORM,
    );
  }
  return result;
}

/** Sets one value in place; returns what is wrong with the assignment, or null. */
function assign(tree: ConfigTree, assignment: string, origin: Origin): string | null {
  const equals = assignment.indexOf('=');
  if (equals < 0) return 'has no "="';
  const path = assignment
    .slice(0, equals)
    .split('.')
    .map((key) => key.trim());
  if (path.length > MAX_PATH) return `has a path of ${path.length} keys`;
  if (path.some((key) => key === '')) return 'has an empty key in its path';
  const forbidden = path.find((key) => FORBIDDEN_KEYS.includes(key));
  if (forbidden) return `${forbidden} cannot be a key`;
  const text = assignment.slice(equals + 1);
  if (text.trim() === '') return 'has no value (write null for none, "" for empty text)';
  const { value, problems } = readYaml(text);
  if (problems.length > 0) return `the value is not valid YAML: ${problems[0]!.message}`;
  // The path's own values live in the tree, whose root parseConfigFile has checked; a caller's may be anything.
  if (!isMapping(tree.value)) return `${tree.file} is not a mapping`;

  let container: Record<string, unknown> | unknown[] = tree.value;
  for (let depth = 0; ; depth++) {
    const key = path[depth]!;
    const here = path.slice(0, depth + 1);
    if (Array.isArray(container)) {
      const index = Number(key);
      if (!/^\d+$/.test(key) || index > container.length) {
        const allowed =
          container.length === 0 ? '0' : `0 to ${container.length - 1}, or ${container.length} to append`;
        return `${pathText(path.slice(0, depth))} is a list; its indexes are ${allowed}, not ${key}`;
      }
    }
    const slots = container as Record<string, unknown>;
    if (depth === path.length - 1) {
      forgetBelow(tree, here);
      slots[key] = value;
      tree.origins[pathKey(here)] = origin;
      return null;
    }
    const next = Object.hasOwn(slots, key) ? slots[key] : undefined;
    if (next === undefined || next === null) {
      slots[key] = {};
      tree.origins[pathKey(here)] = origin;
    } else if (typeof next !== 'object') {
      return `${pathText(here)} is ${JSON.stringify(next)}, which holds no ${path[depth + 1]}; set ${pathText(here)} as a whole`;
    }
    container = slots[key] as Record<string, unknown>;
  }
}

/** What was written below a replaced value is gone, and so is where it stood. */
function forgetBelow(tree: ConfigTree, path: readonly string[]): void {
  const prefix = `${pathKey(path).slice(0, -1)},`;
  for (const key of Object.keys(tree.origins)) if (key.startsWith(prefix)) delete tree.origins[key];
}
