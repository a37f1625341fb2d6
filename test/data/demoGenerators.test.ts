import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { demoGenerators } from '../../data/demoGenerators.ts';
import { sha256 } from '../../src/common/canonical.ts';
import { findDuplicates } from '../../src/corpus/duplicates.ts';
import { documentsOf, MEGABYTE, type Name, names, wordCounts } from './samples.ts';

const samples = Object.fromEntries(names.map((name) => [name, documentsOf(name, 1, 2 * MEGABYTE)])) as Record<
  Name,
  string[]
>;

describe.each(names)('the demo generator %s', (name) => {
  const documents = samples[name];
  const text = documents.join('');

  it('gives the same bytes for the same seed, and other documents for another', () => {
    expect(sha256(documentsOf(name, 1, MEGABYTE / 4).join(''))).toBe(
      sha256(documents.slice(0, documentsOf(name, 1, MEGABYTE / 4).length).join('')),
    );
    const own = new Set(documents);
    expect(documentsOf(name, 2, MEGABYTE / 4).filter((other) => own.has(other))).toEqual([]);
  });

  it('never writes the same document twice, and only plain ASCII', () => {
    expect(new Set(documents).size).toBe(documents.length);
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    expect(text).not.toMatch(/undefined|NaN|\[object|Infinity/);
  });

  it('has documents of realistic, varied length', () => {
    const lengths = documents.map(({ length }) => length).sort((a, b) => a - b);
    const at = (share: number) => lengths[Math.floor(share * lengths.length)]!;
    expect(at(0)).toBeGreaterThanOrEqual(400);
    expect(at(0.5)).toBeGreaterThan(1200);
    expect(at(0.5)).toBeLessThan(3000);
    expect(at(0.95)).toBeGreaterThan(2 * at(0.5));
    expect(at(0.999)).toBeLessThan(9000);
  });

  it('has a Zipfian vocabulary of thousands of words', () => {
    const counts = wordCounts(documents);
    expect(counts.length).toBeGreaterThan(2500);
    // Slope of log count on log rank between ranks 10 and 1000.
    const points = counts.slice(10, 1000).map(([, count], i) => [Math.log(i + 11), Math.log(count)] as const);
    const mean = (member: 0 | 1) => points.reduce((sum, point) => sum + point[member], 0) / points.length;
    const [x, y] = [mean(0), mean(1)];
    const slope =
      points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0) /
      points.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
    expect(slope).toBeLessThan(-0.6);
    expect(slope).toBeGreaterThan(-1.6);
  });

  it('is about as compressible as real text, and new text stays new', () => {
    const ratio = gzipSync(text.slice(0, MEGABYTE), { level: 9 }).length / MEGABYTE;
    expect(ratio).toBeGreaterThan(0.22);
    expect(ratio).toBeLessThan(0.45);
    const half = (from: number) => gzipSync(text.slice(from, from + MEGABYTE / 2), { level: 9 }).length;
    expect(half(MEGABYTE / 2) / half(0)).toBeGreaterThan(0.9);
  });

  it('is fast enough for its default size', () => {
    const began = performance.now();
    documentsOf(name, 3, 2 * MEGABYTE);
    // About 10 MB/s on an idle core; the limit leaves room for a busy machine.
    expect(performance.now() - began).toBeLessThan(3000);
    expect(demoGenerators[name].defaultBytes).toBeGreaterThanOrEqual(6 * MEGABYTE);
  });

  it('repeats no document nearly: a share of 50-byte windows may come back, never half of a document', () => {
    const tokens = (some: readonly string[]) =>
      some.map((document) => ({ tokens: Int32Array.from(Buffer.from(document)), length: document.length }));
    const [fewer, more] = [documents.slice(0, 100), documents.slice(100)];
    const options = { vocabularySize: 256, bytesPerToken: 1 };
    expect(findDuplicates(tokens(fewer), tokens(more), options)).toEqual([]);
    // Two halves of two documents that are there do make a near duplicate.
    const patched = more[0]!.slice(0, 700) + more[1]!.slice(0, 700);
    expect(findDuplicates(tokens([patched]), tokens(more), options)).toMatchObject([{ kind: 'near' }]);
  });

  it('keeps to a topic: a document shares more words with itself than with others', () => {
    const wordsOf = (part: string) => new Set(part.match(/[a-z]{5,}/g) ?? []);
    const shared = (a: Set<string>, b: Set<string>) =>
      [...a].filter((word) => b.has(word)).length / Math.max(1, a.size);
    let own = 0;
    let other = 0;
    for (let i = 0; i < 200; i++) {
      const half = documents[i]!.length / 2;
      const first = wordsOf(documents[i]!.slice(0, half));
      own += shared(first, wordsOf(documents[i]!.slice(half)));
      other += shared(first, wordsOf(documents[i + 200]!.slice(documents[i + 200]!.length / 2)));
    }
    expect(own).toBeGreaterThan(1.3 * other);
  });
});

describe('demo mathematics', () => {
  /** Value of an expression of whole numbers, + − * / and brackets. */
  function value(expression: string): number {
    const tokens = expression.match(/\d+|[-+*/()]/g)!;
    let at = 0;
    const atom = (): number => {
      const token = tokens[at++]!;
      if (token === '-') return -atom();
      if (token !== '(') return Number(token);
      const inside = sum();
      at++;
      return inside;
    };
    const term = (): number => {
      let result = atom();
      while (tokens[at] === '*' || tokens[at] === '/')
        result = tokens[at++] === '*' ? result * atom() : result / atom();
      return result;
    };
    const sum = (): number => {
      let result = term();
      while (tokens[at] === '+' || tokens[at] === '-')
        result = tokens[at++] === '+' ? result + term() : result - term();
      return result;
    };
    return sum();
  }

  it('computes rightly: every chain of = between numbers holds', () => {
    let checked = 0;
    for (const line of samples.mathematics.join('').split(/[\n$]|\. |: |, /)) {
      const sides = line.split(' = ').filter((side) => /^[-+*/() \d]+\.?$/.test(side) && /\d/.test(side));
      if (sides.length < 2) continue;
      const values = sides.map((side) => value(side.replace(/\.$/, '')));
      for (const each of values) expect(each, line).toBeCloseTo(values[0]!, 9);
      checked++;
    }
    expect(checked).toBeGreaterThan(5000);
  });

  it('numbers its sections upwards, and refers only to sections that came before', () => {
    let references = 0;
    for (const document of samples.mathematics) {
      const [title, ...parts] = document.trimEnd().split('\n\n');
      const chapter = Number.parseInt(title!, 10);
      parts.forEach((part, i) => {
        // Remarks count as a section, but do not show their number.
        for (const [, inChapter, section] of part.matchAll(/\b(\d+)\.(\d+)\b/g)) {
          expect(Number(inChapter)).toBe(chapter);
          expect(Number(section)).toBeLessThanOrEqual(i + 1);
          if (Number(section) <= i) references++;
        }
      });
    }
    expect(references).toBeGreaterThan(300);
  });
});

describe('demo program text', () => {
  it('has balanced brackets, indentation that follows them, and right constants', () => {
    for (const document of samples.program) {
      let depth = 0;
      for (const line of document.split('\n')) {
        if (line.trim() === '') continue;
        const code = line.replace(/\/\/.*$/, '').replace(/'[^']*'/g, "''");
        if (code.trim().startsWith('}')) depth--;
        expect(line.length - line.trimStart().length, line).toBe(2 * depth);
        for (const [open, close] of ['()', '[]'])
          expect(code.split(open!).length, line).toBe(code.split(close!).length);
        if (code.trimEnd().endsWith('{')) depth++;
        const product = /= (\d+) \* (\d+); \/\/ (\d+)$/.exec(line);
        if (product) expect(Number(product[1]) * Number(product[2])).toBe(Number(product[3]));
      }
      expect(depth).toBe(0);
    }
  });

  it('declares a function before it is called, and calls it with as many arguments as it has', () => {
    let calls = 0;
    for (const document of samples.program) {
      const code = document.replace(/\/\/.*$/gm, '').replace(/'[^']*'/g, "''");
      const parameters = new Map<string, number>();
      for (const [, name, list] of code.matchAll(/^function (\w+)\(([^)]*)\)/gm))
        parameters.set(name!, list!.split(',').length);
      for (const [name, count] of parameters) {
        const declared = code.indexOf(`function ${name}(`);
        for (const match of code.matchAll(new RegExp(`(?<!function )\\b${name}\\(`, 'g'))) {
          expect(match.index).toBeGreaterThan(declared);
          expect(argumentCount(code, match.index + match[0].length)).toBe(count);
          calls++;
        }
      }
    }
    expect(calls).toBeGreaterThan(500);
  });

  function argumentCount(code: string, from: number): number {
    let depth = 0;
    let count = 1;
    for (let i = from; ; i++) {
      const character = code[i]!;
      if ('(['.includes(character)) depth++;
      else if (depth === 0 && character === ')') return count;
      else if (')]'.includes(character)) depth--;
      else if (depth === 0 && character === ',') count++;
    }
  }
});
