import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isAlive } from '../../src/common/processes.ts';
import { type NightOptions, runNight } from '../../src/refit/nightProcess.ts';
import { until } from '../e2e/sweepProcess.ts';
import { runsFolder } from './fixture.ts';

function night(args: readonly string[], options: Partial<NightOptions> = {}) {
  const lines: string[] = [];
  const end = runNight({
    script: join(import.meta.dirname, 'nightStub.ts'),
    args,
    limitMs: 20_000,
    signal: new AbortController().signal,
    writeOut: (line) => lines.push(line),
    writeError: (line) => lines.push(line),
    ...options,
  });
  return { end, lines };
}

const pidIn = (file: string): number =>
  existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : 0;

describe("a night's process", { concurrent: true }, () => {
  it('is done at exit code 0, and when it has told its result', async () => {
    const plain = night(['well']);
    const told = night(['tell']);
    expect(await plain.end).toEqual({ kind: 'done' });
    expect(plain.lines).toEqual(['done']);
    expect(await told.end).toEqual({ kind: 'done' });
  });

  it('has failed with its last lines, or when it cannot run', async () => {
    const failed = night(['fail']);
    const missing = night([], { script: join(import.meta.dirname, 'none.js') });
    expect(await failed.end).toEqual({
      kind: 'failed',
      reason: 'the refit ended with exit code 3\nfirst line\nwhat went wrong',
    });
    expect((await missing.end).kind).toBe('failed');
  });

  it('is killed at its limit when it does not hear', async () => {
    const file = join(runsFolder(), 'pid');
    const hanging = night(['hang', file], { limitMs: 2500, graceMs: 100 });
    expect(await hanging.end).toEqual({
      kind: 'failed',
      reason: 'the refit took longer than 2.5 s and was ended',
    });
    expect(isAlive(pidIn(file))).toBe(false);
  });

  it('stops when it is asked to, also before it began', async () => {
    const file = join(runsFolder(), 'pid');
    const stop = new AbortController();
    const waiting = night(['wait', file], { signal: stop.signal });
    await until(() => pidIn(file) > 0, 20_000, 'its start');
    stop.abort();
    expect(await waiting.end).toEqual({ kind: 'stopped' });
    expect(isAlive(pidIn(file))).toBe(false);
    expect(await night(['well'], { signal: stop.signal }).end).toEqual({ kind: 'stopped' });
  });

  it('does not outlive a scheduler that was killed', async () => {
    const file = join(runsFolder(), 'pid');
    const parent = spawn(
      process.execPath,
      ['--import', 'tsx', join(import.meta.dirname, 'nightParent.ts'), file],
      { stdio: 'ignore' },
    );
    await until(() => pidIn(file) > 0, 20_000, 'its start');
    parent.kill('SIGKILL');
    await until(() => !isAlive(pidIn(file)), 20_000, 'its end');
  });
});
