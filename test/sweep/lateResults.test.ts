import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFolderHome } from '../../src/artifacts/folderHome.ts';
import { canonicalJson } from '../../src/common/canonical.ts';
import { openResultsStore } from '../../src/store/results.ts';
import type { ResultsStore } from '../../src/store/types.ts';
import { takeInLate } from '../../src/sweep/lateResults.ts';
import { publishLaws } from '../../src/sweep/lawRecords.ts';
import { savePlanRecord } from '../../src/sweep/planRecord.ts';
import { checkStore, rebuildStore } from '../../src/sweep/rebuild.ts';
import { encodeRunResult, type RunResultRecord } from '../../src/training/runResult.ts';
import { type RunSpec, runId } from '../../src/training/runSpec.ts';
import { tinySpec } from '../training/tinySpec.ts';

const spec = (seed: number): RunSpec => ({ ...tinySpec(), seed });

function scene() {
  const folder = mkdtempSync(join(tmpdir(), 'records-'));
  const home = openFolderHome(join(folder, 'artifacts'));
  const path = join(folder, 'results.sqlite');
  const store = openResultsStore(path);
  store.saveSweep({ sweep: 'a', name: 'a', config: { name: 'a' }, createdAt: '2026-01-01T00:00:00.000Z' });
  const specs = [1, 2, 3, 4].map(spec);
  store.planRuns(
    'a',
    specs.map((each, at) => ({
      run: { run: runId(each), kind: 'base', parent: null, spec: each },
      label: {
        run: runId(each),
        kind: 'base',
        domain: null,
        domainRatio: 0,
        seed: each.seed,
        modelSize: 100,
        totalParameters: 200,
        label: `base s${at}`,
      },
    })),
  );
  return { home, path, store, specs, notes: [] as string[] };
}

function result(of: RunSpec, changed: Partial<RunResultRecord> = {}): Omit<RunResultRecord, 'format'> {
  return {
    run: runId(of),
    spec: of,
    status: 'done',
    reason: null,
    tokens: 1280,
    trainedTokens: 1280,
    observations: [0, 640, 1280].map((tokens) => ({
      tokens,
      generalLoss: 5 - of.seed / 7 - tokens / 3000,
      generalStandardError: 0.01,
      generalBitsPerByte: 2,
      domainLoss: null,
      domainStandardError: null,
      domainBitsPerByte: null,
    })),
    checkpoint: null,
    epochs: { general: 0.25, domain: null },
    seconds: { setup: 0.1, training: 1 / 3, evaluation: 0.2, checkpoint: 0 },
    environment: { engine: 'onnx' },
    ...changed,
  };
}

const everything = (store: ResultsStore) =>
  canonicalJson({
    sweeps: store.sweeps(),
    runs: store.runs('a'),
    observations: store.observations('a'),
    laws: store.lawSubjects().map((subject) => store.lawVersions(subject)),
  });

describe('results in the home', () => {
  it('are taken in late, once, whatever else lies there', async () => {
    const { home, store, specs, notes } = scene();
    const put = (of: RunSpec, changed?: Partial<RunResultRecord>) =>
      home.putRecord('results', runId(of), encodeRunResult(result(of, changed)));
    await put(specs[0]!);
    await put(specs[1]!, { status: 'diverged', reason: 'loss exploded', epochs: null, seconds: null });
    await put(specs[2]!, { status: 'failed', reason: 'out of memory' });
    await put(spec(99));
    await home.putRecord('results', runId(specs[3]!), Buffer.from('no result at all'));
    expect(await takeInLate(store, home, (line) => notes.push(line))).toBe(2);
    expect(specs.map((each) => store.runStatus(runId(each)))).toEqual([
      'done',
      'diverged',
      'planned',
      'planned',
    ]);
    expect(store.runObservations(runId(specs[0]!))).toHaveLength(3);
    expect(notes).toHaveLength(1);
    expect(await takeInLate(store, home, () => {})).toBe(0);
    store.close();
  });

  it('are enough to make the store anew, byte for byte in what it answers', async () => {
    const { home, path, store, specs } = scene();
    for (const each of specs) {
      await home.putRecord('results', runId(each), encodeRunResult(result(each)));
    }
    // A failure that a later attempt overcame.
    await home.putRecord(
      'results',
      runId(specs[1]!),
      encodeRunResult(result(specs[1]!, { status: 'failed' })),
    );
    await takeInLate(store, home, () => {});
    for (const inputs of ['x', 'y']) {
      store.saveLawVersion({
        subject: 'a/math',
        inputs,
        createdAt: '2026-01-02T00:00:00.000Z',
        content: { E: 1 / 3 },
      });
    }
    await savePlanRecord(home, store, 'a');
    await savePlanRecord(home, store, 'a');
    expect(await publishLaws(home, store)).toBe(2);
    expect(await publishLaws(home, store)).toBe(0);
    const before = everything(store);
    expect((await checkStore(home, store, () => {})).problems).toEqual([]);
    store.close();

    const rebuilt = await rebuildStore(home, path, () => {});
    expect(rebuilt).toEqual({
      sweeps: 1,
      runs: 4,
      results: 4,
      observations: 12,
      lawVersions: 2,
      before: `${path}.before-rebuild`,
    });
    const again = openResultsStore(path);
    expect(everything(again)).toBe(before);
    again.close();
    const old = openResultsStore(rebuilt.before!);
    expect(everything(old)).toBe(before);
    old.close();
  });

  it('that are gone or damaged are found by a check', async () => {
    const { home, store, specs } = scene();
    const checkpoint = await home.put(Buffer.from('{"a": "manifest"}'));
    await home.putRecord('results', runId(specs[0]!), encodeRunResult(result(specs[0]!, { checkpoint })));
    const name = await home.putRecord('results', runId(specs[1]!), encodeRunResult(result(specs[1]!)));
    await takeInLate(store, home, () => {});
    await home.remove(checkpoint);
    await home.removeRecord('results', { key: runId(specs[1]!), hash: name });
    const { problems } = await checkStore(home, store, () => {});
    expect(problems.map(({ label, problem }) => `${label}: ${problem}`)).toEqual([
      `base s0: its checkpoint's artifact ${checkpoint} is gone`,
      'base s1: its result is not in the home',
    ]);
    store.close();
  });
});
