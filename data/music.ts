import { makeRandom, type Random } from '../src/common/random.ts';
import type { DemoGenerator } from '../src/corpus/sources.ts';
import { between, type Choice, chance, documentLength, pick, weightedChoice, zipfChoice } from './choice.ts';
import { demoLanguage } from './language.ts';
import { type Bar, type Motif, makeMotif, type Part, partOf, type Style, vary } from './melody.ts';
import { KEYS, type Key, METERS, type Meter } from './musicTerms.ts';
import { sentence, startWriter, title, type Writer } from './sentences.ts';

/** Sheets of tunes in ABC notation: every bar fills its meter, motifs come back, a part ends on the key's tonic. */
export const music: DemoGenerator = {
  version: 1,
  defaultBytes: 6_000_000,
  *generate(seed) {
    const random = makeRandom('demo music', seed);
    for (;;) yield sheet(random);
  },
};

const frequentKey: Choice<Key> = zipfChoice(KEYS, 1.6);
const frequentMeter: Choice<Meter> = zipfChoice(METERS, 1.4);

function sheet(random: Random): string {
  const language = demoLanguage();
  const topic = pick(random, language.topics);
  const writer = startWriter(random, language, [topic, pick(random, language.topics)]);
  const characters = documentLength(random, 1600, 500, 5600);
  // A sheet keeps to a meter or two, as collections of dances do.
  const meters = [frequentMeter(random), frequentMeter(random)] as const;
  const parts: string[] = [];
  let motifs: Motif[] = [];
  for (let length = 0; length < characters; ) {
    const meter = chance(random, 0.75) ? meters[0] : meters[1];
    const variation = motifs[0]?.meter === meter && chance(random, 0.3);
    motifs = variation
      ? motifs.map((motif) => vary(random, motif))
      : Array.from({ length: 2 }, () => makeMotif(random, meter));
    const text = tune(writer, parts.length + 1, meter, motifs);
    parts.push(text);
    length += text.length + 2;
  }
  return `${parts.join('\n\n')}\n`;
}

function tune(writer: Writer, number: number, meter: Meter, motifs: readonly Motif[]): string {
  const { random, language } = writer;
  const key = frequentKey(random);
  const head = [
    `X:${number}`,
    `T:${title(writer)}`,
    // A kind of dance is a word of the language, always for the same meter and about the same tempo.
    `R:${language.nouns[60 + 11 * meter.rank]!.stem}`,
    ...(chance(random, 0.2) ? [`N:${sentence(writer)}`] : []),
    `M:${meter.name}`,
    'L:1/8',
    `Q:${meter.beat}=${meter.tempo + 4 * between(random, -3, 3)}`,
    `K:${key.name}`,
  ];
  const style: Style = { key, chords: chance(random, 0.5), lift: pick(random, [0, 0, 2]) };
  const first = partOf(random, style, motifs, null);
  const second = partOf(random, { ...style, lift: style.lift + 2 }, motifs.toReversed(), first);
  const song = chance(random, 0.35);
  const verses = song ? sung(writer, first.lines, second.lines) : null;
  const repeated = [chance(random, 0.7), chance(random, 0.7)];
  const form = frequentForm(random);
  const blocks = form.map((which, place) => {
    const { lines } = [first, second][which]!;
    const again = repeated[which]!;
    const written = lines.flatMap((bars, i) => {
      const opening = i === 0 && again ? '|:' : '|';
      const end = place === form.length - 1 ? '|]' : '||';
      const closing = i < lines.length - 1 ? '|' : again ? ':|' : end;
      const notes = `${opening}${bars.map(({ text }) => text).join('|')}${closing}`;
      return verses ? [notes, `w:${verses[which]![i]}`] : [notes];
    });
    return `P:${'AB'[which]}\n${written.join('\n')}`;
  });
  return [...head, ...blocks].join('\n');
}

/** In which order the two parts are written out. */
const frequentForm: Choice<readonly number[]> = weightedChoice(
  [
    [0, 1],
    [0, 1, 0],
    [0, 1, 0, 1],
  ],
  (_, rank) => [6, 3, 1][rank]!,
);

/** Words for each line of two parts; both end on the same. */
function sung(writer: Writer, first: Part['lines'], second: Part['lines']): string[][] {
  const refrain = lyrics(writer, shorter(first.at(-1)!, second.at(-1)!));
  return [first, second].map((lines) => [...lines.slice(0, -1).map((bars) => lyrics(writer, bars)), refrain]);
}

/** Bars of as many notes as both lines have at least, for words that are sung to either. */
function shorter(a: readonly Bar[], b: readonly Bar[]): Bar[] {
  return a.map((bar, i) => ({ ...bar, notes: Math.min(bar.notes, b[i]!.notes) }));
}

/** At most as many words under a bar as it has notes. */
function lyrics(writer: Writer, bars: readonly Bar[]): string {
  const words: string[] = [];
  const next = (): string => {
    if (words.length === 0)
      words.push(
        ...(sentence(writer)
          .toLowerCase()
          .match(/[a-z]+/g) ?? []),
      );
    return words.shift()!;
  };
  return bars
    .map(({ notes }) => Array.from({ length: between(writer.random, 1, Math.min(3, notes)) }, next).join(' '))
    .join('|');
}
