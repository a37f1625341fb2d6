import { fixed, ratio, short } from '../../common/numbers.ts';
import type { Comparison } from '../api/laws.ts';
import { paths } from '../api/paths.ts';
import { CompareFigure } from '../charts/CompareFigure.tsx';
import { withQuery } from './api.ts';
import { Check, Pick } from './Choice.tsx';
import { CrossDomainCard } from './CrossDomainCard.tsx';
import { DataTable } from './DataTable.tsx';
import { query, setQuery } from './router.ts';
import { views } from './routes.ts';
import { Answered, Empty, Freshness, Skeleton } from './States.tsx';
import { lawChanges, sweeps } from './store.ts';
import { useQuery } from './useQuery.ts';
import { answerWords, intervalWords } from './words.ts';

const TOLERANCES = ['0.005', '0.01', '0.02', '0.03', '0.05', '0.1'];

/** Domains and sweeps beside each other, and one law over all of them. */
export function ComparePage() {
  const known = sweeps.value;
  const names = known?.map(({ sweep }) => sweep) ?? [];
  const asked = (query.value.get('sweeps') ?? '').split(',').filter((name) => name !== '');
  const chosen = asked.length > 0 ? asked : names.length === 1 ? names : [];
  const tolerance = query.value.get('tolerance') ?? '0.03';
  const toggle = (name: string, isOn: boolean) =>
    setQuery(
      { sweeps: (isOn ? [...chosen, name] : chosen.filter((each) => each !== name)).join(',') },
      { replace: true },
    );
  const settings = chosen.length > 0 ? { sweeps: chosen.join(','), tolerance } : null;
  const compared = useQuery<Comparison>(settings && withQuery(paths.compare, settings), {
    version: lawChanges.value,
  });
  return (
    <>
      <div class="page-head">
        <h1>Compare</h1>
      </div>
      {!known && <Skeleton lines={2} tall />}
      {known?.length === 0 && (
        <Empty title="No sweep to compare yet." command="npm run sweep configs/six-domains.yaml" />
      )}
      {names.length > 0 && (
        <div class="controls">
          <fieldset class="field">
            <legend class="faint">Sweeps</legend>
            <div class="checks">
              {names.map((name) => (
                <Check
                  key={name}
                  label={name}
                  isOn={chosen.includes(name)}
                  onChange={(isOn) => toggle(name, isOn)}
                />
              ))}
            </div>
          </fieldset>
          <Pick
            label="The general loss may rise by"
            options={[...new Set([...TOLERANCES, tolerance])].map((each) => [
              each,
              `${Number(each) * 100} %`,
            ])}
            value={tolerance}
            onChange={(value) => setQuery({ tolerance: value === '0.03' ? null : value }, { replace: true })}
          />
        </div>
      )}
      {names.length > 0 && chosen.length === 0 && (
        <Empty title="Choose sweeps above.">
          <p>Their domains are put side by side, each at its own target.</p>
        </Empty>
      )}
      {settings && (
        <div class="stack">
          <Answered query={compared}>
            {(comparison) => <Compared comparison={comparison} tolerance={Number(tolerance)} />}
          </Answered>
          <CrossDomainCard key={chosen.join()} settings={settings} />
        </div>
      )}
    </>
  );
}

function Compared({ comparison, tolerance }: { comparison: Comparison; tolerance: number }) {
  return (
    <div class="stack">
      <Freshness {...comparison} />
      {comparison.problems.map((problem) => (
        <p key={problem} class="note is-warning">
          {problem}
        </p>
      ))}
      <section class="card cards-on-phone" aria-label="Answers">
        <DataTable
          caption="Answers"
          heading={2}
          fileWords="comparison"
          keyOf={(row) => `${row.sweep} ${row.domain}`}
          rows={comparison.rows}
          columns={[
            {
              name: 'domain',
              isHead: true,
              value: (row) => row.domain,
              cell: (row) => <a href={views.sweep(row.sweep, 'law', { domain: row.domain })}>{row.domain}</a>,
            },
            { name: 'sweep', value: (row) => row.sweep },
            {
              name: 'best ratio',
              value: (row) => (row.status === 'recommended' ? row.domainRatio : row.status),
              cell: (row) =>
                row.status === 'recommended' ? <strong>{ratio(row.domainRatio)}</strong> : answerWords(row),
            },
            {
              name: 'interval',
              value: (row) => (row.interval ? `${row.interval.low} ${row.interval.high}` : null),
              cell: (row) => (row.interval ? intervalWords(row.interval, ratio) : '–'),
            },
            {
              name: 'model size',
              value: (row) => row.modelSize,
              cell: (row) => short(row.modelSize),
              isNumber: true,
            },
            { name: 'tokens', value: (row) => row.tokens, cell: (row) => short(row.tokens), isNumber: true },
            { name: 'rows', value: (row) => row.rows, isNumber: true },
            {
              name: 'general R²',
              value: (row) => row.generalR2,
              cell: (row) => fixed(row.generalR2, 4),
              isNumber: true,
            },
            {
              name: 'domain R²',
              value: (row) => row.domainR2,
              cell: (row) => fixed(row.domainR2, 4),
              isNumber: true,
            },
          ]}
        />
      </section>
      <div class="card">
        <CompareFigure comparison={comparison} tolerance={tolerance} />
      </div>
    </div>
  );
}
