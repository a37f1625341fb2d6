import type { ColumnMap, Role } from './columns.ts';
import type { CountUnits } from './units.ts';

/** One measured point, in parameters and tokens, losses in nats per token. */
export interface Measurement {
  file: string;
  /** 1-based line of the file; for Parquet the row's number. */
  line: number;
  run: string;
  seed: string | null;
  domain: string | null;
  modelSize: number;
  tokens: number;
  /** null where the file has no such column: one mixture, or none. */
  domainRatio: number | null;
  generalLoss: number | null;
  domainLoss: number | null;
  /** A loss of no named corpus (`--loss-column`, or a column called loss). */
  loss: number | null;
  standardError: { general: number | null; domain: number | null };
  weight: number | null;
  /** Further inputs of forms, by their names there: meanModelSize, uniqueTokens, learningRate, baseGeneralLoss. */
  inputs: Readonly<Record<string, number>>;
  /** Shares of many corpora in the order of `ReadOptions.shareColumns`; null where none are asked for. */
  shares: readonly number[] | null;
}

/** A row that cannot be used. */
export interface Problem {
  file: string;
  line: number;
  /** `line 3`, or `row 3` of a Parquet file. */
  place: string;
  column: string;
  reason: string;
}

export interface ReadOptions {
  map?: ColumnMap;
  /** The one column whose loss is fitted, whatever corpus it is of; columns of other losses are not looked at. */
  lossColumn?: string;
  units?: CountUnits;
  where?: string;
  /** Columns with the shares of many corpora in the mixture, which add up to 1. */
  shareColumns?: readonly string[];
}

export interface MeasurementsRead {
  measurements: Measurement[];
  /** Rows at 0 tokens: losses of base models, before CPT. */
  base: Measurement[];
  /** Rows that cannot be used, each with its reasons; none of them is in `measurements` or `base`. */
  problems: Problem[];
  notes: string[];
  leftOutByWhere: number;
  /** Which column of which file played which role. */
  recognised: { file: string; role: Role; column: string }[];
  /** All columns of all files, in the order they were met. */
  columns: string[];
}
