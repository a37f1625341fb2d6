import { existsSync, statSync } from 'node:fs';
import { flopsPerToken } from '../../model/family.ts';
import type { ModelSpec } from '../../model/types.ts';
import type { RunRow } from '../api/sweeps.ts';
import { type ObservationRow, openQueries, type PlannedRow, type Queries, type SweepRow } from './queries.ts';

export interface MirroredRun {
  run: string;
  kind: 'base' | 'cpt';
  parent: string | null;
  status: RunRow['status'];
  reason: string | null;
  tokens: number;
  totalTokens: number;
  flopsPerToken: number;
  trainerSeconds: number;
  /** The last that was measured; null before the first. */
  last: { tokens: number; generalLoss: number; domainLoss: number | null } | null;
}

export interface MirroredSweep extends SweepRow {
  plan: PlannedRow[];
}

export interface Changes {
  /** Everything was read anew: the store is new, was replaced, or has forgotten something. */
  everything: boolean;
  /** Sweeps or their plans. */
  sweeps: boolean;
  /** Ids of runs whose status, tokens or losses changed. */
  runs: Set<string>;
  observations: ObservationRow[];
  /** Versions of laws. */
  versions: boolean;
}

/** What rarely changes is looked at no more often than this. */
const SLOW_LOOK_MS = 2000;

/** What the pages need of the results store, kept in memory and brought up to date by what has changed. */
export interface Mirror {
  readonly sweeps: ReadonlyMap<string, MirroredSweep>;
  readonly runs: ReadonlyMap<string, MirroredRun>;
  /** null while there is no store. */
  queries(): Queries | null;
  /** Reads what has changed; null when nothing has. Throws a UserError when the store cannot be read. */
  refresh(nowMs: number): Changes | null;
  row(planned: PlannedRow): RunRow;
  close(): void;
}

export function openMirror(path: string): Mirror {
  let queries: Queries | null = null;
  let inode = 0;
  let version = -1;
  let lastId = 0;
  let observations = 0;
  let versions = 0;
  let planText = '';
  let statusCounts = '';
  let lookedMs = Number.NEGATIVE_INFINITY;
  let sweeps = new Map<string, MirroredSweep>();
  let runs = new Map<string, MirroredRun>();
  const flopsOf = new Map<string, number>();

  const flops = (model: string): number => {
    let known = flopsOf.get(model);
    if (known === undefined) {
      known = flopsPerToken(JSON.parse(model) as ModelSpec);
      flopsOf.set(model, known);
    }
    return known;
  };

  const readPlan = (from: Queries): boolean => {
    const rows = from.sweeps();
    const plan = from.plan();
    const text = JSON.stringify([rows, plan.map(({ sweep, run }) => `${sweep} ${run}`)]);
    if (text === planText) return false;
    planText = text;
    sweeps = new Map(rows.map((row) => [row.sweep, { ...row, plan: [] }]));
    for (const row of plan) sweeps.get(row.sweep)?.plan.push(row);
    for (const { run, kind, parent, totalTokens, model } of from.runFacts()) {
      if (runs.has(run)) continue;
      const flopsPerToken = flops(model);
      runs.set(run, {
        ...{ run, kind, parent, totalTokens, flopsPerToken },
        ...{ status: 'planned', reason: null, tokens: 0, trainerSeconds: 0, last: null },
      });
    }
    return true;
  };

  /** Of thousands of runs few train: the others are read when one has begun or ended, and when `isSlow`. */
  const readProgress = (from: Queries, isSlow: boolean): Set<string> => {
    const changed = new Set<string>();
    const counts = from.statusCounts();
    const isSame = counts === statusCounts && !isSlow;
    statusCounts = counts;
    for (const { run, status, tokens } of isSame ? from.runningProgress() : from.runProgress()) {
      const known = runs.get(run);
      if (!known || (known.status === status && known.tokens === tokens)) continue;
      changed.add(run);
      if (known.status !== status) {
        const end = from.runEnd(run);
        known.reason = end?.reason ?? null;
        known.trainerSeconds = end?.trainerSeconds ?? 0;
      }
      Object.assign(known, { status, tokens });
    }
    return changed;
  };

  const keepLast = ({ run, tokens, generalLoss, domainLoss }: ObservationRow): void => {
    const known = runs.get(run);
    if (known && (known.last === null || known.last.tokens <= tokens)) {
      known.last = { tokens, generalLoss, domainLoss };
    }
  };

  const readAll = (from: Queries): Changes => {
    runs = new Map();
    planText = '';
    readPlan(from);
    readProgress(from, true);
    for (const row of from.lastObservations()) keepLast(row);
    lastId = from.lastObservationId();
    observations = from.observationCount();
    versions = from.versionCount();
    return { everything: true, sweeps: true, runs: new Set(runs.keys()), observations: [], versions: true };
  };

  const readChanges = (from: Queries, isSlow: boolean): Changes | null => {
    const added = from.observationsSince(lastId);
    // A run that was reset has forgotten what it measured.
    if (isSlow && from.observationCount() !== observations + added.length) return readAll(from);
    const sweepsChanged = isSlow && readPlan(from);
    const changed = readProgress(from, isSlow);
    for (const row of added) {
      keepLast(row);
      changed.add(row.run);
    }
    lastId = added.at(-1)?.id ?? lastId;
    observations += added.length;
    const kept = isSlow ? from.versionCount() : versions;
    const versionsChanged = kept !== versions;
    versions = kept;
    if (!sweepsChanged && changed.size === 0 && added.length === 0 && !versionsChanged) return null;
    return {
      everything: false,
      sweeps: sweepsChanged,
      runs: changed,
      observations: added.map(({ id: _, ...row }) => row),
      versions: versionsChanged,
    };
  };

  return {
    get sweeps() {
      return sweeps;
    },
    get runs() {
      return runs;
    },
    queries: () => queries,
    refresh: (nowMs) => {
      const isNew = !queries;
      if (nowMs - lookedMs >= SLOW_LOOK_MS || isNew) {
        // A store that is rebuilt is another file under the same name.
        const found = existsSync(path) ? statSync(path).ino : 0;
        if (queries && found !== inode) {
          queries.close();
          queries = null;
          if (found === 0) {
            sweeps = new Map();
            runs = new Map();
            return { everything: true, sweeps: true, runs: new Set(), observations: [], versions: true };
          }
        }
        inode = found;
        if (found === 0) return null;
      }
      if (!queries) {
        queries = openQueries(path);
        version = queries.dataVersion();
        lookedMs = nowMs;
        return queries.snapshot(() => readAll(queries!));
      }
      const now = queries.dataVersion();
      const isSlow = nowMs - lookedMs >= SLOW_LOOK_MS;
      if (isSlow) lookedMs = nowMs;
      if (now === version && !isSlow) return null;
      version = now;
      return queries.snapshot(() => readChanges(queries!, isSlow));
    },
    row: ({ run, domain, domainRatio, seed, modelSize, label }) => {
      const known = runs.get(run)!;
      return {
        ...{ run, label, kind: known.kind, domain, domainRatio, seed, modelSize },
        status: known.status,
        tokens: known.tokens,
        totalTokens: known.totalTokens,
        generalLoss: known.last?.generalLoss ?? null,
        domainLoss: known.last?.domainLoss ?? null,
        reason: known.reason,
      };
    },
    close: () => queries?.close(),
  };
}
