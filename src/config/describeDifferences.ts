import { canonicalJson } from '../common/canonical.ts';
import { isMapping } from './tree.ts';

/**
 * What differs between two resolved configs, one sentence a key: `training.cptTokens: 600000 → 800000`. Lists are
 * compared as wholes; the order of keys does not matter. Takes any JSON, since an older version may have saved it.
 */
export function describeDifferences(oldConfig: unknown, newConfig: unknown): string[] {
  return differences(oldConfig, newConfig, '');
}

function differences(before: unknown, after: unknown, path: string): string[] {
  if (isMapping(before) && isMapping(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => differences(before[key], after[key], path === '' ? key : `${path}.${key}`));
  }
  const [from, to] = [shown(before), shown(after)];
  return from === to ? [] : [`${path === '' ? 'the config' : path}: ${from} → ${to}`];
}

function shown(value: unknown): string {
  return value === undefined ? 'not there' : canonicalJson(value);
}
