import type { Random } from '../src/common/random.ts';
import { chance, pick, zipfChoice } from './choice.ts';
import { AWAY, CELLS, HOME, type Key, LETTERS, type Meter } from './musicTerms.ts';

/** A bar's rhythm and its line, without a pitch to stand on. */
export interface Motif {
  meter: Meter;
  /** A rhythm for each beat, see CELLS. */
  cells: readonly string[];
  /** For each note of each beat, steps above the root of the bar's chord. */
  steps: readonly (readonly number[])[];
}

export interface Style {
  key: Key;
  /** Whether a chord's name stands at the start of each bar. */
  chords: boolean;
  /** Steps that the part lies above the lowest place of its motifs. */
  lift: number;
}

export interface Bar {
  text: string;
  notes: number;
}

export interface Part {
  /** Four bars a line. */
  lines: readonly (readonly Bar[])[];
}

const cellOf = new Map(
  Object.entries(CELLS).map(([length, cells]) => [Number(length), zipfChoice(cells, 2)]),
);
const leap = zipfChoice([1, -1, 2, -2, 0, -3, 3, 4], 1.9);

export function makeMotif(random: Random, meter: Meter): Motif {
  // One rhythm for most beats: it is what a motif is known by.
  const main = meter.groups.map((length) => cellOf.get(length)!(random));
  const cells = meter.groups.map((length, i) => {
    const before = meter.groups.indexOf(length);
    return before < i && chance(random, 0.7) ? main[before]! : main[i]!;
  });
  return { meter, cells, steps: walks(random, cells) };
}

function walks(random: Random, cells: readonly string[]): number[][] {
  const steps: number[][] = [];
  let step = pick(random, [0, 0, 2, 4]);
  cells.forEach((cell, i) => {
    const before = cells.indexOf(cell);
    // A beat of a rhythm that has been heard often repeats its line.
    if (before < i && chance(random, 0.6)) {
      steps.push(steps[before]!);
      return;
    }
    steps.push(
      Array.from({ length: noteCount(cell) }, () => {
        const here = step;
        step = Math.min(6, Math.max(-1, step + leap(random)));
        return here;
      }),
    );
  });
  return steps;
}

/** The same motif with one beat's line or rhythm changed. */
export function vary(random: Random, motif: Motif): Motif {
  const beat = random.integer(motif.cells.length);
  const cells = motif.cells.with(
    beat,
    chance(random, 0.5) ? motif.cells[beat]! : cellOf.get(motif.meter.groups[beat]!)!(random),
  );
  const fresh = walks(random, cells);
  return { ...motif, cells, steps: motif.steps.map((steps, i) => (i === beat ? fresh[i]! : steps)) };
}

/**
 * Eight bars: four that lead away from the tonic, four that lead back to it. The second four begin as the first did;
 * a second part ends as the first part ended, so that the tune comes back.
 */
export function partOf(random: Random, style: Style, motifs: readonly Motif[], before: Part | null): Part {
  const [theme, answer] = [motifs[0]!, motifs.at(-1)!];
  const away = pick(random, AWAY);
  const home = pick(random, HOME);
  const order = pick(random, ORDERS);
  const bars = order.map((own, i) => {
    const motif = own ? theme : answer;
    return bar(chance(random, 0.1) ? vary(random, motif) : motif, away[i]!, style);
  });
  const closing = [
    chance(random, 0.7) && away[0] === home[0] ? bars[0]! : bar(theme, home[0]!, style),
    bar(order[1] ? theme : answer, home[1]!, style),
    bar(chance(random, 0.15) ? vary(random, answer) : answer, home[2]!, style),
    cadence(chance(random, 0.5) ? theme : answer, style),
  ];
  return { lines: [bars, before && chance(random, 0.6) ? before.lines.at(-1)! : closing] };
}

/** Which of four bars bring the theme; the others bring the answer. */
const ORDERS = [
  [true, false, true, false],
  [true, true, false, false],
  [true, true, true, false],
  [true, false, false, true],
] as const;

function bar(motif: Motif, degree: number, style: Style): Bar {
  // Roots above the fourth are taken an octave lower, so that the line keeps its range from chord to chord.
  const root = degree > 3 ? degree - 7 : degree;
  const beats = motif.cells.map((cell, i) =>
    filled(cell, (at) => {
      const step = motif.steps[i]![at]! + style.lift;
      // The first note of a beat belongs to the chord.
      return noteName(style.key, root + (at === 0 ? chordStep(step) : step));
    }),
  );
  return written(beats, motif.cells, degree, style);
}

/** The last bar: its beats fall towards the tonic, which is held for the last of them. */
function cadence(motif: Motif, style: Style): Bar {
  const { groups } = motif.meter;
  const cells = [...motif.cells.slice(0, -1), `n${groups.at(-1)}`];
  const beats = cells.map((cell, i) => {
    const from = i === cells.length - 1 ? 0 : noteCount(cell);
    return filled(cell, (at) => noteName(style.key, from - at));
  });
  return written(beats, cells, 0, style);
}

function filled(cell: string, note: (at: number) => string): string {
  let at = 0;
  return cell.replace(/n/g, () => note(at++));
}

/** The step of a triad, over any octave, at or next to a step: 0, 2, 4, 7, … */
function chordStep(step: number): number {
  const within = ((step % 7) + 7) % 7;
  return step - within + [0, 0, 2, 2, 4, 4, 7][within]!;
}

function written(beats: readonly string[], cells: readonly string[], degree: number, style: Style): Bar {
  const chord = style.chords ? `"${style.key.chords[degree]}"` : '';
  return { text: `${chord}${beats.join(' ')}`, notes: cells.reduce((sum, cell) => sum + noteCount(cell), 0) };
}

const noteCount = (cell: string): number => cell.split('n').length - 1;

/** A note of a key: capitals are the octave from middle C, small letters the next, marks the ones beyond. */
function noteName({ tonic }: Key, step: number): string {
  const octave = Math.floor((tonic + step) / 7);
  const letter = LETTERS[tonic + step - 7 * octave]!;
  if (octave < 1) return letter + ','.repeat(-octave);
  return letter.toLowerCase() + "'".repeat(octave - 1);
}
