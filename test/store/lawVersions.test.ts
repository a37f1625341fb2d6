import { join } from 'node:path';
import Database from 'libsql';
import { describe, expect, it } from 'vitest';
import { openResultsStore } from '../../src/store/results.ts';
import { temporaryFolder } from './fixture.ts';

const law = (inputs: string, alpha: number) => ({
  subject: 'math/math',
  inputs,
  createdAt: '2026-01-01T00:00:00Z',
  content: { general: { parameters: { alpha } } },
});

describe('the law registry', () => {
  it('numbers versions per subject, once per distinct inputs', () => {
    const store = openResultsStore(join(temporaryFolder(), 'results.sqlite'));
    expect(store.saveLawVersion(law('a', 0.3))).toEqual({ version: 1, isNew: true });
    expect(store.saveLawVersion(law('b', 0.4))).toEqual({ version: 2, isNew: true });
    expect(store.saveLawVersion(law('a', 0.9))).toEqual({ version: 1, isNew: false });
    expect(store.saveLawVersion({ ...law('a', 0.5), subject: 'math/law' })).toEqual({
      version: 1,
      isNew: true,
    });
    expect(store.lawVersions('math/math').map(({ version, content }) => [version, content])).toEqual([
      [1, { general: { parameters: { alpha: 0.3 } } }],
      [2, { general: { parameters: { alpha: 0.4 } } }],
    ]);
    expect(store.lawVersion('math/math', 2)).toEqual({ ...law('b', 0.4), version: 2 });
    expect(store.lawVersion('math/math', 3)).toBeNull();
    expect(store.lawVersions('none')).toEqual([]);
    store.close();
  });

  it('is added to a store that was made before there was one, and loses nothing', () => {
    const path = join(temporaryFolder(), 'results.sqlite');
    const before = openResultsStore(path);
    before.saveSweep({ sweep: 's', name: 's', config: { a: 1 }, createdAt: '2026-01-01T00:00:00Z' });
    before.close();
    const old = new Database(path);
    old.exec('DROP TABLE law_versions; PRAGMA user_version = 1');
    old.close();
    const after = openResultsStore(path);
    expect(after.sweep('s')?.config).toEqual({ a: 1 });
    expect(after.saveLawVersion(law('a', 0.3))).toEqual({ version: 1, isNew: true });
    after.close();
  });
});
