import { describe, expect, it } from 'vitest';
import type { Cell } from '../../src/measurements/readTable.ts';
import { parseWhere } from '../../src/measurements/where.ts';

const COLUMNS = ['loss', 'seed', 'family', 'val loss'];
const holds = (text: string, cells: Record<string, Cell>) =>
  parseWhere(text, COLUMNS)(new Map(Object.entries(cells)));

describe('--where', () => {
  it.each([
    ['loss < 5', { loss: 4 }, true],
    ['loss < 5', { loss: '4.5' }, true],
    ['loss < 5', { loss: 5 }, false],
    ['loss <= 5', { loss: 5 }, true],
    ['loss > -1e2', { loss: 3 }, true],
    ['loss != 5', { loss: null }, false],
    ["family == 'c4'", { family: 'c4' }, true],
    ['family = "c4"', { family: 'c4' }, true],
    ["family != 'c4'", { family: 'pile' }, true],
    ['seed in (1, 2)', { seed: '2' }, true],
    ["family in ('a', 'b')", { family: 'c' }, false],
    ['loss is null', { loss: null }, true],
    ['loss is not null', {}, false],
    ['not loss < 5', { loss: 6 }, true],
    ['"val loss" < 3', { 'val loss': 2 }, true],
    ['loss < 3 or loss > 5 and seed == 1', { loss: 6, seed: 1 }, true],
    ['(loss < 3 or loss > 5) and seed == 1', { loss: 2, seed: 2 }, false],
    ['loss < 3 OR NOT (seed == 1)', { loss: 6, seed: 2 }, true],
  ] as [string, Record<string, Cell>, boolean][])('%s of %j is %s', (text, cells, expected) => {
    expect(holds(text, cells)).toBe(expected);
  });

  it.each([
    ['loss <', /number or a quoted text is expected at the end/],
    ['los < 5', /no column los; there are loss, seed.*character 1/],
    ['loss 5', /comparison is expected at character 6/],
    ['(loss < 5', /closing parenthesis is missing/],
    ['loss < 5 seed', /nothing more is expected at character 10/],
    ['loss < five', /number or a quoted text/],
    ['loss < 5; drop', /character 9 \(";"\) is not understood/],
    ['process.exit()', /no column process.exit/],
    ['', /column name is expected at the end/],
    ['loss is 5', /null is expected/],
    ['seed in 1', /opening parenthesis/],
  ])('%s is refused with its place', (text, expected) => {
    expect(() => parseWhere(text, COLUMNS)).toThrow(expected);
  });
});
