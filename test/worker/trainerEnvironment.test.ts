import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { gpuTrainerEnvironment, trainerEnvironment } from '../../src/worker/trainerEnvironment.ts';

describe("a trainer's environment", () => {
  test('asks the C library for large pages, beside what the user has set', () => {
    expect(trainerEnvironment({}).GLIBC_TUNABLES).toBe('glibc.malloc.hugetlb=1');
    expect(trainerEnvironment({ GLIBC_TUNABLES: '' }).GLIBC_TUNABLES).toBe('glibc.malloc.hugetlb=1');
    expect(trainerEnvironment({ GLIBC_TUNABLES: 'glibc.malloc.check=3' }).GLIBC_TUNABLES).toBe(
      'glibc.malloc.check=3:glibc.malloc.hugetlb=1',
    );
  });

  test('leaves a choice of pages to the user', () => {
    for (const own of ['glibc.malloc.hugetlb=0', 'glibc.malloc.check=3:glibc.malloc.hugetlb=2'])
      expect(trainerEnvironment({ GLIBC_TUNABLES: own })).not.toHaveProperty('GLIBC_TUNABLES');
  });

  test('is accepted by a process that starts with it', () => {
    const env = { ...process.env, ...trainerEnvironment(process.env) };
    const told = execFileSync(process.execPath, ['-p', 'process.env.OMP_NUM_THREADS'], {
      env,
      encoding: 'utf8',
    });
    expect(told.trim()).toBe('1');
  });

  test('on a GPU has all of the processor', () => {
    expect(gpuTrainerEnvironment({}, 3)).toMatchObject({
      ...trainerEnvironment({}),
      CUDA_VISIBLE_DEVICES: '3',
    });
  });
});
