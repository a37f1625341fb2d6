import { fixed, percent, ratio, significant } from '../../common/numbers.ts';
import type { CrossDomainView } from '../api/laws.ts';
import { paths } from '../api/paths.ts';
import { withQuery } from './api.ts';
import { type Column, DataTable } from './DataTable.tsx';
import { query, setQuery } from './router.ts';
import { Answered, Freshness } from './States.tsx';
import { lawChanges } from './store.ts';
import { useQuery } from './useQuery.ts';

/** One law over all domains, and how well it foretells a domain that it has not seen. */
export function CrossDomainCard({ settings }: { settings: { sweeps: string; tolerance: string } }) {
  const isAsked = query.value.get('cross') === '1';
  const asked = useQuery<CrossDomainView>(isAsked ? withQuery(paths.crossDomain, settings) : null, {
    version: lawChanges.value,
  });
  return (
    <section class="card next-runs" aria-label="Cross-domain law">
      <div class="figure-head">
        <h2>Cross-domain law</h2>
        {!isAsked && (
          <button type="button" onClick={() => setQuery({ cross: 1 }, { replace: true })}>
            Fit it
          </button>
        )}
      </div>
      {isAsked ? (
        <Answered query={asked}>{(view) => <CrossDomain view={view} />}</Answered>
      ) : (
        <p class="faint">
          One law over all these domains, each with a number K of its own that a short probe tells. It needs
          at least two domains and takes some seconds.
        </p>
      )}
    </section>
  );
}

type Errors = CrossDomainView['methods'][number]['general'];

/** How well the losses of a held-out domain were foretold. */
const errorColumns = <Row extends { general: Errors; ofDomain: Errors }>(): Column<Row>[] =>
  (['general', 'domain'] as const).flatMap((loss): Column<Row>[] => {
    const of = (row: Row): Errors => (loss === 'general' ? row.general : row.ofDomain);
    return [
      { name: `${loss} R²`, value: (row) => of(row).r2, cell: (row) => fixed(of(row).r2, 4), isNumber: true },
      {
        name: `${loss} error`,
        value: (row) => of(row).meanRelativeError,
        cell: (row) => percent(of(row).meanRelativeError),
        isNumber: true,
      },
    ];
  });

function CrossDomain({ view }: { view: CrossDomainView }) {
  const names = [
    ...new Set([...Object.keys(view.parameters.general), ...Object.keys(view.parameters.ofDomain)]),
  ];
  const number = (value: number | null | undefined) => significant(value ?? null);
  return (
    <div class="stack">
      <Freshness {...view} />
      <p class="sentence">
        The best kind of K here is <strong>{view.best}</strong>. All probes together take{' '}
        {percent(view.probeShare)} of the tokens of all CPT runs.
      </p>
      <DataTable
        caption="Kinds of K, by how well they foretell a domain that was held out"
        isCaptionShown
        fileWords="cross-domain kinds of k"
        keyOf={(row) => row.method}
        rows={view.methods}
        rowClass={(row) => (row.method === view.best ? 'is-best' : '')}
        columns={[
          {
            name: 'K',
            isHead: true,
            value: (row) => row.method,
            cell: (row) => (
              <>
                {row.method} {row.method === view.best && <span class="tag is-good">✓ best</span>}
              </>
            ),
          },
          { name: 'held out', value: (row) => row.holdOuts, isNumber: true },
          ...errorColumns(),
          {
            name: 'worst domain',
            value: (row) => row.worstDomainError,
            cell: (row) => percent(row.worstDomainError),
            isNumber: true,
          },
          {
            name: 'ratio off by',
            value: (row) => row.ratioError,
            cell: (row) => fixed(row.ratioError, 2),
            isNumber: true,
          },
          { name: 'answers that disagree', value: (row) => row.ratioDisagreements, isNumber: true },
        ]}
      />
      <div class="columns">
        <DataTable
          caption={`K of each domain (${view.best})`}
          isCaptionShown
          fileWords="cross-domain k"
          keyOf={(row) => row.domain}
          rows={view.k}
          columns={[
            { name: 'domain', isHead: true, value: (row) => row.domain },
            {
              name: 'K, general loss',
              value: (row) => row.general,
              cell: (row) => number(row.general),
              isNumber: true,
            },
            {
              name: 'K, domain loss',
              value: (row) => row.ofDomain,
              cell: (row) => number(row.ofDomain),
              isNumber: true,
            },
          ]}
        />
        <DataTable
          caption="Parameters of the law"
          isCaptionShown
          fileWords="cross-domain parameters"
          keyOf={(name) => name}
          rows={names}
          columns={[
            { name: 'parameter', isHead: true, value: (name) => name },
            {
              name: 'general',
              value: (name) => view.parameters.general[name],
              cell: (name) => number(view.parameters.general[name]),
              isNumber: true,
            },
            {
              name: 'domain',
              value: (name) => view.parameters.ofDomain[name],
              cell: (name) => number(view.parameters.ofDomain[name]),
              isNumber: true,
            },
          ]}
        />
      </div>
      <DataTable
        caption="Each domain held out once"
        isCaptionShown
        fileWords="cross-domain hold-outs"
        keyOf={(row) => `${row.method} ${row.unseen} ${row.fitted.join()}`}
        rows={view.holdOuts}
        columns={[
          { name: 'unseen domain', isHead: true, value: (row) => row.unseen },
          { name: 'K', value: (row) => row.method },
          { name: 'fitted to', value: (row) => row.fitted.join(', ') },
          ...errorColumns(),
          {
            name: 'foretold ratio',
            value: (row) => row.predictedRatio,
            cell: (row) => (row.predictedRatio === null ? 'none' : ratio(row.predictedRatio)),
            isNumber: true,
          },
          {
            name: 'its own answer',
            value: (row) => row.ownRatio,
            cell: (row) => (row.ownRatio === null ? 'none' : ratio(row.ownRatio)),
            isNumber: true,
          },
        ]}
      />
    </div>
  );
}
