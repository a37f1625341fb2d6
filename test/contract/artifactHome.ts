import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ArtifactHome } from '../../src/artifacts/types.ts';
import { sha256 } from '../../src/common/canonical.ts';
import { UserError } from '../../src/common/errors.ts';

export interface HomePlace {
  /** The home, opened anew. */
  open(): Promise<ArtifactHome>;
  /** Changes an artifact's bytes behind the home's back. */
  damage(hash: string): Promise<void>;
  close(): Promise<void>;
}

/** Bytes that no two positions share, so that a piece put in the wrong place is seen. */
export function pattern(size: number, seed = 1): Uint8Array {
  const words = new Uint32Array(Math.ceil(size / 4));
  let state = seed;
  for (let at = 0; at < words.length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    words[at] = state;
  }
  return new Uint8Array(words.buffer, 0, size);
}

/** What every home must do, wherever it is. */
export function artifactHomeBattery(start: () => Promise<HomePlace>): void {
  let place: HomePlace;
  let home: ArtifactHome;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'home-battery-'));
    place = await start();
    home = await place.open();
  });
  afterAll(async () => {
    await home.close();
    await place.close();
  });

  const key = (name: string) => sha256(`key ${name}`);
  const listed = async (about?: string) => {
    const names = [];
    for await (const name of home.listRecords('results', about)) names.push(name);
    return names;
  };

  it('keeps bytes and files under their hash, the same content once', async () => {
    const bytes = pattern(300_000);
    const hash = sha256(bytes);
    expect(await home.has(hash)).toBe(false);
    expect(await home.put(bytes)).toBe(hash);
    const file = join(folder, 'source');
    writeFileSync(file, bytes);
    expect(await home.put(file)).toBe(hash);
    expect(existsSync(file)).toBe(true);
    expect(await home.has(hash)).toBe(true);
    const copy = join(folder, 'below', 'copy');
    await home.fetch(hash, copy);
    expect(readFileSync(copy).equals(bytes)).toBe(true);
    expect(readdirSync(join(folder, 'below'))).toEqual(['copy']);
    await home.remove(hash);
    await home.remove(hash);
    expect(await home.has(hash)).toBe(false);
  });

  it('keeps nothing, one byte, and 20 MB', async () => {
    for (const size of [0, 1, 20 * 2 ** 20 + 3]) {
      const bytes = pattern(size, size + 1);
      const file = join(folder, `of ${size}`);
      writeFileSync(file, bytes);
      const hash = await home.put(file);
      expect(hash).toBe(sha256(bytes));
      const copy = `${file} again`;
      await home.fetch(hash, copy);
      expect(readFileSync(copy).equals(bytes)).toBe(true);
    }
  });

  it('tells absence and damage apart, leaves nothing behind, and a new copy mends it', async () => {
    const bytes = pattern(100_000, 7);
    const hash = await home.put(bytes);
    const copy = join(folder, 'damaged', 'copy');
    await place.damage(hash);
    await expect(home.fetch(hash, copy)).rejects.toMatchObject({ problem: 'damaged', hash });
    expect(readdirSync(join(folder, 'damaged'))).toEqual([]);
    await home.put(bytes);
    await home.fetch(hash, copy);
    expect(readFileSync(copy).equals(bytes)).toBe(true);
    const absent = sha256('absent');
    await expect(home.fetch(absent, copy)).rejects.toMatchObject({ problem: 'missing', hash: absent });
    // What stood at the place before still does.
    expect(readFileSync(copy).equals(bytes)).toBe(true);
  });

  it('goes on where a fetch was cut off, and is not deceived by a part of something else', async () => {
    const bytes = pattern(500_000, 9);
    const hash = await home.put(bytes);
    const copy = join(folder, 'cut', 'copy');
    mkdirSync(join(folder, 'cut'));
    const parts = [
      bytes.subarray(0, 200_000),
      bytes,
      new Uint8Array(),
      pattern(200_000, 10),
      pattern(500_000, 10),
      pattern(700_000, 10),
    ];
    for (const part of parts) {
      if (home.localPath(hash) === null) writeFileSync(`${copy}.${hash}.part`, part);
      await home.fetch(hash, copy);
      expect(readFileSync(copy).equals(bytes)).toBe(true);
      expect(readdirSync(join(folder, 'cut'))).toEqual(['copy']);
    }
  });

  it('several fetch to one place at once', async () => {
    const bytes = pattern(3_000_000, 12);
    const hash = await home.put(bytes);
    const copy = join(folder, 'crowd', 'copy');
    await Promise.all(Array.from({ length: 4 }, () => home.fetch(hash, copy)));
    expect(readFileSync(copy).equals(bytes)).toBe(true);
    expect(readdirSync(join(folder, 'crowd'))).toEqual(['copy']);
  });

  it('takes the same artifact from several at once', async () => {
    const bytes = pattern(2_000_000, 11);
    const hashes = await Promise.all(Array.from({ length: 4 }, () => home.put(bytes)));
    expect(new Set(hashes)).toEqual(new Set([sha256(bytes)]));
    const copy = join(folder, 'together');
    await home.fetch(hashes[0]!, copy);
    expect(readFileSync(copy).equals(bytes)).toBe(true);
  });

  it('has one id for everyone', async () => {
    expect(home.id).toMatch(/^[0-9a-f]{32}$/);
    const again = await place.open();
    expect(again.id).toBe(home.id);
    await again.close();
  });

  it.each([
    '',
    '..',
    '../../etc/passwd',
    `${'a'.repeat(62)}/.`,
    'A'.repeat(64),
    'a'.repeat(63),
    `${'a'.repeat(64)}\n`,
    '__proto__',
  ])('%j is not the name of an artifact', async (name) => {
    expect(() => home.localPath(name)).toThrow(UserError);
    const refused = async (work: () => Promise<unknown>) =>
      expect(
        (async () => {
          await work();
        })(),
      ).rejects.toThrow(UserError);
    await refused(() => home.has(name));
    await refused(() => home.fetch(name, join(folder, 'bad')));
    await refused(async () => home.remove(name));
    await refused(() => home.putRecord('results', name, new Uint8Array()));
    await refused(async () => home.readRecord('results', { key: name, hash: 'a'.repeat(64) }));
    await refused(async () => home.readRecord('results', { key: 'a'.repeat(64), hash: name }));
  });

  it('keeps records by what they are about', async () => {
    const text = (content: string) => Buffer.from(content);
    const first = await home.putRecord('results', key('a'), text('one'));
    expect(first).toBe(sha256('one'));
    expect(await home.putRecord('results', key('a'), text('one'))).toBe(first);
    const second = await home.putRecord('results', key('a'), text('two'));
    await home.putRecord('results', key('b'), text('one'));
    await home.putRecord('laws', key('a'), text('another kind'));
    const about = await listed(key('a'));
    expect(about.map(({ hash }) => hash)).toEqual([first, second].sort());
    expect(about.every((name) => name.key === key('a'))).toBe(true);
    expect(await listed(key('nobody'))).toEqual([]);
    const bytes = await home.readRecord('results', { key: key('a'), hash: second });
    expect(Buffer.from(bytes).toString()).toBe('two');
    await expect(home.readRecord('results', { key: key('c'), hash: first })).rejects.toMatchObject({
      problem: 'missing',
    });
    for (const name of await listed()) await home.removeRecord('results', name);
    await home.removeRecord('results', { key: key('a'), hash: first });
    expect(await listed()).toEqual([]);
  });

  it('lists more records than fit on a page, in order', async () => {
    const names = Array.from({ length: 1100 }, (_, at) => key(`many ${at}`)).sort();
    for (let at = 0; at < names.length; at += 50) {
      await Promise.all(
        names.slice(at, at + 50).map((each) => home.putRecord('sweeps', each, Buffer.from('x'))),
      );
    }
    const found = [];
    for await (const name of home.listRecords('sweeps')) found.push(name.key);
    expect(found).toEqual(names);
  }, 30_000);
}
