import { join } from 'node:path';
import { parquetWriteFile } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { type MeasurementsRead, readMeasurements } from '../../src/measurements/readMeasurements.ts';
import { folder, read, refusal } from './files.ts';

const listed = ({ problems }: MeasurementsRead) =>
  problems.map(({ line, column, reason }) => `${line} ${column} ${reason}`);

describe('bad rows', () => {
  it('are named by line, column and reason, and none slips through', async () => {
    const text = [
      'model_size,tokens,domain_ratio,loss,run',
      '1000000,2000000,0.5,3.5,a',
      'x,2000000,0.5,3.5,b',
      '1000000,-5,0.5,3.5,c',
      '1000000,2000000,1.5,3.5,d',
      '1000000,2000000,0.5,NaN,e',
      '1000000,2000000,0.5,-1,f',
      '1000000,2000000,,3.5,g',
      '1000000,2000000,0.5,,h',
      '0,2000000,0.5,3,i',
      '1000000,2000000,0.5,3.5,a',
      '1000000,2000000,0.5,3.6,a',
      '1000000,Infinity,0.5,3.5,j',
    ].join('\n');
    const found = await read(text);
    expect(found.measurements.map(({ run }) => run)).toEqual(['a']);
    expect(listed(found).sort()).toEqual(
      [
        '3 model_size is "x", not a finite number',
        '4 tokens is -5, not zero or more',
        '5 domain_ratio is 1.5, not in 0…1',
        '6 loss is "NaN", not a finite number',
        '7 loss is -1, not a positive loss',
        '8 domain_ratio is missing',
        '9 loss is missing',
        '10 model_size is 0, not a positive number',
        '11 row repeats line 2',
        '12 row has another loss than line 2 for the same run and tokens',
        '13 tokens is "Infinity", not a finite number',
      ].sort(),
    );
  });

  it('are named with everything that is wrong; what is optional is checked where it stands', async () => {
    const found = await read(
      [
        'model_size,tokens,general_loss,domain_loss,general_standard_error,weight,unique_tokens,base_general_loss,run',
        '1e6,2e6,3,,,,,,a',
        '1e6,3e6,,2,,,,,a',
        '1e6,4e6,3,2,0.01,0,2e6,3.5,a',
        '-1,x,,,,,,,b',
        '1e6,2e6,3,nan,-0.1,-1,0,0,c',
        '1e6,_,3,2,,,,,d',
        '1e6,0x10,3,2,,,,,e',
        '1e6,"1,000,000",3,2,,,,,f',
        '1e6,1e999,3,2,,,,,g',
        '1e6,1_000_000,3,2,,,,,h',
        '1e6,2M,3,2,,,,,i',
      ].join('\n'),
    );
    expect(found.base).toEqual([]);
    expect(found.measurements.map(({ line }) => line)).toEqual([2, 3, 4, 11]);
    expect(found.measurements[2]).toMatchObject({
      standardError: { general: 0.01, domain: null },
      weight: 0,
      inputs: { uniqueTokens: 2e6, baseGeneralLoss: 3.5 },
    });
    expect(found.measurements[3]!.tokens).toBe(1e6);
    expect(listed(found).sort()).toEqual(
      [
        '5 model_size is -1, not a positive number',
        '5 tokens is "x", not a finite number',
        '5 general_loss or domain_loss is missing',
        '6 domain_loss is "nan", not a finite number',
        '6 unique_tokens is 0, not a positive number',
        '6 base_general_loss is 0, not a positive number',
        '6 general_standard_error is -0.1, not zero or more',
        '6 weight is -1, not zero or more',
        '7 tokens is "_", not a finite number',
        '8 tokens is "0x10", not a finite number',
        '9 tokens is "1,000,000", not a finite number',
        '10 tokens is "1e999", not a finite number',
        '12 tokens is "2M", not a finite number',
      ].sort(),
    );
  });

  it('of Parquet are named by row, NaN and Infinity by their names', async () => {
    const path = join(folder, 'bad.parquet');
    const column = (name: string, data: number[]) => ({ name, data, type: 'DOUBLE' as const });
    parquetWriteFile({
      filename: path,
      columnData: [
        column('N', [1e6, 1e6, 1e6]),
        column('D', [2e6, 3e6, 2e6]),
        column('loss', [3, Number.NaN, 3]),
        column('ratio', [0.5, 0.5, 0.5]),
        column('weight', [1, Number.POSITIVE_INFINITY, 1]),
      ],
    });
    const { problems } = await readMeasurements([path]);
    expect(problems.map(({ place, column, reason }) => `${place}: ${column} ${reason}`)).toEqual([
      'row 2: loss is NaN, not a finite number',
      'row 2: weight is Infinity, not a finite number',
      'row 3: row repeats row 1',
    ]);
  });

  it('of JSON lines are named by line, whatever a cell holds', async () => {
    const text = [
      '{"N":true,"D":2000000,"loss":3}',
      '',
      `{"N":1000000,"D":2000000,"loss":"${'x'.repeat(100)}"}`,
      '{"N":1000000,"D":2000000,"loss":NaN}',
      '{"N":1000000,"D":2000000,"loss":" ","__proto__":{"x":1}}',
      '{"N":[1],"D":2000000,"loss":3}',
      '{"D":2000000,"loss":3}',
    ].join('\n');
    const found = await read(text, {}, 'jsonl');
    expect(listed(found)).toEqual([
      '1 N is true, not a finite number',
      `3 loss is "${'x'.repeat(40)}…", not a finite number`,
      '4 loss is "NaN", not a finite number',
      '5 loss is missing',
      '6 N is "[1]", not a finite number',
      '7 N is missing',
    ]);
    expect(found.columns).toContain('__proto__');
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it('that contradict each other without a seed are explained; other seeds are no contradiction', async () => {
    const rows = ['1000000,2000000,3,a,1', '1000000,2000000,3.1,a,2', '1000000,2000000,3.1,a,2.0'];
    const withSeeds = await read(['N,D,loss,run,seed', ...rows].join('\n'));
    expect(listed(withSeeds)).toEqual(['4 row repeats line 3']);
    const oneSeed = await read('N,D,loss,run,seed\n1000000,2000000,3,a,1\n1000000,2000000,4,a,1\n');
    expect(listed(oneSeed)).toEqual(['3 row has another loss than line 2 for the same run and tokens']);
    expect([...withSeeds.notes, ...oneSeed.notes].join()).not.toMatch(/another loss/);
    const without = await read(['N,D,loss,run,trial', ...rows].join('\n'));
    expect(listed(without)).toEqual([
      '3 row has another loss than line 2 for the same run and tokens',
      '4 row has another loss than line 2 for the same run and tokens',
    ]);
    expect(without.notes.join()).toMatch(/in 2 rows; if these are repeats.*--map seed=COLUMN/);
  });
});

describe('runs', () => {
  it('without a column are trajectories of one size, ratio, seed and domain', async () => {
    const { measurements, notes } = await read(
      [
        'N,D,ratio,seed,domain,loss',
        '1000000,2000000,0.5,1,math,3',
        '1000000,3000000,0.50,1,math,2.9',
        '1000000,2000000,0.5,2,math,3',
        '1000000,2000000,0.5,1,code,3',
        '1000000,2000000,0.25,1,math,3',
        '2000000,2000000,0.5,1,math,3',
      ].join('\n'),
    );
    const names = measurements.map(({ run }) => run);
    expect(names[1]).toBe(names[0]);
    expect(new Set(names).size).toBe(5);
    expect(notes.join()).toMatch(/no column names the runs: rows of one model size, ratio, domain and seed/);
  });

  it('that lack a name in some rows, or have several sizes, are noted', async () => {
    const { measurements, notes } = await read(
      'N,D,loss,run\n1000000,2000000,3,a\n2000000,2000000,3,a\n1000000,3000000,3,\n',
    );
    expect(measurements).toHaveLength(3);
    expect(measurements[2]!.run).toMatch(/^N=1000000 /);
    expect(notes).toContain(
      'no run in 1 row: those of one model size, ratio, domain and seed are taken for one run',
    );
    expect(notes.join()).toMatch(/several model sizes or mixtures in 1 run \(a\)/);
  });

  it('of one name but different seeds may differ', async () => {
    const { notes } = await read(
      'N,D,loss,run,seed\n1000000,2000000,3,a,1\n2000000,2000000,3,a,2\n2000000,3000000,3,a,2\n',
    );
    expect(notes.join()).not.toMatch(/several/);
  });
});

describe('shares of many corpora', () => {
  const shareColumns = ['web', 'code', 'books'];
  const table = (...rows: string[]) => ['N,D,loss,run,code,web,books', ...rows].join('\n');

  it('are read by name in the order they are asked for, and add up to 1', async () => {
    const found = await read(
      table(
        '1000000,2000000,3,a,0.25,0.5,0.25',
        '1000000,2000000,3,b,0.333,0.333,0.333',
        '1000000,2000000,3,c,0.25,0.5,0.252',
        '1000000,2000000,3,d,-0.25,1,0.25',
        '1000000,2000000,3,e,,0.5,0.5',
        '1000000,0,4,f,,,',
        '1000000,2000000,3,g,1.25,0,0',
      ),
      { shareColumns },
    );
    expect(found.measurements.map(({ shares }) => shares)).toEqual([
      [0.5, 0.25, 0.25],
      [0.333, 0.333, 0.333],
    ]);
    expect(found.base).toMatchObject([{ run: 'f', shares: null }]);
    expect(listed(found)).toEqual([
      '4 web + code + books add up to 1.002, not to 1',
      '5 code is -0.25, not in 0…1',
      '6 code is missing',
      '8 code is 1.25, not in 0…1',
    ]);
  });

  it('are null where none are asked for, and tell runs apart', async () => {
    const rows = ['1000000,2000000,3,,0.25,0.5,0.25', '1000000,2000000,3,,0.5,0.25,0.25'];
    const without = await read(table(...rows));
    expect(without.measurements.map(({ shares }) => shares)).toEqual([null]);
    expect(without.problems).toHaveLength(1);
    const { measurements, problems } = await read(table(...rows), { shareColumns });
    expect(problems).toEqual([]);
    expect(new Set(measurements.map(({ run }) => run)).size).toBe(2);
  });

  it('in percent, of unknown columns or named twice are refused', async () => {
    const percent = table('1000000,2000000,3,a,25,50,25', '1000000,2000000,3,b,0,99.5,0');
    expect(await refusal(percent, { shareColumns })).toMatch(/percent.*Divide/);
    const text = table('1000000,2000000,3,a,0.25,0.5,0.25');
    expect(await refusal(text, { shareColumns: ['web', 'cod', 'books'] })).toMatch(
      /no column cod \(for shares\); did you mean code\?/,
    );
    expect(await refusal(text, { shareColumns: ['web', 'web'] })).toMatch(/named twice/);
  });
});
