import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/common/errors.ts';
import type { Cell } from '../../src/measurements/readTable.ts';
import { parseWhere } from '../../src/measurements/where.ts';

const COLUMNS = ['loss', 'seed', 'family', 'val loss', 'say "x"', 'and', '__proto__'];
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
    ['not not loss < 5', { loss: 4 }, true],
    ['not loss < 5', { loss: null }, true],
    ['loss is null', { loss: ' ' }, true],
    ['loss > 999999', { loss: '1_000_000' }, true],
    ['loss == 16', { loss: '0x10' }, false],
    ['loss != 16', { loss: 'NaN' }, false],
    ['loss>=.5', { loss: 0.5 }, true],
    ['loss < -1 or loss > 1', { loss: -2 }, true],
    ["seed == '1'", { seed: 1 }, true],
    ["family == 'it''s'", { family: "it's" }, true],
    ['family >= "b"', { family: 'c4' }, true],
    ['"say ""x""" == 1', { 'say "x"': 1 }, true],
    ['"and" == 1 and seed == 1', { and: 1, seed: 1 }, true],
    ['__proto__ is null', {}, true],
    ['loss == 1 or loss == 2 or loss == 3', { loss: 3 }, true],
    ['loss < 3 OR NOT (seed == 1)', { loss: 6, seed: 2 }, true],
  ] as [string, Record<string, Cell>, boolean][])('%s of %j is %s', (text, cells, expected) => {
    expect(holds(text, cells)).toBe(expected);
  });

  it.each([
    ['loss <', /number or a quoted text is expected at the end/],
    ['los < 5', /no column los; there are loss, seed.*at character 1 /],
    ['loss 5', /comparison is expected at character 6/],
    ['(loss < 5', /closing parenthesis is missing/],
    ['loss < 5 seed', /nothing more is expected at character 10/],
    ['loss < five', /number or a quoted text/],
    ['loss < 5; drop', /character 9 \(";"\) is not understood/],
    ['process.exit()', /no column process.exit/],
    ['', /column name is expected at the end/],
    ['loss is 5', /null is expected/],
    ['seed in 1', /opening parenthesis/],
    ['seed in ()', /number or a quoted text is expected at character 10/],
    ['seed in (1, 2', /closing parenthesis is missing at the end/],
    ['seed in (1 2)', /closing parenthesis is missing at character 12/],
    ["family == 'c4", /character 11 \("'"\) is not understood/],
    ["'loss' < 5", /column name is expected at character 1/],
    ['5 > loss', /column name is expected at character 1/],
    ['loss < seed', /number or a quoted text is expected at character 8/],
    ["loss < '5'", /5 is a text here: leave the quotes out.* at character 8/],
    ['loss = = 5', /number or a quoted text is expected at character 8/],
    ['loss < 5 and', /column name is expected at the end/],
    ['los < 5', /did you mean loss\?/],
    ['constructor == 1', /no column constructor/],
    ['(((', /column name is expected at the end/],
    ['('.repeat(50_000), /nested too deep at character 101/],
    ['not '.repeat(50_000), /nested too deep/],
  ])('%# is refused with its place', (text, expected) => {
    expect(() => parseWhere(text, COLUMNS)).toThrow(expected);
    expect(() => parseWhere(text, COLUMNS)).toThrow(UserError);
  });

  it('reads a long row of conditions', () => {
    const text = Array.from({ length: 2000 }, (_, i) => `seed == ${i}`).join(' or ');
    expect(holds(text, { seed: 1999 })).toBe(true);
    expect(holds(text, { seed: 2000 })).toBe(false);
  });
});
