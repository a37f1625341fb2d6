import type { ObjectiveKind } from '../types.ts';

export interface FitOptions {
  objective: ObjectiveKind;
  /** Huber threshold on log loss. */
  delta: number;
  /** Shapes that the global search begins from; each is polished, the better ones to the end. */
  starts: number;
  /** A polished end counts as settled when its steps improve the objective by less than this share. */
  settledBelow: number;
  /** Steps that the last few ends get at most. */
  lastIterations: number;
}
