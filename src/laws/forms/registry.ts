import { UserError } from '../../common/errors.ts';
import { chinchilla } from './chinchilla.ts';
import type { LawForm } from './form.ts';
import { l3 } from './l3.ts';

/** Every form that can be fitted, by name. */
export const lawForms: Readonly<Record<string, LawForm>> = { L3: l3, chinchilla };

/** Throws a UserError that lists the forms there are. */
export function lawForm(name: string): LawForm {
  const form = Object.hasOwn(lawForms, name) ? lawForms[name] : undefined;
  if (!form)
    throw new UserError(`there is no law ${name}`, `Use one of: ${Object.keys(lawForms).join(', ')}.`);
  return form;
}
