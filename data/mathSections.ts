import { between, chance, pick } from './choice.ts';
import { adjectiveForm, capital, definite, infinitive, nounForm, verbForm } from './language.ts';
import {
  coefficient,
  derivative,
  gcd,
  magnitude,
  polynomial,
  product,
  signed,
  valueAt,
  workedExpression,
} from './mathTerms.ts';
import { sentence, type Writer } from './sentences.ts';

/** Writes one numbered piece of a document. `number` is its own, as `3.2`; `earlier` are those it may refer to. */
export type Section = (writer: Writer, number: string, earlier: readonly string[]) => string;

/** Words of mathematical prose: stems of the language in fixed roles, so that the corpora share their words. */
function term(writer: Writer, role: number): string {
  return nounForm(writer.language.nouns[40 + role * 7]!, false);
}
const say = (writer: Writer, role: number): string => infinitive(writer.language.verbs[30 + role * 5]!);

const sum: Section = ({ random, ...rest }, number) => {
  const writer = { random, ...rest };
  const lines = [`${capital(say(writer, 0))} ${number}.`];
  for (let i = between(random, 3, 9); i > 0; i--) {
    const a = magnitude(random, 4);
    const b = magnitude(random, 4);
    const roll = random.uniform();
    if (roll < 0.4) lines.push(`${a} + ${b} = ${a + b}`);
    else if (roll < 0.7) lines.push(`${a} - ${b} = ${a - b}`);
    else {
      const c = between(random, 2, 99);
      const tens = c - (c % 10);
      const split =
        tens > 0 && c % 10 > 0 ? `${a} * ${tens} + ${a} * ${c % 10} = ${a * tens} + ${a * (c % 10)} = ` : '';
      lines.push(`${a} * ${c} = ${split}${a * c}`);
    }
  }
  return lines.join('\n');
};

const story: Section = (writer, number) => {
  const { random, language } = writer;
  const person = pick(random, writer.people);
  const other = pick(random, writer.people);
  const thing = writer.topics[0].noun(random);
  const things = (count: number) => `${count} ${nounForm(thing, count !== 1)}`;
  const does = (role: number) => verbForm(language.verbs[12 + role * 3]!, 'present', false);
  let held = magnitude(random, 3);
  const told = [`${person.text} ${does(0)} ${things(held)}.`];
  const worked: string[] = [];
  for (let i = between(random, 2, 4); i > 0; i--) {
    const before = held;
    const roll = random.uniform();
    if (roll < 0.35 || held < 3) {
      const more = magnitude(random, 2);
      held += more;
      told.push(`${other.text} ${does(1)} ${person.text} ${things(more)}.`);
      worked.push(`${before} + ${more} = ${held}`);
    } else if (roll < 0.7) {
      const fewer = between(random, 1, held - 1);
      held -= fewer;
      told.push(`${capital(language.connective(random))}, ${person.text} ${does(2)} ${things(fewer)}.`);
      worked.push(`${before} - ${fewer} = ${held}`);
    } else {
      const times = between(random, 2, 9);
      held *= times;
      told.push(
        `${person.text} ${does(3)} ${definite({ gender: thing.gender, plural: true })} ${nounForm(thing, true)} ${times}.`,
      );
      worked.push(`${before} * ${times} = ${held}`);
    }
  }
  const ask = `${capital(say(writer, 1))} ${nounForm(thing, true)} ${does(0)} ${person.text}?`;
  return `${number} ${told.join(' ')} ${ask}\n${capital(term(writer, 0))}: ${worked.join('. ')}. ${person.text} ${does(0)} ${things(held)}.`;
};

const equation: Section = (writer, number) => {
  const { random } = writer;
  const x = pick(random, ['x', 'y', 'z', 'n', 't']);
  const root = coefficient(random, 20);
  const left = between(random, 5, 19);
  const right = between(random, 1, left - 1);
  const a = coefficient(random, 40);
  const b = (left - right) * root + a;
  return [
    `${number} ${capital(say(writer, 2))} ${x}: ${polynomial([a, left], x)} = ${polynomial([b, right], x)}.`,
    `${left} ${x} - ${polynomial([0, right], x)} = ${b} - ${signed(a)}`,
    `${polynomial([0, left - right], x)} = ${b - a}`,
    `${x} = ${b - a} / ${left - right} = ${root}`,
  ].join('\n');
};

const polynomials: Section = (writer, number) => {
  const { random } = writer;
  const x = pick(random, ['x', 'y', 't']);
  const make = (degree: number) =>
    Array.from({ length: degree + 1 }, (_, i) =>
      i === degree ? coefficient(random, 6) : between(random, -9, 9),
    );
  const f = make(between(random, 1, 2));
  const g = make(1);
  const h = product(f, g);
  const at = between(random, -4, 6);
  return [
    `${number} ${capital(say(writer, 3))} $f(${x}) = (${polynomial(f, x)}) (${polynomial(g, x)})$.`,
    `$f(${x}) = ${polynomial(h, x)}$, ${writer.language.conjunction(random)} $f'(${x}) = ${polynomial(derivative(h), x)}$.`,
    `$f(${at}) = ${signed(valueAt(f, at))} * ${signed(valueAt(g, at))} = ${valueAt(h, at)}$.`,
  ].join('\n');
};

const euclid: Section = (writer, number) => {
  const { random } = writer;
  const common = between(random, 1, 30);
  let a = common * between(random, 20, 300);
  let b = common * between(random, 2, 60);
  const lines = [`${number} ${capital(say(writer, 4))} gcd(${a}, ${b}).`];
  while (b > 0) {
    lines.push(`${a} = ${Math.floor(a / b)} * ${b} + ${a % b}`);
    [a, b] = [b, a % b];
  }
  lines.push(
    `gcd = ${a}${a === 1 ? `, ${adjectiveForm(writer.language.adjectives[20]!, { gender: 0, plural: true })}` : ''}.`,
  );
  return lines.join('\n');
};

const fractions: Section = (writer, number) => {
  const { random } = writer;
  const lines = [`${number} ${capital(say(writer, 5))}:`];
  for (let i = between(random, 2, 5); i > 0; i--) {
    const [a, b, c, d] = [
      between(random, 1, 15),
      between(random, 2, 16),
      between(random, 1, 15),
      between(random, 2, 16),
    ] as const;
    const top = a * d + c * b;
    const common = gcd(top, b * d);
    const reduced = common > 1 ? ` = ${top / common}/${(b * d) / common}` : '';
    lines.push(`${a}/${b} + ${c}/${d} = (${a} * ${d} + ${c} * ${b}) / ${b * d} = ${top}/${b * d}${reduced}`);
  }
  return lines.join('\n');
};

const expressions: Section = (writer, number) => {
  const lines = [`${number} ${capital(say(writer, 6))}:`];
  for (let i = between(writer.random, 1, 3); i > 0; i--) {
    lines.push(workedExpression(writer.random, between(writer.random, 2, 3)).join(' = '));
  }
  return lines.join('\n');
};

const recurrence: Section = (writer, number) => {
  const { random } = writer;
  const letter = pick(random, ['a', 'b', 'c', 'u']);
  const [p, q] = [between(random, 1, 3), coefficient(random, 4)];
  const values = [between(random, 0, 5), between(random, 1, 6)];
  while (values.length < 9) values.push(p * values.at(-1)! + q * values.at(-2)!);
  const rule = `${letter}_{n+1} = ${p === 1 ? '' : `${p} `}${letter}_n ${q < 0 ? '-' : '+'} ${Math.abs(q) === 1 ? '' : `${Math.abs(q)} `}${letter}_{n-1}`;
  const count = between(random, 5, 9);
  return `${number} ${capital(term(writer, 1))} $${letter}_0 = ${values[0]}$, $${letter}_1 = ${values[1]}$, $${rule}$: ${values.slice(0, count).join(', ')}.`;
};

/** A statement with its proof: natural sentences round formulas, with references to what came before. */
const theorem: Section = (writer, number, earlier) => {
  const { random, language } = writer;
  const noun = writer.topics[0].noun(random);
  const form = { gender: noun.gender, plural: false };
  const property = adjectiveForm(pick(random, noun.adjectives), form);
  const [a, b] = pick(random, [
    ['x', 'y'],
    ['a', 'b'],
    ['g', 'h'],
    ['u', 'v'],
  ] as const);
  const set = pick(random, ['A', 'G', 'V', 'X', 'R']);
  const map = pick(random, ['f', '\\phi', 'T']);
  const formulas = [
    () => `$${a} \\in ${set}$`,
    () => `$${map}(${a}${b}) = ${map}(${a}) ${map}(${b})$`,
    () => `$\\|${a} + ${b}\\| \\le \\|${a}\\| + \\|${b}\\|$`,
    () => `$(${a} + ${b})^${between(random, 2, 4)} \\in ${set}$`,
    () => `$\\sum_{i=1}^{n} ${a}_i ${b}_i = ${between(random, 0, 1)}$`,
    () => `$${map}^{-1}(${map}(${a})) = ${a}$`,
    () => `$\\frac{${a} - ${b}}{${a} + ${b}} < \\epsilon$`,
  ];
  const formula = () => pick(random, formulas)();
  const claim = formula();
  const kind = capital(term(writer, pick(random, [2, 2, 3, 4])));
  const lines = [
    `${kind} ${number}. ${capital(say(writer, 7))} $${a}, ${b} \\in ${set}$ ${language.preposition(random)} ${property} ${nounForm(noun, false)}. ` +
      `${capital(language.conjunction(random))} ${formula()}, ${language.connective(random)} ${claim}.`,
  ];
  const proof = [`${capital(term(writer, 5))}.`];
  for (let i = between(random, 2, 5); i > 0; i--) {
    const roll = random.uniform();
    if (roll < 0.3) proof.push(sentence(writer));
    else if (roll < 0.55 && earlier.length > 0) {
      proof.push(
        `${capital(language.preposition(random))} ${term(writer, 2)} ${pick(random, earlier)}, ${formula()}.`,
      );
    } else
      proof.push(
        `${capital(language.connective(random))} ${formula()} ${language.conjunction(random)} ${formula()}.`,
      );
  }
  proof.push(`${capital(language.connective(random))} ${claim}. $\\Box$`);
  lines.push(proof.join(' '));
  return lines.join('\n');
};

const remark: Section = (writer) => {
  const sentences = Array.from({ length: between(writer.random, 1, 3) }, () => sentence(writer));
  return (
    sentences.join(' ') +
    (chance(writer.random, 0.2)
      ? ` ${capital(say(writer, 7))} ${pick(writer.random, ['n', 'k', 'm'])} > ${between(writer.random, 1, 9)}.`
      : '')
  );
};

/** Two manners of writing: exercises with answers, and definitions with proofs. */
export const EXERCISES: readonly Section[] = [
  sum,
  story,
  story,
  equation,
  polynomials,
  euclid,
  fractions,
  expressions,
  recurrence,
];
export const TREATISE: readonly Section[] = [theorem, theorem, theorem, remark, polynomials, recurrence];
