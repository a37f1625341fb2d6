import { UserError } from '../common/errors.ts';

export type CountUnit = 'raw' | 'millions' | 'billions';
export type CountUnits = { model_size: CountUnit; tokens: CountUnit };

export const FACTORS: Readonly<Record<CountUnit, number>> = { raw: 1, millions: 1e6, billions: 1e9 };

/** `billions`, or `model_size=millions,tokens=billions`. Throws a UserError on anything else. */
export function parseUnits(text: string): CountUnits {
  const unitOf = (word: string): CountUnit => {
    if (!Object.hasOwn(FACTORS, word)) {
      throw new UserError(`--unit: ${word || '(nothing)'} is not a unit`, 'Use raw, millions or billions.');
    }
    return word as CountUnit;
  };
  if (!text.includes('=')) return { model_size: unitOf(text.trim()), tokens: unitOf(text.trim()) };
  const units: CountUnits = { model_size: 'raw', tokens: 'raw' };
  for (const part of text.split(',')) {
    const [role = '', unit = ''] = part.split('=').map((word) => word.trim());
    if (role !== 'model_size' && role !== 'tokens') {
      throw new UserError(`--unit: ${role} has no unit`, 'E.g. --unit model_size=millions,tokens=billions');
    }
    units[role] = unitOf(unit);
  }
  return units;
}

/** Counts from here on are surely not in millions or billions: even a toy model has this many parameters. */
const SURELY_RAW = 1000;
/** No one experiment spans more than this; two units in one column do. */
const WIDEST_SPAN = 1e6;

/** Why a column of counts cannot be in the unit that was said, or seems to mix two; null when nothing is odd. */
export function suspectUnits(
  role: 'model_size' | 'tokens',
  values: readonly number[],
  unit: CountUnit,
): { problem: string; remedy: string } | null {
  if (values.length === 0) return null;
  const low = Math.min(...values);
  const high = Math.max(...values);
  if (high / low > WIDEST_SPAN) {
    return {
      problem: `${role} runs from ${low} to ${high}: mixed units are suspected`,
      remedy: `Write all of ${role} in one unit.`,
    };
  }
  if (unit === 'raw' && high < SURELY_RAW) {
    return {
      problem: `${role} runs from ${low} to ${high}: too small to be a count`,
      remedy: `Say its unit: --unit ${role}=billions or ${role}=millions.`,
    };
  }
  if (unit === 'raw' && low < SURELY_RAW) {
    return {
      problem: `${role} runs from ${low} to ${high}: some values are too small to be counts, mixed units are suspected`,
      remedy: `Write all of ${role} in one unit.`,
    };
  }
  if (unit !== 'raw' && high * FACTORS[unit] > 1e16) {
    return {
      problem: `${role} reaches ${high} ${unit}, more than anyone has trained`,
      remedy: '--unit raw is for plain counts.',
    };
  }
  return null;
}
