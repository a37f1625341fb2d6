import { z } from 'zod';
import { isMapping } from './tree.ts';

/*
 * Building blocks of the schema. One convention holds for all of them, and problems.ts relies on it: an issue's
 * message says what is ALLOWED (for an unknown key: the known keys, comma-separated), and what was found is added
 * there. Only issues of code `custom` are whole sentences, to be put behind the path.
 */

export const count = whole(1);
export const wholeFromZero = whole(0);

export function whole(minimum: number, maximum = Number.MAX_SAFE_INTEGER): z.ZodNumber {
  const allowed =
    maximum === Number.MAX_SAFE_INTEGER
      ? `a whole number, at least ${minimum}`
      : `a whole number from ${minimum} to ${maximum}`;
  const error = () => allowed;
  return z.int({ error }).min(minimum, { error }).max(maximum, { error });
}

export function positive(): z.ZodNumber {
  const error = () => 'a number above 0';
  return z.number({ error }).positive({ error });
}

/** A number in [minimum, maximum]. */
export function between(minimum: number, maximum: number): z.ZodNumber {
  const error = () => `a number from ${minimum} to ${maximum}`;
  return z.number({ error }).min(minimum, { error }).max(maximum, { error });
}

/** A number in [minimum, maximum). */
export function below(minimum: number, maximum: number): z.ZodNumber {
  const error = () => `a number from ${minimum} to below ${maximum}`;
  return z.number({ error }).min(minimum, { error }).lt(maximum, { error });
}

export function flag(): z.ZodBoolean {
  return z.boolean({ error: () => 'true or false' });
}

export function text(allowed: string, pattern = /\S/): z.ZodString {
  const error = () => allowed;
  return z.string({ error }).regex(pattern, { error });
}

export function oneOf<const Words extends readonly string[]>(
  words: Words,
): z.ZodEnum<{ [W in Words[number]]: W }> {
  const error = () => (words.length === 1 ? words[0]! : `one of ${words.join(', ')}`);
  return z.enum(words as unknown as [string, ...string[]], { error }) as never;
}

/** A word that stands for "decide for me", or one of several words, or a number of one's own. */
export function wordOr<const Word extends string>(words: Word | readonly Word[], number: z.ZodNumber) {
  const known = [words].flat() as Word[];
  const allowed = `${known.join(', ')}, or ${number.safeParse(undefined).error!.issues[0]!.message}`;
  return z.unknown().transform((value, context): Word | number => {
    const word = known.find((each) => each === value);
    if (word !== undefined) return word;
    const parsed = number.safeParse(value);
    if (parsed.success) return parsed.data;
    context.issues.push({ code: 'invalid_type', expected: 'number', message: allowed, input: value });
    return z.NEVER;
  });
}

/** A mapping that takes these keys and no others. */
export function section<Shape extends z.ZodRawShape>(shape: Shape) {
  const keys = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? keys : `a mapping with ${keys}`),
  });
}

/** A list of one or more items, no two of them equal. */
export function distinctList<Item extends z.ZodType>(item: Item, allowed: string) {
  const error = () => allowed;
  return z
    .array(item, { error })
    .min(1, { error })
    .superRefine((items, context) => {
      const seen = new Set<string>();
      items.forEach((value, index) => {
        const key = JSON.stringify(value);
        if (seen.has(key))
          context.addIssue({ code: 'custom', path: [index], message: `is ${key} a second time` });
        seen.add(key);
      });
    });
}

/** One text or a list of them, always read as a list. */
export function oneOrMore(allowed: string): z.ZodType<string[]> {
  const one = text(allowed);
  const many = distinctList(one, `${allowed}, or a list of them`);
  return choose<string[]>((value) => (typeof value === 'string' ? one.transform((only) => [only]) : many));
}

/** As oneOrMore, and the empty list too. */
export function anyNumberOf(allowed: string): z.ZodType<string[]> {
  return choose<string[]>((value) =>
    Array.isArray(value) && value.length === 0 ? z.array(z.string()) : oneOrMore(allowed),
  );
}

/** A field whose schema depends on what was written, so that its problems are those of the form that was meant. */
export function choose<Output>(pick: (value: unknown) => z.ZodType<Output>): z.ZodType<Output> {
  return z
    .unknown()
    .optional()
    .transform((value, context): Output => {
      const parsed = pick(value).safeParse(value);
      if (parsed.success) return parsed.data;
      for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: value } as never);
      return z.NEVER;
    });
}

/** A mapping whose one leading key says which form it has. */
export function chooseByKey<Output>(
  noun: string,
  forms: Record<string, z.ZodType<Output> & { shape: z.ZodRawShape }>,
): z.ZodType<Output> {
  const names = Object.keys(forms);
  const known = [...new Set(Object.values(forms).flatMap((form) => Object.keys(form.shape)))];
  const allowed = `a mapping with one of ${names.join(', ')}`;
  return choose<Output>((value) => {
    if (!isMapping(value)) return refuse({ code: 'invalid_type', expected: 'object', message: allowed });
    const given = names.filter((name) => Object.hasOwn(value, name));
    if (given.length === 1) return forms[given[0]!]!;
    if (given.length > 1) {
      // The last one is the one that was added, e.g. by a flag.
      const [added, ...others] = Object.keys(value)
        .filter((key) => names.includes(key))
        .reverse();
      const rule = `${noun} has only one of ${names.join(', ')} (to replace it, --set the whole mapping)`;
      return refuse({
        code: 'custom',
        path: [added],
        message: `stands beside ${others.join(' and ')}, but ${rule}`,
      });
    }
    const unknown = Object.keys(value).filter((key) => !known.includes(key));
    if (unknown.length > 0) {
      return refuse({ code: 'unrecognized_keys', keys: unknown, message: known.join(', ') });
    }
    return refuse({ code: 'custom', message: `has none of ${names.join(', ')}, and ${noun} needs one` });
  });
}

/** A schema that takes nothing and gives this issue. */
function refuse(issue: Record<string, unknown>): z.ZodType<never> {
  return z.unknown().transform((value, context) => {
    context.issues.push({ ...issue, input: value } as never);
    return z.NEVER;
  });
}
