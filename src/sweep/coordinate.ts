import { setTimeout as delay } from 'node:timers/promises';
import { InterruptedError, messageOf, UserError } from '../common/errors.ts';
import type { SweepOrders } from '../queue/orders.ts';
import type { Board, BoardEvent, BoardJob, OutstandingJob } from '../queue/types.ts';
import type { RunResultRecord } from '../training/runResult.ts';
import type { RunJob } from '../worker/job.ts';
import { parseRunNews, type RunNews } from '../worker/news.ts';
import { lostArtifact } from '../worker/trainRun.ts';
import type { Placement } from './placement.ts';
import type { PlannedRun } from './plan.ts';
import { type ProgressPlan, progressPlan } from './progressPlan.ts';

/** How the coordinator ends: everything that can be has been brought to its end. */
export interface CoordinateInputs {
  runs: readonly PlannedRun[];
  board: Board<RunJob>;
  isDone(id: string): boolean;
  isDiverged(id: string): boolean;
  /** What travels with a run; its parent, if it has one, is done. */
  jobOf(run: PlannedRun): RunJob;
  /** Where runs go now, from the workers that are alive. */
  placement(): Promise<Placement>;
  orders(): Promise<SweepOrders>;
  /** Called at every look at the plan, e.g. to say how the sweep stands. */
  announce(state: { queued: number; active: number; problems: readonly string[]; paused: boolean }): void;
  /** Gives back what workers hold that are gone. */
  reclaim(): Promise<void>;
  /** The news of a run, for the store and the display. */
  onNews(run: PlannedRun, news: RunNews): void;
  /** A result that the home holds for a run; null when there is none. `hash` where it is known already. */
  findResult(id: string, hash: string | null): Promise<RunResultRecord | null>;
  /** Writes a result into the store. */
  keep(run: PlannedRun, result: RunResultRecord): void;
  /** The queue, or the loss of a parent, has given a run up. */
  markFailed(run: PlannedRun, reason: string): void;
  markBlocked(run: PlannedRun, reason: string): void;
  /**
   * An artifact that a run needs is gone or damaged. Makes it whole again, or names the run that must be trained again
   * for it; null when neither can be done.
   */
  restore(run: PlannedRun, hash: string): Promise<'restored' | { trainAgain: string } | null>;
  signal: AbortSignal;
  note(line: string): void;
}

/** Events are hints (those before the first listener are missed): the plan is also looked at this often. */
const LOOK_INTERVAL_MS = 5000;
/** After an event others often follow: they are answered together. */
const GATHER_MS = 20;
/** A run that has left the queue without news is looked for in the home this long after. */
const MISSING_MS = 2000;
const DIVERGED = 'its base model diverged';
/** Times that a lost artifact is made anew for one run. */
const MOST_RESTORES = 3;

/**
 * Brings every planned run to its end. The store says what is done; a bounded window of the others stands in the queue.
 * So a lost queue loses nothing, and running again, or twice at once, is harmless. Resolves with the tokens that were
 * trained meanwhile, when nothing is left or after an abort. Throws an InterruptedError when an operator has cancelled
 * the sweep.
 */
export async function coordinate(inputs: CoordinateInputs): Promise<number> {
  const { board, signal, note } = inputs;
  const byId = new Map(inputs.runs.map((run) => [run.id, run]));
  const plan: ProgressPlan = progressPlan(inputs.runs, inputs.isDone);
  const importing = new Map<string, Promise<void>>();
  const missingSince = new Map<string, number>();
  const restores = new Map<string, number>();
  const failed = new Set<string>();
  let trainedTokens = 0;
  let before: SweepOrders | null = null;
  let wake: () => void = () => {};
  let said = '';

  const takeIn = (id: string, hash: string | null): Promise<void> => {
    const known = importing.get(id);
    if (known) return known;
    const work = importResult(id, hash)
      .catch((error) => note(`the result of ${labelOf(id)} could not be taken in: ${messageOf(error)}`))
      .finally(() => {
        importing.delete(id);
        wake();
      });
    importing.set(id, work);
    return work;
  };
  const labelOf = (id: string) => byId.get(id)?.label.label ?? id;

  async function importResult(id: string, hash: string | null): Promise<void> {
    const run = byId.get(id)!;
    const result = await inputs.findResult(id, hash);
    if (plan.state(id) === 'ended') return;
    if (!result) {
      plan.putBack(id);
      return;
    }
    try {
      inputs.keep(run, result);
    } catch (error) {
      // A disk that is full is no fault of the run's: it is taken in later.
      if (!(error instanceof UserError)) throw error;
      failed.add(id);
      inputs.markFailed(run, error.message);
      block(plan.giveUp(id), 'its base model failed');
      return;
    }
    trainedTokens += result.trainedTokens;
    if (result.status === 'diverged') {
      block(plan.giveUp(id), DIVERGED);
    } else plan.done(id);
  }

  const block = (lost: readonly PlannedRun[], why: string) => {
    for (const child of lost) {
      // A divergence is a result: trying again would give it again.
      if (why !== DIVERGED) failed.add(child.id);
      inputs.markBlocked(child, why);
    }
  };
  for (const { id } of inputs.runs) if (inputs.isDiverged(id)) block(plan.giveUp(id), DIVERGED);

  const onFailed = async (run: PlannedRun, reason: string): Promise<void> => {
    const hash = lostArtifact(reason);
    const times = (restores.get(run.id) ?? 0) + 1;
    if (hash && times <= MOST_RESTORES) {
      restores.set(run.id, times);
      const mended = await inputs.restore(run, hash);
      if (mended) {
        plan.putBack(run.id);
        if (mended !== 'restored') {
          note(`${labelOf(mended.trainAgain)} is trained again: ${reason}`);
          plan.again(mended.trainAgain);
        }
        return;
      }
    }
    failed.add(run.id);
    inputs.markFailed(run, reason);
    block(plan.giveUp(run.id), 'its base model failed');
  };

  const onEvent = (event: BoardEvent): void => {
    if (event.type === 'orders') {
      wake();
      return;
    }
    const run = byId.get(event.id);
    if (!run || plan.state(event.id) === 'ended') return;
    if (event.type === 'told') {
      const news = parseRunNews(event.message);
      if (news) inputs.onNews(run, news);
    } else if (event.type === 'completed') {
      void takeIn(event.id, hashOf(event.result));
    } else if (event.type === 'failed' && event.final) {
      void onFailed(run, event.reason)
        .catch((error) => note(`${labelOf(event.id)}: ${messageOf(error)}`))
        .finally(() => wake());
    }
  };

  const unsubscribe = board.onEvent(onEvent);
  const onAbort = () => wake();
  signal.addEventListener('abort', onAbort);
  try {
    while (!signal.aborted) {
      const woken = new Promise<void>((done) => {
        const timer = setTimeout(done, LOOK_INTERVAL_MS);
        wake = () => {
          clearTimeout(timer);
          done();
        };
      });
      await look().catch((error) => {
        if (error instanceof InterruptedError) throw error;
        // The next look tries again: what is true stands in the store, not in the queue.
        note(`the queue did not answer (${messageOf(error)}): trying again`);
      });
      if (plan.left() === 0) break;
      await woken;
      await delay(GATHER_MS);
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    unsubscribe();
    await Promise.allSettled(importing.values());
  }
  return trainedTokens;

  /** One look at queue and plan. */
  async function look(): Promise<void> {
    const orders = await inputs.orders();
    await obey(orders);
    const placement = await inputs.placement();
    await inputs.reclaim();
    const outstanding = await board.outstanding();
    const present = new Map(outstanding.map((job) => [job.id, job]));
    findMissing(present);

    const problems = new Set<string>();
    if (placement.nobody) problems.add(placement.nobody);
    await moveMisplaced(outstanding, placement);
    const mine = outstanding.filter((job) => byId.has(job.id));
    const waiting = mine.filter((job) => !job.active);
    if (orders.paused) {
      await board.withdraw(waiting);
      for (const { id } of waiting) plan.putBack(id);
    } else await fill(board.windowSize(placement.slots) - mine.length, placement, orders, problems);

    tellOnce([...problems]);
    inputs.announce({
      queued: waiting.length,
      active: mine.length - waiting.length,
      problems: [...problems],
      paused: orders.paused,
    });
  }

  /** Runs that should be in the queue and are not: their end was missed, or the queue was lost. */
  function findMissing(present: ReadonlyMap<string, OutstandingJob>): void {
    const now = performance.now();
    for (const id of plan.queued()) {
      if (present.has(id) || importing.has(id)) missingSince.delete(id);
      else {
        const since = missingSince.get(id) ?? now;
        missingSince.set(id, since);
        if (now - since < MISSING_MS) continue;
        missingSince.delete(id);
        void takeIn(id, null);
      }
    }
    if (missingSince.size > 0) setTimeout(() => wake(), MISSING_MS).unref();
  }

  /** Waiting jobs whose class has nobody left, while another has. */
  async function moveMisplaced(outstanding: OutstandingJob[], placement: Placement): Promise<void> {
    if (placement.slots === 0) return;
    const misplaced = outstanding.filter((job) => {
      const run = byId.get(job.id);
      if (!run || job.active || plan.state(job.id) !== 'queued') return false;
      const wanted = placement.classOf(inputs.jobOf(run).memoryBytes);
      return wanted !== null && wanted !== job.deviceClass;
    });
    if (misplaced.length === 0) return;
    await board.withdraw(misplaced);
    for (const { id } of misplaced) plan.putBack(id);
  }

  async function fill(
    room: number,
    placement: Placement,
    orders: SweepOrders,
    problems: Set<string>,
  ): Promise<void> {
    const jobs: BoardJob<RunJob>[] = [];
    const unplaced: string[] = [];
    while (jobs.length < room && !signal.aborted) {
      const run = plan.take();
      if (!run) break;
      const payload = inputs.jobOf(run);
      const deviceClass = placement.classOf(payload.memoryBytes);
      if (deviceClass === null) {
        problems.add(placement.problemFor(run.label.label, payload.memoryBytes));
        unplaced.push(run.id);
        continue;
      }
      jobs.push({
        id: run.id,
        payload,
        deviceClass,
        ...(orders.priority > 0 && { priority: orders.priority }),
      });
    }
    for (const id of unplaced) plan.putBack(id);
    if (jobs.length === 0) return;
    try {
      await board.enqueue(jobs);
    } catch (error) {
      for (const { id } of jobs) plan.putBack(id);
      throw error;
    }
  }

  /** What operators have asked for since the last look. */
  async function obey(orders: SweepOrders): Promise<void> {
    const last: SweepOrders = before ?? orders;
    before = orders;
    if (orders.paused !== last.paused || (last === orders && orders.paused)) {
      note(orders.paused ? 'paused: no further run is started' : 'resumed');
    }
    if (orders.cancels > last.cancels) {
      const mine = (await board.outstanding()).filter((job) => byId.has(job.id));
      await Promise.all(mine.map((job) => board.cancel(job.id)));
      throw new InterruptedError('an order to cancel the sweep');
    }
    if (orders.retries > last.retries) {
      const again = [...failed];
      failed.clear();
      // Base models first: what builds on one is ready only after it.
      for (const id of again) plan.again(id);
      note(`${again.length} failed runs are tried again`);
    }
    if (orders.priority !== last.priority) {
      const waiting = (await board.outstanding()).filter((job) => !job.active && byId.has(job.id));
      await board.withdraw(waiting);
      for (const { id } of waiting) plan.putBack(id);
    }
  }

  function tellOnce(problems: readonly string[]): void {
    const now = problems.slice(0, 3).join('\n');
    if (now === said) return;
    said = now;
    for (const line of problems.slice(0, 3)) note(line);
  }
}

/** The record's hash in what a worker returned; it is looked for where it is not one. */
function hashOf(result: unknown): string | null {
  const hash = (result as { result?: unknown } | null)?.result;
  return typeof hash === 'string' && /^[0-9a-f]{64}$/.test(hash) ? hash : null;
}
