import { duration, short } from '../../common/numbers.ts';
import { paths } from '../api/paths.ts';
import type { SweepSummary } from '../api/sweeps.ts';
import { nowMs } from './clock.ts';
import { Progress, StateTag } from './Progress.tsx';
import { views } from './routes.ts';
import { Empty, ProblemNote, Skeleton } from './States.tsx';
import { sweeps } from './store.ts';
import { useQuery } from './useQuery.ts';
import { ago, answerWords, flopsWords, runsWords, timeLeft, trainersWords, when } from './words.ts';

/** All sweeps, the newest first. */
export function SweepsPage() {
  const asked = useQuery<SweepSummary[]>(paths.sweeps, {
    onData: (data) => {
      sweeps.value = data;
    },
  });
  const known = sweeps.value;
  const ordered = [...(known ?? [])].sort((a, b) => b.createdAt.localeCompare(a.createdAt));
  return (
    <>
      <div class="page-head">
        <h1>Sweeps</h1>
        {ordered.length > 1 && (
          <a class="button" href={views.compare(ordered.map(({ sweep }) => sweep))}>
            Compare them
          </a>
        )}
      </div>
      {asked.problem && <ProblemNote problem={asked.problem} again={asked.again} />}
      {!known && !asked.problem && <Skeleton lines={3} tall />}
      {known?.length === 0 && (
        <Empty title="No sweep yet." command="npm run sweep configs/math.yaml">
          <p>
            A sweep trains small models on mixtures of general and domain text. Start one; it appears here by
            itself.
          </p>
        </Empty>
      )}
      <ul class="sweeps">
        {ordered.map((sweep) => (
          <li key={sweep.sweep}>
            <SweepCard sweep={sweep} />
          </li>
        ))}
      </ul>
    </>
  );
}

function SweepCard({ sweep }: { sweep: SweepSummary }) {
  const { cost, tokens, trainers, problems, answers } = sweep;
  return (
    <article class="card sweep-card">
      <div class="sweep-title">
        <h2>
          <a href={views.sweep(sweep.sweep)}>{sweep.sweep}</a>
        </h2>
        <StateTag state={sweep.state} />
        <span class="faint">
          begun{' '}
          <time dateTime={sweep.createdAt} title={when(sweep.createdAt)}>
            {ago(sweep.createdAt, nowMs.value)}
          </time>
        </span>
      </div>
      <Progress sweep={sweep} />
      <dl class="facts">
        <div>
          <dt>Runs</dt>
          <dd>{runsWords(sweep)}</dd>
        </div>
        <div>
          <dt>Tokens</dt>
          <dd>
            {short(tokens.trained)} of {short(tokens.planned)}
          </dd>
        </div>
        <div>
          <dt>Time left</dt>
          <dd>{timeLeft(sweep)}</dd>
        </div>
        <div>
          <dt>Workers</dt>
          <dd>{trainers > 0 ? trainersWords(sweep) : 'none at work'}</dd>
        </div>
        <div>
          <dt>Cost so far</dt>
          <dd>
            {cost.trainerSeconds > 0 ? duration(cost.trainerSeconds) : '–'} of trainers,{' '}
            {flopsWords(cost.flops)}
          </dd>
        </div>
      </dl>
      <Answers sweep={sweep.sweep} answers={answers} domains={sweep.domains} />
      {problems.map((problem) => (
        <p key={problem} class="note is-warning">
          {problem}
        </p>
      ))}
    </article>
  );
}

/** The last answer of each domain, as the registry keeps it. */
export function Answers(props: {
  sweep: string;
  answers: SweepSummary['answers'];
  domains: readonly string[];
}) {
  return (
    <ul class="answers" aria-label="Last answers">
      {props.domains.map((domain) => {
        const kept = props.answers.find((answer) => answer.domain === domain);
        return (
          <li key={domain}>
            <a href={views.sweep(props.sweep, 'question', { domain })}>{domain}</a>
            {kept ? (
              <>
                <strong class={kept.status === 'recommended' ? 'answer-number' : 'answer-words'}>
                  {answerWords(kept)}
                </strong>
                <span class="faint">
                  at {short(kept.modelSize)} and {short(kept.tokens)} tokens
                </span>
              </>
            ) : (
              <span class="faint">no answer kept yet</span>
            )}
          </li>
        );
      })}
    </ul>
  );
}
