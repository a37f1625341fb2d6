import type { LawForm } from './form.ts';

/**
 * A form that has no value at ratio 0, made infinite there whatever its coefficients (its slope: minus infinity). Its terms alone would say
 * 0 · ∞, which is not a number, as soon as a fit has left one of their coefficients at 0.
 */
export function divergingAtZero(form: LawForm): LawForm {
  return {
    ...form,
    ratios: 'positive',
    evaluate: (vector, at, out) => {
      form.evaluate(vector, at, out);
      for (let i = 0; i < at.count; i++) {
        if (at.ratio[i] !== 0) continue;
        out.value[i] = Number.POSITIVE_INFINITY;
        for (const column of out.gradient ?? []) column[i] = Number.POSITIVE_INFINITY;
        if (out.ratioSlope) out.ratioSlope[i] = Number.NEGATIVE_INFINITY;
      }
    },
  };
}
