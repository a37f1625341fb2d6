import { messageOf } from '../common/errors.ts';
import type { Board, BoardJob, JobContext } from '../queue/types.ts';
import type { RunRecord } from '../store/types.ts';
import type { RunJob } from './job.ts';
import type { PlannedRun } from './plan.ts';
import { type RunTally, tallyOf } from './tally.ts';

export interface RunnerInputs {
  runs: readonly PlannedRun[];
  board: Board<RunJob>;
  slots: number;
  /** Trains one run to its end and stores its result. Returns the tokens it trained. */
  handle(job: BoardJob<RunJob>, context: JobContext): Promise<number>;
  recordOf(id: string): RunRecord;
  /** Called once per run whose parent can never be continued. */
  markBlocked(id: string, reason: string): void;
  /** Called when the queue has given a run up. */
  markFailed(id: string, reason: string): void;
  signal: AbortSignal;
  note(line: string): void;
}

/** Events are hints (those before the first listener are missed): the plan is also looked at this often. */
const RECONCILE_INTERVAL_MS = 5000;

/**
 * Brings every planned run to its end. The store says what is done; each pass enqueues, through a bounded window,
 * the runs whose result is missing and whose parent's checkpoint exists. So a lost queue loses nothing, and running
 * again is idempotent. Resolves when nothing is left to do, or after an abort when every handler has ended.
 */
export async function runAll(inputs: RunnerInputs): Promise<RunTally> {
  const { runs, board, slots, recordOf, signal } = inputs;
  const plannedIds = new Set(runs.map((run) => run.id));
  const finishedBefore = new Set(
    runs.filter((run) => recordOf(run.id).status === 'done').map((run) => run.id),
  );
  const gaveUp = new Set<string>();
  let trainedTokens = 0;

  // Base models first (others wait for them), then the longest runs: the last ones to end are then short ones.
  const ordered = [...runs].sort(
    (a, b) => Number(a.spec.kind === 'cpt') - Number(b.spec.kind === 'cpt') || b.flops - a.flops,
  );

  let wake: () => void = () => {};
  const processor = await board.process({
    slots,
    handle: async (job, context) => {
      // Not `+= await`: that reads the sum before waiting, and two slots would lose each other's tokens.
      const tokens = await inputs.handle(job, context);
      trainedTokens += tokens;
      wake();
    },
  });
  const unsubscribe = board.onEvent((event) => {
    if (!plannedIds.has(event.id)) return;
    if (event.type === 'failed' && event.final) {
      gaveUp.add(event.id);
      inputs.markFailed(event.id, event.reason);
    }
    if (event.type !== 'active') wake();
  });
  const onAbort = () => wake();
  signal.addEventListener('abort', onAbort);

  try {
    while (!signal.aborted) {
      const woken = new Promise<void>((done) => {
        const timer = setTimeout(done, RECONCILE_INTERVAL_MS);
        wake = () => {
          clearTimeout(timer);
          done();
        };
      });
      if (await reconcile()) break;
      await woken;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    unsubscribe();
    wake();
    await processor.close();
  }

  return tallyOf(
    runs.map((run) => recordOf(run.id)),
    finishedBefore,
    trainedTokens,
  );

  /** One look at the plan; true when nothing is left to wait for. */
  async function reconcile(): Promise<boolean> {
    const ready: BoardJob<RunJob>[] = [];
    let unfinished = 0;
    for (const run of ordered) {
      const { status } = recordOf(run.id);
      if (status === 'done' || status === 'diverged' || gaveUp.has(run.id)) continue;
      const parent = run.spec.parent === null ? null : recordOf(run.spec.parent);
      if (parent && (parent.status === 'diverged' || gaveUp.has(parent.run))) {
        gaveUp.add(run.id);
        inputs.markBlocked(run.id, `its base model ${parent.status === 'diverged' ? 'diverged' : 'failed'}`);
        continue;
      }
      unfinished++;
      if (parent && parent.status !== 'done') continue;
      ready.push({ id: run.id, payload: { spec: run.spec, parentCheckpoint: parent?.checkpoint ?? null } });
    }
    if (unfinished === 0) return true;
    try {
      const outstanding = new Set(await board.outstanding());
      const room = board.windowSize(slots) - outstanding.size;
      const fresh = ready.filter((job) => !outstanding.has(job.id)).slice(0, Math.max(0, room));
      if (fresh.length > 0 && !signal.aborted) await board.enqueue(fresh);
    } catch (error) {
      // The next pass tries again: what is true stands in the store, not in the queue.
      inputs.note(`the queue did not answer (${messageOf(error)}): trying again`);
    }
    return false;
  }
}
