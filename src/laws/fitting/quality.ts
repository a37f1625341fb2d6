import { type LawForm, lawValues } from '../forms/form.ts';
import type { FitQuality, LawObservation } from '../types.ts';
import { huber } from './objective.ts';

/** How well a parameter vector (billions) predicts rows, on the loss itself unless the name says otherwise. */
export function fitQuality(
  form: LawForm,
  vector: readonly number[],
  rows: readonly LawObservation[],
  delta: number,
): FitQuality {
  const mean = rows.reduce((sum, row) => sum + row.loss, 0) / rows.length;
  let residualSquares = 0;
  let totalSquares = 0;
  let huberSum = 0;
  let absolute = 0;
  let relative = 0;
  const predictions = lawValues(form, vector, rows);
  rows.forEach((row, i) => {
    const predicted = predictions[i]!;
    const residual = predicted - row.loss;
    residualSquares += residual ** 2;
    totalSquares += (row.loss - mean) ** 2;
    huberSum += (row.weight ?? 1) * huber(Math.log(predicted) - Math.log(row.loss), delta);
    absolute += Math.abs(residual);
    relative += Math.abs(residual) / row.loss;
  });
  return {
    r2: totalSquares === 0 ? 0 : 1 - residualSquares / totalSquares,
    huberSum,
    huberMean: huberSum / rows.length,
    mae: absolute / rows.length,
    meanRelativeError: relative / rows.length,
    rows: rows.length,
  };
}
