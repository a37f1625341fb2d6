import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/common/errors.ts';
import { lockStore } from '../../src/store/lock.ts';
import { temporaryFolder } from './fixture.ts';

async function holder(folder: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/store/lockHolder.ts', folder], {
    cwd: resolve(import.meta.dirname, '../..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((held) => child.stdout!.once('data', held));
  return child;
}

const refusal = (folder: string): UserError => {
  try {
    lockStore(folder, 'mine')();
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return error as UserError;
  }
  throw new Error('it was locked');
};

describe('lock of a runs folder', () => {
  it('is held once, also within a process, and may be taken again', () => {
    const folder = temporaryFolder();
    const release = lockStore(folder, 'sweep math');
    expect(refusal(folder).message).toContain(
      `another sweep (sweep math, pid ${process.pid}) is using ${folder}`,
    );
    const elsewhere = lockStore(temporaryFolder(), 'sweep math');
    release();
    release();
    const again = lockStore(folder, 'sweep code');
    expect(refusal(folder).message).toContain('sweep code');
    again();
    elsewhere();
  });

  it('holds against another process, which is named, and ends with it however it ends', async () => {
    const folder = join(temporaryFolder(), 'a'.repeat(120));
    const child = await holder(folder);
    const { message, nextStep } = refusal(folder);
    expect(message).toContain(`(sweep math, pid ${child.pid})`);
    expect(nextStep).toMatch(/wait.*--runs.*REDIS_URL/);
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await ended;
    // The hint still names it, and decides nothing.
    lockStore(folder, 'mine')();
  });

  it('a hint that is not readable changes nothing', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'lock.json'), '{');
    const release = lockStore(folder, 'mine');
    writeFileSync(join(folder, 'lock.json'), '{');
    expect(refusal(folder).message).toMatch(/another sweep \(unknown\)/);
    release();
  });

  it('a folder that cannot be used is told in words', () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    expect(refusal(join(file, 'runs')).message).toMatch(/cannot lock the folder/);
  });
});
