import { existsSync, mkdirSync, mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFolderHome } from '../../src/artifacts/folderHome.ts';
import { UserError } from '../../src/common/errors.ts';

const temporary = () => mkdtempSync(join(tmpdir(), 'folder-home-'));
const daysAgo = new Date(Date.now() - 3 * 24 * 3600 * 1000);

describe('a folder of artifacts', () => {
  it('is opened again after days without uploads, and rid of what killed processes left', () => {
    const { folder } = openFolderHome(temporary());
    const incoming = join(folder, 'incoming');
    const uploads = join(incoming, 'uploads');
    mkdirSync(uploads);
    const host = hostname().replace(/[^\w-]/g, '_');
    const files = {
      ofAGoneProcess: join(incoming, `${host}.${2 ** 22 + 1}.aa.tmp`),
      ofThisProcess: join(incoming, `${host}.${process.pid}.aa.tmp`),
      ofAnotherMachine: join(incoming, 'another.1.aa.tmp'),
      ofAnotherMachineLongAgo: join(incoming, 'another.2.aa.tmp'),
    };
    for (const file of Object.values(files)) writeFileSync(file, 'x');
    for (const path of [uploads, files.ofAnotherMachineLongAgo]) utimesSync(path, daysAgo, daysAgo);
    openFolderHome(folder);
    expect(existsSync(uploads)).toBe(true);
    expect(Object.entries(files).flatMap(([name, file]) => (existsSync(file) ? [name] : []))).toEqual([
      'ofThisProcess',
      'ofAnotherMachine',
    ]);
  });

  it('lists records beside files of other tools', async () => {
    const home = openFolderHome(temporary());
    const key = 'a'.repeat(64);
    const hash = await home.putRecord('results', key, Buffer.from('x'));
    writeFileSync(join(home.folder, 'results', '.DS_Store'), '');
    writeFileSync(join(home.folder, 'results', 'aa', 'notes.txt'), '');
    mkdirSync(join(home.folder, 'results', 'lost+found'));
    const names = [];
    for await (const name of home.listRecords('results')) names.push(name);
    expect(names).toEqual([{ key, hash }]);
  });

  it('says what it cannot use', () => {
    const file = join(temporary(), 'a file');
    writeFileSync(file, '');
    expect(() => openFolderHome(file)).toThrow(UserError);
    const folder = temporary();
    writeFileSync(join(folder, 'home.json'), '{"id": "mine"}');
    expect(() => openFolderHome(folder)).toThrow(/names no home/);
  });
});
