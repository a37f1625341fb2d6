import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Answer } from '../api/laws.ts';
import { paths } from '../api/paths.ts';
import type { SweepDetail } from '../api/sweeps.ts';
import { ParetoFigure } from '../charts/ParetoFigure.tsx';
import { TradeOffFigure } from '../charts/TradeOffFigure.tsx';
import { AnswerCard } from './AnswerCard.tsx';
import { withQuery } from './api.ts';
import { CriticalRatios } from './CriticalRatios.tsx';
import { NextRunsCard } from './NextRunsCard.tsx';
import { QuestionForm } from './QuestionForm.tsx';
import { measuredRange, type Question, questionOf, questionQuery } from './question.ts';
import { query, setQuery } from './router.ts';
import { Answered, Empty } from './States.tsx';
import { lawChanges, rows } from './store.ts';
import { useQuery } from './useQuery.ts';

/** Between the last move of a slider and the question. */
const REST_MS = 150;
/** Refits with the ratio held fixed take seconds: asked for when the sliders have come to rest. */
const PROFILE_REST_MS = 1000;

/** Which ratio is best for a target, and what more runs would tell. */
export function QuestionTab({ sweep, domain }: { sweep: SweepDetail; domain: string }) {
  const known = rows.value;
  const range = useMemo(() => measuredRange(sweep, known, domain), [sweep.sweep, known.length, domain]);
  const inAddress = questionOf(query.value, sweep.targets[domain], range);
  const [draft, setDraft] = useState<Question | null>(null);
  const question = draft ?? inAddress;
  const form = query.value.get('form') ?? sweep.lawForm;
  useEffect(() => {
    if (!draft) return;
    const timer = setTimeout(() => {
      setQuery(questionQuery(draft), { replace: true });
      setDraft(null);
    }, REST_MS);
    return () => clearTimeout(timer);
  }, [draft]);

  const address = { domain, form, ...questionQuery(inAddress) };
  const url = withQuery(paths.answer(sweep.sweep), address);
  const asked = useQuery<Answer>(url, { version: lawChanges.value });
  const profiled = useQuery<Answer>(
    asked.data && !asked.isOld && asked.data.status === 'recommended'
      ? withQuery(paths.answer(sweep.sweep), { ...address, profile: true })
      : null,
    { version: lawChanges.value, restMs: PROFILE_REST_MS },
  );
  const hasNoLaw = asked.problem?.status === 409 && asked.data === null;
  return (
    <>
      <h2 class="unseen">Question: which ratio of {domain} text</h2>
      <div class="question">
        <section class="card" aria-label="The question">
          <QuestionForm
            question={question}
            range={range}
            domain={domain}
            form={form}
            ownForm={sweep.lawForm}
            onChange={(changes) => setDraft({ ...question, ...changes })}
          />
        </section>
        <div class="stack">
          {hasNoLaw ? (
            <Empty title="No answer yet.">
              <p>{asked.problem!.message}</p>
              {asked.problem!.nextStep && <p>{asked.problem!.nextStep}</p>}
            </Empty>
          ) : (
            <Answered query={asked}>
              {(answer, isOld) => {
                const isDimmed = isOld || draft !== null;
                return (
                  <div class="stack">
                    <AnswerCard
                      answer={answer}
                      profile={profiled.isOld ? null : profiled.data}
                      isProfiling={profiled.computing !== null}
                      isDimmed={isDimmed}
                    />
                    <div class="card">
                      <TradeOffFigure answer={answer} isDimmed={isDimmed} />
                    </div>
                    <div class="columns">
                      <div class="card">
                        <ParetoFigure answer={answer} isDimmed={isDimmed} />
                      </div>
                      <CriticalRatios answer={answer} />
                    </div>
                  </div>
                );
              }}
            </Answered>
          )}
        </div>
      </div>
      <NextRunsCard sweep={sweep} domain={domain} />
    </>
  );
}
