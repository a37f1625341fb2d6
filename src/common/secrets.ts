import { readFileSync } from 'node:fs';
import { messageOf, UserError } from './errors.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * A secret from the environment: the variable itself, or the file that `<name>_FILE` names (as container engines mount
 * secrets). Undefined when neither is set. Throws a UserError when both are, or the file cannot be read; never repeats
 * the secret.
 */
export function secretFrom(variables: Variables, name: string): string | undefined {
  const value = variables[name];
  const path = variables[`${name}_FILE`];
  if (value && path) {
    throw new UserError(`both ${name} and ${name}_FILE are set`, 'set one of them');
  }
  if (!path) return value || undefined;
  try {
    const text = readFileSync(path, 'utf8').trim();
    if (text === '') throw new Error('it is empty');
    return text;
  } catch (error) {
    throw new UserError(
      `the file of ${name}_FILE cannot be read: ${messageOf(error)}`,
      'check its path and permissions',
    );
  }
}
