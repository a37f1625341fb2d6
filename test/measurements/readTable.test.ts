import { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetWriteFile } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { readTable } from '../../src/measurements/readTable.ts';
import { file, folder, saidBy } from './files.ts';

const rowsOf = async (content: string | Buffer, extension = 'csv') => {
  const { rows } = await readTable(file(content, extension));
  return rows.map(({ line, cells }) => [line, ...cells.values()]);
};
const refusalOf = (content: string | Buffer, extension = 'csv') =>
  saidBy(() => readTable(file(content, extension)));

describe('delimited text', () => {
  it('keeps numbers as text, empty cells as null, and counts lines from 1', async () => {
    expect(await rowsOf('a,b\n1,\n,0x10\n')).toEqual([
      [2, '1', null],
      [3, null, '0x10'],
    ]);
  });

  it.each([
    ['\\n', '\n'],
    ['\\r\\n', '\r\n'],
    ['\\r', '\r'],
  ])('ends lines by %s', async (_, end) => {
    const text = ['a,b', '1,2', '"x y",3', ''].join(end);
    expect(await rowsOf(text)).toEqual([
      [2, '1', '2'],
      [3, 'x y', '3'],
    ]);
  });

  it('names the line where a record begins, past blank lines and cells with line breaks', async () => {
    expect(await rowsOf('\n\na,b\n\n"x\ny\r\nz",1\n\n2,3')).toEqual([
      [5, 'x\ny\r\nz', '1'],
      [9, '2', '3'],
    ]);
  });

  it('counts lines of Windows right where cells hold line breaks, and blank lines with spaces', async () => {
    expect(await rowsOf('a,b\r\n"x\r\ny",1\r\n \t \r\n"é\n\n",2\r\n4,5\r\n')).toEqual([
      [2, 'x\r\ny', '1'],
      [5, 'é\n\n', '2'],
      [8, '4', '5'],
    ]);
    expect(await refusalOf('a,b\r\n"x\r\ny",1\r\n\r\n4,5,6\r\n')).toMatch(/line 5: 3 cells/);
    expect(await rowsOf('a\tb\n\t\n1\t2\n', 'tsv')).toEqual([
      [2, null, null],
      [3, '1', '2'],
    ]);
  });

  it('reads quoted delimiters and doubled quotes', async () => {
    expect(await rowsOf('a,b\n"1,5","say ""no"""\n')).toEqual([[2, '1,5', 'say "no"']]);
    expect(await rowsOf('a\tb\n1,5\t"x\ty"\n', 'tsv')).toEqual([[2, '1,5', 'x\ty']]);
  });

  it.each(['csv', 'jsonl'])('begins with or without a byte order mark: %s', async (extension) => {
    const text = extension === 'csv' ? 'a,b\n1,2\n' : '{"a":"1","b":"2"}\n';
    const { columns, rows } = await readTable(file(`\uFEFF${text}`, extension));
    expect(columns).toEqual(['a', 'b']);
    expect([...rows[0]!.cells]).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
  });

  it("names pandas' index column, the only one that may lack a name", async () => {
    const { columns } = await readTable(file(',N\n0,5\n'));
    expect(columns).toEqual(['Unnamed: 0', 'N']);
    expect(await refusalOf('N,\n5,0\n')).toMatch(/column 2 has no name/);
    expect(await refusalOf(',N,\n0,5,1\n')).toMatch(/column 3 has no name/);
  });

  it.each([
    ['a,b\n1,2\n3\n', /line 3: 1 cell, but the header has 2 \|/],
    ['a,b\n1,2\n\n1,2,3\n', /line 4: 3 cells, but the header has 2 \| .*quote cells that hold the delimiter/],
    ['a,b\n1,2\n\n"3,4\n5,6\n7,8\n', /line 4: a quote is opened here and never closed \|/],
    ['a,b\n1,2\n3,"4" 5\n', /line 3: a quote stands in the middle of a cell \|/],
    ['a,b\n1,2\n3,4"5\n', /line 3: a quote stands in the middle of a cell \|/],
    ['a;b\n1;2\n', /separated by ";" \| Separate them by commas/],
    ['a;b\n1;2,5\n', /separated by ";"/],
    ['a\tb\n1\t2\n', /separated by "\\t"/],
    ['a,a\n1,2\n', /two columns are called a \|.*rename/],
    ['a,b\n', /has no rows/],
    ['\n\n', /has no header/],
  ])('%j is refused with its place and remedy', async (text, expected) => {
    expect(await refusalOf(text)).toMatch(expected);
  });

  it('keeps cells of columns with the names of JavaScript’s own properties', async () => {
    const { rows } = await readTable(file('__proto__,constructor,toString\n1,2,3\n'));
    expect([...rows[0]!.cells]).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
      ['toString', '3'],
    ]);
    expect(rows[0]!.cells.get('hasOwnProperty')).toBeUndefined();
  });

  it('holds a hundred thousand rows and ten thousand columns', async () => {
    const long = await readTable(file(`a,b\n${'1,2\n'.repeat(100_000)}`));
    expect(long.rows).toHaveLength(100_000);
    expect(long.rows.at(-1)!.line).toBe(100_001);
    const names = Array.from({ length: 10_000 }, (_, i) => `c${i}`).join(',');
    expect((await readTable(file(`${names}\n${'1,'.repeat(9_999)}1\n`))).columns).toHaveLength(10_000);
  });
});

describe('JSON lines', () => {
  it('keep types, line numbers past blank lines, and columns that come later', async () => {
    const { columns, rows } = await readTable(
      file('{"a":1.5,"b":null}\r\n\n{"c":true,"a":"x","d":[1,{"e":2}]}\n', 'ndjson'),
    );
    expect(columns).toEqual(['a', 'b', 'c', 'd']);
    expect(rows.map(({ line, cells }) => [line, Object.fromEntries(cells)])).toEqual([
      [1, { a: 1.5, b: null }],
      [3, { c: true, a: 'x', d: '[1,{"e":2}]' }],
    ]);
  });

  it('as Python writes them may hold NaN and Infinity, which become texts; strings stay as they are', async () => {
    const line = '{"a":NaN,"b":-Infinity,"c":"is NaN, \\"Infinity\\" \\\\","d":3}';
    expect(await rowsOf(`${line}\n`, 'jsonl')).toEqual([[1, 'NaN', '-Infinity', 'is NaN, "Infinity" \\', 3]]);
  });

  it.each([
    ['{"a":1}\n[1]\n', /line 2: not a JSON object \| Each line must be one JSON object/],
    ['{"a":1}\n\n"a"\n', /line 3: not a JSON object/],
    ['null\n', /line 1: not a JSON object/],
    ['{"a":1}\n{"a":\n', /line 2: .*JSON/],
    ['{"a":1} {"a":2}\n', /line 1: /],
    ['{"a":1,"b":{"a":2},"a":3}\n', /line 1: two cells are called a/],
    ['{"a":1,"\\u0061":3}\n', /line 1: two cells are called a/],
    ['{"":1}\n', /line 1: a cell has no name/],
    [`{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}\n`, /line 1: /],
    ['\n\n', /has no rows/],
  ])('%# is refused with its line', async (text, expected) => {
    expect(await refusalOf(text, 'jsonl')).toMatch(expected);
  });

  it('may repeat a key further inside, and as a value', async () => {
    expect(await rowsOf('{"a":"b","b":"a","c":{"a":1},"d":[{"a":1},{"a":2}]}\n', 'jsonl')).toHaveLength(1);
  });

  it('cannot reach a prototype', async () => {
    const { rows, columns } = await readTable(file('{"__proto__":{"x":1},"a":2}\n', 'jsonl'));
    expect(columns).toEqual(['__proto__', 'a']);
    expect(rows[0]!.cells.get('__proto__')).toBe('{"x":1}');
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it('may hold a text of megabytes', async () => {
    const text = `${JSON.stringify({ a: 'x"\\'.repeat(1_000_000), b: 7 })}\n`;
    const { rows } = await readTable(file(text, 'jsonl'));
    expect(rows[0]!.cells.get('b')).toBe(7);
  });
});

describe('Parquet', () => {
  const path = (name: string) => join(folder, `${name}.parquet`);

  it('keeps types, counts rows, and reads numbers beyond 2^53 as text', async () => {
    parquetWriteFile({
      filename: path('types'),
      columnData: [
        { name: 'loss', data: [3.25, null, Number.NaN], type: 'DOUBLE' },
        { name: 'tokens', data: [5n, 2n ** 60n + 1n, 0n], type: 'INT64' },
        { name: 'run', data: ['a', 'é', null], type: 'STRING' },
        { name: 'ok', data: [true, false, true], type: 'BOOLEAN' },
        { name: '1', data: [1, 2, 3], type: 'INT32' },
        { name: '__proto__', data: [4, 5, 6], type: 'DOUBLE' },
      ],
    });
    const { rows, columns, counts } = await readTable(path('types'));
    expect(columns).toEqual(['loss', 'tokens', 'run', 'ok', '1', '__proto__']);
    expect(counts).toBe('row');
    expect(rows.map(({ line, cells }) => [line, ...cells.values()])).toEqual([
      [1, 3.25, 5, 'a', true, 1, 4],
      [2, null, '1152921504606846977', 'é', false, 2, 5],
      [3, Number.NaN, 0, null, true, 3, 6],
    ]);
  });

  it('is read in several row groups and packed by gzip', async () => {
    const data = Array.from({ length: 2500 }, (_, i) => i / 8);
    parquetWriteFile({
      filename: path('gzip'),
      codec: 'GZIP',
      compressors: { GZIP: (bytes) => new Uint8Array(gzipSync(bytes)) },
      rowGroupSize: 1000,
      columnData: [{ name: 'x', data, type: 'DOUBLE' }],
    });
    const { rows } = await readTable(path('gzip'));
    expect(rows.map(({ cells }) => cells.get('x'))).toEqual(data);
    expect(rows.at(-1)!.line).toBe(2500);
  });

  it('with two columns of one name is refused', async () => {
    const column = () => ({ name: 'N', data: [1, 2], type: 'DOUBLE' as const });
    parquetWriteFile({ filename: path('twice'), columnData: [column(), column()] });
    expect(await saidBy(() => readTable(path('twice')))).toMatch(/two columns are called N/);
  });

  it('that was cut off anywhere, or is none, is refused', async () => {
    parquetWriteFile({
      filename: path('whole'),
      columnData: [{ name: 'x', data: [1, 2, 3], type: 'DOUBLE' }],
    });
    const whole = readFileSync(path('whole'));
    for (let length = 1; length < whole.length; length += 7) {
      writeFileSync(path('cut'), whole.subarray(0, length));
      expect(await saidBy(() => readTable(path('cut')))).toMatch(/cannot be read as Parquet/);
    }
    expect(await refusalOf('a,b\n1,2\n', 'parquet')).toMatch(/cannot be read as Parquet/);
    expect(await refusalOf(gzipSync('x'), 'parquet.gz')).toMatch(/Parquet within gzip.*Unpack it/);
  });
});

describe('files that cannot be read', () => {
  it.each([
    ['', 'csv', /is empty/],
    ['a', 'xlsx', /format of \.xlsx files is unknown \| Use \.csv/],
    ['a', 'gz', /has no file extension|unknown/],
    ['not gzip', 'csv.gz', /cannot be unpacked/],
    [gzipSync('a,b\n1,2\n').subarray(0, 15), 'csv.gz', /cannot be unpacked/],
    [Buffer.concat([Buffer.from('a,b\n1,2\n3,'), Buffer.from([0xff, 0x0a])]), 'csv', /line 3: not UTF-8/],
    [Buffer.from('\uFEFFa,b\n1,2\n', 'utf16le'), 'csv', /UTF-16.*UTF-8/],
  ] as [string | Buffer, string, RegExp][])('%#', async (content, extension, expected) => {
    expect(await refusalOf(content, extension)).toMatch(expected);
  });

  it('because they are missing, folders, or too large', async () => {
    expect(await saidBy(() => readTable(join(folder, 'none.csv')))).toMatch(/there is no file .*none\.csv/);
    mkdirSync(join(folder, 'folder.csv'));
    expect(await saidBy(() => readTable(join(folder, 'folder.csv')))).toMatch(/is not a file/);
    expect(await saidBy(() => readTable(join(file('a\n1\n'), 'below.csv')))).toMatch(
      /there is no file|opened/,
    );
    symlinkSync(join(folder, 'nowhere'), join(folder, 'link.csv'));
    expect(await saidBy(() => readTable(join(folder, 'link.csv')))).toMatch(/there is no file/);
    // Sparse files: no bytes are written.
    for (const [extension, bytes] of [
      ['csv', 500_000_001],
      ['parquet', 1_000_000_001],
    ] as const) {
      const large = file('a', extension);
      truncateSync(large, bytes);
      expect(await saidBy(() => readTable(large))).toMatch(/the limit is \d+ bytes \| Split it/);
      truncateSync(large, 0);
    }
  });

  it('is told by the name of the file, not of its folder', async () => {
    mkdirSync(join(folder, 'data.csv.d'));
    const path = join(folder, 'data.csv.d', 'losses');
    writeFileSync(path, 'a\n1\n');
    expect(await saidBy(() => readTable(path))).toMatch(/has no file extension/);
  });
});

it('goes by the last extension, in whatever case', async () => {
  expect(await rowsOf('a\n1\n', 'v1.2.csv')).toEqual([[2, '1']]);
  expect(await rowsOf('a\n1\n', 'CSV')).toEqual([[2, '1']]);
  expect(await rowsOf(gzipSync('a\tb\n1\t2\n'), 'TSV.GZ')).toEqual([[2, '1', '2']]);
});
