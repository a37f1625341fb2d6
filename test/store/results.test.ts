import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Database from 'libsql';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/common/errors.ts';
import { ContradictionError, openResultsStore, type ResultsStore } from '../../src/store/results.ts';
import { observation, plan, SWEEP, temporaryFolder } from './fixture.ts';

const SECONDS = { setup: 1, training: 2, evaluation: 3, checkpoint: 4 };
const END = { checkpoint: 'c'.repeat(64), epochs: { general: 1.25, domain: 0.5 }, seconds: SECONDS };

function openPlanned(path = join(temporaryFolder(), 'runs', 'results.sqlite')): ResultsStore {
  const store = openResultsStore(path);
  store.saveSweep(SWEEP);
  store.planRuns(SWEEP.sweep, plan());
  return store;
}

describe('sweeps and plans', () => {
  it('keeps sweeps; a second save changes all but the time', () => {
    const store = openPlanned();
    store.saveSweep({ ...SWEEP, config: { seeds: [2] }, createdAt: '2030-01-01T00:00:00Z' });
    store.saveSweep({ ...SWEEP, sweep: 'older', createdAt: '2024-01-01T00:00:00Z' });
    expect(store.sweep('math')).toEqual({ ...SWEEP, config: { seeds: [2] } });
    expect(store.sweeps().map((sweep) => sweep.sweep)).toEqual(['older', 'math']);
    expect(store.sweep('none')).toBeNull();
    store.close();
  });

  it('keeps the plan in its order, parents before or after their children', () => {
    const store = openPlanned();
    const runs = store.runs('math');
    expect(runs.map((run) => run.run)).toEqual(['cpt-0', 'cpt-0.5', 'cpt-1', 'base']);
    expect(runs[1]).toEqual({
      run: 'cpt-0.5',
      kind: 'cpt',
      parent: 'base',
      spec: { width: 48, ratio: 0.5 },
      status: 'planned',
      reason: null,
      tokens: 0,
      checkpoint: null,
      generalEpochs: null,
      domainEpochs: null,
      seconds: null,
      environment: null,
      domain: 'math',
      domainRatio: 0.5,
      seed: 1,
      modelSize: 1000,
      totalParameters: 1500,
      label: 'r=0.5',
    });
    store.close();
  });

  it('planning again keeps results; a run that leaves the plan leaves the sweep only', () => {
    const store = openPlanned();
    store.setRunning('cpt-0.5', { engine: 'onnx' });
    store.recordObservation(observation('cpt-0.5', 0));
    store.finishRun('cpt-0.5', END);
    store.planRuns('math', plan());
    expect(store.runStatus('cpt-0.5')).toBe('done');
    store.planRuns('math', plan([0, 1]));
    expect(store.runs('math').map((run) => run.run)).toEqual(['cpt-0', 'cpt-1', 'base']);
    expect(store.observations('math')).toEqual([]);
    expect(store.run('cpt-0.5')?.status).toBe('done');
    expect(store.runObservations('cpt-0.5')).toHaveLength(1);
    store.close();
  });

  it('two sweeps share a run, each under its own label', () => {
    const store = openPlanned();
    store.saveSweep({ ...SWEEP, sweep: 'law' });
    store.planRuns('law', plan([0.5], 'law'));
    store.setRunning('cpt-0.5', {});
    store.recordObservation(observation('cpt-0.5', 0));
    expect(store.runs('law')[0]).toMatchObject({ run: 'cpt-0.5', domain: 'law', status: 'running' });
    expect(store.observations('math').map((row) => row.domain)).toEqual(['math']);
    expect(store.observations('law').map((row) => row.domain)).toEqual(['law']);
    store.close();
  });

  it('refuses a plan that contradicts itself or the store, and then keeps the old one', () => {
    const store = openPlanned();
    const [first, ...rest] = plan();
    const other = { ...first!, run: { ...first!.run, spec: { width: 64 } } };
    expect(() => store.planRuns('math', [other, ...rest])).toThrow(/another spec/);
    expect(() => store.planRuns('math', [...plan(), first!])).toThrow(/planned twice/);
    expect(() => store.planRuns('math', [{ ...first!, label: rest[0]!.label }])).toThrow(
      /belongs to another run/,
    );
    const orphan = { run: 'x', kind: 'cpt', parent: 'nobody', spec: {} } as const;
    const label = { ...first!.label, run: 'x' };
    expect(() => store.planRuns('math', [{ run: orphan, label }])).toThrow(/FOREIGN KEY/);
    expect(() => store.planRuns('never saved', plan())).toThrow(/FOREIGN KEY/);
    expect(store.run('x')).toBeNull();
    expect(store.runs('math')).toHaveLength(4);
    store.close();
  });
});

describe('the life of a run', () => {
  it('planned, running, running again, done', () => {
    const store = openPlanned();
    expect(store.setRunning('cpt-0', { engine: 'onnx' })).toBe(true);
    store.setProgress('cpt-0', 500);
    store.setProgress('cpt-0', 400);
    expect(store.run('cpt-0')).toMatchObject({
      status: 'running',
      tokens: 500,
      environment: { engine: 'onnx' },
    });
    expect(store.setRunning('cpt-0', { engine: 'onnx', try: '2' })).toBe(true);
    store.finishRun('cpt-0', END);
    expect(store.run('cpt-0')).toMatchObject({
      status: 'done',
      checkpoint: END.checkpoint,
      generalEpochs: 1.25,
      domainEpochs: 0.5,
      seconds: SECONDS,
      environment: { engine: 'onnx', try: '2' },
    });
    store.close();
  });

  it('a result is never unmade', () => {
    const store = openPlanned();
    store.finishRun('cpt-0', END);
    const done = store.run('cpt-0');
    expect(store.setRunning('cpt-0', { engine: 'other' })).toBe(false);
    store.failRun('cpt-0', 'too late');
    store.finishRun('cpt-0', { ...END, checkpoint: null });
    expect(store.run('cpt-0')).toEqual(done);
    expect(() => store.divergeRun('cpt-0', 'NaN', 5)).toThrow(/finished before/);

    store.divergeRun('cpt-1', 'the loss exploded', 64);
    expect(store.run('cpt-1')).toMatchObject({ status: 'diverged', reason: 'the loss exploded', tokens: 64 });
    expect(store.setRunning('cpt-1', {})).toBe(false);
    store.failRun('cpt-1', 'too late');
    expect(store.runStatus('cpt-1')).toBe('diverged');
    expect(() => store.finishRun('cpt-1', END)).toThrow(/diverged before/);
    store.close();
  });

  it('a failed run may be tried again, and forgets why it failed', () => {
    const store = openPlanned();
    store.failRun('cpt-0', 'killed');
    expect(store.run('cpt-0')).toMatchObject({ status: 'failed', reason: 'killed' });
    expect(store.setRunning('cpt-0', {})).toBe(true);
    expect(store.run('cpt-0')).toMatchObject({ status: 'running', reason: null });
    store.close();
  });

  it('a reset run is planned again, with or without its observations', () => {
    const store = openPlanned();
    store.setRunning('cpt-0', { engine: 'onnx' });
    store.recordObservation(observation('cpt-0', 10));
    store.finishRun('cpt-0', END);
    const fresh = { ...store.run('cpt-1')!, run: 'cpt-0', spec: { width: 48, ratio: 0 } };
    store.resetRun('cpt-0', { forgetObservations: false });
    expect(store.run('cpt-0')).toEqual(fresh);
    expect(store.runObservations('cpt-0')).toHaveLength(1);
    store.resetRun('cpt-0', { forgetObservations: true });
    expect(store.runObservations('cpt-0')).toEqual([]);
    store.close();
  });

  it('knows no run that was not planned', () => {
    const store = openPlanned();
    expect(store.run('x')).toBeNull();
    expect(store.runStatus('x')).toBeNull();
    for (const act of [
      () => store.setRunning('x', {}),
      () => store.setProgress('x', 1),
      () => store.finishRun('x', END),
      () => store.divergeRun('x', 'NaN', 1),
      () => store.failRun('x', 'why'),
      () => store.resetRun('x', { forgetObservations: false }),
      () => store.recordObservation(observation('x', 1)),
    ]) {
      expect(act).toThrow();
    }
    store.close();
  });
});

describe('observations', () => {
  it('come back bit for bit, in a fixed order whatever order they were written in', () => {
    const store = openPlanned();
    const rows = [
      observation('cpt-1', 64),
      observation('base', 0, false),
      observation('cpt-0', 128),
      observation('cpt-0', 0),
      observation('cpt-0.5', 16),
    ];
    for (const row of rows) store.recordObservation(row);
    const read = store.observations('math');
    expect(read.map((row) => [row.run, row.tokens])).toEqual([
      ['base', 0],
      ['cpt-0', 0],
      ['cpt-0', 128],
      ['cpt-0.5', 16],
      ['cpt-1', 64],
    ]);
    for (const row of rows) {
      const found = read.find((each) => each.run === row.run && each.tokens === row.tokens)!;
      for (const [name, value] of Object.entries(row)) expect(found[name as keyof typeof row]).toBe(value);
    }
    expect(read[2]).toMatchObject({
      kind: 'cpt',
      domain: 'math',
      domainRatio: 0,
      seed: 1,
      modelSize: 1000,
      label: 'r=0',
    });
    expect(store.run('cpt-0')!.tokens).toBe(128);
    store.close();
  });

  it('the same measurement again is nothing new; another number is a contradiction', () => {
    const store = openPlanned();
    const row = observation('cpt-0', 64);
    store.recordObservation(row);
    store.recordObservation({ ...row });
    expect(store.runObservations('cpt-0')).toEqual([row]);
    const next = { ...row, domainLoss: row.domainLoss! + Number.EPSILON };
    let error: unknown;
    try {
      store.recordObservation(next);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(ContradictionError);
    expect(error).toMatchObject({
      run: 'cpt-0',
      tokens: 64,
      column: 'domainLoss',
      stored: row.domainLoss,
      measured: next.domainLoss,
    });
    expect((error as Error).message).toContain(`${row.domainLoss} is stored`);
    expect((error as Error).message).toContain(`${next.domainLoss} was measured`);
    expect(() => store.recordObservation({ ...row, domainLoss: null })).toThrow(ContradictionError);
    expect(store.runObservations('cpt-0')).toEqual([row]);
    store.close();
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('%s is not stored', (value) => {
    const store = openPlanned();
    const row = observation('cpt-0', 64);
    expect(() => store.recordObservation({ ...row, generalLoss: value })).toThrow(/generalLoss/);
    expect(() => store.recordObservation({ ...row, domainBitsPerByte: value })).toThrow(/domainBitsPerByte/);
    expect(store.runObservations('cpt-0')).toEqual([]);
    store.close();
  });
});

describe('the file', () => {
  it('is read while it is written, and holds everything after it was closed', () => {
    const store = openPlanned();
    const reader = openResultsStore(store.path);
    store.recordObservation(observation('cpt-0', 0));
    expect(reader.runObservations('cpt-0')).toHaveLength(1);
    // In the middle of another's transaction: the last commit is seen, nothing waits.
    const writer = new Database(store.path);
    writer.exec("BEGIN IMMEDIATE; UPDATE runs SET status = 'failed' WHERE run = 'cpt-0'");
    expect(reader.runStatus('cpt-0')).toBe('planned');
    writer.exec('COMMIT');
    expect(reader.runStatus('cpt-0')).toBe('failed');
    writer.close();
    reader.close();
    store.close();
    const again = openResultsStore(store.path);
    expect(again.runObservations('cpt-0')).toHaveLength(1);
    again.close();
  });

  it('a writer killed at any moment loses nothing that was committed', async () => {
    const path = join(temporaryFolder(), 'results.sqlite');
    const child = spawn(process.execPath, ['--import', 'tsx', 'test/store/writer.ts', path], {
      cwd: resolve(import.meta.dirname, '../..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let told = '';
    const reader = await new Promise<ResultsStore>((done) => {
      child.stdout.on('data', (chunk) => {
        told += chunk;
        // Open while it writes, and kill it without letting it know.
        if (told.split('\n').length > 40 && !child.killed) {
          const opened = openResultsStore(path);
          child.kill('SIGKILL');
          child.once('close', () => done(opened));
        }
      });
    });
    const committed = told.trimEnd().split('\n').map(Number);
    const rows = reader.runObservations('cpt-0.5');
    expect(rows.length).toBeGreaterThanOrEqual(committed.length);
    expect(rows).toEqual(rows.map((_, tokens) => observation('cpt-0.5', tokens)));
    // And it is written on.
    for (const row of rows) reader.recordObservation(row);
    reader.recordObservation(observation('cpt-0.5', rows.length));
    reader.close();
  });

  const refusal = (path: string): UserError => {
    try {
      openResultsStore(path).close();
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      return error as UserError;
    }
    throw new Error('it was opened');
  };

  it('that is no database, or a damaged one, is refused in words and left as it is', () => {
    const folder = temporaryFolder();
    const text = join(folder, 'text.sqlite');
    writeFileSync(text, 'not a database, but long enough to be looked at '.repeat(30));
    expect(refusal(text).message).toMatch(/text\.sqlite is damaged/);

    const store = openPlanned(join(folder, 'torn.sqlite'));
    for (let tokens = 0; tokens < 300; tokens++) store.recordObservation(observation('cpt-0', tokens));
    store.close();
    const bytes = readFileSync(store.path);
    bytes.fill(0xa5, 4096, bytes.length - 4096);
    writeFileSync(store.path, bytes);
    const { message, nextStep } = refusal(store.path);
    expect(message).toMatch(/torn\.sqlite is damaged/);
    expect(nextStep).toMatch(/move it/);
    expect(readFileSync(store.path).equals(bytes)).toBe(true);
  });

  it('of another project, or another version, is refused and left as it is', () => {
    const folder = temporaryFolder();
    const foreign = join(folder, 'foreign.sqlite');
    const database = new Database(foreign);
    database.exec('CREATE TABLE songs (title TEXT)');
    database.close();
    const before = readFileSync(foreign);
    expect(refusal(foreign).message).toMatch(/not a results store/);
    expect(readFileSync(foreign).equals(before)).toBe(true);

    const store = openPlanned(join(folder, 'future.sqlite'));
    store.close();
    const future = new Database(store.path);
    future.exec('PRAGMA user_version = 7');
    future.close();
    expect(refusal(store.path).message).toMatch(/schema version 7; this version of the project knows 2/);
  });

  it('in a place that cannot be written is refused in words', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    expect(refusal(join(folder, 'file', 'results.sqlite')).message).toMatch(/cannot open the results store/);
    mkdirSync(join(folder, 'folder.sqlite'));
    expect(refusal(join(folder, 'folder.sqlite')).message).toMatch(/cannot open the results store/);
  });

  it('is one file after closing', () => {
    const store = openPlanned();
    store.close();
    const folder = join(store.path, '..');
    const sizes = readdirSync(folder).map((name) => [name, statSync(join(folder, name)).size]);
    expect(
      sizes.filter(([name, size]) => name !== 'results.sqlite' && name !== 'results.sqlite-shm' && size),
    ).toEqual([]);
  });
});
