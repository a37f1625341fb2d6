// Run by results.test.ts: writes observations, telling each once it is committed, until it is killed.
import { openResultsStore } from '../../src/store/results.ts';
import { observation, plan, SWEEP } from './fixture.ts';

const store = openResultsStore(process.argv[2]!);
store.saveSweep(SWEEP);
store.planRuns(SWEEP.sweep, plan());
for (let tokens = 0; ; tokens++) {
  store.recordObservation(observation('cpt-0.5', tokens));
  process.stdout.write(`${tokens}\n`);
  // Lets the line leave.
  await new Promise((done) => setImmediate(done));
}
