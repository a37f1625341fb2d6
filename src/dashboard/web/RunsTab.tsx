import { useEffect, useState } from 'preact/hooks';
import { fixed, short } from '../../common/numbers.ts';
import { paths } from '../api/paths.ts';
import type { RunRow, SweepDetail } from '../api/sweeps.ts';
import { withQuery } from './api.ts';
import { Pick } from './Choice.tsx';
import { DataTable } from './DataTable.tsx';
import { StatusMark } from './Glyph.tsx';
import { query, setQuery } from './router.ts';
import { views } from './routes.ts';
import { Empty, ProblemNote, Skeleton } from './States.tsx';
import { rows } from './store.ts';
import { useQuery } from './useQuery.ts';

const PAGE = 100;
const SORTS = ['plan', 'label', 'status', 'tokens', 'generalLoss', 'domainLoss'] as const;
type Sort = (typeof SORTS)[number];

interface RunsPage {
  items: RunRow[];
  total: number;
  offset: number;
}

/** Every run of the sweep as a table: chosen, sorted and paged by the server. */
export function RunsTab({ sweep }: { sweep: SweepDetail }) {
  const chosen = query.value;
  const sort = SORTS.find((each) => each === chosen.get('sort')) ?? 'plan';
  const isDescending = chosen.get('down') === '1';
  const offset = Math.max(0, Number(chosen.get('from') ?? 0) || 0);
  const inAddress = chosen.get('search') ?? '';
  const [search, setSearch] = useState(inAddress);
  useEffect(() => {
    if (search === inAddress) return;
    const timer = setTimeout(() => setQuery({ search, from: null }, { replace: true }), 200);
    return () => clearTimeout(timer);
  }, [search, inAddress]);
  const asked = useQuery<RunsPage>(
    withQuery(paths.runs(sweep.sweep), {
      ...{ offset, limit: PAGE, status: chosen.get('status'), domain: chosen.get('only'), search: inAddress },
      ...(sort === 'plan' ? {} : { sort, descending: isDescending }),
    }),
  );
  const known = rows.value;
  const live = new Map(known.map((row) => [row.run, row]));
  // Which runs are on the page is the server’s answer; how they are is as live as everywhere.
  const shown = asked.data?.items.map((row) => live.get(row.run) ?? row) ?? [];
  const sortable = (by: Sort) => ({
    isSorted: sort === by,
    isDescending,
    onSort: () =>
      setQuery(
        {
          sort: sort === by && isDescending ? null : by,
          down: sort === by && !isDescending ? 1 : null,
          from: null,
        },
        { replace: true },
      ),
  });
  const total = asked.data?.total ?? 0;
  return (
    <>
      <h2 class="unseen">Table of runs</h2>
      <div class="controls">
        <Pick
          label="State"
          all="all states"
          options={['planned', 'running', 'done', 'diverged', 'failed'].map((each) => [each, each])}
          value={chosen.get('status') ?? ''}
          onChange={(value) => setQuery({ status: value, from: null }, { replace: true })}
        />
        {sweep.domains.length > 1 && (
          <Pick
            label="Domain"
            all="all domains"
            options={sweep.domains.map((each) => [each, each])}
            value={chosen.get('only') ?? ''}
            onChange={(value) => setQuery({ only: value, from: null }, { replace: true })}
          />
        )}
        <div class="field">
          <label for="runs-search">Label or id</label>
          <input
            id="runs-search"
            type="search"
            maxLength={100}
            value={search}
            onInput={(event) => setSearch(event.currentTarget.value)}
          />
        </div>
        <a class="button" href={paths.observations(sweep.sweep)} download>
          All observations as CSV
        </a>
      </div>
      {asked.problem && <ProblemNote problem={asked.problem} again={asked.again} />}
      {asked.isLoading && <Skeleton lines={3} tall />}
      {asked.data && total === 0 && (
        <Empty title="No such run.">
          <p>Nothing matches what is chosen above.</p>
        </Empty>
      )}
      {shown.length > 0 && (
        <div class={`card cards-on-phone ${asked.isOld ? 'dimmed' : ''}`}>
          <DataTable
            caption={`Runs ${offset + 1} to ${offset + shown.length} of ${total}`}
            isCaptionShown
            fileWords={`${sweep.sweep} runs`}
            keyOf={(row) => row.run}
            rows={shown}
            columns={[
              {
                name: 'run',
                isHead: true,
                value: (row) => row.label,
                cell: (row) => (
                  <a href={`${views.run(row.run)}?sweep=${encodeURIComponent(sweep.sweep)}`}>{row.label}</a>
                ),
                sort: sortable('label'),
              },
              {
                name: 'state',
                value: (row) => row.status,
                cell: (row) => <StatusMark status={row.status} />,
                sort: sortable('status'),
              },
              { name: 'domain', value: (row) => row.domain, cell: (row) => row.domain ?? 'base' },
              {
                name: 'model size',
                value: (row) => row.modelSize,
                cell: (row) => short(row.modelSize),
                isNumber: true,
              },
              { name: 'domain ratio', value: (row) => row.domainRatio, isNumber: true },
              { name: 'seed', value: (row) => row.seed, isNumber: true },
              {
                name: 'tokens',
                value: (row) => row.tokens,
                cell: (row) => `${short(row.tokens)} of ${short(row.totalTokens)}`,
                isNumber: true,
                sort: sortable('tokens'),
              },
              {
                name: 'general loss',
                value: (row) => row.generalLoss,
                cell: (row) => fixed(row.generalLoss, 4),
                isNumber: true,
                sort: sortable('generalLoss'),
              },
              {
                name: 'domain loss',
                value: (row) => row.domainLoss,
                cell: (row) => fixed(row.domainLoss, 4),
                isNumber: true,
                sort: sortable('domainLoss'),
              },
              { name: 'why', value: (row) => row.reason, cell: (row) => row.reason ?? '' },
            ]}
          />
          {total > PAGE && (
            <nav class="pager" aria-label="Pages of runs">
              <button
                type="button"
                disabled={offset === 0}
                onClick={() => setQuery({ from: Math.max(0, offset - PAGE) || null })}
              >
                Earlier
              </button>
              <span>
                {offset + 1} to {offset + shown.length} of {total}
              </span>
              <button
                type="button"
                disabled={offset + PAGE >= total}
                onClick={() => setQuery({ from: offset + PAGE })}
              >
                Later
              </button>
            </nav>
          )}
        </div>
      )}
    </>
  );
}
