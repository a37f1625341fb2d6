/** Keys and list indexes from a config's top down to one value. */
export type ConfigPath = readonly (string | number)[];

/** Where a value was written. */
export type Origin = { at: 'file'; line: number; column: number } | { at: 'flag'; flag: string };

/** A config as written, before any default: plain JSON beside where each of its values stands. */
export interface ConfigTree {
  /** As the user named it; for messages. */
  file: string;
  value: unknown;
  /** By pathKey. */
  origins: Record<string, Origin>;
}

/** These would reach into JavaScript's own objects. */
export const FORBIDDEN_KEYS: readonly string[] = ['__proto__', 'constructor', 'prototype'];

export function pathKey(path: ConfigPath): string {
  return JSON.stringify(path.map(String));
}

/** As a person writes it, and as `--set` reads it: `mixture.ratios.2`. */
export function pathText(path: ConfigPath): string {
  return path.join('.');
}

/** A tree of a value that stands in no file, e.g. the config saved in a results store. */
export function treeOf(value: unknown, name: string): ConfigTree {
  return { file: name, value, origins: {} };
}

/** Where the value at `path` was written or, for what stands nowhere (a missing key), its nearest ancestor. */
export function originOf(tree: ConfigTree, path: ConfigPath): Origin | undefined {
  for (let length = path.length; length > 0; length--) {
    const origin = tree.origins[pathKey(path.slice(0, length))];
    if (origin) return origin;
  }
  return undefined;
}

export function valueAt(value: unknown, path: ConfigPath): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string | number, unknown>)[key];
  }
  return at;
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
