import { percent, short, significant } from '../../common/numbers.ts';
import type { FitView, LawView, LossView } from '../api/laws.ts';
import { paths } from '../api/paths.ts';
import type { SweepDetail } from '../api/sweeps.ts';
import { LawFigure } from '../charts/LawFigure.tsx';
import { withQuery } from './api.ts';
import { Choice, Pick } from './Choice.tsx';
import { DataTable } from './DataTable.tsx';
import { fitFacts, fitStatus, outsideWords } from './fitWords.ts';
import { query, setQuery } from './router.ts';
import { views } from './routes.ts';
import { Answered, Empty, Freshness } from './States.tsx';
import { lawChanges } from './store.ts';
import { useQuery } from './useQuery.ts';
import { intervalWords } from './words.ts';

type Against = 'ratio' | 'tokens';

/** The laws of one domain, fitted to what is measured so far. */
export function LawTab({ sweep, domain }: { sweep: SweepDetail; domain: string }) {
  const form = query.value.get('form') ?? sweep.lawForm;
  const size = query.value.get('size');
  const against: Against = query.value.get('residuals') === 'tokens' ? 'tokens' : 'ratio';
  const asked = useQuery<LawView>(withQuery(paths.law(sweep.sweep), { domain, form }), {
    version: lawChanges.value,
  });
  // Too few runs is no failure: it is where every sweep begins.
  if (asked.problem?.status === 409 && asked.data === null) {
    return (
      <Empty title="No law yet.">
        <p>{asked.problem.message}</p>
        {asked.problem.nextStep && <p>{asked.problem.nextStep}</p>}
        <p>
          See <a href={views.sweep(sweep.sweep)}>the grid</a> for what is done.
        </p>
      </Empty>
    );
  }
  const modelSize = size === null ? null : Number(size);
  return (
    <>
      <h2 class="unseen">Law of {domain}</h2>
      <div class="controls">
        <FormPick form={form} own={sweep.lawForm} />
        <Pick
          label="Model size"
          all="all sizes"
          options={sweep.modelSizes.map((each) => [String(each), short(each)])}
          value={size ?? ''}
          onChange={(value) => setQuery({ size: value }, { replace: true })}
        />
        <Choice
          label="Residuals against"
          options={[
            ['ratio', 'domain ratio'],
            ['tokens', 'tokens'],
          ]}
          value={against}
          onChange={(value) => setQuery({ residuals: value === 'ratio' ? null : value }, { replace: true })}
        />
      </div>
      <Answered query={asked}>
        {(law) => (
          <div class="stack">
            <div class="law-head">
              <p class="faint">
                Fitted to {law.runs} runs, those in training included.{' '}
                {law.excluded.count > 0 && `${law.excluded.count} rows left out: ${law.excluded.rule}.`}
              </p>
              <Freshness {...law} />
            </div>
            <div class="card">
              <LawFigure law={law} kind="curves" modelSize={modelSize} selected={query.value.get('run')} />
            </div>
            <div class="columns">
              <FitCard title="General loss" view={law.general} law={law} loss="general" />
              <FitCard title={`Domain loss: ${law.domain}`} view={law.ofDomain} law={law} loss="domain" />
            </div>
            <div class="card">
              <LawFigure
                law={law}
                kind={against === 'ratio' ? 'residuals-ratio' : 'residuals-tokens'}
                modelSize={modelSize}
              />
            </div>
            <div class="card">
              <LawFigure law={law} kind="identity" modelSize={modelSize} />
            </div>
          </div>
        )}
      </Answered>
    </>
  );
}

/** Forms that a sweep’s laws can take without further inputs; what cannot be fitted is said by the server. */
const FORMS = ['L1', 'L2', 'L3', 'L4', 'L5', 'L6', 'L7'];

export function FormPick({ form, own }: { form: string; own: string }) {
  const forms = [...new Set([own, ...FORMS, form])].sort();
  return (
    <Pick
      label="Form of the law"
      options={forms.map((each) => [each, each === own ? `${each} (of the config)` : each])}
      value={form}
      onChange={(value) => setQuery({ form: value === own ? null : value }, { replace: true })}
    />
  );
}

function FitCard(props: { title: string; view: LossView; law: LawView; loss: 'general' | 'domain' }) {
  const { title, view, law, loss } = props;
  const { fit, outside, expectedOutside, pointsInAll } = view;
  return (
    <section class="card" aria-label={`Fit: ${title}`}>
      <div class="fit-head">
        <h3>{title}</h3>
        <TrustTag fit={fit} />
      </div>
      <p>{fit.statusDetail}</p>
      {fit.warnings.length > 0 && (
        <ul class="warnings">
          {fit.warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
      <dl class="facts fit-facts">
        {fitFacts(fit).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p>{outsideWords(outside, expectedOutside, pointsInAll)}</p>
      <DataTable
        caption={`Parameters of ${fit.form}, ${loss} loss`}
        fileWords={`${law.sweep} ${law.domain} ${fit.form} ${loss} parameters`}
        isCaptionShown
        columns={[
          { name: 'parameter', value: (row) => row.name, isHead: true },
          {
            name: 'value',
            value: (row) => row.value,
            cell: (row) => significant(row.value, 4),
            isNumber: true,
          },
          {
            name: `interval (${percent(law.level)})`,
            value: (row) => (row.interval ? `${row.interval.low} ${row.interval.high}` : null),
            cell: (row) =>
              row.interval ? (
                intervalWords(row.interval, (value) => significant(value)).replace(/ \(.*\)$/, '')
              ) : (
                <span class="faint">not identified</span>
              ),
            isNumber: true,
          },
        ]}
        rows={fit.parameters}
        keyOf={(row) => row.name}
      />
    </section>
  );
}

function TrustTag({ fit }: { fit: FitView }) {
  return (
    <span class={`tag ${fit.isTrusted ? 'is-good' : 'is-warning'}`}>
      <span aria-hidden="true">{fit.isTrusted ? '✓' : '△'}</span> {fitStatus(fit.status)}
    </span>
  );
}
