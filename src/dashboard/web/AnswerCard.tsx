import { fixed, percent, ratio, short } from '../../common/numbers.ts';
import type { Answer } from '../api/laws.ts';
import { Command, Freshness } from './States.tsx';
import { intervalWords } from './words.ts';

interface Props {
  answer: Answer;
  /** The same answer with its profile interval, when that has come. */
  profile: Answer | null;
  isProfiling: boolean;
  isDimmed: boolean;
}

const WORDS = {
  infeasible: 'Infeasible',
  'not-identified': 'Not identified',
  recommended: 'No ratio',
} as const;

/** The answer itself: a number only where there is one to stand by. */
export function AnswerCard({ answer, profile, isProfiling, isDimmed }: Props) {
  const { status, domainRatio, interval, target, limitedDomain } = answer;
  const hasNumber = status === 'recommended' && domainRatio !== null;
  return (
    <section
      class={`card big-answer ${isDimmed ? 'dimmed' : ''}`}
      aria-label="The answer"
      aria-live="polite"
      aria-busy={isDimmed}
    >
      <p class="faint">
        For {short(target.modelSize)} parameters, {short(target.tokens)} tokens, general loss at most{' '}
        {target.toleranceNats === null ? percent(target.tolerance, 3) : `${target.toleranceNats} nats`} over
        the base model’s:
      </p>
      {hasNumber ? (
        <>
          <p>
            <span class="big-number" data-answer={domainRatio}>
              {ratio(domainRatio)}
            </span>{' '}
            <span class="big-interval">{intervalWords(interval, ratio)}</span>
          </p>
          <p class="faint">domain ratio: the share of {answer.domain} tokens in the mixture</p>
        </>
      ) : (
        <p class="big-words">{WORDS[status]}</p>
      )}
      <p class="sentence">{answer.sentence}</p>
      {answer.extrapolation && <p class="note is-warning">{answer.extrapolation}</p>}
      {answer.warnings.length > 0 && (
        <ul class="warnings">
          {answer.warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
      <dl class="facts">
        <div>
          <dt>General loss, base model</dt>
          <dd>{fixed(answer.baseGeneralLoss, 4)}</dd>
        </div>
        <div>
          <dt>Its limit</dt>
          <dd>{fixed(answer.generalLossLimit, 4)}</dd>
        </div>
        <div>
          <dt>General loss at this ratio</dt>
          <dd>{fixed(answer.predictedGeneralLoss, 4)}</dd>
        </div>
        <div>
          <dt>Domain loss at this ratio</dt>
          <dd>{fixed(answer.predictedDomainLoss, 4)}</dd>
        </div>
        {hasNumber && (
          <div>
            <dt>Profile interval</dt>
            <dd>
              {profile?.profileInterval
                ? intervalWords(profile.profileInterval, ratio)
                : isProfiling
                  ? 'being computed…'
                  : profile
                    ? 'none'
                    : '–'}
            </dd>
          </div>
        )}
      </dl>
      {limitedDomain && (
        <div class="note">
          <p>
            <strong>
              With {short(limitedDomain.domainTokens)} tokens of {answer.domain} text.
            </strong>{' '}
            {limitedDomain.sentence}
          </p>
          {limitedDomain.domainRatio !== null && (
            <p>
              Ratio {ratio(limitedDomain.domainRatio)}, {intervalWords(limitedDomain.interval, ratio)};{' '}
              {short(limitedDomain.tokens)} tokens in all.
            </p>
          )}
          {limitedDomain.warnings.map((warning) => (
            <p key={warning}>{warning}</p>
          ))}
        </div>
      )}
      <div>
        <p class="faint">The same in a terminal</p>
        <Command text={answer.command} />
      </div>
      <Freshness {...answer} />
    </section>
  );
}
