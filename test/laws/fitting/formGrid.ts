import type { LawForm } from '../../../src/laws/forms/form.ts';
import type { LawPoint } from '../../../src/laws/types.ts';

const SIZES = [6e-6, 1.4e-5, 2.5e-5, 5.6e-5];
const RATIOS = [0, 0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 0.9, 1];
const TOKENS = [6e-5, 1.2e-4, 2e-4, 3e-4, 4.5e-4, 6e-4];

export type GridPoint = LawPoint & { run: string };

/** The points of a small sweep at which a form has a value, N and D in billions, its further inputs varied with size and ratio. */
export function formGrid(form: LawForm): GridPoint[] {
  return SIZES.flatMap((n, i) =>
    RATIOS.filter((ratio) => form.ratios === 'all' || ratio > 0).flatMap((ratio, j) =>
      TOKENS.map((d) => ({
        n,
        d,
        ratio,
        run: `${n} ${ratio}`,
        inputs: Object.fromEntries(
          form.inputs.map(({ name, unit }) => [
            name,
            (unit === 'n' ? n : unit === 'd' ? d : 1) * (0.3 + ((i + 2 * j) % 5) / 7),
          ]),
        ),
      })),
    ),
  );
}

/** The corner that an asymmetric design leaves out: the largest size, many tokens, much of the corpus. */
export const inCorner = (point: LawPoint): boolean => point.ratio > 0.4 && point.n > 3e-5 && point.d > 2.5e-4;
