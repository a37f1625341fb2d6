import { UserError } from '../../common/errors.ts';
import { appleAdditive } from './appleAdditive.ts';
import { appleJoint } from './appleJoint.ts';
import { averageParameterChinchilla } from './averageParameterChinchilla.ts';
import { bimix } from './bimix.ts';
import { capacity } from './capacity.ts';
import { chinchilla } from './chinchilla.ts';
import { crossLingual } from './crossLingual.ts';
import { dataMixing } from './dataMixing.ts';
import { forgetting, forgettingDomain } from './forgetting.ts';
import type { LawForm } from './form.ts';
import { ge24 } from './ge24.ts';
import { l1 } from './l1.ts';
import { l2 } from './l2.ts';
import { l3 } from './l3.ts';
import { l4 } from './l4.ts';
import { l5 } from './l5.ts';
import { l6 } from './l6.ts';
import { l7 } from './l7.ts';
import { learningDynamicsDomain, learningDynamicsGeneral } from './learningDynamics.ts';
import { repetitionAware } from './repetitionAware.ts';

/** Every form that can be fitted, by name. */
export const lawForms: Readonly<Record<string, LawForm>> = Object.fromEntries(
  [
    l1,
    l2,
    l3,
    l4,
    l5,
    l6,
    l7,
    chinchilla,
    averageParameterChinchilla,
    dataMixing,
    bimix,
    ge24,
    capacity,
    crossLingual,
    appleAdditive,
    appleJoint,
    repetitionAware,
    learningDynamicsGeneral,
    learningDynamicsDomain,
    forgetting,
    forgettingDomain,
  ].map((form) => [form.name, form]),
);

const ALIASES: Readonly<Record<string, string>> = { 'd-cpt': 'L3' };

/** The form of that name or alias, whatever the case. Throws a UserError that lists the forms there are. */
export function lawForm(name: string): LawForm {
  if (Object.hasOwn(lawForms, name)) return lawForms[name]!;
  const wanted = Object.hasOwn(ALIASES, name.toLowerCase()) ? ALIASES[name.toLowerCase()]! : name;
  const form = Object.values(lawForms).find((each) => each.name.toLowerCase() === wanted.toLowerCase());
  if (!form)
    throw new UserError(
      `there is no law ${name}`,
      `Use one of: ${Object.keys(ALIASES).join(', ')}, ${Object.keys(lawForms).join(', ')}.`,
    );
  return form;
}
