import { slug } from '../escape.ts';
import type { SweepReportInput } from '../types.ts';
import { decision } from './decision.ts';
import { lossAgainstRatio } from './lossAgainstRatio.ts';
import { lossAgainstTokens } from './lossAgainstTokens.ts';
import { predictedAgainstMeasured } from './predictedAgainstMeasured.ts';
import { residualsAgainstRatio } from './residualsAgainstRatio.ts';
import type { Figure } from './types.ts';

/** Every domain's figures, in reading order; names are unique even when two domains' names differ only in signs. */
export function sweepFigures(input: SweepReportInput): Map<string, Figure[]> {
  const taken = new Set<string>();
  return new Map(
    input.answers.map((answer) => {
      let prefix = slug(answer.domain);
      for (let copy = 2; taken.has(prefix); copy++) prefix = `${slug(answer.domain)}-${copy}`;
      taken.add(prefix);
      const figures: [string, Omit<Figure, 'name'>][] = [
        ['decision', decision(answer, input.observations)],
        ['loss-against-ratio', lossAgainstRatio(answer, input.observations)],
        ['loss-against-tokens', lossAgainstTokens(answer, input.observations)],
        ['predicted-against-measured', predictedAgainstMeasured(answer)],
        ['residuals', residualsAgainstRatio(answer)],
      ];
      return [answer.domain, figures.map(([name, figure]) => ({ name: `${prefix}-${name}`, ...figure }))];
    }),
  );
}
