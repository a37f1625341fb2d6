import { makeRandom, type Random } from '../src/common/random.ts';
import type { DemoGenerator } from '../src/corpus/sources.ts';
import { between, chance, documentLength, pick } from './choice.ts';
import { demoLanguage } from './language.ts';
import { paragraph, startWriter, title } from './sentences.ts';

/** Stories and reports in the invented language: the general corpus. */
export const prose: DemoGenerator = {
  version: 1,
  defaultBytes: 8_000_000,
  *generate(seed) {
    const random = makeRandom('demo prose', seed);
    for (;;) yield proseDocument(random);
  },
};

function proseDocument(random: Random): string {
  const { topics } = demoLanguage();
  const main = pick(random, topics);
  const writer = startWriter(random, demoLanguage(), [main, pick(random, topics)]);
  const characters = documentLength(random, 1800, 500, 6000);
  const parts = chance(random, 0.6) ? [title(writer)] : [];
  for (let length = 0; length < characters; ) {
    // A paragraph keeps its second topic; the document keeps its first.
    writer.topics = [main, pick(random, topics)];
    if (chance(random, 0.1)) writer.tense = writer.tense === 'past' ? 'present' : 'past';
    const next = paragraph(writer, Math.min(between(random, 200, 700), characters - length));
    parts.push(next);
    length += next.length;
  }
  return `${parts.join('\n\n')}\n`;
}
