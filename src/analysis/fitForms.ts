import { UserError } from '../common/errors.ts';
import { fitResampled, type ResampleOptions } from '../laws/fitting/bootstrap.ts';
import { distinct } from '../laws/fitting/checkRows.ts';
import { QUICK_FIT } from '../laws/fitting/fit.ts';
import { seedNoise } from '../laws/fitting/seedNoise.ts';
import type { LawForm } from '../laws/forms/form.ts';
import { lawForm, lawForms } from '../laws/forms/registry.ts';
import type { LawFit, LawObservation } from '../laws/types.ts';
import { lawPredictor, nearestRun, smoothInterpolation } from '../laws/validation/predictors.ts';
import { recommendForm } from '../laws/validation/recommendForm.ts';
import { validate } from '../laws/validation/validate.ts';
import type { FittedLoss } from '../report/fitTypes.ts';
import type { LossTable } from './lossTables.ts';

export interface FitFormsOptions extends ResampleOptions {
  /** Names of forms, or `all`; null: what the ratios of the table allow. */
  forms: readonly string[] | 'all' | null;
  /** Compare the forms on held-out rows. */
  validate: boolean;
  onStep?: (what: string) => void;
}

/** Fits forms to one loss, compares them on held-out rows when asked to, and resamples the one to rely on. */
export function fitForms(table: LossTable, options: FitFormsOptions): FittedLoss {
  const { rows } = table;
  const { forms, skipped } = chooseForms(rows, options.forms);
  const name = table.domain === null ? table.loss : `${table.loss} of ${table.domain}`;
  const predictors = [
    ...forms.map((form) => lawPredictor(form, { ...options, ...QUICK_FIT })),
    nearestRun,
    smoothInterpolation,
  ];
  const validation = options.validate
    ? validate(predictors, rows, {
        delta: options.delta ?? 1e-3,
        onForm: (form, index, count) =>
          options.onStep?.(`${name}: held-out errors of ${form} (${index + 1} of ${count})`),
      })
    : null;
  const recommendation = validation ? recommendForm(validation) : null;
  const reliedOn = forms.length === 1 ? forms[0]!.name : (recommendation?.form ?? null);
  const fits = forms.map((form): LawFit => {
    const resamples = form.name === reliedOn || options.forms !== 'all' ? options.resamples : 0;
    options.onStep?.(
      `${name}: ${form.name}${resamples > 0 ? ` and ${resamples} fits to resampled runs` : ''}`,
    );
    return fitResampled(form, [rows], { ...options, resamples })[0]!;
  });
  return { ...table, fits, skipped, validation, recommendation, seedNoise: seedNoise(rows) };
}

/** The forms to try, and those that cannot be for want of a column. Throws a UserError when a form asked for by name cannot. */
export function chooseForms(
  rows: readonly LawObservation[],
  names: readonly string[] | 'all' | null,
): { forms: LawForm[]; skipped: { form: string; reason: string }[] } {
  if (names === null) {
    const ratios = distinct(rows.map((row) => row.ratio)).length;
    return { forms: [lawForm(ratios >= 4 ? 'L3' : 'chinchilla')], skipped: [] };
  }
  const wanted = names === 'all' ? Object.values(lawForms) : names.map(lawForm);
  const reasonAgainst = (form: LawForm): string | null => {
    const missing = form.inputs.find(
      ({ name }) => !rows.every((row) => row.inputs && Object.hasOwn(row.inputs, name)),
    );
    if (missing) return `it needs ${missing.name} (${missing.meaning}) on every row`;
    if (form.ratios === 'positive' && !rows.some((row) => row.ratio > 0)) return 'it has no value at ratio 0';
    return null;
  };
  const judged = wanted.map((form) => ({ form, reason: reasonAgainst(form) }));
  const impossible = judged.find(({ reason }) => reason !== null);
  if (names !== 'all' && impossible) {
    throw new UserError(
      `${impossible.form.name} cannot be fitted: ${impossible.reason}`,
      'Map such a column (--map …), or choose another form.',
    );
  }
  return {
    forms: judged.filter(({ reason }) => reason === null).map(({ form }) => form),
    skipped: judged.flatMap(({ form, reason }) => (reason === null ? [] : [{ form: form.name, reason }])),
  };
}
