import { describe, expect, it } from 'vitest';
import { parseRunJob, type RunJob } from '../../src/worker/job.ts';
import { tinySpec } from '../training/tinySpec.ts';

const job: RunJob = {
  spec: tinySpec(),
  label: '5.97k math r=0.33 s1',
  parentCheckpoint: null,
  shards: { ['b'.repeat(64)]: 'd'.repeat(64) },
  resume: null,
  memoryBytes: 3e8,
  keepCheckpoint: false,
  checkpointSeconds: 20,
};

describe('parseRunJob', () => {
  it('takes what the coordinator makes, also after JSON', () => {
    expect(parseRunJob(JSON.parse(JSON.stringify(job)))).toEqual(job);
  });

  it.each([
    ['a path instead of a hash', { ...job, parentCheckpoint: '../../etc/passwd' }],
    ['a path as a shard', { ...job, shards: { ['b'.repeat(64)]: '/etc/passwd' } }],
    ['an unknown key', { ...job, command: 'sh' }],
    ['a label that a terminal would obey', { ...job, label: '\u001b[2J' }],
    ['another numerics version', { ...job, spec: { ...job.spec, numericsVersion: 99 } }],
    ['a base run with a parent', { ...job, spec: { ...job.spec, parent: 'a'.repeat(64) } }],
    ['a megabyte', { ...job, label: 'x'.repeat(1_100_000) }],
    ['nothing', null],
    ['undefined', undefined],
  ])('refuses %s for good', (_, payload) => {
    expect(() => parseRunJob(payload)).toThrow(/not a run of this version/);
  });
});
