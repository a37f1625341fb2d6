import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetWriteFile } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { parseMap } from '../../src/measurements/columns.ts';
import { readMeasurements } from '../../src/measurements/readMeasurements.ts';
import { parseUnits } from '../../src/measurements/units.ts';
import { observationsCsv } from '../../src/store/observationsCsv.ts';
import { file, folder, read, refusal, saidBy } from './files.ts';

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

  it("are read back from this project's own table with every digit", async () => {
    const base = {
      run: 'base-run',
      seed: 1,
      domain: null,
      modelSize: 5968,
      totalParameters: 10192,
      tokens: 0,
      domainRatio: 0,
      generalLoss: 5.594568144530058,
      domainLoss: null,
      generalStandardError: 0.0005347177999991505,
      domainStandardError: null,
      generalBitsPerByte: 8.07,
      domainBitsPerByte: null,
    };
    const cpt = {
      ...base,
      run: 'cpt-run',
      domain: 'math, "pure"',
      tokens: 64512,
      domainRatio: 1 / 3,
      domainLoss: 2.1,
      domainStandardError: 0,
    };
    const rows = [base, cpt] as unknown as Parameters<typeof observationsCsv>[1];
    const found = await read(observationsCsv('sweep', rows));
    expect(found).toMatchObject({ problems: [], notes: [], leftOutByWhere: 0 });
    expect(found.base).toMatchObject([
      { run: 'base-run', seed: '1', domain: null, tokens: 0, generalLoss: 5.594568144530058 },
    ]);
    expect(found.measurements).toMatchObject([
      {
        run: 'cpt-run',
        domain: 'math, "pure"',
        modelSize: 5968,
        tokens: 64512,
        domainRatio: 1 / 3,
        generalLoss: 5.594568144530058,
        domainLoss: 2.1,
        loss: null,
        standardError: { general: 0.0005347177999991505, domain: 0 },
      },
    ]);
    expect(found.columns).toContain('general_bits_per_byte');
    expect(found.recognised.every(({ role, column }) => role === column)).toBe(true);
    expect(found.recognised).toHaveLength(10);
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
  });
});

describe('the loss that is asked for', () => {
  const text = 'N,D,general_loss,domain_loss,c4,run\n1000000,2000000,bad,-1,3.5,a\n';
  it('is read alone: what other losses hold does not matter', async () => {
    const { measurements, problems } = await read(text, {
      lossColumn: 'c4',
      map: { general_loss: 'general_loss' },
    });
    expect(problems).toEqual([]);
    expect(measurements).toMatchObject([{ loss: 3.5, generalLoss: null, domainLoss: null }]);
    expect((await read(text)).problems).toHaveLength(2);
  });
  it('may be a column that has another role by its name, not one that is mapped to another', async () => {
    const own = 'N,D,general_loss,run\n1000000,2000000,3,a\n';
    const { measurements } = await read(own, { lossColumn: 'general_loss' });
    expect(measurements).toMatchObject([{ loss: 3, generalLoss: null }]);
    expect(await refusal(text, { lossColumn: 'c4', map: { loss: 'domain_loss' } })).toMatch(
      /--map names domain_loss as the loss and --loss-column names c4/,
    );
    expect(await refusal(text, { lossColumn: 'D', map: { tokens: 'D' } })).toMatch(/D cannot be both/);
    expect(await refusal(text, { lossColumn: 'C4' })).toMatch(/did you mean c4\?/);
  });
});

describe('units', () => {
  const text = (size: string, tokens: string) => `N,D,loss,run\n${size},${tokens},3,a\n`;
  it('are said, per column or for all', async () => {
    const { measurements } = await read(text('0.5', '20'), { units: parseUnits('billions') });
    expect(measurements[0]).toMatchObject({ modelSize: 5e8, tokens: 2e10 });
    const mixed = await read(text('500', '20'), { units: parseUnits('model_size=millions,tokens=billions') });
    expect(mixed.measurements[0]).toMatchObject({ modelSize: 5e8, tokens: 2e10 });
    const unique = 'N,D,unique_tokens,loss,run\n500000000,20000000000,4,3,a\n';
    expect(await refusal(unique)).toMatch(/unique_tokens runs from 4.*--unit unique_tokens=billions/);
    const said = await read(unique, { units: parseUnits('unique_tokens=billions') });
    expect(said.measurements[0]).toMatchObject({ tokens: 2e10, inputs: { uniqueTokens: 4e9 } });
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

it('leaves out what a condition leaves out before rows are checked, and counts it', async () => {
  const { measurements, leftOutByWhere } = await read(OWN, {
    where: 'tokens > 150000 and domain_loss < 2.8',
  });
  expect(measurements).toHaveLength(1);
  expect(leftOutByWhere).toBe(2);
  const mixed = 'N,D,loss,run\n1000000,2000000,3,a\n70,2000000,3,b\n';
  expect(await refusal(mixed)).toMatch(/mixed units.*--where '"N" >= …'/);
  expect((await read(mixed, { where: '"N" >= 1000' })).measurements).toHaveLength(1);
  expect(await refusal(OWN, { where: "domain == 'code'" })).toMatch(/leaves out all 3 rows: domain ==/);
  expect(await refusal(OWN, { where: 'token > 5' })).toMatch(/no column token.*did you mean tokens\?/);
});

describe('several files', () => {
  it('are joined by column name, and repeats are found across them', async () => {
    const a = file('N,D,loss,run\n1000000,2000000,3,a\n');
    const b = file('run,loss,D,N,extra\na,3,2000000,1000000,\nb,2.9,2000000,1000000,\n');
    const { measurements, problems, columns, recognised } = await readMeasurements([a, b]);
    expect(measurements.map(({ run, file }) => [run, file])).toEqual([
      ['a', a],
      ['b', b],
    ]);
    expect(problems).toMatchObject([{ file: b, line: 2, reason: `repeats line 2 of ${a}` }]);
    expect(columns).toEqual(['N', 'D', 'loss', 'run', 'extra']);
    expect(recognised).toContainEqual({ file: b, role: 'tokens', column: 'D' });
  });
  it('are refused as a whole for what one of them lacks', async () => {
    const a = file('N,D,loss,run\n1000000,2000000,3,a\n');
    const b = file('N,D,other\n1000000,2000000,3\n');
    const said = await saidBy(() => readMeasurements([a, b]));
    expect(said).toContain(`${b}: no column is recognised as a loss`);
  });
  it('may have hundreds of thousands of rows, all of them bad', async () => {
    const rows = Array.from({ length: 150_000 }, (_, i) => `1000000,${2_000_000 + i},-1,0.5,a`);
    const { problems } = await read(['N,D,loss,ratio,run', ...rows].join('\n'));
    expect(problems).toHaveLength(150_000);
  });
});
