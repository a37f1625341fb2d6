import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openArtifactCache } from '../../src/artifacts/cache.ts';
import { type FolderHome, openFolderHome } from '../../src/artifacts/folderHome.ts';
import { ArtifactError, type ArtifactHome } from '../../src/artifacts/types.ts';
import { sha256 } from '../../src/common/canonical.ts';
import { lockFolder } from '../../src/common/folderLock.ts';
import { shardPath } from '../../src/corpus/shards.ts';
import { HandedBack, JobStopped, UnrecoverableJobError } from '../../src/queue/types.ts';
import type { RunResult, RunTask } from '../../src/training/execute.ts';
import { decodeRunResult } from '../../src/training/runResult.ts';
import { type RunSpec, runId } from '../../src/training/runSpec.ts';
import type { RunJob } from '../../src/worker/job.ts';
import { lostArtifact, type TrainRunInputs, trainRun } from '../../src/worker/trainRun.ts';
import { tinySpec } from '../training/tinySpec.ts';

const base = tinySpec();
const cpt: RunSpec = {
  ...base,
  kind: 'cpt',
  parent: runId(base),
  domain: { ...base.general, name: 'math' },
  domainRatio: 0.5,
};

function scene(spec: RunSpec, changed: Partial<RunJob> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'train-run-'));
  const home = openFolderHome(join(folder, 'artifacts'));
  const cacheFolder = join(folder, 'cache');
  for (const hash of [base.general.trainShard, base.general.validationShard]) {
    mkdirSync(join(cacheFolder, 'shards'), { recursive: true });
    writeFileSync(shardPath(cacheFolder, hash), 'stands for a shard');
  }
  const payload: RunJob = {
    spec,
    label: 'a run',
    parentCheckpoint: null,
    shards: {},
    resume: null,
    memoryBytes: 1e9,
    keepCheckpoint: false,
    checkpointSeconds: 20,
    ...changed,
  };
  const tasks: RunTask[] = [];
  const notes: string[] = [];
  const updates: RunJob[] = [];
  const abort = new AbortController();
  let outcome: (task: RunTask) => Promise<RunResult> = async () => ({ status: 'done', checkpoint: null });
  const inputs = (over: Partial<TrainRunInputs> = {}): TrainRunInputs => ({
    home,
    cache: openArtifactCache({ home, folder: join(folder, 'copies'), maxBytes: 1e9, log: () => {} }),
    cacheFolder,
    workFolder: join(folder, 'work'),
    slotBytes: 2e9,
    environment: { engine: 'onnx' },
    shareResumePoints: true,
    shareEverySeconds: 600,
    news: { add: () => {}, flush: async () => {} },
    note: (line) => notes.push(line),
    dispatch: async (task, { onEvent }) => {
      tasks.push(task);
      onEvent({ type: 'started', tokens: 0, resumed: false });
      for (const tokens of spec.evaluationTokens) {
        const loss = { loss: 5 - tokens / 1000, standardError: 0.1, bitsPerByte: 2, tokens: 10 };
        onEvent({ type: 'evaluated', tokens, losses: { general: loss, domain: spec.domain ? loss : null } });
      }
      const result = await outcome(task);
      if (result.status === 'done') {
        onEvent({
          type: 'finished',
          tokens: spec.tokens,
          trainedTokens: spec.tokens,
          epochs: { general: 0.1, domain: null },
          seconds: { setup: 1, training: 2, evaluation: 3, checkpoint: 4 },
        });
      }
      if (result.status === 'diverged') onEvent({ type: 'diverged', tokens: 640, reason: 'loss exploded' });
      return result;
    },
    ...over,
  });
  return {
    folder,
    home,
    payload,
    tasks,
    notes,
    updates,
    abort,
    runFolder: join(folder, 'work', runId(spec)),
    ends: (with_: (task: RunTask) => Promise<RunResult>) => {
      outcome = with_;
    },
    run: (over: Partial<TrainRunInputs> = {}) =>
      trainRun(
        inputs(over),
        { id: runId(spec), payload },
        {
          signal: abort.signal,
          attempt: 1,
          tell: async () => {},
          log: async () => {},
          update: async (to) => void updates.push(to),
        },
      ),
  };
}

async function resultOf(home: ArtifactHome, spec: RunSpec, hash: string) {
  return decodeRunResult(await home.readRecord('results', { key: runId(spec), hash }));
}

/** What trainers leave for the next one, as training/checkpoint.ts has it. */
function leaveResumePoint(folder: string, run: string, tokens: number): string {
  mkdirSync(folder, { recursive: true });
  const state = `the state at ${tokens}`;
  writeFileSync(join(folder, `state-${tokens}.safetensors`), state);
  const index = {
    format: 1,
    run,
    tokens,
    optimizerSteps: 1,
    cursor: { sequences: 0, general: { epoch: 0, row: 0 }, domain: null },
    measured: [],
    stateFile: `state-${tokens}.safetensors`,
    stateSha256: sha256(state),
  };
  writeFileSync(join(folder, 'resume.json'), JSON.stringify(index));
  return sha256(state);
}

/** A parent's checkpoint in the home; returns the manifest's hash and the parameters'. */
async function leaveCheckpoint(home: FolderHome) {
  const parameters = await home.put(Buffer.from('parameters'));
  const moments = await home.put(Buffer.from('moments'));
  const manifest = {
    format: 1,
    run: runId(base),
    tokens: 1280,
    optimizerSteps: 20,
    cursor: { sequences: 80, general: { epoch: 0, row: 80 }, domain: null },
    parametersSha256: parameters,
    momentsSha256: moments,
    config: {},
  };
  return { manifest: await home.put(Buffer.from(JSON.stringify(manifest))), parameters };
}

describe('trainRun', () => {
  it('leaves a whole result in the home, and nothing in its folder', async () => {
    const { run, home, runFolder, tasks } = scene(base);
    const { result, trained } = await run();
    expect(trained).toBe(true);
    expect(await resultOf(home, base, result)).toMatchObject({
      run: runId(base),
      status: 'done',
      tokens: 1280,
      trainedTokens: 1280,
      observations: [{ tokens: 0 }, { tokens: 640 }, { tokens: 1280, generalLoss: 5 - 1.28 }],
      seconds: { training: 2 },
      environment: { engine: 'onnx' },
    });
    expect(tasks[0]).toMatchObject({ keepCheckpoint: true, parent: null });
    expect(() => readdirSync(runFolder)).toThrow(/ENOENT/);
  });

  it('a result that is there already is given back untrained', async () => {
    const { run, tasks } = scene(base);
    const first = await run();
    expect(await run()).toEqual({ result: first.result, trained: false });
    expect(tasks).toHaveLength(1);
  });

  it('records the engine and device that the trainer really used', async () => {
    const { run, home, ends } = scene(base);
    ends(async () => ({
      status: 'done',
      checkpoint: null,
      engine: 'onnx on cuda (onnxruntime-node 1.30.0)',
    }));
    const { result } = await run({ environment: { engine: 'onnx on cpu', host: 'a' } });
    expect((await resultOf(home, base, result)).environment).toEqual({
      engine: 'onnx on cuda (onnxruntime-node 1.30.0)',
      host: 'a',
    });
  });

  it('a divergence is a result', async () => {
    const { run, home, ends } = scene(base);
    ends(async () => ({ status: 'diverged' }));
    const { result } = await run();
    expect(await resultOf(home, base, result)).toMatchObject({
      status: 'diverged',
      reason: 'loss exploded',
      tokens: 640,
    });
  });

  it('refuses a job that carries the spec of another run', async () => {
    const { run } = scene(base, { spec: { ...base, seed: 2 } });
    await expect(run()).rejects.toThrow(UnrecoverableJobError);
  });

  it('hands back what is too large for its slot, or is worked on by another process here', async () => {
    const large = scene(base);
    await expect(large.run({ slotBytes: 1e8 })).rejects.toThrow(HandedBack);
    const busy = scene(base);
    const release = lockFolder(busy.runFolder, 'another worker');
    await expect(busy.run()).rejects.toThrow(/another worker/);
    release();
    expect((await busy.run()).trained).toBe(true);
  });

  it('continues its parent’s checkpoint', async () => {
    const { run, home, payload, tasks } = scene(cpt);
    const { manifest, parameters } = await leaveCheckpoint(home);
    payload.parentCheckpoint = manifest;
    await run();
    expect(tasks[0]!.parent).toEqual({
      manifest: home.localPath(manifest),
      parameters: home.localPath(parameters),
      moments: home.localPath(sha256('moments')),
    });
  });

  it('a checkpoint that is damaged or gone fails the run, and names what is lost', async () => {
    const { run, home, payload, tasks } = scene(cpt);
    const { manifest, parameters } = await leaveCheckpoint(home);
    payload.parentCheckpoint = manifest;
    writeFileSync(home.localPath(parameters), 'parameterS');
    const damaged = await run().catch((error) => error);
    expect(damaged).toBeInstanceOf(UnrecoverableJobError);
    expect(lostArtifact(damaged.message)).toBe(parameters);
    await home.remove(manifest);
    expect(lostArtifact((await run().catch((error) => error)).message)).toBe(manifest);
    expect(tasks).toEqual([]);
    expect(lostArtifact('out of memory')).toBeNull();
  });

  it('a home that is full or away is no fault of the run’s', async () => {
    for (const [problem, least] of [
      ['full', 10_000],
      ['unreachable', 1000],
    ] as const) {
      const { run, home, notes } = scene(base);
      const away: ArtifactHome = {
        ...home,
        putRecord: async () => {
          throw new ArtifactError(problem, `the home is ${problem}`);
        },
      };
      const error = await run({ home: away }).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(HandedBack);
      expect(error.pauseMs).toBeGreaterThan(least);
      expect(notes).toEqual([`the home is ${problem}`]);
    }
  });

  it('a run that is stopped leaves its point for another machine, which goes on from there', async () => {
    const first = scene(base);
    first.ends(async () => {
      leaveResumePoint(first.runFolder, runId(base), 640);
      first.abort.abort(new JobStopped('closing'));
      return { status: 'stopped' };
    });
    await expect(first.run()).rejects.toThrow(HandedBack);
    expect(first.updates).toHaveLength(1);
    const { resume } = first.updates[0]!;
    expect(await first.home.has(resume!)).toBe(true);

    const second = scene(base, { resume });
    let found = '';
    second.ends(async (task) => {
      found = readFileSync(join(task.workFolder, 'state-640.safetensors'), 'utf8');
      return { status: 'done', checkpoint: null };
    });
    await second.run({ home: first.home });
    expect(found).toBe('the state at 640');
    // It is of no use any more.
    expect(await first.home.has(resume!)).toBe(false);
  });

  it('its own point is kept when it is further, and one that cannot be had costs only time', async () => {
    const further = scene(base);
    leaveResumePoint(join(further.folder, 'elsewhere'), runId(base), 640);
    const resume = await further.home.put(join(further.folder, 'elsewhere', 'resume.json'));
    await further.home.put(join(further.folder, 'elsewhere', 'state-640.safetensors'));
    leaveResumePoint(further.runFolder, runId(base), 960);
    further.payload.resume = resume;
    let files: string[] = [];
    further.ends(async (task) => {
      files = readdirSync(task.workFolder).filter((name) => name.startsWith('state'));
      return { status: 'done', checkpoint: null };
    });
    await further.run();
    expect(files).toEqual(['state-960.safetensors']);

    const gone = scene(base, { resume: 'f'.repeat(64) });
    expect((await gone.run()).trained).toBe(true);
    expect(gone.notes[0]).toMatch(/was left cannot be used/);
  });

  it('a cancelled run leaves no point behind', async () => {
    const { run, updates, ends, abort, runFolder } = scene(base);
    ends(async () => {
      leaveResumePoint(runFolder, runId(base), 640);
      abort.abort(new JobStopped('cancelled'));
      return { status: 'stopped' };
    });
    await expect(run()).rejects.toThrow(HandedBack);
    expect(updates).toEqual([]);
    rmSync(runFolder, { recursive: true });
  });
});
