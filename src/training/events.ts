/** One validation loss, measured over a whole fixed validation set. */
export interface ValidationLoss {
  /** Mean negative log-likelihood, nats per token. */
  loss: number;
  /** Standard error of `loss` over the validation sequences, nats per token. */
  standardError: number;
  bitsPerByte: number;
  tokens: number;
}

/** Seconds of a run spent in each phase. */
export interface PhaseSeconds {
  setup: number;
  training: number;
  evaluation: number;
  checkpoint: number;
}

/** What training tells its caller, who decides on logging, progress, storing and stopping. */
export type TrainingEvent =
  | { type: 'started'; tokens: number; resumed: boolean }
  | {
      type: 'progress';
      tokens: number;
      loss: number;
      gradientNorm: number;
      learningRate: number;
      tokensPerSecond: number;
    }
  | { type: 'evaluated'; tokens: number; losses: { general: ValidationLoss; domain: ValidationLoss | null } }
  | { type: 'checkpointed'; tokens: number }
  | { type: 'diverged'; tokens: number; reason: string }
  | {
      type: 'finished';
      tokens: number;
      /** Tokens trained by this process: less than `tokens` when the run was resumed. */
      trainedTokens: number;
      epochs: { general: number; domain: number | null };
      seconds: PhaseSeconds;
    };
