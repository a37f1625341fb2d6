import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openArtifactCache } from '../../src/artifacts/cache.ts';
import { openFolderHome } from '../../src/artifacts/folderHome.ts';
import type { ArtifactHome } from '../../src/artifacts/types.ts';

const temporary = () => mkdtempSync(join(tmpdir(), 'cache-'));

/** A home whose artifacts must be fetched, and a count of how often they were. */
function farHome() {
  const near = openFolderHome(temporary());
  const fetched: string[] = [];
  const home: ArtifactHome = {
    ...near,
    localPath: () => null,
    fetch: async (hash, path) => {
      fetched.push(hash);
      await new Promise((done) => setTimeout(done, 20));
      await near.fetch(hash, path);
    },
  };
  return { near, home, fetched };
}

const open = (home: ArtifactHome, folder = temporary(), maxBytes = 1e9) => ({
  folder,
  cache: openArtifactCache({ home, folder, maxBytes, log: () => {} }),
});
const read = (path: string) => readFileSync(path, 'utf8');

describe('the artifact cache', () => {
  it('uses what a folder has in place, verified', async () => {
    const home = openFolderHome(temporary());
    const hash = await home.put(Buffer.from('here'));
    const { cache, folder } = open(home);
    expect(await cache.use([hash], async (pathOf) => pathOf(hash))).toBe(home.localPath(hash));
    expect(existsSync(join(folder, hash))).toBe(false);
    // Damage of the same length and time is not seen; any other is.
    writeFileSync(home.localPath(hash), 'gone bad');
    await expect(cache.use([hash], async () => 1)).rejects.toMatchObject({ problem: 'damaged', hash });
    rmSync(home.localPath(hash));
    await expect(cache.use([hash], async () => 1)).rejects.toMatchObject({ problem: 'missing', hash });
  });

  it('fetches once, however many ask, and again what was damaged here', async () => {
    const { near, home, fetched } = farHome();
    const hash = await near.put(Buffer.from('far away'));
    const { cache, folder } = open(home);
    const texts = await Promise.all(
      [1, 2, 3].map(() => cache.use([hash], async (pathOf) => read(pathOf(hash)))),
    );
    expect(texts).toEqual(['far away', 'far away', 'far away']);
    expect(fetched).toHaveLength(1);
    writeFileSync(join(folder, hash), 'damaged');
    expect(await cache.use([hash, hash], async (pathOf) => read(pathOf(hash)))).toBe('far away');
    expect(fetched).toHaveLength(2);
    // Another process with the same folder verifies what it finds, and need not fetch.
    expect(await open(home, folder).cache.use([hash], async (pathOf) => read(pathOf(hash)))).toBe('far away');
    expect(fetched).toHaveLength(2);
    await expect(cache.use(['0'.repeat(64)], async () => 1)).rejects.toMatchObject({ problem: 'missing' });
  });

  it('removes what was used longest ago, never what is in use', async () => {
    const { near, home } = farHome();
    const hashes = [];
    for (const letter of 'abcd') hashes.push(await near.put(Buffer.from(letter.repeat(100))));
    const [a, b, c, d] = hashes as [string, string, string, string];
    const { cache, folder } = open(home, temporary(), 250);
    const has = (hash: string) => existsSync(join(folder, hash));
    await cache.use([a], async () => {});
    await cache.use([b], async () => {});
    for (const [at, hash] of [a, b].entries()) {
      const used = new Date(Date.now() - 10_000 + at * 1000);
      utimesSync(join(folder, hash), used, statSync(join(folder, hash)).mtime);
    }
    await cache.use([a], async () => {
      await cache.use([c], async () => {});
      expect([a, b, c].map(has)).toEqual([true, false, true]);
      await cache.use([c, d], async () => expect([a, c, d].map(has)).toEqual([true, true, true]));
    });
  });

  it('knows only what was asked for', async () => {
    const home = openFolderHome(temporary());
    const hash = await home.put(Buffer.from('x'));
    await expect(open(home).cache.use([hash], async (pathOf) => pathOf('1'.repeat(64)))).rejects.toThrow(
      /not asked for/,
    );
  });
});
