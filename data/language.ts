import { makeRandom, type Random } from '../src/common/random.ts';
import { type Choice, chance, pick, weightedChoice, zipfChoice } from './choice.ts';

/*
 * The invented language that the demo corpora are written in. It is the same whatever the seed of a corpus: a seed
 * chooses the documents, as another sample of the same corpus, not another language. Words are built from syllables,
 * so letters, syllables, stems, endings and whole words are all there to be learned, one after the other.
 */

export type Gender = 0 | 1;

export interface Noun {
  stem: string;
  gender: Gender;
  /** What it likes to do and to be called: collocations. */
  verbs: Verb[];
  adjectives: string[];
}

export interface Verb {
  stem: string;
  transitive: boolean;
  /** Objects it likes; filled after the nouns are made. */
  objects: Noun[];
  preposition: string;
}

export interface Topic {
  noun: Choice<Noun>;
  verb: Choice<Verb>;
  adjective: Choice<string>;
}

export interface Name {
  text: string;
  gender: Gender;
}

export interface Language {
  /** By rank: the first are the most frequent. */
  nouns: Noun[];
  verbs: Verb[];
  adjectives: string[];
  noun: Choice<Noun>;
  verb: Choice<Verb>;
  adjective: Choice<string>;
  preposition: Choice<string>;
  conjunction: Choice<string>;
  /** Words that begin a sentence: then, however, … */
  connective: Choice<string>;
  givenName: Choice<Name>;
  familyName: Choice<string>;
  place: Choice<string>;
  topics: Topic[];
}

const LANGUAGE_VERSION = 1;
const NOUNS = 2600;
const VERBS = 1100;
const ADJECTIVES = 900;
const TOPICS = 48;

const ONSETS = [
  '',
  't',
  'k',
  's',
  'm',
  'r',
  'l',
  'n',
  'p',
  'd',
  'v',
  'b',
  'st',
  'tr',
  'h',
  'f',
  'g',
  'kl',
  'br',
  'pr',
  'sh',
  'gr',
  'sp',
  'z',
];
const NUCLEI = ['a', 'e', 'i', 'o', 'u', 'ai', 'ea', 'ou', 'io'];
const CODAS = ['', 'n', 'r', 's', 'l', 'm', 'nd', 'rt', 'k', 'st', 'th', 'x'];

let language: Language | undefined;

/** Made on first use, in some tens of milliseconds. */
export function demoLanguage(): Language {
  language ??= makeLanguage(makeRandom('demo language', LANGUAGE_VERSION));
  return language;
}

function makeLanguage(random: Random): Language {
  const words = wordMaker(random);
  // Frequent words are short (Zipf's law of abbreviation): sorted by length, with some disorder.
  const stems = (count: number, syllables: readonly number[]) =>
    Array.from({ length: count }, () => words(pick(random, syllables)))
      .map((word, i) => ({ word, order: word.length + (5 * i) / count + 2 * random.uniform() }))
      .sort((a, b) => a.order - b.order)
      .map(({ word }) => word);

  const prepositions = stems(18, [1]);
  const preposition = zipfChoice(prepositions, 0.9);
  const adjectives = stems(ADJECTIVES, [1, 2, 2, 3]);
  const verbs = stems(VERBS, [1, 2, 2]).map(
    (stem): Verb => ({
      stem,
      transitive: chance(random, 0.65),
      objects: [],
      preposition: preposition(random),
    }),
  );
  const adjective = zipfChoice(adjectives);
  const verb = zipfChoice(verbs);
  const nouns = stems(NOUNS, [1, 2, 2, 3, 3]).map(
    (stem): Noun => ({
      stem,
      gender: chance(random, 0.5) ? 0 : 1,
      verbs: Array.from({ length: 5 }, () => verb(random)),
      adjectives: Array.from({ length: 4 }, () => adjective(random)),
    }),
  );
  const noun = zipfChoice(nouns);
  for (const each of verbs) each.objects = Array.from({ length: 6 }, () => noun(random));

  const names = Array.from({ length: 420 }, (): Name => {
    const gender = chance(random, 0.5) ? 0 : 1;
    return { text: capital(words(2) + (gender ? 'a' : 'o')), gender };
  });
  return {
    nouns,
    verbs,
    adjectives,
    noun,
    verb,
    adjective,
    preposition,
    conjunction: zipfChoice(stems(8, [1])),
    connective: zipfChoice(stems(24, [1, 2])),
    givenName: zipfChoice(names, 0.8),
    familyName: zipfChoice(
      Array.from({ length: 500 }, () =>
        capital(words(pick(random, [2, 3])) + pick(random, ['sen', 'ard', 'wick', 'mar'])),
      ),
      0.8,
    ),
    place: zipfChoice(
      Array.from({ length: 300 }, () => capital(words(2) + pick(random, ['burg', 'ia', 'holm', 'dor']))),
      0.8,
    ),
    topics: Array.from({ length: TOPICS }, () => ({
      noun: zipfChoice(sample(random, nouns, 110), 0.9),
      verb: zipfChoice(sample(random, verbs, 50), 0.9),
      adjective: zipfChoice(sample(random, adjectives, 45), 0.9),
    })),
  };
}

/** Makes words that have not been made before, of a number of syllables. */
function wordMaker(random: Random): (syllables: number) => string {
  const falling = (items: readonly string[], exponent: number) =>
    weightedChoice(items, (_, rank) => (rank + 1.5) ** -exponent);
  const onset = falling(ONSETS, 0.7);
  const nucleus = falling(NUCLEI, 0.9);
  const coda = falling(CODAS, 1.1);
  // A limited stock of syllables, some far more common than others, as in natural languages.
  const stock = Array.from({ length: 420 }, () => onset(random) + nucleus(random) + coda(random));
  const syllable = zipfChoice([...new Set(stock)], 0.75);
  const made = new Set<string>();
  return (syllables) => {
    for (let length = syllables, tries = 1; ; tries++) {
      if (tries % 60 === 0) length++;
      const word = Array.from({ length }, () => syllable(random))
        .join('')
        .replace(/([aeiou])\1+/g, '$1');
      if (word.length < 2 || word.length > 12 || made.has(word)) continue;
      made.add(word);
      return word;
    }
  };
}

function sample<T>(random: Random, items: readonly T[], count: number): T[] {
  const order = random.shuffle(Uint32Array.from({ length: items.length }, (_, i) => i));
  return Array.from(order.subarray(0, count), (i) => items[i]!);
}

export function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

// Endings. Everything in a noun phrase agrees in gender and number, a verb with its subject in number.

const NOUN_PLURAL = ['en', 'is'] as const;
const ADJECTIVE = [
  ['o', 'on'],
  ['a', 'as'],
] as const;
const DEFINITE = [
  ['ko', 'kon'],
  ['ka', 'kas'],
] as const;
const INDEFINITE = [
  ['um', 'vem'],
  ['uma', 'vema'],
] as const;
const PRONOUN = [
  ['il', 'ilen'],
  ['ela', 'elis'],
] as const;

export interface Agreement {
  gender: Gender;
  plural: boolean;
}

const numberOf = ({ plural }: Agreement): 0 | 1 => (plural ? 1 : 0);

export const nounForm = (noun: Noun, plural: boolean): string =>
  noun.stem + (plural ? NOUN_PLURAL[noun.gender] : '');
export const adjectiveForm = (stem: string, form: Agreement): string =>
  stem + ADJECTIVE[form.gender][numberOf(form)];
export const definite = (form: Agreement): string => DEFINITE[form.gender][numberOf(form)];
export const indefinite = (form: Agreement): string => INDEFINITE[form.gender][numberOf(form)];
export const pronoun = (form: Agreement): string => PRONOUN[form.gender][numberOf(form)];

export type Tense = 'present' | 'past';

export function verbForm(verb: Verb, tense: Tense, plural: boolean): string {
  return verb.stem + (tense === 'present' ? (plural ? 'ent' : 'et') : plural ? 'avern' : 'aver');
}
export const infinitive = (verb: Verb): string => `${verb.stem}ir`;
export const adverb = (adjective: string): string => `${adjective}ule`;
