/** How a run ended. `stopped`: on purpose, with a checkpoint; it will go on in a later sweep. */
export type RunEnd = 'done' | 'diverged' | 'failed' | 'stopped';

export interface SweepTotals {
  /** Training tokens of all runs of the sweep, and of those that were already done. */
  totalTokens: number;
  doneTokens: number;
  runs: number;
  doneRuns?: number;
  /** When both are given, percent and time left weigh runs by their arithmetic rather than by their tokens. */
  totalFlops?: number;
  doneFlops?: number;
}

export interface ActiveRun {
  label: string;
  tokens: number;
  totalTokens: number;
  /** Work of one token: its FLOPs, or 1. */
  workPerToken: number;
  loss: number | null;
  tokensPerSecond: number | null;
  generalLoss: number | null;
  domainLoss: number | null;
  startedMs: number;
}

export interface Overall {
  share: number;
  endedRuns: number;
  runs: number;
  tokens: number;
  totalTokens: number;
  /** Of all trainers together. */
  tokensPerSecond: number;
  /** null until there is a rate to tell it from. */
  secondsLeft: number | null;
}

/** The rate is measured over at least this long: runs of several sizes and their set-up average out. */
const RATE_WINDOW_MS = 120_000;
/** Below this there is no rate worth telling. */
const LEAST_RATE_MS = 3000;

/** What a sweep has done so far, told event by event; knows no terminal. Times in milliseconds of one clock. */
export interface ProgressState {
  readonly active: ReadonlyMap<number, ActiveRun>;
  started(
    slot: number,
    label: string,
    totalTokens: number,
    from: { doneTokens: number; flops?: number },
    nowMs: number,
  ): void;
  progressed(slot: number, tokens: number, loss: number, tokensPerSecond: number, nowMs: number): void;
  evaluated(slot: number, losses: { generalLoss: number; domainLoss: number | null }): void;
  /** Returns the run, as it stood, or undefined when the slot was idle. */
  ended(slot: number, end: RunEnd): ActiveRun | undefined;
  overall(nowMs: number): Overall;
}

export function createProgressState(totals: SweepTotals, nowMs: number): ProgressState {
  const weighed = totals.totalFlops !== undefined && totals.doneFlops !== undefined;
  const totalWork = weighed ? totals.totalFlops! : totals.totalTokens;
  const active = new Map<number, ActiveRun>();
  let endedTokens = totals.doneTokens;
  let endedWork = weighed ? totals.doneFlops! : totals.doneTokens;
  let endedRuns = totals.doneRuns ?? 0;
  /** Counted as ended though it may be tried again: taken back when it is. */
  const failed = new Map<string, { tokens: number; work: number }>();
  /** Work done under this clock: what earlier sweeps did says nothing about the rate. */
  let earnedWork = 0;
  const samples: { ms: number; work: number }[] = [{ ms: nowMs, work: 0 }];

  const remember = (ms: number): void => {
    if (ms - samples.at(-1)!.ms < 500) return;
    samples.push({ ms, work: earnedWork });
    while (samples.length > 2 && ms - samples[1]!.ms >= RATE_WINDOW_MS) samples.shift();
  };

  return {
    active,
    started(slot, label, totalTokens, { doneTokens, flops }, ms) {
      const earlier = failed.get(label);
      if (earlier) {
        failed.delete(label);
        endedRuns--;
        endedTokens -= earlier.tokens;
        endedWork -= earlier.work;
      }
      active.set(slot, {
        label,
        tokens: doneTokens,
        totalTokens,
        workPerToken: weighed && flops !== undefined ? flops / totalTokens : 1,
        loss: null,
        tokensPerSecond: null,
        generalLoss: null,
        domainLoss: null,
        startedMs: ms,
      });
    },
    progressed(slot, tokens, loss, tokensPerSecond, ms) {
      const run = active.get(slot);
      if (!run) return;
      earnedWork += Math.max(0, tokens - run.tokens) * run.workPerToken;
      Object.assign(run, { tokens, loss, tokensPerSecond });
      remember(ms);
    },
    evaluated(slot, losses) {
      const run = active.get(slot);
      if (run) Object.assign(run, losses);
    },
    ended(slot, end) {
      const run = active.get(slot);
      if (!run) return undefined;
      active.delete(slot);
      if (end === 'stopped') {
        endedTokens += run.tokens;
        endedWork += run.tokens * run.workPerToken;
        return run;
      }
      // A run that ended early has no work left either.
      const whole = { tokens: run.totalTokens, work: run.totalTokens * run.workPerToken };
      if (end === 'done') earnedWork += Math.max(0, run.totalTokens - run.tokens) * run.workPerToken;
      if (end === 'failed') failed.set(run.label, whole);
      endedRuns++;
      endedTokens += whole.tokens;
      endedWork += whole.work;
      return run;
    },
    overall(ms) {
      let tokens = endedTokens;
      let work = endedWork;
      let tokensPerSecond = 0;
      for (const run of active.values()) {
        tokens += run.tokens;
        work += run.tokens * run.workPerToken;
        tokensPerSecond += run.tokensPerSecond ?? 0;
      }
      const since = samples[0]!;
      const elapsedMs = ms - since.ms;
      const rate = elapsedMs >= LEAST_RATE_MS ? ((earnedWork - since.work) / elapsedMs) * 1000 : 0;
      return {
        share: totalWork > 0 ? work / totalWork : 1,
        endedRuns,
        runs: totals.runs,
        tokens,
        totalTokens: totals.totalTokens,
        tokensPerSecond,
        secondsLeft: work >= totalWork ? 0 : rate > 0 ? (totalWork - work) / rate : null,
      };
    },
  };
}
