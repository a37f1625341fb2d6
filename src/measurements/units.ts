import { UserError } from '../common/errors.ts';
import { rangeOf } from './cells.ts';

export type CountUnit = 'raw' | 'millions' | 'billions';
/** Roles that count parameters or tokens. The last two go by `model_size` and `tokens` where nothing else is said. */
export type CountRole = 'model_size' | 'tokens' | 'mean_model_size' | 'unique_tokens';
export type CountUnits = Record<'model_size' | 'tokens', CountUnit> & Partial<Record<CountRole, CountUnit>>;

export const COUNT_ROLES: readonly CountRole[] = ['model_size', 'tokens', 'mean_model_size', 'unique_tokens'];
export const FACTORS: Readonly<Record<CountUnit, number>> = { raw: 1, millions: 1e6, billions: 1e9 };
export const RAW_UNITS: CountUnits = { model_size: 'raw', tokens: 'raw' };

/** The unit that a role's column is in. */
export function unitOf(role: CountRole, units: CountUnits): CountUnit {
  return units[role] ?? (role === 'mean_model_size' ? units.model_size : units.tokens);
}

/** `billions`, or `model_size=millions,tokens=billions`. Throws a UserError on anything else. */
export function parseUnits(text: string): CountUnits {
  if (!text.includes('=')) return { model_size: unitNamed(text.trim()), tokens: unitNamed(text.trim()) };
  const given: Partial<Record<CountRole, CountUnit>> = {};
  for (const part of text.split(',')) {
    const [role = '', unit = '', ...more] = part.split('=').map((word) => word.trim());
    if (more.length > 0) {
      throw new UserError(
        `--unit: "${part}" is not role=unit`,
        'E.g. --unit model_size=millions,tokens=billions',
      );
    }
    if (!COUNT_ROLES.includes(role as CountRole)) {
      throw new UserError(
        `--unit: ${role} has no unit`,
        `Units are of ${COUNT_ROLES.join(', ')}, e.g. --unit model_size=millions,tokens=billions`,
      );
    }
    if (given[role as CountRole] !== undefined) throw new UserError(`--unit: ${role} is given twice`);
    given[role as CountRole] = unitNamed(unit);
  }
  return { ...RAW_UNITS, ...given };
}

function unitNamed(word: string): CountUnit {
  if (!Object.hasOwn(FACTORS, word)) {
    throw new UserError(`--unit: ${word || '(nothing)'} is not a unit`, 'Use raw, millions or billions.');
  }
  return word as CountUnit;
}

/** Counts from here on are surely not in millions or billions: even a toy model has this many parameters. */
const SURELY_RAW = 1000;
/** No one experiment spans more than this; two units in one column do. */
const WIDEST_SPAN = 1e6;
const BEYOND_ANY_RUN = 1e16;

/** Why a column of counts cannot be in the unit that was said, or seems to mix two; null when nothing is odd. */
export function suspectUnits(
  role: CountRole,
  column: string,
  values: readonly number[],
  unit: CountUnit,
): { problem: string; remedy: string } | null {
  const range = rangeOf(values);
  if (range === null) return null;
  const { low, high } = range;
  const span = `${role} runs from ${low} to ${high}`;
  const mend = `Write all of ${role} in one unit, or leave such rows out: --where '"${column}" >= …'.`;
  if (high / low > WIDEST_SPAN) return { problem: `${span}: mixed units are suspected`, remedy: mend };
  if (unit === 'raw' && high < SURELY_RAW) {
    return {
      problem: `${span}: too small to be a count`,
      remedy: `Say its unit: --unit ${role}=billions or ${role}=millions.`,
    };
  }
  if (unit === 'raw' && low < SURELY_RAW) {
    return {
      problem: `${span}: some values are too small to be counts, mixed units are suspected`,
      remedy: mend,
    };
  }
  if (high * FACTORS[unit] > BEYOND_ANY_RUN) {
    return {
      problem: `${role} reaches ${high}${unit === 'raw' ? '' : ` ${unit}`}, more than anyone has trained`,
      remedy: '--unit raw is for plain counts, and millions or billions only for such columns.',
    };
  }
  return null;
}
