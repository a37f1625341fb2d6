import { fixed, percent, whole } from '../common/numbers.ts';
import { lawForm } from '../laws/forms/registry.ts';
import type { LawFit } from '../laws/types.ts';
import { type AnswerText, count, statusWords } from './answerText.ts';
import { isChosen, lossName, plain, shownFit } from './fitChoice.ts';
import type { FittedLoss } from './fitTypes.ts';
import { lawFormula } from './tables.ts';

/** The answer for one loss: the form to rely on and why, how well it fits, and what to be careful about. */
export function fitLead(fitted: FittedLoss): AnswerText {
  const shown = shownFit(fitted);
  const sentence = leadSentence(fitted, shown);
  if (!shown) return { ...sentence, lines: [], warnings: [] };
  return {
    ...sentence,
    lines: [
      `${lawFormula(shown.form)} (${lawForm(shown.form).source})`,
      ...(sentence.told ? [] : [`In sample ${inSample(shown)}.`]),
      ...(fitted.seedNoise && Number.isFinite(fitted.seedNoise.sd)
        ? [
            `Between seeds of the same point this loss differs by ${percent(fitted.seedNoise.sd)} (standard deviation of log loss, ${count(fitted.seedNoise.points, 'point')}): no form can err by much less.`,
          ]
        : []),
    ],
    warnings: fitWarnings(fitted, shown),
  };
}

/** `told`: whether the sentence has the fit's quality already. */
type Lead = Pick<AnswerText, 'tone' | 'headline' | 'detail'> & { told: boolean };

function leadSentence(fitted: FittedLoss, shown: LawFit | null): Lead {
  const name = lossName(fitted);
  const { fits, recommendation } = fitted;
  if (!shown) {
    const why =
      fits.length === 0
        ? fitted.skipped.map(({ form, reason }) => `${form}: ${reason}`).join('; ')
        : [...new Set(fits.map((fit) => plain(fit.statusDetail) || statusWords(fit.status)))].join('; ');
    const what = fits.length === 1 ? `${fits[0]!.form} found no solution` : 'no form could be fitted';
    return {
      tone: 'bad',
      headline: `${name}: ${what}`,
      detail: why ? `: ${ended(why)}` : '.',
      told: true,
    };
  }
  if (recommendation && isChosen(fitted, shown)) {
    return {
      tone: recommendation.beatsBaselines && shown.status === 'converged' ? 'good' : 'unsure',
      headline: `${name}: rely on ${shown.form}${tellsApart(shown) ? '' : ' for predictions only'}`,
      detail: `. ${ended(plain(recommendation.reason))}`,
      told: false,
    };
  }
  if (!recommendation && fits.length === 1) {
    return {
      tone: shown.status === 'converged' ? 'good' : 'unsure',
      headline: `${name}: ${shown.form}`,
      detail: ` fits with ${inSample(shown)}.`,
      told: true,
    };
  }
  const why = recommendation ? plain(recommendation.reason) : 'the forms were not compared on held-out rows';
  return {
    tone: 'unsure',
    headline: `${name}: no form to rely on`,
    detail: `: ${ended(why)} Shown is ${shown.form}, which errs least on the rows it was fitted to; that favours forms with many parameters.`,
    told: false,
  };
}

/** Whether its parameters mean something beyond what they predict. */
const tellsApart = ({ status }: LawFit): boolean =>
  !status.startsWith('too-few') && status !== 'singular-design';

const inSample = ({ quality, status }: LawFit): string =>
  `R² ${fixed(quality.r2, 4)} and mean relative error ${percent(quality.meanRelativeError)} on ${whole(quality.rows)} rows; ${statusWords(status)}`;

function fitWarnings(fitted: FittedLoss, shown: LawFit): string[] {
  const trouble =
    shown.status === 'converged'
      ? []
      : [`${shown.form}: ${plain(shown.statusDetail) || statusWords(shown.status)}`];
  const binds = shown.constraint?.binds ? [capital(shown.constraint.detail)] : [];
  const unsolved = fitted.fits.filter((fit) => fit.starts === 0).map((fit) => fit.form);
  const empty = unsolved.length ? [`No solution was found for ${unsolved.join(', ')}`] : [];
  return [
    ...new Set(
      [...trouble, ...binds, ...shown.warnings.map(capital), ...empty].map((line) => ended(plain(line))),
    ),
  ];
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** A sentence with its full stop. */
function ended(text: string): string {
  const trimmed = text.trim();
  return /[.!?…]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
