import { UserError } from '../../common/errors.ts';

/** Throws a UserError for a coverage that is none. */
export function checkLevel(level: number): void {
  if (!(level > 0 && level < 1)) {
    throw new UserError(`the level is ${level}`, 'Give a coverage between 0 and 1, e.g. 0.9.');
  }
}

/** Throws a UserError that names the first number which is not positive; absent ones are left alone. */
export function checkPositive(numbers: Readonly<Record<string, number | undefined>>, units: string): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (value !== undefined && !(value > 0 && Number.isFinite(value))) {
      throw new UserError(`${name} is ${value}, not a positive number`, units);
    }
  }
}
