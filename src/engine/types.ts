import type { DataType, Tensor } from '@tensorflow/tfjs';

/** Name, shape and type of one tensor at an engine's door. */
export interface TensorSpec {
  shape: readonly number[];
  dtype: Extract<DataType, 'float32' | 'int32'>;
}

export type TensorSpecs = Record<string, TensorSpec>;
export type Tensors = Record<string, Tensor>;
export type TensorValues = Float32Array | Int32Array;
export type Arrays = Record<string, TensorValues>;

/**
 * A pure function of tfjs tensors, run many times over a state that the engine keeps (parameters, moments).
 * `compute` may be run eagerly on every call, or once on placeholders to record a graph: it must not look at
 * tensor values, and must take the same path every time.
 */
export interface StepFunction {
  /** What the caller passes on every call. */
  feeds: TensorSpecs;
  /** Names of the state entries that `compute` reads. */
  reads: readonly string[];
  /** `outputs` go to the caller; `state` replaces the state entries of the same names. */
  compute(state: Tensors, feeds: Tensors): { outputs: Tensors; state?: Tensors };
}

/** What matrix products are computed in. All else is float32 in any case, the state too. */
export type Precision = 'float32' | 'float16';

export interface SessionDefinition {
  /** Every state entry. */
  state: TensorSpecs;
  functions: Record<string, StepFunction>;
  /** float32 where it is left out. An engine or device that has no float16 refuses it. */
  precision?: Precision;
}

/** Several functions over one state. Calls are made one after the other, never at the same time. */
export interface EngineSession {
  /** Replaces the named state entries. Throws on an unknown name or a wrong length. */
  writeState(values: Arrays): Promise<void>;
  /** Copies of state entries (all of them without `names`). */
  readState(names?: readonly string[]): Promise<Arrays>;
  call(functionName: string, feeds: Arrays): Promise<Arrays>;
  /**
   * One call for each of the feeds, each on the state that the one before has left: what `call` gives in a loop, with
   * less work between the calls.
   */
  callEach(functionName: string, feeds: readonly Arrays[]): Promise<Arrays[]>;
  /** As many feeds make sense for one callEach: more are only cut into pieces, and nobody can stop in between. */
  readonly callsAtOnce: number;
  close(): Promise<void>;
  /** Lines for the log about how the session runs, e.g. what of a graph a GPU leaves to the processor. */
  notes?(): readonly string[];
}

/**
 * A definition's functions over several runs at once, each with a state of its own, by one run of the runtime: what as
 * many sessions give, to rounding. What the others do changes no bit of a run's numbers; how many they are may, on a GPU,
 * and one alone may be computed in another order. Calls are made one after the other.
 */
export interface RunsSession {
  readonly runs: number;
  /** As EngineSession's, of one run (0 … runs − 1). */
  writeState(run: number, values: Arrays): Promise<void>;
  readState(run: number): Promise<Arrays>;
  /** Calls a function for each run that has feeds; null: nothing happens to this one. Outputs in the runs' order. */
  call(functionName: string, feeds: readonly (Arrays | null)[]): Promise<(Arrays | null)[]>;
  close(): Promise<void>;
  notes?(): readonly string[];
}

export type EngineName = 'onnx' | 'tensorflow';

export interface Engine {
  readonly name: EngineName;
  /** Where the arithmetic happens, e.g. `cpu`, `webgpu`, `cuda`. */
  readonly device: string;
  /** Library and version, e.g. `onnxruntime-node 1.30.0`. */
  readonly version: string;
  open(definition: SessionDefinition): Promise<EngineSession>;
  /** Absent where an engine cannot take several runs at once. */
  openRuns?(definition: SessionDefinition, runs: number): Promise<RunsSession>;
}
