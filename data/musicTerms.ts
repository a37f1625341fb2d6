/** A key with its seven chords, one on each degree of its scale. The key's signature makes every note a plain letter. */
export interface Key {
  name: string;
  /** Of the tonic: 0 for C, 6 for B. */
  tonic: number;
  chords: readonly string[];
}

export interface Meter {
  name: string;
  /** Place in the list, from which its dance has its name. */
  rank: number;
  /** The beats of a bar, each in eighths. */
  groups: readonly number[];
  /** Unit of the tempo, and about how many of it go to a minute. */
  beat: string;
  tempo: number;
}

export const LETTERS = 'CDEFGAB';

const key = (name: string, chords: string): Key => ({
  name,
  tonic: LETTERS.indexOf(name[0]!),
  chords: chords.split(' '),
});

/** By falling frequency. */
export const KEYS: readonly Key[] = [
  key('G', 'G Am Bm C D Em F#dim'),
  key('D', 'D Em F#m G A Bm C#dim'),
  key('Em', 'Em F#dim G Am Bm C D'),
  key('A', 'A Bm C#m D E F#m G#dim'),
  key('Am', 'Am Bdim C Dm Em F G'),
  key('C', 'C Dm Em F G Am Bdim'),
  key('Ador', 'Am Bm C D Em F#dim G'),
  key('Dmix', 'D Em F#dim G Am Bm C'),
  key('F', 'F Gm Am Bb C Dm Edim'),
  key('Bm', 'Bm C#dim D Em F#m G A'),
  key('Dm', 'Dm Edim F Gm Am Bb C'),
  key('Bb', 'Bb Cm Dm Eb F Gm Adim'),
  key('Gm', 'Gm Adim Bb Cm Dm Eb F'),
  key('E', 'E F#m G#m A B C#m D#dim'),
];

/** By falling frequency. */
export const METERS: readonly Meter[] = [
  { name: '4/4', groups: [4, 4], beat: '1/4', tempo: 120 },
  { name: '6/8', groups: [3, 3], beat: '3/8', tempo: 108 },
  { name: '3/4', groups: [2, 2, 2], beat: '1/4', tempo: 132 },
  { name: '2/4', groups: [2, 2], beat: '1/4', tempo: 92 },
  { name: '9/8', groups: [3, 3, 3], beat: '3/8', tempo: 96 },
  { name: '7/8', groups: [2, 2, 3], beat: '1/8', tempo: 264 },
  { name: '12/8', groups: [3, 3, 3, 3], beat: '3/8', tempo: 84 },
  { name: '5/4', groups: [4, 2, 4], beat: '1/4', tempo: 144 },
].map((meter, rank) => ({ ...meter, rank }));

/** Rhythms of a beat of so many eighths; `n` stands for a note. By falling frequency. */
export const CELLS: Readonly<Record<number, readonly string[]>> = {
  2: ['nn', 'n2', 'n>n', 'n/n/n', 'nn/n/', '(3nnn', 'nz'],
  3: ['nnn', 'n2n', 'n3', 'nn2', 'n>nn', 'nnz', 'n/n/nn'],
  4: ['nnnn', 'n2nn', 'n2n2', 'n3n', 'nnn2', 'n4', '(3nnnn2', 'n2zn', 'n>nnn'],
};

/** Degrees of the chords of four bars: those that lead away, and those that lead home. */
export const AWAY: readonly (readonly number[])[] = [
  [0, 0, 3, 4],
  [0, 5, 3, 4],
  [0, 3, 0, 4],
  [0, 4, 5, 4],
  [5, 3, 0, 4],
];
export const HOME: readonly (readonly number[])[] = [
  [0, 3, 4, 0],
  [0, 0, 4, 0],
  [3, 0, 4, 0],
  [0, 5, 4, 0],
];
