import { chance, pick } from './choice.ts';
import {
  type Agreement,
  adjectiveForm,
  definite,
  indefinite,
  infinitive,
  type Noun,
  nounForm,
  type Verb,
  verbForm,
} from './language.ts';
import type { Writer } from './sentences.ts';

/*
 * Pieces of the invented language for corpora that set them into the fixed formulas of a trade: a statute's "shall",
 * a procedure's "was added". They follow the rules of agreement that prose follows, so that prose teaches them.
 */

/** A noun of the document's topics, mostly of the first. */
export function documentNoun({ random, topics, language }: Writer): Noun {
  const roll = random.uniform();
  if (roll < 0.12) return language.noun(random);
  return topics[roll < 0.8 ? 0 : 1].noun(random);
}

/** A noun with its article and perhaps an adjective that agrees with it. */
export function thing(writer: Writer, noun = documentNoun(writer), adjectiveShare = 0.3): string {
  const { random } = writer;
  const form: Agreement = { gender: noun.gender, plural: chance(random, 0.3) };
  const article = chance(random, 0.6) ? definite(form) : indefinite(form);
  const adjective = chance(random, adjectiveShare) ? `${describing(writer, noun, form)} ` : '';
  return `${article} ${adjective}${nounForm(noun, form.plural)}`;
}

/** An adjective in its form, one that the noun likes or one of the topic. */
function describing({ random, topics }: Writer, noun: Noun, form: Agreement): string {
  const stem = chance(random, 0.6) ? pick(random, noun.adjectives) : topics[0].adjective(random);
  return adjectiveForm(stem, form);
}

/** What is done: an infinitive with its object, for a fixed formula to stand before. */
export function deed(writer: Writer, subject?: Noun): string {
  const { random, topics } = writer;
  const verb = subject && chance(random, 0.6) ? pick(random, subject.verbs) : topics[0].verb(random);
  return `${infinitive(verb)} ${objectOf(writer, verb)}`;
}

function objectOf(writer: Writer, verb: Verb): string {
  if (!verb.transitive) return `${verb.preposition} ${thing(writer)}`;
  return chance(writer.random, 0.3) ? thing(writer, pick(writer.random, verb.objects)) : thing(writer);
}

/** What happens: a subject, its verb and an object, for a condition. */
export function happening(writer: Writer, subject = documentNoun(writer)): string {
  const { random, topics } = writer;
  const form: Agreement = { gender: subject.gender, plural: chance(random, 0.25) };
  const verb = chance(random, 0.6) ? pick(random, subject.verbs) : topics[0].verb(random);
  const article = chance(random, 0.6) ? definite(form) : indefinite(form);
  return `${article} ${nounForm(subject, form.plural)} ${verbForm(verb, 'present', form.plural)} ${objectOf(writer, verb)}`;
}

/** From 1 to 399, in small letters. */
export function romanNumeral(value: number): string {
  let rest = value;
  let text = '';
  for (const [worth, letters] of ROMAN) {
    for (; rest >= worth; rest -= worth) text += letters;
  }
  return text;
}

const ROMAN: readonly (readonly [number, string])[] = [
  [100, 'c'],
  [90, 'xc'],
  [50, 'l'],
  [40, 'xl'],
  [10, 'x'],
  [9, 'ix'],
  [5, 'v'],
  [4, 'iv'],
  [1, 'i'],
];

/** 1234567 as `1,234,567`. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
