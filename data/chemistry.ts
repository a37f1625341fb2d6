import { makeRandom, type Random } from '../src/common/random.ts';
import type { DemoGenerator } from '../src/corpus/sources.ts';
import { between, chance, documentLength, pick } from './choice.ts';
import { capital, demoLanguage } from './language.ts';
import { anyAryl, formulaText, massOf, type Piece, plus } from './molecules.ts';
import { anyReaction, type Reaction } from './reactions.ts';
import { paragraph, sentence, startWriter, title, type Writer } from './sentences.ts';

/** Reports of syntheses: formulas fit the structures, masses the amounts, and yields what was weighed. */
export const chemistry: DemoGenerator = {
  version: 1,
  defaultBytes: 6_000_000,
  *generate(seed) {
    const random = makeRandom('demo chemistry', seed);
    for (;;) yield report(random);
  },
};

/** A product as its experiment describes it. */
interface Entry {
  label: string;
  name: string;
  /** Whole percent. */
  yield: number;
  text: string;
}

function report(random: Random): string {
  const language = demoLanguage();
  const topic = pick(random, language.topics);
  const writer = startWriter(random, language, [topic, pick(random, language.topics)]);
  const reaction = anyReaction(random);
  const characters = documentLength(random, 1500, 500, 5400);
  const solvent = pick(random, reaction.solvents);
  // A report keeps one of the two groups and varies the other.
  const kept = anyAryl(random);
  const other = reaction.second(random);
  const varyFirst = chance(random, 0.5);
  const entries: Entry[] = [];
  const opening = [`${title(writer)}: ${reaction.products}`];
  for (let length = 350; length < characters; ) {
    const [first, second] = varyFirst ? [anyAryl(random), other] : [kept, reaction.second(random)];
    const entry = experiment(writer, reaction, solvent, entries.length, reaction.react(first, second));
    entries.push(entry);
    length += entry.text.length + 2;
  }
  opening.push(summary(writer, reaction, solvent, entries));
  const parts = [...opening, ...entries.map(({ text }) => text)];
  if (entries.length > 2 && chance(random, 0.6)) parts.push(table(entries));
  if (chance(random, 0.7)) parts.push(`Remarks. ${paragraph(writer, between(random, 80, 320))}`);
  return `${parts.join('\n\n')}\n`;
}

function summary(writer: Writer, reaction: Reaction, solvent: string, entries: readonly Entry[]): string {
  const yields = entries.map((entry) => entry.yield);
  const [low, high] = [Math.min(...yields), Math.max(...yields)];
  const first = entries[0]!;
  const best = entries.find((entry) => entry.yield === high)!;
  const made =
    entries.length === 1
      ? `${capital(reaction.products.slice(0, -1))} ${first.label} was made in ${solvent} in ${low}% yield.`
      : `${capital(reaction.products)} ${first.label}-${entries.at(-1)!.label} were made in ${solvent} in ${low}-${high}% yield, best ${best.label}.`;
  return `Abstract. ${sentence(writer)} ${made} ${sentence(writer)}`;
}

function table(entries: readonly Entry[]): string {
  return [
    'Table. Yields.',
    ...entries.map((entry) => `${entry.label} | ${entry.name} | ${entry.yield}%`),
  ].join('\n');
}

function experiment(
  writer: Writer,
  reaction: Reaction,
  solvent: string,
  index: number,
  { materials, product }: ReturnType<Reaction['react']>,
): Entry {
  const { random } = writer;
  const label = `3${String.fromCharCode(97 + index)}`;
  const percent = Math.min(98, Math.max(21, Math.round(76 + 13 * random.normal())));
  // Amounts a scale can show: tenths of a millimole up to 5, whole ones beyond.
  const millimoles = chance(random, 0.7) ? between(random, 3, 50) / 10 : between(random, 6, 20);
  const excess = pick(random, [1, 1.1, 1.2, 1.5]);
  const text = [
    `${label}. ${product.name}`,
    product.smiles,
    `${formulaText(product.formula)}, M = ${massOf(product.formula, 'average').toFixed(2)}`,
    `${steps(random, reaction, solvent, { materials, millimoles, excess })} ${isolated(random, { label, product, percent, millimoles })}${
      chance(random, 0.5) ? ` ${sentence(writer)}` : ''
    }`,
    ...(chance(random, 0.75) ? [spectrum(random, product)] : []),
    ...(chance(random, 0.6) ? [carbons(random, product)] : []),
    ...(chance(random, 0.5) ? [exactMass(random, product)] : []),
  ].join('\n');
  return { label, name: product.name, yield: percent, text };
}

function steps(
  random: Random,
  { reagents, temperatures }: Reaction,
  solvent: string,
  run: { materials: readonly [Piece, Piece]; millimoles: number; excess: number },
): string {
  const { materials, millimoles, excess } = run;
  const portion = ({ name, formula }: Piece, equivalents: number) => {
    const amount = millimoles * equivalents;
    return `${name} (${grams(amount * massOf(formula, 'average'))}, ${millimolesText(amount)}${equivalents === 1 ? '' : `, ${equivalents} equiv`})`;
  };
  const [first, second] = [portion(materials[0], 1), portion(materials[1], excess)];
  const added = reagents.map(
    ([name, equivalents]) => `${name} (${millimolesText(millimoles * equivalents)}, ${equivalents} equiv)`,
  );
  const volume = Math.max(2, Math.round(millimoles * pick(random, [3, 4, 5])));
  const temperature = pick(random, temperatures);
  const hours = pick(random, [1, 2, 3, 4, 6, 8, 12, 16, 24]);
  const start = pick(random, [
    `To ${first} in ${solvent} (${volume} mL) were added ${[second, ...added].join(', ')}.`,
    `${capital(first)}, ${second} and ${added.join(' and ')} were stirred in ${solvent} (${volume} mL).`,
    `A flask was charged with ${first}, ${solvent} (${volume} mL) and ${added.join(', ')}; ${second} was added.`,
  ]);
  const wash = pick(random, [
    `washed with water (${between(random, 1, 3)} x ${volume} mL)`,
    `filtered through silica with ${pick(random, ['EtOAc', 'hexane', 'Et2O'])} (${5 * between(random, 2, 12)} mL)`,
    `extracted with ${pick(random, ['EtOAc', 'CH2Cl2', 'Et2O'])} (${between(random, 2, 3)} x ${5 * between(random, 2, 9)} mL)`,
  ]);
  return `${start} After ${hours} h at ${temperature} C it was ${wash}.`;
}

function isolated(
  random: Random,
  {
    label,
    product,
    percent,
    millimoles,
  }: { label: string; product: Piece; percent: number; millimoles: number },
): string {
  const mass = grams((millimoles * percent * massOf(product.formula, 'average')) / 100);
  const from = between(random, 42, 236);
  const form = pick(random, [
    `white solid, mp ${from}-${from + between(random, 1, 3)} C`,
    `pale yellow solid, mp ${from}-${from + between(random, 1, 3)} C`,
    'colourless oil',
    `needles, mp ${from}-${from + 1} C`,
  ]);
  const solvents = `hexane/EtOAc ${pick(random, ['20:1', '9:1', '4:1', '3:1', '1:1'])}`;
  return `${pick(random, ['Chromatography', 'Column'])} (${solvents}) gave ${label} (${mass}, ${percent}%), ${form}.`;
}

/** Three figures: milligrams below a gram. */
function grams(milligrams: number): string {
  return milligrams < 999.5
    ? `${milligrams.toFixed(milligrams < 99.95 ? 1 : 0)} mg`
    : `${(milligrams / 1000).toFixed(2)} g`;
}

function millimolesText(amount: number): string {
  return `${amount < 9.995 ? amount.toFixed(2) : amount.toFixed(1)} mmol`;
}

/** Signals from high to low shift; their protons add up to those of the formula. */
function spectrum(random: Random, { signals }: Piece): string {
  const at = signals
    .map((signal) => ({ ...signal, shift: signal.from + random.uniform() * (signal.to - signal.from) }))
    .sort((a, b) => b.shift - a.shift)
    .map(({ shift, shape, protons }) => {
      const coupling = 'dtq'.includes(shape) ? `, J = ${(6.4 + 2.4 * random.uniform()).toFixed(1)} Hz` : '';
      return `${shift.toFixed(2)} (${shape}${coupling}, ${protons}H)`;
    });
  return `1H NMR (${pick(random, [300, 400, 500])} MHz, ${pick(random, ['CDCl3', 'CDCl3', 'DMSO-d6'])}) ${at.join(', ')}`;
}

/** Carbon shifts from high to low: no more of them than the molecule has carbons. */
function carbons(random: Random, { formula }: Piece): string {
  const count = Math.min(formula.C!, between(random, 5, 12));
  const shifts = Array.from({ length: count }, () =>
    chance(random, 0.75) ? 108 + 58 * random.uniform() : 12 + 50 * random.uniform(),
  );
  shifts.sort((a, b) => b - a);
  return `13C NMR ${shifts.map((shift) => shift.toFixed(1)).join(', ')}`;
}

/** The ion with one more proton: calculated, and found within a few parts in a million. */
function exactMass(random: Random, { formula }: Piece): string {
  const ion = plus(formula, { H: 1 });
  // An electron less than the atoms.
  const mass = massOf(ion, 'exact') - 0.000549;
  const found = mass * (1 + 1.5e-6 * random.normal());
  return `HRMS calcd for ${formulaText(ion)} [M+H]+ ${mass.toFixed(4)}, found ${found.toFixed(4)}`;
}
