import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openArtifactCache } from '../../src/artifacts/cache.ts';
import { openFolderHome } from '../../src/artifacts/folderHome.ts';
import { ArtifactError, type ArtifactHome } from '../../src/artifacts/types.ts';

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

  it('removes nothing that another process uses, and knows when that is gone', async () => {
    const { near, home } = farHome();
    const [a, b, c] = [
      await near.put(Buffer.from('a')),
      await near.put(Buffer.from('b')),
      await near.put(Buffer.from('c')),
    ];
    const { cache, folder } = open(home, temporary(), 0);
    const has = (hash: string) => existsSync(join(folder, hash));
    const others = open(home, folder, 1e9).cache;
    await others.use([a], async () => {});
    // A process of its own that holds on to `a`, until it is killed.
    const script = `import { openPins } from ${JSON.stringify(join(import.meta.dirname, '../../src/artifacts/pins.ts'))};
      openPins(process.argv[1]).pin([process.argv[2]]); console.log('held'); setInterval(() => {}, 1000);`;
    const holder = spawn(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', script, join(folder, 'in-use'), a],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(holder.stdout, 'data');
    await cache.use([b], async () => {});
    expect([a, b].map(has)).toEqual([true, true]);
    const gone = once(holder, 'exit');
    holder.kill('SIGKILL');
    await gone;
    await cache.use([c], async () => {});
    expect([a, b, c].map(has)).toEqual([false, false, true]);
    expect(readdirSync(join(folder, 'in-use'))).toEqual([]);
  });

  it('removes what is not in use when the disk is full, and tries once more', async () => {
    const { near, home } = farHome();
    const [a, b] = [await near.put(Buffer.from('a')), await near.put(Buffer.from('b'))];
    let room = 1;
    const full: ArtifactHome = {
      ...home,
      fetch: async (hash, path) => {
        if (room-- <= 0) throw new ArtifactError('full', 'no room', hash);
        await home.fetch(hash, path);
      },
    };
    const { cache, folder } = open(full);
    await cache.use([a], async () => {});
    // Nothing can be removed: told.
    await expect(cache.use([a, b], async () => {})).rejects.toMatchObject({ problem: 'full' });
    const left = cache.use([b], async (pathOf) => read(pathOf(b)));
    await expect(left).rejects.toMatchObject({ problem: 'full' });
    expect(existsSync(join(folder, a))).toBe(false);
    room = 2;
    expect(await cache.use([b], async (pathOf) => read(pathOf(b)))).toBe('b');
  });

  it('clears away parts of fetches that nobody goes on with', async () => {
    const { near, home } = farHome();
    const hash = await near.put(Buffer.from('wanted'));
    const { cache, folder } = open(home);
    const old = join(folder, `${'1'.repeat(64)}.${'1'.repeat(64)}.part`);
    const young = join(folder, `${'2'.repeat(64)}.${'2'.repeat(64)}.part`);
    const notes = join(folder, 'notes.txt');
    for (const file of [old, young, notes]) writeFileSync(file, 'x');
    const days = new Date(Date.now() - 3 * 24 * 3600 * 1000);
    for (const file of [old, notes]) utimesSync(file, days, days);
    await cache.use([hash], async () => {});
    expect([old, young, notes].map((file) => existsSync(file))).toEqual([false, true, true]);
  });

  it('knows only what was asked for', async () => {
    const home = openFolderHome(temporary());
    const hash = await home.put(Buffer.from('x'));
    await expect(open(home).cache.use([hash], async (pathOf) => pathOf('1'.repeat(64)))).rejects.toThrow(
      /not asked for/,
    );
  });
});
