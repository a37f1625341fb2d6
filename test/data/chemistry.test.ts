import { describe, expect, it } from 'vitest';
import { formulaText, massOf } from '../../data/molecules.ts';
import { documentsOf, MEGABYTE } from './samples.ts';

const documents = documentsOf('chemistry', 1, MEGABYTE);

const VALENCE: Readonly<Record<string, number>> = { C: 4, N: 3, O: 2, B: 3, F: 1, Cl: 1, Br: 1 };

/** Atoms of a SMILES string with its implied hydrogens; throws where brackets or rings do not close. */
function atomsOf(smiles: string): Record<string, number> {
  const atoms: { symbol: string; bonds: number }[] = [];
  const rings = new Map<string, number>();
  const branches: number[] = [];
  let previous = -1;
  let order = 1;
  const bond = (a: number, b: number) => {
    atoms[a]!.bonds += order;
    atoms[b]!.bonds += order;
    order = 1;
  };
  for (const [token] of smiles.matchAll(/\[nH\]|Cl|Br|[A-Zcnos]|[()=#]|\d|./g)) {
    if (token === '(') branches.push(previous);
    else if (token === ')') previous = branches.pop() ?? Number.NaN;
    else if (token === '=') order = 2;
    else if (token === '#') order = 3;
    else if (/\d/.test(token)) {
      const open = rings.get(token);
      if (open === undefined) rings.set(token, previous);
      else {
        bond(open, previous);
        rings.delete(token);
      }
    } else {
      atoms.push({ symbol: token, bonds: 0 });
      if (previous >= 0) bond(previous, atoms.length - 1);
      else if (Number.isNaN(previous)) throw new Error(`bracket closed twice: ${smiles}`);
      previous = atoms.length - 1;
    }
  }
  if (rings.size > 0 || branches.length > 0) throw new Error(`left open: ${smiles}`);
  const counts: Record<string, number> = {};
  const add = (element: string, count: number) => {
    counts[element] = (counts[element] ?? 0) + count;
  };
  for (const { symbol, bonds } of atoms) {
    if (symbol === '[nH]') {
      add('N', 1);
      add('H', 1);
    } else {
      add(symbol.length === 1 ? symbol.toUpperCase() : symbol, 1);
      // An aromatic carbon has one bond more than are written; aromatic n, o, s and the S of sulfonyl bear no hydrogen.
      if (symbol === 'c') add('H', 3 - bonds);
      else if (symbol !== 'S' && symbol in VALENCE) add('H', VALENCE[symbol]! - bonds);
    }
  }
  return counts;
}

const milligrams = (text: string, unit: string): number => Number(text) * (unit === 'g' ? 1000 : 1);

function problemsOf(document: string): string[] {
  const problems: string[] = [];
  const yields: number[] = [];
  for (const part of document.split('\n\n').filter((text) => /^3[a-z]\. /.test(text))) {
    const [, smiles, given] = part.split('\n');
    const atoms = atomsOf(smiles!);
    const [formula, mass] = given!.split(', M = ');
    if (formula !== formulaText(atoms)) problems.push(`${formula} is ${formulaText(atoms)}: ${smiles}`);
    if (mass !== massOf(atoms, 'average').toFixed(2)) problems.push(`mass ${mass} of ${formula}`);
    const spectrum = /^1H NMR .*$/m.exec(part)?.[0];
    if (spectrum) {
      const protons = [...spectrum.matchAll(/(\d+)H\)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
      if (protons !== atoms.H) problems.push(`${protons} protons of ${atoms.H}`);
    }
    const millimoles = Number(/\([\d.]+ m?g, ([\d.]+) mmol/.exec(part)![1]);
    const [, weighed, unit, percent] = /gave 3[a-z] \(([\d.]+) (m?g), (\d+)%\)/.exec(part)!;
    yields.push(Number(percent));
    const expected = (millimoles * Number(mass) * Number(percent)) / 100;
    if (Math.abs(milligrams(weighed!, unit!) / expected - 1) > 0.012)
      problems.push(`${weighed} ${unit}, not ${expected} mg`);
  }
  const summary = / in (?:(\d+)-)?(\d+)% yield/.exec(document)!;
  if (Number(summary[2]) !== Math.max(...yields)) problems.push(`best yield ${summary[2]}`);
  if (summary[1] !== undefined && Number(summary[1]) !== Math.min(...yields))
    problems.push(`least yield ${summary[1]}`);
  for (const [, entry, percent] of document.matchAll(/^3([a-z]) \| .* \| (\d+)%$/gm)) {
    if (yields[entry!.charCodeAt(0) - 97] !== Number(percent)) problems.push(`table: ${entry} ${percent}%`);
  }
  return problems;
}

describe('demo chemistry', () => {
  it('reads a SMILES string as chemists do', () => {
    expect(formulaText(atomsOf('O=C(Nc1ccccc1)c1ccc(Cl)cc1'))).toBe('C13H10ClNO');
    expect(formulaText(atomsOf('c1ccc2[nH]ccc2c1'))).toBe('C8H7N');
    expect(formulaText(atomsOf('O=S(=O)(NCC)c1ccc(C(F)(F)F)cc1'))).toBe('C9H10F3NO2S');
    // Caffeine's mass is in every table: 194.19.
    expect(massOf({ C: 8, H: 10, N: 4, O: 2 }, 'average')).toBeCloseTo(194.194, 2);
    expect(massOf({ C: 8, H: 10, N: 4, O: 2 }, 'exact')).toBeCloseTo(194.0804, 4);
  });

  it('writes structures, formulas, protons, masses and yields that agree', () => {
    let experiments = 0;
    for (const document of documents) {
      expect(problemsOf(document), document).toEqual([]);
      experiments += document.split(' gave 3').length - 1;
    }
    expect(experiments).toBeGreaterThan(2 * documents.length);
  });

  it.each([
    ['another yield', (text: string) => text.replace(/(gave 3a \([^,]+), \d+%/, '$1, 11%')],
    ['another formula', (text: string) => text.replace(/^C(\d+)H/m, 'C9$1H')],
    ['a lost proton', (text: string) => text.replace(/\((\w), 1H\)/, '($1, 2H)')],
    ['a longer chain', (text: string) => text.replace(/(\n3a\. .*\n.*)\n/, '$1C\n')],
  ])('is checked: %s is found', (_, change) => {
    const changed = documents.filter((document) => change(document) !== document).slice(0, 200);
    expect(changed.length).toBeGreaterThan(100);
    for (const document of changed) expect(problemsOf(change(document))).not.toEqual([]);
  });
});
