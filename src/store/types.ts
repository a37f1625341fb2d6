/** How a run stands. `diverged` is a result; only `failed` asks for another try. */
export type RunStatus = 'planned' | 'running' | 'done' | 'diverged' | 'failed';

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
  /** Wall seconds by phase over all attempts; null until done. */
  seconds: { setup: number; training: number; evaluation: number; checkpoint: number } | null;
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

/** An observation beside the sweep's names for its run: the tidy row of tables and fits. */
export type SweepObservation = ObservationRecord & SweepRunRecord;
