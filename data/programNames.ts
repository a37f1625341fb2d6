import type { Random } from '../src/common/random.ts';
import { chance, pick } from './choice.ts';
import { capital, type Language, type Topic } from './language.ts';

/** Names of a program: words of the language in camel case, each used for one thing only within a program. */
export interface Namer {
  variable(): string;
  method(): string;
  type(): string;
  constant(): string;
}

export function startNamer(random: Random, language: Language, topic: Topic): Namer {
  const taken = new Set<string>();
  const noun = () => (chance(random, 0.7) ? topic.noun(random) : language.noun(random)).stem;
  const verb = () => (chance(random, 0.7) ? topic.verb(random) : language.verb(random)).stem;
  const fresh = (make: () => string): string => {
    for (let tries = 0; ; tries++) {
      const name = tries < 20 ? make() : make() + tries;
      if (RESERVED.has(name) || taken.has(name)) continue;
      taken.add(name);
      return name;
    }
  };
  return {
    variable: () => fresh(() => (chance(random, 0.6) ? noun() : noun() + capital(noun()))),
    method: () => fresh(() => verb() + capital(noun())),
    type: () => fresh(() => capital(noun()) + pick(random, ['', 'List', 'Map', 'Entry', 'Node'])),
    constant: () => fresh(() => `${noun()}_${noun()}`.toUpperCase()),
  };
}

const RESERVED = new Set([
  'if',
  'of',
  'in',
  'do',
  'as',
  'is',
  'for',
  'let',
  'new',
  'try',
  'get',
  'set',
  'var',
  'map',
]);
