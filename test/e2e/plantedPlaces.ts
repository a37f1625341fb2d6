import Database from 'libsql';
import { loadConfig } from '../../src/config/loadConfig.ts';
import { QUICK_FIT } from '../../src/laws/fitting/fit.ts';
import type { ResultsStore } from '../../src/store/types.ts';
import { answerQuestion, domainQuestions } from '../../src/sweep/answer.ts';
import { lawInputs, saveLaws, subjectOf } from '../../src/sweep/lawRegistry.ts';
import { finish, measured, openStore, type PlantedRun, plantSweep } from '../dashboard/plantedStore.ts';

/** What would run, if any page took it for more than text. */
export const HOSTILE = `<img src=x onerror="window.injected=1"><script>window.injected=1</script>`;

export interface PlantedPlaces {
  /** One that is done. */
  run: string;
  runningRun: string;
  /** One that has failed; label, reason, environment and its sweep's config hold HOSTILE. */
  hostileRun: string;
  /** Of CPT runs of `math`. */
  observations: number;
}

/** A runs folder with the sweeps `math`, whose runs are in every state and whose laws have two versions, and `texts`. */
export function plantPlaces(folder: string): PlantedPlaces {
  const store = openStore(folder);
  const math = plantSweep(store, 'math', { isOpen: ({ modelSize }) => modelSize === 25_000 });
  const large = math.filter(({ kind, modelSize }) => kind === 'cpt' && modelSize === 25_000);
  const [done, running, diverging, failing] = large as [PlantedRun, PlantedRun, PlantedRun, PlantedRun];
  keepLaws(store, 'math', '2026-01-01T01:00:00Z');
  finish(store, 'math', done);
  keepLaws(store, 'math', '2026-01-02T01:00:00Z');
  begin(store, 'math', running, 'onnx');
  begin(store, 'math', diverging, 'onnx');
  store.divergeRun(diverging.run, 'the general loss is not a number', 120_000);
  store.failRun(failing.run, 'the worker died');

  const texts = plantSweep(store, 'texts', {
    domain: 'texts',
    isOpen: ({ modelSize, ratio }) => modelSize === 25_000 && ratio === 1,
  });
  const hostile = texts.at(-1)!;
  begin(store, 'texts', hostile, HOSTILE);
  store.failRun(hostile.run, HOSTILE);
  const observations = store.observations('math').filter(({ kind }) => kind === 'cpt').length;
  store.close();
  rename(store.path, hostile.run);
  return { run: done.run, runningRun: running.run, hostileRun: hostile.run, observations };
}

/** It trains, and has been measured twice. */
function begin(store: ResultsStore, sweep: string, run: PlantedRun, engine: string): void {
  store.setRunning(run.run, { engine });
  store.recordObservations([0, run.tokens[0]!].map((tokens) => measured(sweep, run, tokens)));
  store.setProgress(run.run, run.tokens[0]!);
}

/** The laws of what is done so far become a version. */
function keepLaws(store: ResultsStore, sweep: string, createdAt: string): void {
  const { config } = loadConfig('configs/smoke.yaml', [`name=${sweep}`, 'law.resamples=20']);
  const inputs = { config, runs: store.runs(sweep), observations: store.observations(sweep) };
  for (const question of domainQuestions(inputs)) {
    const answer = answerQuestion({ ...question, options: { ...question.options, ...QUICK_FIT } });
    const subject = subjectOf(sweep, question.domain);
    saveLaws(store, { subject, inputs: lawInputs(question), createdAt: new Date(createdAt), answer });
  }
}

/** What no config lets through, a store from elsewhere may hold. */
function rename(path: string, run: string): void {
  const database = new Database(path);
  database.prepare('UPDATE sweep_runs SET label = ? WHERE run = ?').run(HOSTILE, run);
  const source = JSON.stringify({ text: HOSTILE });
  database
    .prepare(
      `UPDATE sweeps SET config = json_set(config, '$.corpora.general.source', json(?)) WHERE sweep = 'texts'`,
    )
    .run(source);
  database.close();
}
