import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetWriteFile } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/common/errors.ts';
import { parseMap } from '../../src/measurements/columns.ts';
import { type ReadOptions, readMeasurements } from '../../src/measurements/readMeasurements.ts';
import { parseUnits } from '../../src/measurements/units.ts';

const folder = mkdtempSync(join(tmpdir(), 'measurements-'));
let count = 0;
function file(content: string | Buffer, extension = 'csv'): string {
  const path = join(folder, `${++count}.${extension}`);
  writeFileSync(path, content);
  return path;
}
const read = (content: string | Buffer, options: ReadOptions = {}, extension = 'csv') =>
  readMeasurements([file(content, extension)], options);
async function refusal(
  content: string | Buffer,
  options: ReadOptions = {},
  extension = 'csv',
): Promise<string> {
  try {
    await read(content, options, extension);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return `${error.message} | ${error.nextStep ?? ''}`;
  }
  throw new Error('was not refused');
}

const OWN = [
  'run,seed,domain,model_size,tokens,domain_ratio,general_loss,domain_loss',
  'a,1,math,5968,0,,3.5,',
  'a,1,math,5968,102400,0.5,3.2,2.9',
  'a,1,math,5968,204800,0.5,3.1,2.7',
].join('\n');

describe('the same table in every format', () => {
  const objects = [
    { N: 5968, D: 102400, ratio: 0.5, loss: 3.25 },
    { N: 5968, D: 204800, ratio: 0.5, loss: 3.125 },
  ];
  const header = Object.keys(objects[0]!);
  const delimited = (delimiter: string) =>
    [header, ...objects.map((object) => Object.values(object))]
      .map((cells) => cells.join(delimiter))
      .join('\r\n');
  const jsonl = `\uFEFF${objects.map((object) => JSON.stringify(object)).join('\n')}\n\n`;

  it.each([
    ['csv', delimited(',')],
    ['tsv', delimited('\t')],
    ['jsonl', jsonl],
    ['ndjson', jsonl],
    ['csv.gz', gzipSync(delimited(','))],
    ['jsonl.gz', gzipSync(jsonl)],
  ])('%s', async (extension, content) => {
    const { measurements, problems } = await read(content, {}, extension);
    expect(problems).toEqual([]);
    expect(
      measurements.map(({ modelSize, tokens, domainRatio, loss }) => [modelSize, tokens, domainRatio, loss]),
    ).toEqual(objects.map((object) => Object.values(object)));
  });

  it('parquet', async () => {
    const path = join(folder, 'table.parquet');
    const columnData = header.map((name) => ({ name, data: objects.map((object) => object[name as 'N']) }));
    parquetWriteFile({ filename: path, columnData });
    const { measurements } = await readMeasurements([path]);
    expect(measurements.map(({ loss, tokens }) => [tokens, loss])).toEqual([
      [102400, 3.25],
      [204800, 3.125],
    ]);
    writeFileSync(path, readFileSync(path).subarray(0, 40));
    await expect(readMeasurements([path])).rejects.toThrow(/cannot be read as Parquet/);
  });
});

describe('columns', () => {
  it("are this project's own, by name and not by place; base models stand apart", async () => {
    const { measurements, base, notes } = await read(OWN);
    expect(measurements).toHaveLength(2);
    expect(measurements[0]).toMatchObject({
      run: 'a',
      seed: '1',
      domain: 'math',
      domainRatio: 0.5,
      generalLoss: 3.2,
      domainLoss: 2.9,
      loss: null,
    });
    expect(base).toMatchObject([{ tokens: 0, generalLoss: 3.5, domainLoss: null }]);
    expect(notes).toEqual([]);
    const shuffled = OWN.split('\n')
      .map((line) => line.split(',').reverse().join(','))
      .join('\n');
    const again = await read(shuffled);
    expect(again.measurements.map(({ file: _, ...row }) => row)).toEqual(
      measurements.map(({ file: _, ...row }) => row),
    );
  });

  it('are recognised by well-known names, and said', async () => {
    const { measurements, notes } = await read('params,train_tokens,final_loss\n1000000,2000000,3.5\n');
    expect(measurements[0]).toMatchObject({ modelSize: 1e6, tokens: 2e6, loss: 3.5, domainRatio: null });
    expect(notes).toContain('model_size is read from the column params');
    expect(notes.join()).toMatch(/no column names the runs/);
  });

  it('are what the map says, and a wrong map is answered with what is there', async () => {
    const text = 'size,seen,share,x,mean\n1000000,2000000,0.25,3.5,800000\n';
    const map = parseMap('model_size=size,tokens=seen,domain_ratio=share,mean_model_size=mean');
    const { measurements } = await read(text, { map, lossColumn: 'x' });
    expect(measurements[0]).toMatchObject({ loss: 3.5, domainRatio: 0.25, inputs: { meanModelSize: 8e5 } });
    expect(await refusal(text, { map: { ...map, tokens: 'sen' }, lossColumn: 'x' })).toMatch(
      /no column sen.*did you mean seen\?.*Its columns: size, seen/,
    );
    expect(await refusal(text, { map })).toMatch(/no column is recognised as a loss.*--loss-column/);
    expect(await refusal('a,loss\n1,2\n')).toMatch(/recognised as model_size.*--map model_size=COLUMN/);
    expect(await refusal('N,params,D,loss\n1000000,1000000,2000000,3\n')).toMatch(
      /both N and params could be model_size.*--map/,
    );
    expect(() => parseMap('modelsize=N')).toThrow(/did you mean model_size/);
    expect(() => parseMap('tokens')).toThrow(/not role=column/);
    expect(() => parseMap('tokens=a,tokens=b')).toThrow(/given twice/);
  });
});

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
    const { measurements, problems } = await read(text);
    expect(measurements.map(({ run }) => run)).toEqual(['a']);
    expect(problems.map(({ line, column, reason }) => `${line} ${column} ${reason}`).sort()).toEqual(
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

  it('of JSON lines keep their line numbers, and column names cannot reach a prototype', async () => {
    const text =
      '{"N":1000000,"D":2000000,"loss":3}\n\n{"N":1000000,"D":3000000,"loss":null,"__proto__":{"x":1}}\n';
    const { problems } = await read(text, {}, 'jsonl');
    expect(problems).toMatchObject([{ line: 3, column: 'loss', reason: 'is missing' }]);
    expect(({} as { x?: number }).x).toBeUndefined();
  });
});

describe('units', () => {
  const text = (size: string, tokens: string) => `N,D,loss,run\n${size},${tokens},3,a\n`;
  it('are said, per column or for both', async () => {
    const { measurements } = await read(text('0.5', '20'), { units: parseUnits('billions') });
    expect(measurements[0]).toMatchObject({ modelSize: 5e8, tokens: 2e10 });
    const mixed = await read(text('500', '20'), { units: parseUnits('model_size=millions,tokens=billions') });
    expect(mixed.measurements[0]).toMatchObject({ modelSize: 5e8, tokens: 2e10 });
    expect(() => parseUnits('trillions')).toThrow(/not a unit/);
    expect(() => parseUnits('loss=billions')).toThrow(/has no unit/);
  });
  it('that cannot be meant are asked about', async () => {
    expect(await refusal(text('0.5', '20'))).toMatch(/too small to be a count.*--unit model_size=billions/);
    expect(await refusal(`${text('500000000', '1e9')}70,1e9,3,b\n`)).toMatch(/mixed units are suspected/);
    expect(await refusal(text('5e8', '2e10'), { units: parseUnits('billions') })).toMatch(
      /more than anyone has trained/,
    );
    expect(await refusal('N,D,ratio,loss,run\n1e6,1e7,50,3,a\n1e6,1e7,25,3,b\n')).toMatch(
      /percent.*Divide the column by 100/,
    );
  });
});

describe('files that cannot be read', () => {
  it.each([
    ['', 'csv', /is empty/],
    ['a,b\n1,2\n1,2,3\n', 'csv', /line 3.*as many cells/s],
    ['a,b\n"1,2\n', 'csv', /Quote Not Closed|quote/i],
    ['a,a\n1,2\n', 'csv', /two columns are called a/],
    ['a,\n1,2\n', 'csv', /column 2 has no name/],
    ['a,b\n', 'csv', /has no rows/],
    ['{"a":1}\n[1]\n', 'jsonl', /line 2: not a JSON object/],
    ['{"a":1}\n{"a":\n', 'jsonl', /line 2/],
    [Buffer.from([0x61, 0xff, 0xfe]), 'csv', /not UTF-8/],
    ['not gzip', 'csv.gz', /cannot be unpacked/],
    ['a', 'xlsx', /format of \.xlsx files is unknown/],
  ])('%j as %s', async (content, extension, expected) => {
    expect(await refusal(content, {}, extension)).toMatch(expected);
  });

  it('because they are not there, or are folders', async () => {
    await expect(readMeasurements([join(folder, 'none.csv')])).rejects.toThrow(/there is no file/);
    await expect(readMeasurements([folder])).rejects.toThrow(/is not a file/);
  });
});

it('leaves out what a condition leaves out, and counts it', async () => {
  const { measurements, leftOutByWhere } = await read(OWN, {
    where: 'tokens > 150000 and domain_loss < 2.8',
  });
  expect(measurements).toHaveLength(1);
  expect(leftOutByWhere).toBe(2);
});

it('joins files by column name and finds repeats across them', async () => {
  const a = file('N,D,loss,run\n1000000,2000000,3,a\n');
  const b = file('run,loss,D,N\na,3,2000000,1000000\nb,2.9,2000000,1000000\n');
  const { measurements, problems } = await readMeasurements([a, b]);
  expect(measurements.map(({ run }) => run)).toEqual(['a', 'b']);
  expect(problems[0]!.reason).toMatch(/repeats line 2 of .*csv/);
});
