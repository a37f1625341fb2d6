import { makeRandom, type Random } from '../src/common/random.ts';
import type { DemoGenerator } from '../src/corpus/sources.ts';
import { between, chance, documentLength, pick } from './choice.ts';
import { capital, demoLanguage } from './language.ts';
import { EXERCISES, type Section, TREATISE } from './mathSections.ts';
import { startWriter, title } from './sentences.ts';

/** Topics of the language that mathematics is written about: the first few, which prose has among all others. */
const MATHEMATICAL_TOPICS = 6;

/** Exercises and treatises: formulas and right arithmetic between sentences of the language that prose is written in. */
export const mathematics: DemoGenerator = {
  version: 1,
  defaultBytes: 6_000_000,
  *generate(seed) {
    const random = makeRandom('demo mathematics', seed);
    for (;;) yield mathematicsDocument(random);
  },
};

function mathematicsDocument(random: Random): string {
  const language = demoLanguage();
  const topics = language.topics.slice(0, MATHEMATICAL_TOPICS);
  const writer = startWriter(random, language, [pick(random, topics), pick(random, topics)]);
  writer.tense = 'present';
  const characters = documentLength(random, 1600, 500, 6000);
  const sections = chance(random, 0.55) ? EXERCISES : TREATISE;
  // A document keeps to a few kinds of section.
  const kinds: Section[] = Array.from({ length: between(random, 2, 3) }, () => pick(random, sections));
  const chapter = between(random, 1, 12);
  const parts = [`${chapter}. ${capital(title(writer))}`];
  const numbers: string[] = [];
  for (let length = 0; length < characters; ) {
    const number = `${chapter}.${numbers.length + 1}`;
    const part = pick(random, kinds)(writer, number, numbers);
    numbers.push(number);
    parts.push(part);
    length += part.length + 2;
  }
  return `${parts.join('\n\n')}\n`;
}
