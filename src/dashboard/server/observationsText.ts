import { setImmediate } from 'node:timers/promises';
import { observationsCsv } from '../../store/observationsCsv.ts';
import type { SweepObservation } from '../../store/types.ts';
import type { State } from './state.ts';

/** Runs whose rows are written at once: other requests are answered in between. */
const RUNS_AT_ONCE = 50;

/** `observations.csv` of a sweep, as `npm run report` writes it, a piece at a time. */
export function observationsText(state: State, sweep: string): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const pieces = csvPieces(state, sweep);
  return new ReadableStream({
    pull: async (controller) => {
      const { value, done } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
  });
}

async function* csvPieces(state: State, sweep: string): AsyncGenerator<string> {
  const runs = state.mirror.queries()!.csvOrder(sweep);
  yield observationsCsv(sweep, []);
  for (let at = 0; at < runs.length; at += RUNS_AT_ONCE) {
    const queries = state.mirror.queries();
    // The store was replaced meanwhile: half a table is none.
    if (!queries) throw new Error('the results store was replaced');
    const rows: SweepObservation[] = runs
      .slice(at, at + RUNS_AT_ONCE)
      .flatMap((run) => queries.wholeObservations(run.run).map((row) => ({ ...run, ...row })));
    const text = observationsCsv(sweep, rows);
    yield text.slice(text.indexOf('\n') + 1);
    await setImmediate();
  }
}
