import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
  type ScalarTag,
  visit,
} from 'yaml';
import { messageOf } from '../common/errors.ts';
import { type ConfigPath, FORBIDDEN_KEYS, pathKey } from './tree.ts';

/** More than any hand-written config needs; what is above is a mistake or an attack. */
const MAX_CHARACTERS = 256 * 1024;
const MAX_ALIASES = 100;
/** Anchors and aliases that are read at all. */
const MAX_MARKS = 1000;
/** A config needs eight; each level is a call deeper in the parser. */
const MAX_DEPTH = 100;
const MAX_KEY_CHARACTERS = 200;
const MAX_MESSAGE_CHARACTERS = 300;
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

/** What JSON has. Others (!!binary, !!set, !!merge, …) would make things that no config holds. */
const PLAIN_TAG = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/;

/** Reads one YAML 1.2 document. Never throws: what is wrong stands in `problems`, all of it. */
export function readYaml(text: string): YamlReading {
  const failed = (problems: YamlProblem[]): YamlReading => ({
    value: null,
    positions: {},
    problems: problems.slice(0, MAX_PROBLEMS),
  });
  if (text.length > MAX_CHARACTERS) {
    const size = `${text.length} characters long, more than the ${MAX_CHARACTERS} that a config may have`;
    return failed([{ line: 1, column: 1, message: `the text is ${size}` }]);
  }
  const lineCounter = new LineCounter();
  const problems: YamlProblem[] = [];
  const tell = (offset: number | undefined, message: string) => {
    const { line, col } = lineCounter.linePos(offset ?? 0);
    problems.push({ line: Math.max(1, line), column: Math.max(1, col), message: showable(message) });
  };
  // YAML allows no others; they are found in files that are no text.
  const odd = /[^\P{Cc}\t\n\r\x85]/u.exec(text);
  if (odd) {
    const before = text.slice(0, odd.index).split('\n');
    const code = odd[0].codePointAt(0)?.toString(16).padStart(4, '0');
    const message = `a control character (U+${code}), which no text has`;
    return failed([{ line: before.length, column: (before.at(-1)?.length ?? 0) + 1, message }]);
  }
  try {
    const composer = new Composer({
      prettyErrors: false,
      // Compares every key with every other; `locate` looks for keys that stand twice.
      uniqueKeys: false,
      customTags: (tags) => [groupedInteger, ...tags],
    });
    const [document, second] = composer.compose(tokensOf(text, lineCounter), true, text.length);
    if (!document) return failed([]);
    const errors = [...document.errors, ...document.warnings];
    for (const error of errors.slice(0, MAX_PROBLEMS)) {
      tell(error.pos[0], SENTENCES[error.code] ?? withoutFullStop(error.message));
    }
    if (second) tell(second.range[0], 'a second document begins here; a config is one document');
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
  TAB_AS_INDENT: 'indented with a tab; YAML allows spaces only',
};

/** Stops after as many mistakes as are told. Throws a RangeError where the text is nested too deeply. */
function* tokensOf(text: string, lineCounter: LineCounter): Generator<CST.Token> {
  const parser = new Parser(lineCounter.addNewLine);
  let mistakes = 0;
  let marks = 0;
  lineCounter.addNewLine(0);
  const counted = function* (tokens: Iterable<CST.Token>) {
    for (const token of tokens) {
      if (token.type === 'error') mistakes++;
      if (mistakes <= MAX_PROBLEMS) yield token;
    }
  };
  for (const lexeme of new Lexer().lex(text)) {
    yield* counted(parser.next(lexeme));
    if (parser.stack.length > MAX_DEPTH) throw new RangeError();
    if (/^[&*]/.test(lexeme) && ++marks > MAX_MARKS)
      throw new Error(`more than ${MAX_MARKS} anchors and aliases`);
    if (mistakes > MAX_PROBLEMS) return;
  }
  yield* counted(parser.end());
}

/** Messages repeat parts of the text: only as much as fits a line, and nothing that a terminal would obey. */
function showable(message: string): string {
  const line = message.replace(/\p{C}/gu, '�');
  return line.length <= MAX_MESSAGE_CHARACTERS ? line : `${line.slice(0, MAX_MESSAGE_CHARACTERS - 1)}…`;
}

function withoutFullStop(text: string): string {
  return text.replace(/[.\s]+$/, '');
}

/** An alias that cannot be resolved, stands inside its own anchor, or is one of very many. */
function checkAliases(document: Document, tell: (offset: number | undefined, message: string) => void): void {
  let aliases = 0;
  visit(document, {
    Alias(_, alias, ancestors) {
      const offset = alias.range?.[0];
      // Before it is resolved: that looks through the whole document.
      if (++aliases > MAX_ALIASES) {
        tell(offset, `more than ${MAX_ALIASES} aliases`);
        return visit.BREAK;
      }
      const target = alias.resolve(document);
      if (!target) tell(offset, `*${alias.source} refers to no anchor above it`);
      else if (ancestors.includes(target)) tell(offset, `*${alias.source} refers to itself`);
      return undefined;
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
  const checkTag = (node: unknown) => {
    if (!isNode(node) || isAlias(node) || node.tag === undefined || PLAIN_TAG.test(node.tag)) return;
    tell(node.range?.[0], `the tag ${node.tag} cannot be used here`);
  };
  const walk = (node: unknown, path: ConfigPath): void => {
    checkTag(node);
    if (isSeq(node)) {
      node.items.forEach((item, index) => {
        put([...path, index], (item as { range?: [number] }).range?.[0]);
        walk(item, [...path, index]);
      });
    } else if (isMap(node)) {
      const names = new Set<string>();
      for (const { key, value } of node.items) {
        const offset = (key as { range?: [number] }).range?.[0];
        checkTag(key);
        if (isAlias(key) || !isScalar(key)) {
          tell(offset, 'a key must be plain text');
          continue;
        }
        const name = String(key.value);
        if (FORBIDDEN_KEYS.includes(name)) tell(offset, `${name} cannot be a key`);
        if (name.length > MAX_KEY_CHARACTERS || /\p{C}/u.test(name)) {
          tell(offset, `a key must be at most ${MAX_KEY_CHARACTERS} printable characters`);
          continue;
        }
        if (names.has(name)) tell(offset, 'this key stands twice in its mapping');
        names.add(name);
        put([...path, name], offset);
        walk(value, [...path, name]);
      }
    }
  };
  walk(document.contents, []);
}
