import type { Random } from '../src/common/random.ts';
import { between, chance, pick } from './choice.ts';
import {
  type Agreement,
  adjectiveForm,
  adverb,
  capital,
  definite,
  indefinite,
  infinitive,
  type Language,
  type Name,
  type Noun,
  nounForm,
  pronoun,
  type Tense,
  type Topic,
  type Verb,
  verbForm,
} from './language.ts';

/** A person of a document: named in full at first, by the given name after that. */
interface Person extends Name {
  fullName: string;
  mentioned: boolean;
}

/** What a document's sentences share, so that words, people and places come back in it. */
export interface Writer {
  random: Random;
  language: Language;
  topics: [Topic, Topic];
  people: Person[];
  places: string[];
  year: number;
  /** Nouns used lately, the latest last. */
  recent: Noun[];
  tense: Tense;
  /** Who the last sentence was about, for pronouns. */
  subject: Agreement | null;
}

const REMEMBERED_NOUNS = 24;

export function startWriter(random: Random, language: Language, topics: [Topic, Topic]): Writer {
  const people = Array.from({ length: between(random, 2, 5) }, (): Person => {
    const name = language.givenName(random);
    return { ...name, fullName: `${name.text} ${language.familyName(random)}`, mentioned: false };
  });
  return {
    random,
    language,
    topics,
    people,
    places: Array.from({ length: between(random, 1, 3) }, () => language.place(random)),
    year: between(random, 1700, 1990),
    recent: [],
    tense: chance(random, 0.7) ? 'past' : 'present',
    subject: null,
  };
}

/** One sentence with its full stop. */
export function sentence(writer: Writer): string {
  const { random, language } = writer;
  const roll = random.uniform();
  let text: string;
  if (roll < 0.12) text = speech(writer);
  else {
    text = clause(writer, true);
    if (roll < 0.32) text = `${language.connective(random)}, ${text}`;
    else if (roll < 0.55)
      text = `${text}${chance(random, 0.5) ? ',' : ''} ${language.conjunction(random)} ${clause(writer, true)}`;
    text += chance(random, 0.06) ? '?' : '.';
  }
  // A relative clause ends with a comma, unless another mark follows.
  return capital(text.replace(/,+([,.?])/g, '$1'));
}

export function paragraph(writer: Writer, characters: number): string {
  const sentences: string[] = [];
  for (let length = 0; length < characters; ) {
    const next = sentence(writer);
    sentences.push(next);
    length += next.length + 1;
  }
  return sentences.join(' ');
}

/** The form of a document's title: a noun phrase. */
export function title(writer: Writer): string {
  const noun = topicNoun(writer);
  const form = { gender: noun.gender, plural: chance(writer.random, 0.3) };
  const place = chance(writer.random, 0.4)
    ? ` ${writer.language.preposition(writer.random)} ${pick(writer.random, writer.places)}`
    : '';
  return capital(`${adjectiveForm(adjectiveFor(writer, noun), form)} ${nounForm(noun, form.plural)}${place}`);
}

function speech(writer: Writer): string {
  const { random, language } = writer;
  const speaker = pick(random, writer.people);
  const words = capital(clause(writer, false));
  const said = verbForm(
    language.verbs[speaker.gender * 2 + (chance(random, 0.3) ? 1 : 0)]!,
    writer.tense,
    false,
  );
  writer.subject = { gender: speaker.gender, plural: false };
  return `"${words}${chance(random, 0.25) ? '?' : ','}" ${said} ${nameOf(speaker)}.`;
}

/** Subject, verb, object or complement, adverbials. */
function clause(writer: Writer, mayNest: boolean): string {
  const { random, language } = writer;
  const subject = subjectPhrase(writer, mayNest);
  const verb = verbFor(writer, subject.noun);
  const parts = [subject.text, verbForm(verb, writer.tense, subject.plural)];
  if (chance(random, 0.12)) parts.push(infinitive(language.verb(random)));
  if (verb.transitive) parts.push(nounPhrase(writer, objectFor(writer, verb), mayNest).text);
  else if (chance(random, 0.6)) parts.push(verb.preposition, nounPhrase(writer, anyNoun(writer), false).text);
  if (chance(random, 0.16)) parts.push(adverb(anyAdjective(writer)));
  if (chance(random, 0.14)) parts.push(`${language.preposition(random)} ${pick(random, writer.places)}`);
  else if (chance(random, 0.08)) {
    writer.year += between(random, 0, 3);
    parts.push(`${language.preposition(random)} ${writer.year}`);
  }
  return parts.join(' ');
}

function subjectPhrase(
  writer: Writer,
  mayNest: boolean,
): { text: string; plural: boolean; noun: Noun | null } {
  const { random } = writer;
  const roll = random.uniform();
  if (roll < 0.2 && writer.subject) {
    return { text: pronoun(writer.subject), plural: writer.subject.plural, noun: null };
  }
  if (roll < 0.45) {
    const person = pick(random, writer.people);
    writer.subject = { gender: person.gender, plural: false };
    return { text: nameOf(person), plural: false, noun: null };
  }
  const noun = anyNoun(writer);
  const phrase = nounPhrase(writer, noun, mayNest);
  writer.subject = { gender: noun.gender, plural: phrase.plural };
  return { ...phrase, noun };
}

function nounPhrase(writer: Writer, noun: Noun, mayNest: boolean): { text: string; plural: boolean } {
  const { random, language } = writer;
  remember(writer, noun);
  const form: Agreement = { gender: noun.gender, plural: chance(random, 0.35) };
  const parts: string[] = [];
  if (form.plural && chance(random, 0.12))
    parts.push(String(between(random, 2, chance(random, 0.8) ? 12 : 400)));
  else parts.push(chance(random, 0.62) ? definite(form) : indefinite(form));
  if (chance(random, 0.34)) parts.push(adjectiveForm(adjectiveFor(writer, noun), form));
  parts.push(nounForm(noun, form.plural));
  if (mayNest && chance(random, 0.13)) {
    parts.push(language.preposition(random), nounPhrase(writer, anyNoun(writer), false).text);
  } else if (mayNest && chance(random, 0.08)) {
    // A relative clause: its verb agrees with the noun before it.
    const verb = verbFor(writer, noun);
    const object = verb.transitive ? ` ${nounPhrase(writer, objectFor(writer, verb), false).text}` : '';
    parts.push(`ke ${verbForm(verb, writer.tense, form.plural)}${object},`);
  } else if (mayNest && chance(random, 0.04)) {
    parts.push(`(${nounPhrase(writer, anyNoun(writer), false).text})`);
  }
  return { text: parts.join(' '), plural: form.plural };
}

function nameOf(person: Person): string {
  const name = person.mentioned ? person.text : person.fullName;
  person.mentioned = true;
  return name;
}

function anyNoun(writer: Writer): Noun {
  const roll = writer.random.uniform();
  if (roll < 0.3 && writer.recent.length > 0) {
    // The later used, the likelier.
    const back = Math.floor(writer.random.uniform() ** 2 * writer.recent.length);
    return writer.recent[writer.recent.length - 1 - back]!;
  }
  return roll < 0.75 ? topicNoun(writer) : writer.language.noun(writer.random);
}

function topicNoun(writer: Writer): Noun {
  return writer.topics[chance(writer.random, 0.75) ? 0 : 1].noun(writer.random);
}

function verbFor(writer: Writer, subject: Noun | null): Verb {
  const roll = writer.random.uniform();
  if (subject && roll < 0.5) return pick(writer.random, subject.verbs);
  return roll < 0.8 ? writer.topics[0].verb(writer.random) : writer.language.verb(writer.random);
}

function objectFor(writer: Writer, verb: Verb): Noun {
  return chance(writer.random, 0.4) ? pick(writer.random, verb.objects) : anyNoun(writer);
}

function adjectiveFor(writer: Writer, noun: Noun): string {
  return chance(writer.random, 0.5) ? pick(writer.random, noun.adjectives) : anyAdjective(writer);
}

function anyAdjective(writer: Writer): string {
  const { random, language, topics } = writer;
  return chance(random, 0.6) ? topics[0].adjective(random) : language.adjective(random);
}

function remember(writer: Writer, noun: Noun): void {
  writer.recent.push(noun);
  if (writer.recent.length > REMEMBERED_NOUNS) writer.recent.shift();
}
