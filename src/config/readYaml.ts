import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type ScalarTag,
  visit,
} from 'yaml';
import { messageOf } from '../common/errors.ts';
import { type ConfigPath, FORBIDDEN_KEYS, pathKey } from './tree.ts';

/** More than any hand-written config needs; what is above is a mistake or an attack. */
const MAX_CHARACTERS = 256 * 1024;
const MAX_ALIASES = 100;
/** One slip of indentation can make hundreds; the first ones tell. */
const MAX_PROBLEMS = 20;

export interface YamlProblem {
  line: number;
  column: number;
  message: string;
}

export interface YamlReading {
  /** Plain JSON; null when there are problems or no content. */
  value: unknown;
  /** Where each key and list item stands, by pathKey. */
  positions: Record<string, { line: number; column: number }>;
  problems: YamlProblem[];
}

/** `1_000_000` is a number, as in YAML 1.1 and in most languages; YAML 1.2 alone would read text. */
const groupedInteger: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^[-+]?[0-9]{1,3}(?:_[0-9]{3})+$/,
  resolve: (text) => Number(text.replaceAll('_', '')),
};

/** Reads one YAML 1.2 document. Never throws: what is wrong stands in `problems`, all of it. */
export function readYaml(text: string): YamlReading {
  const failed = (problems: YamlProblem[]): YamlReading => ({ value: null, positions: {}, problems });
  if (text.length > MAX_CHARACTERS) {
    const size = `${text.length} characters long, more than the ${MAX_CHARACTERS} that a config may have`;
    return failed([{ line: 1, column: 1, message: `the text is ${size}` }]);
  }
  const lineCounter = new LineCounter();
  const problems: YamlProblem[] = [];
  const tell = (offset: number | undefined, message: string) => {
    const { line, col } = lineCounter.linePos(offset ?? 0);
    problems.push({ line: Math.max(1, line), column: Math.max(1, col), message });
  };
  try {
    const document = parseDocument(text, {
      lineCounter,
      prettyErrors: false,
      customTags: (tags) => [groupedInteger, ...tags],
    });
    const errors = [...document.errors, ...document.warnings];
    // The parser reports its own stack overflow as one error a level.
    if (errors.some((error) => /call stack/.test(error.message))) throw new RangeError();
    for (const error of errors.slice(0, MAX_PROBLEMS)) {
      tell(error.pos[0], SENTENCES[error.code] ?? withoutFullStop(error.message));
    }
    if (problems.length > 0) return failed(problems);
    checkAliases(document, tell);
    if (problems.length > 0) return failed(problems);
    const positions: YamlReading['positions'] = {};
    locate(document, positions, lineCounter, tell);
    if (problems.length > 0) return failed(problems);
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }), positions, problems };
  } catch (error) {
    // Nothing but nesting makes the parser recurse, and nothing but alias counts makes toJS throw a ReferenceError.
    const cause =
      error instanceof RangeError
        ? 'the text is nested too deeply'
        : error instanceof ReferenceError
          ? 'its aliases of aliases multiply beyond any use'
          : messageOf(error);
    return failed([{ line: 1, column: 1, message: cause }]);
  }
}

const SENTENCES: Partial<Record<string, string>> = {
  DUPLICATE_KEY: 'this key stands twice in its mapping',
  MULTIPLE_DOCS: 'a second document begins here; a config is one document',
  TAB_AS_INDENT: 'indented with a tab; YAML allows spaces only',
};

function withoutFullStop(text: string): string {
  return text.replace(/[.\s]+$/, '');
}

/** An alias that cannot be resolved, stands inside its own anchor, or is one of very many. */
function checkAliases(document: Document, tell: (offset: number | undefined, message: string) => void): void {
  let aliases = 0;
  visit(document, {
    Alias(_, alias, ancestors) {
      const target = alias.resolve(document);
      const offset = alias.range?.[0];
      if (!target) tell(offset, `*${alias.source} refers to no anchor above it`);
      else if (ancestors.includes(target)) tell(offset, `*${alias.source} refers to itself`);
      if (++aliases === MAX_ALIASES + 1) tell(offset, `more than ${MAX_ALIASES} aliases`);
    },
  });
}

function locate(
  document: Document,
  positions: YamlReading['positions'],
  lineCounter: LineCounter,
  tell: (offset: number | undefined, message: string) => void,
): void {
  const put = (path: ConfigPath, offset: number | undefined) => {
    const { line, col } = lineCounter.linePos(offset ?? 0);
    positions[pathKey(path)] = { line, column: col };
  };
  const walk = (node: unknown, path: ConfigPath): void => {
    if (isSeq(node)) {
      node.items.forEach((item, index) => {
        put([...path, index], (item as { range?: [number] }).range?.[0]);
        walk(item, [...path, index]);
      });
    } else if (isMap(node)) {
      for (const { key, value } of node.items) {
        const offset = (key as { range?: [number] }).range?.[0];
        if (isAlias(key) || !isScalar(key)) {
          tell(offset, 'a key must be plain text');
          continue;
        }
        const name = String(key.value);
        if (FORBIDDEN_KEYS.includes(name)) tell(offset, `${name} cannot be a key`);
        put([...path, name], offset);
        walk(value, [...path, name]);
      }
    }
  };
  walk(document.contents, []);
}
