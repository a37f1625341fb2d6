import type { LawFit, LawObservation } from '../laws/types.ts';
import type { FormRecommendation } from '../laws/validation/recommendForm.ts';
import type { FormValidation } from '../laws/validation/validate.ts';

/** All forms fitted to one loss. */
export interface FittedLoss {
  /** The column or role: `general_loss`, `domain_loss`, or what --loss-column named. */
  loss: string;
  /** null where the table has no domains. */
  domain: string | null;
  rows: LawObservation[];
  /** One a form, in the order asked for. */
  fits: LawFit[];
  /** Forms that could not be tried, e.g. for want of a column. */
  skipped: { form: string; reason: string }[];
  /** Every form on held-out rows, and the one to rely on; null when it was not asked for. */
  validation: FormValidation[] | null;
  recommendation: FormRecommendation | null;
  /** Spread of log loss between seeds of the same point; null without seeds. */
  seedNoise: { sd: number; points: number } | null;
}

/** What the page of `npm run fit` shows. */
export interface FitReportInput {
  title: string;
  /** Files or sweep, as given. */
  sources: string[];
  /** Delta, objective, starts, resamples, level, condition: as given, name → value. */
  options: Record<string, string>;
  notes: string[];
  losses: FittedLoss[];
  seconds: number;
}
