import { InvalidArgumentError } from 'commander';
import { UserError } from '../common/errors.ts';

const SUFFIXES: Readonly<Record<string, number>> = { k: 1e3, m: 1e6, b: 1e9, g: 1e9, t: 1e12 };

/** A count as people write it: `1.8B`, `600k`, `26_000_000`, `5e19`. Throws a UserError on anything else or below zero. */
export function parseCount(text: string, what = 'a count'): number {
  const match = /^([0-9][0-9_.]*(?:e[+-]?\d+)?)\s*([kmbgt])?$/i.exec(text.trim());
  const value = match
    ? Number(match[1]!.replaceAll('_', '')) * (match[2] ? SUFFIXES[match[2].toLowerCase()]! : 1)
    : Number.NaN;
  if (!(value > 0 && Number.isFinite(value))) {
    throw new UserError(`${what}: "${text}" is not a positive count`, 'E.g. 1.8B, 600k or 26_000_000.');
  }
  return value;
}

/** For commander's flags. */
export function countFlag(text: string): number {
  try {
    return parseCount(text);
  } catch {
    throw new InvalidArgumentError('It must be a positive count, e.g. 1.8B, 600k or 26_000_000.');
  }
}

/** `model_size=1.8B,tokens=10B` → counts; either may be left out. Throws a UserError on anything else. */
export function parseTarget(text: string): { modelSize: number | null; tokens: number | null } {
  const target: { modelSize: number | null; tokens: number | null } = { modelSize: null, tokens: null };
  for (const part of text.split(',')) {
    const [name = '', value = ''] = part.split('=').map((word) => word.trim());
    if (name === 'model_size') target.modelSize = parseCount(value, '--at model_size');
    else if (name === 'tokens') target.tokens = parseCount(value, '--at tokens');
    else {
      throw new UserError(
        `--at: "${part}" is neither model_size=… nor tokens=…`,
        'E.g. --at model_size=1.8B,tokens=10B',
      );
    }
  }
  return target;
}
