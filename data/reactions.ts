import type { Random } from '../src/common/random.ts';
import { type Choice, weightedChoice } from './choice.ts';
import {
  type Aryl,
  anyAlkyl,
  anyAryl,
  anyGroup,
  bracketed,
  type Formula,
  type Piece,
  plus,
  type Signal,
} from './molecules.ts';

/** How two starting materials become a product, under conditions that are the same wherever the reaction occurs. */
export interface Reaction {
  /** What the products are called together. */
  products: string;
  solvents: readonly string[];
  /** What is added, and how much of it, in equivalents. */
  reagents: readonly (readonly [name: string, equivalents: number])[];
  /** Degrees Celsius. */
  temperatures: readonly number[];
  /** The second group of a product; the first is always an aryl group. */
  second: Choice<Piece>;
  /** Both starting materials and the product: atoms are kept but for what leaves. */
  react(first: Aryl, second: Piece): Reacted;
}

interface Reacted {
  materials: readonly [Piece, Piece];
  product: Piece;
}

const material = (name: string, smiles: string, ...formulas: Formula[]): Piece => ({
  name,
  smiles,
  formula: plus(...formulas),
  signals: [],
});
const acid = (aryl: Aryl): Piece =>
  material(
    aryl.prefix === null ? `${aryl.parent}-${aryl.place}-carboxylic acid` : `${aryl.prefix}benzoic acid`,
    `OC(=O)${aryl.smiles}`,
    aryl.formula,
    { C: 1, H: 1, O: 2 },
  );
const amine = (group: Piece): Piece =>
  material(`${bracketed(group.name)}amine`, `N${group.smiles}`, group.formula, { N: 1, H: 2 });
const alcohol = (group: Piece): Piece =>
  material(`${group.name} alcohol`, `O${group.smiles}`, group.formula, { O: 1, H: 1 });
const bromide = (group: Piece): Piece =>
  material(`${group.name} bromide`, `Br${group.smiles}`, group.formula, { Br: 1 });
const phenol = (aryl: Aryl): Piece =>
  material(aryl.name.replace(/yl$/, 'ol'), `O${aryl.smiles}`, aryl.formula, { O: 1, H: 1 });
const boronicAcid = (aryl: Piece): Piece =>
  material(`${bracketed(aryl.name)}boronic acid`, `OB(O)${aryl.smiles}`, aryl.formula, { B: 1, H: 2, O: 2 });
const aldehyde = (aryl: Aryl): Piece =>
  material(
    aryl.prefix === null ? `${aryl.parent}-${aryl.place}-carbaldehyde` : `${aryl.prefix}benzaldehyde`,
    `O=C${aryl.smiles}`,
    aryl.formula,
    { C: 1, H: 1, O: 1 },
  );
const sulfonylChloride = (aryl: Aryl): Piece =>
  material(`${sulfo(aryl)}sulfonyl chloride`, `ClS(=O)(=O)${aryl.smiles}`, aryl.formula, {
    S: 1,
    O: 2,
    Cl: 1,
  });
const sulfo = ({ parent, prefix, place }: Aryl): string => (prefix === null ? `${parent}-${place}-` : parent);

const WATER: Formula = { H: 2, O: 1 };

function reacted(
  materials: readonly [Piece, Piece],
  lost: Formula,
  product: { name: string; smiles: string; own: readonly Signal[]; groups: readonly [Piece, Piece] },
): Reacted {
  const { name, smiles, own, groups } = product;
  const less = Object.fromEntries(Object.entries(lost).map(([element, count]) => [element, -count]));
  const formula = plus(materials[0].formula, materials[1].formula, less);
  return {
    materials,
    product: { name, smiles, formula, signals: [...own, ...groups.flatMap(({ signals }) => signals)] },
  };
}

const proton = (shape: Signal['shape'], from: number, to: number): Signal => ({
  protons: 1,
  shape,
  from,
  to,
});

/** Ring numbers of a group that stands within another's open ring. */
const inner = (smiles: string): string => smiles.replace(/[12]/g, (digit) => String(Number(digit) + 2));

const REACTIONS: readonly Reaction[] = [
  {
    products: 'amides',
    solvents: ['DMF', 'CH2Cl2', 'THF'],
    reagents: [
      ['EDC', 1.2],
      ['Et3N', 2],
    ],
    temperatures: [0, 20, 25],
    second: anyGroup,
    react: (aryl, group) =>
      reacted([acid(aryl), amine(group)], WATER, {
        name: `N-${bracketed(group.name)}${amideOf(aryl)}`,
        smiles: `O=C(N${group.smiles})${aryl.smiles}`,
        own: [proton('s', 7.62, 10.34)],
        groups: [aryl, group],
      }),
  },
  {
    products: 'esters',
    solvents: ['toluene', 'CH2Cl2', 'MeCN'],
    reagents: [
      ['DCC', 1.1],
      ['DMAP', 0.1],
    ],
    temperatures: [0, 25, 40],
    second: anyAlkyl,
    react: (aryl, group) =>
      reacted([acid(aryl), alcohol(group)], WATER, {
        name: `${group.name} ${aryl.prefix === null ? `${aryl.parent}-${aryl.place}-carboxylate` : `${aryl.prefix}benzoate`}`,
        smiles: `O=C(O${group.smiles})${aryl.smiles}`,
        own: [],
        groups: [aryl, group],
      }),
  },
  {
    products: 'ethers',
    solvents: ['acetone', 'DMF', 'MeCN'],
    reagents: [['K2CO3', 2]],
    temperatures: [50, 60, 80],
    second: anyAlkyl,
    react: (aryl, group) =>
      reacted(
        [phenol(aryl), bromide(group)],
        { H: 1, Br: 1 },
        {
          name: `${group.name} ${aryl.name} ether`,
          smiles: `O(${group.smiles})${aryl.smiles}`,
          own: [],
          groups: [aryl, group],
        },
      ),
  },
  {
    products: 'biaryls',
    solvents: ['dioxane', 'toluene', 'THF'],
    reagents: [
      ['K3PO4', 3],
      ['Pd(PPh3)4', 0.05],
    ],
    temperatures: [80, 90, 100],
    second: anyAryl,
    react: (aryl, group) =>
      reacted(
        [bromide(aryl), boronicAcid(group)],
        { Br: 1, B: 1, H: 2, O: 2 },
        {
          name: `${aryl.place}-${bracketed(group.name)}-${aryl.parent}`,
          smiles: aryl.smiles.replace('c1', `c1(${inner(group.smiles)})`),
          own: [],
          groups: [aryl, group],
        },
      ),
  },
  {
    products: 'imines',
    solvents: ['EtOH', 'toluene', 'MeOH'],
    reagents: [['MgSO4', 4]],
    temperatures: [25, 60, 70],
    second: anyGroup,
    react: (aryl, group) =>
      reacted([aldehyde(aryl), amine(group)], WATER, {
        name: `N-${bracketed(group.name)}-1-${bracketed(aryl.name)}methanimine`,
        smiles: `C(=N${group.smiles})${aryl.smiles}`,
        own: [proton('s', 8.21, 8.68)],
        groups: [aryl, group],
      }),
  },
  {
    products: 'sulfonamides',
    solvents: ['CH2Cl2', 'THF'],
    reagents: [['pyridine', 3]],
    temperatures: [0, 20, 25],
    second: anyGroup,
    react: (aryl, group) =>
      reacted(
        [sulfonylChloride(aryl), amine(group)],
        { H: 1, Cl: 1 },
        {
          name: `N-${bracketed(group.name)}-${sulfo(aryl)}sulfonamide`,
          smiles: `O=S(=O)(N${group.smiles})${aryl.smiles}`,
          own: [proton('s', 6.42, 9.96)],
          groups: [aryl, group],
        },
      ),
  },
];

function amideOf({ prefix, parent, place }: Aryl): string {
  if (prefix === null) return `-${parent}-${place}-carboxamide`;
  return `${prefix === '' ? '' : '-'}${prefix}benzamide`;
}

export const anyReaction: (random: Random) => Reaction = weightedChoice(
  REACTIONS,
  (_, rank) => 1 / (rank + 2),
);
