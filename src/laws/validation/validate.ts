import { huber } from '../fitting/objective.ts';
import type { FitStatus, LawObservation } from '../types.ts';
import { type Fold, makeFolds, type Protocol } from './folds.ts';
import type { Learned, Predictor } from './predictors.ts';

/** How well held-out rows were predicted. */
export interface HeldOutQuality {
  r2: number;
  mae: number;
  meanRelativeError: number;
  /** Sum and mean of Huber(delta) on log loss. The sum grows with the rows; it is not comparable between data sets. */
  huberSum: number;
  huberMean: number;
  rows: number;
  folds: number;
}

export interface ProtocolResult {
  all: HeldOutQuality;
  interpolation: HeldOutQuality | null;
  extrapolation: HeldOutQuality | null;
  /** Mean relative error of each fold, in the order of makeFolds. */
  foldErrors: number[];
}

export interface FormValidation {
  name: string;
  kind: Predictor['kind'];
  parameters: number | null;
  /** Fitted to all rows. */
  inSample: HeldOutQuality;
  /** Of the fit to all rows; null for baselines. */
  status: FitStatus | null;
  /** Corrected Akaike criterion of the in-sample fit on log loss; null for baselines. Lower is better; checkpoints of one run are not independent, so it favours large forms. */
  aicc: number | null;
  heldOut: Partial<Record<Protocol, ProtocolResult>>;
  /** Every held-out row of every protocol. */
  overall: HeldOutQuality;
  /** Rows that it has no value for. */
  uncovered: number;
  seconds: number;
}

export interface ValidationOptions {
  delta: number;
  onForm?: (name: string, index: number, count: number) => void;
}

/**
 * Fits every predictor to every fold and predicts what was held out. A predictor's `learn` is given the fold's own rows
 * and nothing else; what it starts from does not depend on the others.
 */
export function validate(
  predictors: readonly Predictor[],
  rows: readonly LawObservation[],
  { delta, onForm }: ValidationOptions,
): FormValidation[] {
  const folds = makeFolds(rows);
  return predictors.map((predictor, index) => {
    onForm?.(predictor.name, index, predictors.length);
    const beganMs = performance.now();
    const covered = rows.filter(predictor.covers);
    const learned = predictor.learn(covered);
    const inSample = pairs(learned, covered);
    const results = folds.map((fold) => ({
      fold,
      pairs: predictAll(predictor, fold.fit.filter(predictor.covers), fold.heldOut.filter(predictor.covers)),
    }));
    const heldOut: Partial<Record<Protocol, ProtocolResult>> = {};
    for (const protocol of new Set(folds.map((fold) => fold.protocol))) {
      heldOut[protocol] = summarise(
        results.filter(({ fold }) => fold.protocol === protocol),
        delta,
      );
    }
    return {
      name: predictor.name,
      kind: predictor.kind,
      parameters: predictor.parameters,
      inSample: quality(inSample, 1, delta),
      status: learned.status,
      aicc: predictor.parameters === null ? null : aicc(inSample, predictor.parameters),
      heldOut,
      overall: quality(
        results.flatMap(({ pairs }) => pairs),
        results.length,
        delta,
      ),
      uncovered: rows.length - covered.length,
      seconds: (performance.now() - beganMs) / 1000,
    };
  });
}

interface Pair {
  measured: number;
  predicted: number;
}

function predictAll(
  predictor: Predictor,
  fitted: readonly LawObservation[],
  asked: readonly LawObservation[],
): Pair[] {
  return fitted.length === 0 || asked.length === 0 ? [] : pairs(predictor.learn(fitted), asked);
}

function pairs(learned: Learned, asked: readonly LawObservation[]): Pair[] {
  // A point without its loss: a predictor cannot look at the answer.
  const points = asked.map(({ n, d, ratio, inputs }) => ({ n, d, ratio, ...(inputs ? { inputs } : {}) }));
  const predicted = learned.predict(points);
  return asked.map((row, i) => ({ measured: row.loss, predicted: predicted[i]! }));
}

function summarise(results: readonly { fold: Fold; pairs: Pair[] }[], delta: number): ProtocolResult {
  const of = (kind: Fold['kind']) => {
    const some = results.filter(({ fold }) => fold.kind === kind);
    return some.length === 0
      ? null
      : quality(
          some.flatMap(({ pairs }) => pairs),
          some.length,
          delta,
        );
  };
  return {
    all: quality(
      results.flatMap(({ pairs }) => pairs),
      results.length,
      delta,
    ),
    interpolation: of('interpolation'),
    extrapolation: of('extrapolation'),
    foldErrors: results.map(({ pairs }) => quality(pairs, 1, delta).meanRelativeError),
  };
}

function quality(pairs: readonly Pair[], folds: number, delta: number): HeldOutQuality {
  const rows = pairs.length;
  const mean = pairs.reduce((sum, { measured }) => sum + measured, 0) / rows;
  let residualSquares = 0;
  let totalSquares = 0;
  let absolute = 0;
  let relative = 0;
  let huberSum = 0;
  for (const { measured, predicted } of pairs) {
    residualSquares += (predicted - measured) ** 2;
    totalSquares += (measured - mean) ** 2;
    absolute += Math.abs(predicted - measured);
    relative += Math.abs(predicted - measured) / measured;
    huberSum += predicted > 0 ? huber(Math.log(predicted / measured), delta) : delta * 10;
  }
  return {
    r2: totalSquares > 0 ? 1 - residualSquares / totalSquares : Number.NaN,
    mae: absolute / rows,
    meanRelativeError: relative / rows,
    huberSum,
    huberMean: huberSum / rows,
    rows,
    folds,
  };
}

/** Corrected Akaike criterion for normal errors of log loss (Hurvich and Tsai 1989); the error's variance is a parameter too. */
function aicc(pairs: readonly Pair[], parameters: number): number {
  const rows = pairs.length;
  const free = parameters + 1;
  const squares = pairs.reduce(
    (sum, { measured, predicted }) => sum + Math.log(predicted / measured) ** 2,
    0,
  );
  if (rows <= free + 1) return Number.POSITIVE_INFINITY;
  return rows * Math.log(squares / rows) + 2 * free + (2 * free * (free + 1)) / (rows - free - 1);
}
