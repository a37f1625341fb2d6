import { UserError } from '../common/errors.ts';
import { filled, numberIn } from './cells.ts';
import { nearestName } from './columns.ts';
import type { Cell, TableRow } from './table.ts';

type Condition = (cells: TableRow['cells']) => boolean;
type Token = { kind: 'name' | 'quoted' | 'number' | 'sign'; text: string; at: number };

const DEEPEST = 100;
const SIGNS = ['<=', '>=', '==', '!=', '<', '>', '=', '(', ')', ','];

/**
 * A condition on rows, e.g. `loss < 5 and (family == 'c4' or not seed in (1, 2))`: comparisons of a column with a number or
 * a quoted text, `in (…)`, `is null`, `is not null`, joined by and, or, not and parentheses. A column name that is not
 * a plain word stands in double quotes, a quote within quotes twice. A row without the column's value meets no comparison,
 * nor does a text that is no number meet one with a number. Throws a UserError with the place.
 */
export function parseWhere(text: string, columns: readonly string[]): Condition {
  const tokens = tokenise(text);
  let position = 0;
  const fail = (what: string, token = tokens[position]): never => {
    throw new UserError(
      `--where: ${what} at ${token ? `character ${token.at + 1} ("${token.text}")` : 'the end'} of: ${cut(text)}`,
      'E.g. --where "loss < 5 and seed == 1"',
    );
  };
  const isWord = (word: string) =>
    tokens[position]?.kind === 'name' && tokens[position]!.text.toLowerCase() === word;
  const take = (word: string) => isWord(word) && ++position > 0;
  const takeSign = (sign: string) =>
    tokens[position]?.kind === 'sign' && tokens[position]!.text === sign && ++position > 0;

  const either = (): Condition => {
    const parts = [both()];
    while (take('or')) parts.push(both());
    return parts.length === 1 ? parts[0]! : (cells) => parts.some((part) => part(cells));
  };
  const both = (): Condition => {
    const parts = [negation()];
    while (take('and')) parts.push(negation());
    return parts.length === 1 ? parts[0]! : (cells) => parts.every((part) => part(cells));
  };
  let depth = 0;
  const negation = (): Condition => {
    // Each level is a call within a call; without an end, a long text of parentheses would exhaust the stack.
    if (++depth > DEEPEST) fail('conditions are nested too deep');
    const read = single();
    depth--;
    return read;
  };
  const single = (): Condition => {
    if (take('not')) {
      const inner = negation();
      return (cells) => !inner(cells);
    }
    if (takeSign('(')) {
      const inner = either();
      if (!takeSign(')')) fail('a closing parenthesis is missing');
      return inner;
    }
    return comparison();
  };
  const comparison = (): Condition => {
    const token = tokens[position];
    if (!token || (token.kind !== 'name' && !(token.kind === 'quoted' && token.text.startsWith('"')))) {
      return fail('a column name is expected');
    }
    const column = token.kind === 'quoted' ? unquoted(token.text) : token.text;
    if (!columns.includes(column)) {
      const near = nearestName(column, columns);
      const hint = near === null ? '' : ` (did you mean ${near}?)`;
      fail(`there is no column ${column}; there are ${columns.join(', ')}${hint};`);
    }
    position++;
    if (take('is')) {
      const wantsValue = take('not');
      if (!take('null')) fail('null is expected');
      return (cells) => (filled(cells.get(column)) !== null) === wantsValue;
    }
    if (take('in')) {
      if (!takeSign('(')) fail('an opening parenthesis is expected');
      const wanted = [literal()];
      while (takeSign(',')) wanted.push(literal());
      if (!takeSign(')')) fail('a closing parenthesis is missing');
      return (cells) => wanted.some((value) => compare(cells.get(column) ?? null, value) === 0);
    }
    const sign = tokens[position];
    if (sign?.kind !== 'sign' || ['(', ')', ','].includes(sign.text)) return fail('a comparison is expected');
    position++;
    const value = literal();
    if (typeof value === 'string' && numberIn(value) !== null && /[<>]/.test(sign.text)) {
      // As texts, '10' comes before '5'.
      fail(`${value} is a text here: leave the quotes out to compare numbers,`, tokens[position - 1]);
    }
    return (cells) => {
      const order = compare(cells.get(column) ?? null, value);
      if (order === null) return false;
      switch (sign.text) {
        case '<':
          return order < 0;
        case '<=':
          return order <= 0;
        case '>':
          return order > 0;
        case '>=':
          return order >= 0;
        case '!=':
          return order !== 0;
        default:
          return order === 0;
      }
    };
  };
  const literal = (): string | number => {
    const token = tokens[position];
    if (token?.kind === 'number') {
      position++;
      return Number(token.text);
    }
    if (token?.kind === 'quoted') {
      position++;
      return unquoted(token.text);
    }
    return fail('a number or a quoted text is expected');
  };

  const condition = either();
  if (position < tokens.length) fail('nothing more is expected');
  return condition;
}

/** Negative, zero or positive like cell − value; null where the two cannot be compared. */
function compare(cell: Cell, value: string | number): number | null {
  if (cell === null) return null;
  if (typeof value === 'number') {
    const number = typeof cell === 'string' ? numberIn(cell) : Number(cell);
    return number === null || Number.isNaN(number) ? null : number - value;
  }
  const text = String(cell);
  return text < value ? -1 : text > value ? 1 : 0;
}

const cut = (text: string) => (text.length > 200 ? `${text.slice(0, 200)}…` : text);

/** The text within quotes; a quote that belongs to it stands twice. */
function unquoted(text: string): string {
  const quote = text[0]!;
  return text.slice(1, -1).replaceAll(quote + quote, quote);
}

function tokenise(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const rest = text.slice(at);
    const space = /^\s+/.exec(rest);
    if (space) {
      at += space[0].length;
      continue;
    }
    const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?(?![\w.])/i.exec(rest);
    const quoted = /^("([^"]|"")*"|'([^']|'')*')/.exec(rest);
    const name = /^[A-Za-z_][\w.-]*/.exec(rest);
    const sign = SIGNS.find((each) => rest.startsWith(each));
    const found = number?.[0] ?? quoted?.[0] ?? name?.[0] ?? sign;
    if (found === undefined) {
      throw new UserError(
        `--where: character ${at + 1} ("${text[at]}") is not understood in: ${cut(text)}`,
        'Texts and unusual column names need quotes.',
      );
    }
    const kind = number ? 'number' : quoted ? 'quoted' : name ? 'name' : 'sign';
    tokens.push({ kind, text: found, at });
    at += found.length;
  }
  return tokens;
}
