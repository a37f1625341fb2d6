import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/common/canonical.ts';
import { UserError } from '../../src/common/errors.ts';
import { openArtifacts } from '../../src/store/artifacts.ts';
import { temporaryFolder } from './fixture.ts';

describe('artifacts', () => {
  it('keeps bytes and files under their hash, the same content once', async () => {
    const folder = temporaryFolder();
    const artifacts = openArtifacts(join(folder, 'artifacts'));
    const bytes = new Uint8Array(3_000_000).map((_, at) => at % 251);
    const file = join(folder, 'file');
    writeFileSync(file, bytes);
    const hash = await artifacts.put(bytes);
    expect(hash).toBe(sha256(bytes));
    expect(await artifacts.put(file)).toBe(hash);
    expect(artifacts.path(hash)).toBe(join(folder, 'artifacts', hash.slice(0, 2), hash));
    expect(readFileSync(artifacts.path(hash)).equals(bytes)).toBe(true);
    expect(existsSync(file)).toBe(true);
    expect(artifacts.has(hash)).toBe(true);
    expect(await artifacts.put(new Uint8Array())).toBe(sha256(''));
    expect(readdirSync(join(folder, 'artifacts', 'incoming'))).toEqual([]);
    await artifacts.verify(hash);
    artifacts.remove(hash);
    artifacts.remove(hash);
    expect(artifacts.has(hash)).toBe(false);
  });

  it('tells damage and absence by the file, and a new copy mends it', async () => {
    const artifacts = openArtifacts(temporaryFolder());
    const hash = await artifacts.put(Buffer.from('a checkpoint'));
    writeFileSync(artifacts.path(hash), 'a checkpoinT');
    await expect(artifacts.verify(hash)).rejects.toBeInstanceOf(UserError);
    await expect(artifacts.verify(hash)).rejects.toThrow(artifacts.path(hash));
    await artifacts.put(Buffer.from('a checkpoint'));
    await artifacts.verify(hash);
    artifacts.remove(hash);
    await expect(artifacts.verify(hash)).rejects.toThrow(/cannot be read/);
  });

  it.each([
    '',
    '..',
    '../../etc/passwd',
    `${'a'.repeat(62)}/.`,
    'A'.repeat(64),
    'a'.repeat(63),
    `${'a'.repeat(64)}\n`,
  ])('%j is not the name of an artifact', async (name) => {
    const artifacts = openArtifacts(temporaryFolder());
    expect(() => artifacts.path(name)).toThrow(UserError);
    expect(() => artifacts.has(name)).toThrow(UserError);
    expect(() => artifacts.remove(name)).toThrow(UserError);
    await expect(artifacts.verify(name)).rejects.toThrow(UserError);
  });

  it('a copy that fails leaves nothing', async () => {
    const folder = temporaryFolder();
    const artifacts = openArtifacts(folder);
    await expect(artifacts.put(join(folder, 'absent'))).rejects.toThrow(/ENOENT/);
    await expect(artifacts.put(folder)).rejects.toThrow(/EISDIR/);
    expect(readdirSync(folder)).toEqual(['incoming']);
    expect(readdirSync(join(folder, 'incoming'))).toEqual([]);
  });

  it('removes the half-copies of processes that are gone, not those of living ones', () => {
    const folder = temporaryFolder();
    const incoming = join(folder, 'incoming');
    mkdirSync(incoming);
    const { pid: gone } = spawnSync('true');
    writeFileSync(join(incoming, `${gone}.aa.tmp`), 'half');
    writeFileSync(join(incoming, `${process.pid}.bb.tmp`), 'half');
    writeFileSync(join(incoming, `${process.pid}.cc.tmp`), 'half');
    const longAgo = new Date(Date.now() - 48 * 3600 * 1000);
    utimesSync(join(incoming, `${process.pid}.cc.tmp`), longAgo, longAgo);
    openArtifacts(folder);
    expect(readdirSync(incoming)).toEqual([`${process.pid}.bb.tmp`]);
  });

  it('a folder that cannot be used is told in words', () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    expect(() => openArtifacts(file)).toThrow(/cannot use the artifact folder/);
  });
});
