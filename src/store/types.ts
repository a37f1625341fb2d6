/** How a run stands. `diverged` is a result; only `failed` asks for another try. */
export type RunStatus = 'planned' | 'running' | 'done' | 'diverged' | 'failed';

export interface RunSeconds {
  setup: number;
  training: number;
  evaluation: number;
  checkpoint: number;
}

export interface RunRecord {
  run: string;
  kind: 'base' | 'cpt';
  parent: string | null;
  /** The run's full spec (JSON); `run` is its canonical hash. */
  spec: unknown;
  status: RunStatus;
  /** Why it failed or diverged. */
  reason: string | null;
  /** Training tokens measured so far. */
  tokens: number;
  /** SHA-256 of the final checkpoint's artifact, where one is kept. */
  checkpoint: string | null;
  /** Passes over each corpus; null until done. */
  generalEpochs: number | null;
  domainEpochs: number | null;
  /** Wall seconds by phase over all attempts that reported them; null before the first. */
  seconds: RunSeconds | null;
  /** Engine, device, library versions, host's processor: where it was trained; null until started. */
  environment: Record<string, string> | null;
}

/** One row of `observations.csv`, measured once per run and token count. */
export interface ObservationRecord {
  run: string;
  tokens: number;
  generalLoss: number;
  generalStandardError: number;
  generalBitsPerByte: number;
  /** null in base runs. */
  domainLoss: number | null;
  domainStandardError: number | null;
  domainBitsPerByte: number | null;
}

/** What one sweep calls one of its runs. The same run may stand in several sweeps. */
export interface SweepRunRecord {
  run: string;
  kind: 'base' | 'cpt';
  /** null in base runs. */
  domain: string | null;
  domainRatio: number;
  seed: number;
  /** Non-embedding and total parameters. */
  modelSize: number;
  totalParameters: number;
  /** A short name for people, e.g. `d48 math r=0.33 s1`. */
  label: string;
}

export interface SweepRecord {
  sweep: string;
  name: string;
  /** The resolved config (JSON). */
  config: unknown;
  /** ISO 8601, UTC. */
  createdAt: string;
}

/** One kept fit of a subject's laws. */
export interface LawVersionRecord {
  /** What the laws are of, e.g. `math/law`: sweep and domain. */
  subject: string;
  /** 1, 2, … per subject. */
  version: number;
  /** SHA-256 of the rows and options that went into the fit. */
  inputs: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** Whatever the writer keeps (JSON): the fits with their parameters, intervals and resampled fits. */
  content: unknown;
}

/** An observation beside the sweep's names for its run: the tidy row of tables and fits. */
export type SweepObservation = ObservationRecord & SweepRunRecord;

/** A run as it is planned; everything else about it is learned later. */
export type NewRun = Pick<RunRecord, 'run' | 'kind' | 'parent' | 'spec'>;

/** What stands about sweeps, their runs and what was measured: one SQLite file, one writer, any readers. */
export interface ResultsStore {
  readonly path: string;
  /** Adds the sweep or replaces its name and config; the first `createdAt` is kept. */
  saveSweep(sweep: SweepRecord): void;
  sweep(id: string): SweepRecord | null;
  /** Oldest first. */
  sweeps(): SweepRecord[];
  /**
   * The sweep's whole plan, in order, in one transaction. Repeatable: a run that is known keeps its status and its
   * observations, and a run that the plan no longer has leaves the sweep, not the store.
   * Throws when a run's id is known with another spec, or stands in the plan twice.
   */
  planRuns(sweep: string, plan: readonly { run: NewRun; label: SweepRunRecord }[]): void;
  run(id: string): RunRecord | null;
  runStatus(id: string): RunStatus | null;
  /** In the plan's order. */
  runs(sweep: string): (RunRecord & SweepRunRecord)[];
  /** False, and nothing changes, when the run already has its result. */
  setRunning(id: string, environment: Record<string, string>): boolean;
  /** Where it was trained; of a run that has its result too. */
  setEnvironment(id: string, environment: Record<string, string>): void;
  /** Training tokens so far; a lower number than the stored one changes nothing. */
  setProgress(id: string, tokens: number): void;
  /**
   * Stores a measurement. The same row again changes nothing; other numbers for the same run and tokens throw a
   * ContradictionError. Throws a RangeError on a loss that is not finite.
   */
  recordObservation(row: ObservationRecord): void;
  /** Several in one transaction: all or none. */
  recordObservations(rows: readonly ObservationRecord[]): void;
  /** Base runs first, then by domain, model size, domain ratio, seed, tokens. */
  observations(sweep: string): SweepObservation[];
  /** By tokens. */
  runObservations(run: string): ObservationRecord[];
  /** The run has its result. `seconds` are this attempt's. A second call changes nothing. */
  finishRun(
    id: string,
    end: {
      checkpoint: string | null;
      epochs: { general: number; domain: number | null };
      seconds: RunSeconds;
    },
  ): void;
  divergeRun(id: string, reason: string, tokens: number): void;
  /** A run that already has its result keeps it. */
  failRun(id: string, reason: string): void;
  /** Back to planned, e.g. because its checkpoint is gone. Observations may stay: training again confirms them. */
  resetRun(id: string, options: { forgetObservations: boolean }): void;
  /**
   * Keeps a fit as the subject's next version; the same inputs again change nothing and give back the version that they
   * have.
   */
  saveLawVersion(law: Omit<LawVersionRecord, 'version'>): { version: number; isNew: boolean };
  /** What there are laws of, in order. */
  lawSubjects(): string[];
  /** Oldest first. */
  lawVersions(subject: string): LawVersionRecord[];
  lawVersion(subject: string, version: number): LawVersionRecord | null;
  close(): void;
}
