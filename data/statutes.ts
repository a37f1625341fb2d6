import { makeRandom, type Random } from '../src/common/random.ts';
import type { DemoGenerator } from '../src/corpus/sources.ts';
import { between, type Choice, chance, documentLength, pick, weightedChoice } from './choice.ts';
import { adjectiveForm, capital, demoLanguage, type Noun, nounForm, verbForm } from './language.ts';
import { deed, documentNoun, grouped, happening, romanNumeral, thing } from './phrases.ts';
import { sentence, startWriter, title, type Writer } from './sentences.ts';

/** A defined term: from its definition on it is written in the same capitals everywhere. */
interface Term {
  text: string;
  noun: Noun;
}

/** A rule that later rules may refer to: `place` is its number, as `4(2)`. */
interface Rule {
  place: string;
  who: string;
  /** What is to be done, in the very words that a penalty or an exception repeats. */
  deed: string;
  forbidden: boolean;
  /** A penalty stands for it already. */
  punished: boolean;
}

/** An act being written. */
interface Act {
  random: Random;
  writer: Writer;
  name: string;
  terms: Term[];
  rules: Rule[];
  section: number;
  amended: string[];
}

/** Fines by class of offence: the same in every act, so that a class tells its fine. */
export const FINES = [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000] as const;
const DAYS = [7, 14, 21, 28, 30, 60, 90, 180] as const;
const FREQUENT_CLASS = weightedChoice([...FINES.keys()], (index) => 1 / (index + 1.5));
const FREQUENT_DAYS = weightedChoice(DAYS, (days) => (days % 7 === 0 ? 2 : 1));

/** Acts in numbered sections: terms are defined before they are used, references point to rules that stand before. */
export const statutes: DemoGenerator = {
  version: 1,
  defaultBytes: 6_000_000,
  *generate(seed) {
    const random = makeRandom('demo statutes', seed);
    for (;;) yield actText(random);
  },
};

function actText(random: Random): string {
  const language = demoLanguage();
  const topic = pick(random, language.topics);
  const writer = startWriter(random, language, [topic, pick(random, language.topics)]);
  const subject = title(writer);
  const act: Act = {
    random,
    writer,
    name: `${subject} Act ${writer.year}`,
    terms: [],
    rules: [],
    section: 0,
    amended: [],
  };
  const characters = documentLength(random, 1700, 500, 5600);
  const parts = [
    `ACT ${between(random, 1, 480)} OF ${writer.year}\n${act.name}`,
    definitions(act, between(random, 2, 4)),
  ];
  let part = 0;
  for (let length = parts.join('').length; length < characters; ) {
    const heading =
      length > 900 && chance(random, 0.2) ? `PART ${romanNumeral(++part).toUpperCase()}\n\n` : '';
    const body = chance(random, 0.08) ? definitions(act, between(random, 1, 2)) : section(act);
    const text = heading + body;
    parts.push(text);
    length += text.length + 2;
  }
  parts.push(commencement(act));
  if (chance(random, 0.3)) parts.push(schedule(act));
  return `${parts.join('\n\n')}\n`;
}

function definitions(act: Act, count: number): string {
  const { random, writer } = act;
  const number = ++act.section;
  const lines = Array.from({ length: count }, (_, i) => {
    const noun = freshNoun(act);
    const form = { gender: noun.gender, plural: false };
    const words = `${adjectiveForm(pick(random, noun.adjectives), form)} ${nounForm(noun, false)}`;
    const term: Term = { text: words.replace(/\b[a-z]/g, (letter) => letter.toUpperCase()), noun };
    const verb = verbForm(pick(random, noun.verbs), 'present', false);
    const known = pick(random, [...act.terms, null]);
    const other = known && chance(random, 0.4) ? `, other than the ${known.text}` : '';
    act.terms.push(term);
    return `(${letter(i)}) "${term.text}" means ${thing(writer, noun, 0)} ke ${verb} ${thing(writer)}${other}${i < count - 1 ? ';' : '.'}`;
  });
  return `${number}. Interpretation. In this Act,\n${lines.join('\n')}`;
}

function freshNoun(act: Act): Noun {
  for (;;) {
    const noun = documentNoun(act.writer);
    if (!act.terms.some((term) => term.noun === noun)) return noun;
  }
}

const letter = (index: number): string => String.fromCharCode(97 + index);

/** Writes one subsection; `place` is its own number, `siblings` the rules that its section has made before it. */
type Clause = (act: Act, place: string, siblings: readonly Rule[]) => string;

function section(act: Act): string {
  const { random } = act;
  const number = ++act.section;
  const opening = OPENING(random);
  const siblings: Rule[] = [];
  const count = between(random, 1, 4);
  const lines = Array.from({ length: count }, (_, i) => {
    const place = count === 1 ? `${number}` : `${number}(${i + 1})`;
    const before = act.rules.length;
    // A section begins with a rule; what limits or enforces it follows.
    const text = (i === 0 ? opening : FOLLOWING(random))(act, place, siblings);
    const rule = act.rules[before];
    if (rule) siblings.push(rule);
    return count === 1 ? text : `(${i + 1}) ${text}`;
  });
  const heading = `${number}. ${HEADINGS.get(opening)}.`;
  const note = chance(random, 0.25) ? `\nNote. ${sentence(act.writer)}` : '';
  return (count === 1 ? `${heading} ${lines[0]}` : `${heading}\n${lines.join('\n')}`) + note;
}

const duty: Clause = (act, place) => {
  const { random, writer } = act;
  const term = pick(random, act.terms);
  const what = deed(writer, term.noun);
  const forbidden = chance(random, 0.25);
  act.rules.push({ place, who: term.text, deed: what, forbidden, punished: false });
  const when = chance(random, 0.5) ? ` within ${FREQUENT_DAYS(random)} days` : '';
  const unless = chance(random, 0.3) ? `${forbidden ? ' unless' : ', where'} ${happening(writer)}` : '';
  return `The ${term.text} shall ${forbidden ? 'not ' : ''}${what}${forbidden ? '' : when}${unless}.`;
};

const permission: Clause = (act) => {
  const { random, writer } = act;
  const term = pick(random, act.terms);
  const consent = chance(random, 0.4) ? `, with the consent of the ${otherThan(act, term.text).text},` : '';
  return `The ${term.text} may${consent} ${deed(writer, term.noun)}.`;
};

const list: Clause = (act) => {
  const { random, writer } = act;
  const term = pick(random, act.terms);
  const count = between(random, 2, 4);
  const items = Array.from(
    { length: count },
    (_, i) => `(${romanNumeral(i + 1)}) ${deed(writer)}${i < count - 2 ? ';' : i < count - 1 ? '; or' : '.'}`,
  );
  return `The ${term.text} may\n${items.join('\n')}`;
};

const exception: Clause = (act, place, siblings) => {
  const { random, writer } = act;
  const rule = referTo(act, siblings);
  if (!rule) return permission(act, place, siblings);
  const term = otherThan(act, rule.who);
  return pick(random, [
    `${capital(reference(rule, siblings))} does not apply to the ${term.text} if ${happening(writer)}.`,
    `Subject to ${reference(rule, siblings)}, the ${term.text} may ${deed(writer, term.noun)}.`,
    `Notwithstanding ${reference(rule, siblings)}, the ${rule.who} ${rule.forbidden ? 'may' : 'need not'} ${rule.deed} while ${happening(writer)}.`,
    `Until ${happening(writer)}, ${reference(rule, siblings)} binds the ${term.text} as it binds the ${rule.who}.`,
  ]);
};

const penalty: Clause = (act, place, siblings) => {
  const rule = referTo(act, siblings);
  if (!rule || rule.punished) return exception(act, place, siblings);
  rule.punished = true;
  const offence = FREQUENT_CLASS(act.random);
  const breach = rule.forbidden ? rule.deed : `not ${rule.deed}`;
  return (
    `Any ${rule.who} that should ${breach} contrary to ${reference(rule, siblings)} commits an offence ` +
    `of class ${offence + 1} and is liable to a fine of ${grouped(FINES[offence]!)} marks.`
  );
};

const appeal: Clause = (act, _place, siblings) => {
  const rule = referTo(act, siblings);
  const under = rule ? `under ${reference(rule, siblings)}` : 'under this Act';
  const judged = pick(act.random, act.terms);
  const days = FREQUENT_DAYS(act.random);
  return `A decision of the ${judged.text} ${under} may be appealed to the ${otherThan(act, judged.text).text} within ${days} days.`;
};

/** There are two terms at least. */
function otherThan(act: Act, text: string): Term {
  return pick(
    act.random,
    act.terms.filter((term) => term.text !== text),
  );
}

const amendment: Clause = (act) => {
  const { random, writer } = act;
  if (act.amended.length === 0 || chance(random, 0.4))
    act.amended.push(`${title(writer)} Act ${between(random, writer.year - 60, writer.year - 1)}`);
  const other = act.amended.at(-1)!;
  return `In section ${between(random, 2, 40)} of the ${other}, for "${thing(writer)}" substitute "${thing(writer)}".`;
};

/** Rules that the same section has made are the likelier to be meant. */
function referTo(act: Act, siblings: readonly Rule[]): Rule | undefined {
  const from = siblings.length > 0 && chance(act.random, 0.65) ? siblings : act.rules;
  return from.length > 0 ? pick(act.random, from) : undefined;
}

function reference(rule: Rule, siblings: readonly Rule[]): string {
  const within = rule.place.indexOf('(');
  return siblings.includes(rule) && within > 0
    ? `subsection ${rule.place.slice(within)}`
    : `section ${rule.place}`;
}

const drawn = (clauses: readonly (readonly [Clause, number])[]): Choice<Clause> => {
  const choice = weightedChoice(clauses, ([, weight]) => weight);
  return (random) => choice(random)[0];
};
const HEADINGS: ReadonlyMap<Clause, string> = new Map([
  [duty, 'Duties'],
  [permission, 'Powers'],
  [list, 'Powers'],
  [amendment, 'Amendment'],
]);
const OPENING = drawn([
  [duty, 6],
  [permission, 2],
  [list, 1.2],
  [amendment, 0.5],
]);
const FOLLOWING = drawn([
  [penalty, 4],
  [exception, 3],
  [duty, 2],
  [appeal, 1.2],
  [permission, 1],
  [list, 0.5],
]);

function commencement(act: Act): string {
  const { random, writer } = act;
  return `${++act.section}. Commencement. This Act may be cited as the ${act.name} and comes into force on 1 ${pick(random, ['January', 'April', 'July', 'October'])} ${writer.year + between(random, 0, 2)}.`;
}

/** A fee for each of the first rules, by who must follow it. */
function schedule(act: Act): string {
  const rows = act.rules
    .slice(0, 6)
    .map(
      ({ place, who }, i) =>
        `${i + 1}. ${who}, section ${place}: ${grouped(5 * between(act.random, 2, 300))} marks`,
    );
  return ['SCHEDULE OF FEES', ...rows, `Fees are payable to the ${act.terms[0]!.text}.`].join('\n');
}
