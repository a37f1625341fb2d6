import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openMirror } from '../../../src/dashboard/server/mirror.ts';
import { finish, measured, openStore, plantSweep } from '../plantedStore.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'mirror-'));

describe('the mirror of a store', () => {
  it('follows what another process writes: measurements, ends, sweeps, and what was forgotten', () => {
    const place = folder();
    const store = openStore(place);
    const runs = plantSweep(store, 'math', { isOpen: ({ ratio }) => ratio > 0 });
    const mirror = openMirror(store.path);
    let ms = 0;
    const later = (more: number) => {
      ms += more;
      return mirror.refresh(ms);
    };
    expect(mirror.refresh(ms)).toMatchObject({ everything: true });
    expect(later(100)).toBeNull();
    const open = runs.find(({ ratio }) => ratio === 0.5)!;
    expect(mirror.runs.get(open.run)).toMatchObject({ status: 'planned', last: null, totalTokens: 480_000 });

    store.setRunning(open.run, { engine: 'onnx' });
    const [first] = open.tokens;
    const row = measured('math', open, first!);
    store.recordObservation(row);
    const changes = later(100)!;
    expect(changes).toMatchObject({ everything: false, sweeps: false });
    expect([...changes.runs]).toEqual([open.run]);
    expect(changes.observations).toMatchObject([
      { run: open.run, tokens: first, generalLoss: row.generalLoss },
    ]);
    expect(mirror.runs.get(open.run)).toMatchObject({ status: 'running', tokens: first });
    expect(mirror.runs.get(open.run)!.last).toMatchObject({ domainLoss: row.domainLoss });

    finish(store, 'math', open);
    later(100);
    expect(mirror.runs.get(open.run)).toMatchObject({ status: 'done', trainerSeconds: 10 });

    plantSweep(store, 'law', { domain: 'law' });
    expect(later(100)!.sweeps).toBe(false);
    expect(later(2000)!.sweeps).toBe(true);
    expect([...mirror.sweeps.keys()].sort()).toEqual(['law', 'math']);

    const another = runs.find(({ ratio }) => ratio === 0)!;
    store.resetRun(another.run, { forgetObservations: true });
    later(100);
    expect(later(2000)).toMatchObject({ everything: true });
    expect(mirror.runs.get(another.run)).toMatchObject({ status: 'planned', last: null });
    store.close();
    mirror.close();
  });

  it('waits for a store that is not there yet, and reads one that replaced it anew', () => {
    const place = folder();
    const path = join(place, 'results.sqlite');
    const mirror = openMirror(path);
    expect(mirror.refresh(0)).toBeNull();
    const store = openStore(place);
    plantSweep(store, 'math');
    store.close();
    expect(mirror.refresh(2000)).toMatchObject({ everything: true });
    const elsewhere = folder();
    const other = openStore(elsewhere);
    plantSweep(other, 'law', { domain: 'law' });
    other.close();
    for (const ending of ['', '-wal', '-shm']) rmSync(`${path}${ending}`, { force: true });
    renameSync(join(elsewhere, 'results.sqlite'), path);
    expect(mirror.refresh(4100)).toMatchObject({ everything: true });
    expect([...mirror.sweeps.keys()]).toEqual(['law']);
    rmSync(path);
    expect(mirror.refresh(6200)).toMatchObject({ everything: true });
    expect(mirror.sweeps.size).toBe(0);
    mirror.close();
  });
});
