import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewRun, ObservationRecord, SweepRecord, SweepRunRecord } from '../../src/store/types.ts';

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'store-'));

export const SWEEP: SweepRecord = {
  sweep: 'math',
  name: 'math',
  config: { seeds: [1] },
  createdAt: '2025-01-02T03:04:05Z',
};

/** A plan of one base run and its CPT runs. */
export function plan(ratios: readonly number[] = [0, 0.5, 1], domain = 'math') {
  const base: NewRun = { run: 'base', kind: 'base', parent: null, spec: { width: 48 } };
  const label = (run: NewRun, ratio: number, position: string): SweepRunRecord => ({
    run: run.run,
    kind: run.kind,
    domain: run.kind === 'cpt' ? domain : null,
    domainRatio: ratio,
    seed: 1,
    modelSize: 1000,
    totalParameters: 1500,
    label: position,
  });
  const cpt = ratios.map((ratio) => {
    const run: NewRun = { run: `cpt-${ratio}`, kind: 'cpt', parent: 'base', spec: { width: 48, ratio } };
    return { run, label: label(run, ratio, `r=${ratio}`) };
  });
  return [...cpt, { run: base, label: label(base, 0, 'base') }];
}

export function observation(run: string, tokens: number, domain = true): ObservationRecord {
  return {
    run,
    tokens,
    generalLoss: Math.PI / (1 + tokens),
    generalStandardError: 0.1,
    generalBitsPerByte: 1 / 3,
    domainLoss: domain ? 0.1 + 0.2 : null,
    domainStandardError: domain ? 5e-324 : null,
    domainBitsPerByte: domain ? 1.7976931348623157e308 : null,
  };
}
