import type { PlannedRun } from './plan.ts';

/** `waiting`: for its base model. `queued`: in the queue, or on its way into the store. `ended`: done, diverged or given up. */
export type RunState = 'waiting' | 'ready' | 'queued' | 'ended';

/** Which runs may be dispatched now. Each change costs the same however long the plan is. */
export interface ProgressPlan {
  state(id: string): RunState;
  /** Not yet ended. */
  left(): number;
  queued(): readonly string[];
  /** The next run to dispatch, which becomes `queued`; base models first, then the longest. */
  take(): PlannedRun | null;
  /** A queued run that is not in the queue any more, or is wanted again. */
  putBack(id: string): void;
  /** It has its result: what waited for it becomes ready. */
  done(id: string): void;
  /** It has none and will have none. Returns the runs that waited for it, which end with it. */
  giveUp(id: string): PlannedRun[];
  /** Ended runs that are wanted after all (a retry, or a checkpoint that is gone). What builds on it waits again. */
  again(id: string): void;
}

export function progressPlan(runs: readonly PlannedRun[], isDone: (id: string) => boolean): ProgressPlan {
  // Base models first (others wait for them), then the longest runs: the last ones to end are then short ones.
  const ordered = [...runs].sort(
    (a, b) => Number(a.spec.kind === 'cpt') - Number(b.spec.kind === 'cpt') || b.flops - a.flops,
  );
  const rank = new Map(ordered.map((run, at) => [run.id, at]));
  const children = new Map<string, string[]>();
  for (const run of runs) {
    if (run.spec.parent === null) continue;
    children.set(run.spec.parent, [...(children.get(run.spec.parent) ?? []), run.id]);
  }
  const states = new Map<string, RunState>();
  const succeeded = new Set<string>();
  const queued = new Set<string>();
  /** Ranks of ready runs, in order from `next`; `back` holds those that came back before it. */
  const ready = new Set<number>();
  let next = 0;
  let left = 0;

  const setReady = (id: string) => {
    states.set(id, 'ready');
    const at = rank.get(id)!;
    ready.add(at);
    next = Math.min(next, at);
  };
  const parentIsDone = (run: PlannedRun) => run.spec.parent === null || succeeded.has(run.spec.parent);
  for (const run of runs) if (isDone(run.id)) succeeded.add(run.id);
  for (const run of ordered) {
    if (succeeded.has(run.id)) states.set(run.id, 'ended');
    else {
      left++;
      if (parentIsDone(run)) setReady(run.id);
      else states.set(run.id, 'waiting');
    }
  }
  const runOf = (id: string) => ordered[rank.get(id)!]!;
  const leave = (id: string) => {
    ready.delete(rank.get(id)!);
    queued.delete(id);
  };
  const end = (id: string) => {
    if (states.get(id) !== 'ended') left--;
    leave(id);
    states.set(id, 'ended');
  };

  return {
    state: (id) => states.get(id) ?? 'ended',
    left: () => left,
    queued: () => [...queued],
    take: () => {
      for (; next < ordered.length; next++) {
        if (!ready.delete(next)) continue;
        const run = ordered[next]!;
        states.set(run.id, 'queued');
        queued.add(run.id);
        next++;
        return run;
      }
      return null;
    },
    putBack: (id) => {
      if (states.get(id) !== 'queued') return;
      queued.delete(id);
      if (parentIsDone(runOf(id))) setReady(id);
      else states.set(id, 'waiting');
    },
    done: (id) => {
      end(id);
      succeeded.add(id);
      for (const child of children.get(id) ?? []) if (states.get(child) === 'waiting') setReady(child);
    },
    giveUp: (id) => {
      end(id);
      const lost: PlannedRun[] = [];
      for (const child of children.get(id) ?? []) {
        if (states.get(child) === 'ended') continue;
        end(child);
        lost.push(runOf(child));
      }
      return lost;
    },
    again: (id) => {
      if (!rank.has(id)) return;
      if (states.get(id) === 'ended') left++;
      leave(id);
      succeeded.delete(id);
      for (const child of children.get(id) ?? []) {
        if (states.get(child) === 'ended') continue;
        leave(child);
        states.set(child, 'waiting');
      }
      if (parentIsDone(runOf(id))) setReady(id);
      else states.set(id, 'waiting');
    },
  };
}
