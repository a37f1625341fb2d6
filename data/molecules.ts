import type { Random } from '../src/common/random.ts';
import { type Choice, chance, zipfChoice } from './choice.ts';

/** Atoms by element. */
export type Formula = Readonly<Record<string, number>>;

/** Protons that give one signal: how many, its shape, and between which shifts it lies, in ppm. */
export interface Signal {
  protons: number;
  shape: 's' | 'd' | 't' | 'q' | 'm';
  from: number;
  to: number;
}

/** A molecule, or a group with one open bond (its SMILES then begins at the atom that has it). */
export interface Piece {
  name: string;
  smiles: string;
  formula: Formula;
  signals: readonly Signal[];
}

/** An aryl group under the names that it has as a substituent and as the body of an acid. */
export interface Aryl extends Piece {
  /** `4-chloro` of a phenyl ring; null for the other rings, whose acids end in -carboxylic. */
  prefix: string | null;
  /** `thiophene`, or `4-chlorobenzene`. */
  parent: string;
  /** Of the open bond. */
  place: number;
}

const ATOMS: Readonly<Record<string, { average: number; exact: number }>> = {
  C: { average: 12.011, exact: 12 },
  H: { average: 1.008, exact: 1.007825 },
  B: { average: 10.81, exact: 11.009305 },
  Br: { average: 79.904, exact: 78.918338 },
  Cl: { average: 35.45, exact: 34.968853 },
  F: { average: 18.998, exact: 18.998403 },
  N: { average: 14.007, exact: 14.003074 },
  O: { average: 15.999, exact: 15.994915 },
  S: { average: 32.06, exact: 31.972071 },
};

/** Hill's order: carbon, hydrogen, then the alphabet. */
export function formulaText(formula: Formula): string {
  const rank = (element: string) => (element === 'C' ? '0' : element === 'H' ? '1' : element);
  return Object.keys(formula)
    .filter((element) => formula[element]! > 0)
    .sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
    .map((element) => element + (formula[element]! > 1 ? formula[element] : ''))
    .join('');
}

/** Grams a mole, or the mass of the commonest isotopes. Summed in one order, so that equal formulas weigh the same. */
export function massOf(formula: Formula, kind: 'average' | 'exact'): number {
  return Object.entries(ATOMS).reduce(
    (sum, [element, atom]) => sum + (formula[element] ?? 0) * atom[kind],
    0,
  );
}

export function plus(...formulas: readonly Formula[]): Formula {
  const sum: Record<string, number> = {};
  for (const formula of formulas) {
    for (const [element, count] of Object.entries(formula)) sum[element] = (sum[element] ?? 0) + count;
  }
  return sum;
}

const signal = (protons: number, shape: Signal['shape'], from: number, to: number): Signal => ({
  protons,
  shape,
  from,
  to,
});

interface Substituent extends Piece {
  prefix: string;
}
const substituent = (
  prefix: string,
  smiles: string,
  formula: Formula,
  ...signals: Signal[]
): Substituent => ({
  name: prefix,
  prefix,
  smiles,
  formula,
  signals,
});

const SUBSTITUENTS: Choice<Substituent> = zipfChoice(
  [
    substituent('chloro', 'Cl', { Cl: 1 }),
    substituent('methoxy', 'OC', { C: 1, H: 3, O: 1 }, signal(3, 's', 3.72, 3.94)),
    substituent('fluoro', 'F', { F: 1 }),
    substituent('methyl', 'C', { C: 1, H: 3 }, signal(3, 's', 2.21, 2.48)),
    substituent('bromo', 'Br', { Br: 1 }),
    substituent('trifluoromethyl', 'C(F)(F)F', { C: 1, F: 3 }),
    substituent('cyano', 'C#N', { C: 1, N: 1 }),
  ],
  0.4,
);

const d = (protons: number) => signal(protons, 'd', 6.82, 8.05);
const t = (protons: number) => signal(protons, 't', 7.08, 7.62);
const s = (protons: number) => signal(protons, 's', 7.05, 8.12);

/** Substituted phenyl rings: where the substituents stand, and the ring's SMILES round them. */
const PATTERNS: readonly { places: readonly number[]; smiles: string; signals: readonly Signal[] }[] = [
  { places: [4], smiles: 'c1ccc(X)cc1', signals: [d(2), d(2)] },
  { places: [3], smiles: 'c1cccc(X)c1', signals: [d(1), d(1), t(1), s(1)] },
  { places: [2], smiles: 'c1ccccc1X', signals: [d(1), d(1), t(1), t(1)] },
  { places: [3, 4], smiles: 'c1ccc(Y)c(X)c1', signals: [d(1), d(1), s(1)] },
  { places: [2, 4], smiles: 'c1ccc(Y)cc1X', signals: [d(1), d(1), s(1)] },
  { places: [3, 5], smiles: 'c1cc(X)cc(Y)c1', signals: [s(2), s(1)] },
];
const pattern = zipfChoice(PATTERNS, 0.6);

const ring = (
  name: string,
  parent: string,
  smiles: string,
  formula: Formula,
  ...signals: Signal[]
): Aryl => ({
  name,
  prefix: null,
  parent,
  place: Number(/-(\d)-yl$/.exec(name)![1]),
  smiles,
  formula,
  signals,
});
const RINGS: readonly Aryl[] = [
  ring('thiophen-2-yl', 'thiophene', 'c1cccs1', { C: 4, H: 3, S: 1 }, d(1), d(1), t(1)),
  ring('pyridin-3-yl', 'pyridine', 'c1cccnc1', { C: 5, H: 4, N: 1 }, s(1), d(1), d(1), t(1)),
  ring('furan-2-yl', 'furan', 'c1ccco1', { C: 4, H: 3, O: 1 }, d(1), d(1), t(1)),
  ring('pyridin-4-yl', 'pyridine', 'c1ccncc1', { C: 5, H: 4, N: 1 }, d(2), d(2)),
  ring('naphthalen-2-yl', 'naphthalene', 'c1ccc2ccccc2c1', { C: 10, H: 7 }, s(1), d(2), d(2), t(2)),
  ring('1H-indol-5-yl', '1H-indole', 'c1ccc2[nH]ccc2c1', { C: 8, H: 6, N: 1 }, s(2), d(2), d(2)),
];
const frequentRing = zipfChoice(RINGS, 0.7);

export function anyAryl(random: Random): Aryl {
  if (chance(random, 0.12)) return frequentRing(random);
  if (chance(random, 0.1)) {
    const signals = [d(2), t(2), t(1)];
    return {
      name: 'phenyl',
      prefix: '',
      parent: 'benzene',
      place: 1,
      smiles: 'c1ccccc1',
      formula: { C: 6, H: 5 },
      signals,
    };
  }
  const { places, smiles, signals } = pattern(random);
  const placed = places.map((place) => ({ place, group: SUBSTITUENTS(random) }));
  const groups = placed.map(({ group }) => group);
  const prefix = prefixes(placed);
  return {
    name: `${prefix}phenyl`,
    prefix,
    parent: `${prefix}benzene`,
    place: 1,
    smiles: smiles.replace('X', groups[0]!.smiles).replace('Y', groups.at(-1)!.smiles),
    formula: plus({ C: 6, H: 5 - groups.length }, ...groups.map(({ formula }) => formula)),
    signals: [...signals, ...groups.flatMap((group) => group.signals)],
  };
}

/** `3,4-dichloro`, or `4-fluoro-3-methoxy` by the alphabet. */
function prefixes(placed: readonly { place: number; group: Substituent }[]): string {
  const [a, b] = placed;
  const text = (places: string, prefix: string) =>
    prefix.startsWith('tri') ? `${places}-(${prefix})` : `${places}-${prefix}`;
  if (!b) return text(`${a!.place}`, a!.group.prefix);
  if (a!.group === b.group) {
    const { prefix } = b.group;
    return prefix.startsWith('tri')
      ? `${a!.place},${b.place}-bis(${prefix})`
      : `${a!.place},${b.place}-di${prefix}`;
  }
  return [a!, b]
    .sort((left, right) => (left.group.prefix < right.group.prefix ? -1 : 1))
    .map(({ place, group }) => text(`${place}`, group.prefix))
    .join('-');
}

const alkyl = (
  name: string,
  smiles: string,
  carbons: number,
  hydrogens: number,
  ...signals: Signal[]
): Piece => ({
  name,
  smiles,
  formula: { C: carbons, H: hydrogens },
  signals,
});
/** Straight, branched and ringed alkyl groups; the first signal is that next to the open bond. */
export const anyAlkyl: Choice<Piece> = zipfChoice(
  [
    alkyl('ethyl', 'CC', 2, 5, signal(2, 'q', 3.32, 4.38), signal(3, 't', 1.18, 1.42)),
    alkyl('benzyl', 'Cc1ccccc1', 7, 7, signal(2, 's', 4.42, 5.38), signal(5, 'm', 7.26, 7.42)),
    alkyl(
      'propyl',
      'CCC',
      3,
      7,
      signal(2, 't', 3.22, 4.24),
      signal(2, 'm', 1.58, 1.84),
      signal(3, 't', 0.92, 1.06),
    ),
    alkyl('cyclohexyl', 'C1CCCCC1', 6, 11, signal(1, 'm', 3.62, 4.98), signal(10, 'm', 1.12, 1.98)),
    alkyl(
      'butyl',
      'CCCC',
      4,
      9,
      signal(2, 't', 3.24, 4.28),
      signal(4, 'm', 1.34, 1.78),
      signal(3, 't', 0.88, 1.02),
    ),
    alkyl('propan-2-yl', 'C(C)C', 3, 7, signal(1, 'm', 3.94, 5.24), signal(6, 'd', 1.14, 1.38)),
    alkyl('cyclopentyl', 'C1CCCC1', 5, 9, signal(1, 'm', 4.02, 5.32), signal(8, 'm', 1.52, 2.08)),
    alkyl('cyclohexylmethyl', 'CC1CCCCC1', 7, 13, signal(2, 'd', 3.12, 4.16), signal(11, 'm', 0.92, 1.84)),
    alkyl(
      'hexyl',
      'CCCCCC',
      6,
      13,
      signal(2, 't', 3.26, 4.26),
      signal(8, 'm', 1.24, 1.76),
      signal(3, 't', 0.84, 0.94),
    ),
  ],
  0.4,
);

export function anyGroup(random: Random): Piece {
  return chance(random, 0.55) ? anyAryl(random) : anyAlkyl(random);
}

/** A name in brackets where it would not be clear without. */
export function bracketed(name: string): string {
  return /[-\d(]/.test(name) ? `(${name})` : name;
}
