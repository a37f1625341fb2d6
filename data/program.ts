import { makeRandom, type Random } from '../src/common/random.ts';
import type { DemoGenerator } from '../src/corpus/sources.ts';
import { between, chance, documentLength, pick } from './choice.ts';
import { capital, demoLanguage } from './language.ts';
import { type Namer, startNamer } from './programNames.ts';
import { sentence, startWriter, type Writer } from './sentences.ts';

type Type = 'number' | 'string' | 'boolean' | 'number[]' | 'string[]';
const TYPES: readonly Type[] = ['number', 'number', 'number', 'string', 'boolean', 'number[]', 'string[]'];

interface Variable {
  name: string;
  type: Type;
  /** May be assigned to. */
  mutable: boolean;
}

interface Callable {
  name: string;
  parameters: Type[];
  returns: Type;
}

/** A program being written: what may be named at this place of it. */
interface Module {
  random: Random;
  names: Namer;
  writer: Writer;
  functions: Callable[];
  constants: Variable[];
}

/** Modules of a small typed language: every name is declared before it is used and called with the right arguments. */
export const program: DemoGenerator = {
  version: 1,
  defaultBytes: 6_000_000,
  *generate(seed) {
    const random = makeRandom('demo program', seed);
    for (;;) yield programDocument(random);
  },
};

function programDocument(random: Random): string {
  const language = demoLanguage();
  const topic = pick(random, language.topics);
  const writer = startWriter(random, language, [topic, topic]);
  writer.tense = 'present';
  const module: Module = {
    random,
    names: startNamer(random, language, topic),
    writer,
    functions: [],
    constants: [],
  };
  const characters = documentLength(random, 2000, 500, 6000);
  const parts = [`${comment(module, '')}\n${imports(module)}`, constants(module)];
  for (let length = parts.join('').length; length < characters; ) {
    const part = chance(random, 0.2) ? record(module) : functionText(module, '', 'function ');
    parts.push(part);
    length += part.length + 2;
  }
  return `${parts.join('\n\n')}\n`;
}

function comment({ writer }: Module, indent: string): string {
  return `${indent}// ${sentence(writer)}`;
}

function imports(module: Module): string {
  const { random, names } = module;
  return Array.from({ length: between(random, 1, 4) }, () => {
    const imported = Array.from({ length: between(random, 1, 3) }, (): Callable => {
      const callable = {
        name: names.method(),
        parameters: someTypes(random, 1, 2),
        returns: pick(random, TYPES),
      };
      module.functions.push(callable);
      return callable;
    });
    const file = module.writer.topics[0].noun(random).stem;
    return `import { ${imported.map(({ name }) => name).join(', ')} } from './${file}.ts';`;
  }).join('\n');
}

function constants(module: Module): string {
  const { random, names } = module;
  return Array.from({ length: between(random, 1, 5) }, () => {
    const name = names.constant();
    const roll = random.uniform();
    if (roll < 0.4) {
      const [a, b] = [between(random, 2, 60), between(random, 2, 60)];
      module.constants.push({ name, type: 'number', mutable: false });
      return `const ${name} = ${a} * ${b}; // ${a * b}`;
    }
    const type = roll < 0.7 ? 'number' : 'string';
    module.constants.push({ name, type, mutable: false });
    return `const ${name} = ${literal(module, type)};`;
  }).join('\n');
}

/** An object type, or a class whose methods use its fields. */
function record(module: Module): string {
  const { random, names } = module;
  const name = names.type();
  const fields = someTypes(random, 2, 4).map(
    (type): Variable => ({ name: names.variable(), type, mutable: true }),
  );
  const declarations = fields.map((field) => `  ${field.name}: ${field.type};`).join('\n');
  if (chance(random, 0.4)) return `interface ${name} {\n${declarations}\n}`;
  const own = fields.map((field) => ({ ...field, name: `this.${field.name}` }));
  const parameters = fields.map((field) => `${field.name}: ${field.type}`).join(', ');
  const assignments = fields.map((field) => `    this.${field.name} = ${field.name};`).join('\n');
  const methods = Array.from({ length: between(random, 1, 2) }, () => {
    const method = functionText(module, '  ', '', own);
    // It is not callable by its bare name.
    module.functions.pop();
    return method;
  });
  return `class ${name} {\n${declarations}\n\n  constructor(${parameters}) {\n${assignments}\n  }\n\n${methods.join('\n\n')}\n}`;
}

function functionText(
  module: Module,
  indent: string,
  keyword: string,
  own: readonly Variable[] = [],
): string {
  const { random, names } = module;
  const name = names.method();
  const returns = pick(random, TYPES);
  const parameters = someTypes(random, 1, 3).map(
    (type): Variable => ({ name: names.variable(), type, mutable: false }),
  );
  const scope = [...module.constants, ...own, ...parameters];
  const inner = `${indent}  `;
  const lines: string[] = [];
  if (chance(random, 0.45)) lines.push(comment(module, indent));
  lines.push(
    `${indent}${keyword}${name}(${parameters.map((each) => `${each.name}: ${each.type}`).join(', ')}): ${returns} {`,
    ...block(module, scope, inner, between(random, 2, 6), 2),
    `${inner}return ${expression(module, scope, returns, 2)};`,
    `${indent}}`,
  );
  module.functions.push({ name, parameters: parameters.map(({ type }) => type), returns });
  return lines.join('\n');
}

/** Statements; what they declare is added to `scope`. */
function block(
  module: Module,
  scope: Variable[],
  indent: string,
  statements: number,
  depth: number,
): string[] {
  const { random, names } = module;
  const lines: string[] = [];
  const nested = (more: Variable[] = []) => {
    const count = between(random, 1, 3);
    return block(module, [...scope, ...more], `${indent}  `, count, depth - 1);
  };
  for (let i = 0; i < statements; i++) {
    const roll = random.uniform();
    const assignable = scope.filter(({ mutable }) => mutable);
    const list = scope.find(({ type }) => type.endsWith('[]'));
    if (depth > 0 && roll < 0.14) {
      lines.push(`${indent}if (${expression(module, scope, 'boolean', 2)}) {`, ...nested());
      if (chance(random, 0.35)) lines.push(`${indent}} else {`, ...nested());
      lines.push(`${indent}}`);
    } else if (depth > 0 && roll < 0.22) {
      const index = pick(
        random,
        ['i', 'j', 'k'].filter((letter) => !scope.some(({ name }) => name === letter)),
      );
      const limit = expression(module, scope, 'number', 0);
      lines.push(
        `${indent}for (let ${index} = 0; ${index} < ${limit}; ${index}++) {`,
        ...nested([{ name: index, type: 'number', mutable: false }]),
        `${indent}}`,
      );
    } else if (depth > 0 && roll < 0.3 && list) {
      const item: Variable = {
        name: names.variable(),
        type: list.type === 'number[]' ? 'number' : 'string',
        mutable: false,
      };
      lines.push(`${indent}for (const ${item.name} of ${list.name}) {`, ...nested([item]), `${indent}}`);
    } else if (roll < 0.5 && assignable.length > 0) {
      const target = pick(random, assignable);
      const sign = target.type === 'number' ? pick(random, ['=', '+=', '-=', '+=']) : '=';
      lines.push(`${indent}${target.name} ${sign} ${expression(module, scope, target.type, 1)};`);
    } else if (roll < 0.56) lines.push(comment(module, indent));
    else if (roll < 0.6) {
      lines.push(
        `${indent}if (${expression(module, scope, 'boolean', 1)}) throw new Error(${literal(module, 'string')});`,
      );
    } else {
      const mutable = chance(random, 0.4);
      const type = pick(random, TYPES);
      const name = names.variable();
      lines.push(`${indent}${mutable ? 'let' : 'const'} ${name} = ${expression(module, scope, type, 2)};`);
      scope.push({ name, type, mutable });
    }
  }
  return lines;
}

/** An expression of a type from what is in scope; later declared things are the likelier. */
function expression(module: Module, scope: readonly Variable[], type: Type, depth: number): string {
  const { random } = module;
  const known = scope.filter((variable) => variable.type === type);
  const roll = random.uniform();
  if (known.length > 0 && (depth === 0 || roll < 0.35)) {
    return known[known.length - 1 - Math.floor(random.uniform() ** 1.6 * known.length)]!.name;
  }
  const of = (wanted: Type) => expression(module, scope, wanted, depth - 1);
  if (depth > 0 && roll < 0.6) {
    const callable = module.functions.filter(({ returns }) => returns === type).at(-1 - random.integer(3));
    if (callable) return `${callable.name}(${callable.parameters.map(of).join(', ')})`;
  }
  if (depth > 0 && roll < 0.93) {
    if (type === 'number') {
      return pick(random, [
        () => `${of('number')} ${pick(random, ['+', '-', '*', '%'])} ${literal(module, 'number')}`,
        () => `(${of('number')} ${pick(random, ['+', '-'])} ${of('number')})`,
        () => `Math.${pick(random, ['max', 'min'])}(${of('number')}, ${of('number')})`,
        () => `${of('string')}.length`,
      ])();
    }
    if (type === 'string') {
      return pick(random, [
        () => `${of('string')} + ${of('string')}`,
        () => `String(${of('number')})`,
        () => `${of('string')}.trim()`,
      ])();
    }
    if (type === 'boolean') {
      return pick(random, [
        () => `${of('number')} ${pick(random, ['<', '>', '===', '>='])} ${of('number')}`,
        () => `${of('string')} === ${literal(module, 'string')}`,
        () => negated(of('boolean')),
        () => `${of('boolean')} ${pick(random, ['&&', '||'])} ${of('boolean')}`,
      ])();
    }
    const item = type === 'number[]' ? 'number' : 'string';
    return pick(random, [
      () => `[${of(item)}, ${of(item)}]`,
      () => `${of(type)}.slice(${between(random, 0, 3)})`,
      () => `${of(type)}.concat(${of(type)})`,
    ])();
  }
  return literal(module, type);
}

function negated(condition: string): string {
  return condition.includes(' ') ? `!(${condition})` : `!${condition}`;
}

function literal({ random, writer }: Module, type: Type): string {
  if (type === 'number')
    return String(chance(random, 0.7) ? between(random, 0, 12) : between(random, 13, 1000));
  if (type === 'boolean') return chance(random, 0.5) ? 'true' : 'false';
  const word = () => writer.topics[0].noun(random).stem;
  if (type === 'string') return chance(random, 0.6) ? `'${word()}'` : `'${capital(word())} ${word()}'`;
  if (chance(random, 0.3)) return '[]';
  return type === 'number[]'
    ? `[${between(random, 1, 20)}, ${between(random, 1, 20)}, ${between(random, 1, 20)}]`
    : `['${word()}', '${word()}']`;
}

function someTypes(random: Random, from: number, to: number): Type[] {
  return Array.from({ length: between(random, from, to) }, () => pick(random, TYPES));
}
