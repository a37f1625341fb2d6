import { fixed, ratio, short } from '../../common/numbers.ts';
import type { LawVersions } from '../api/laws.ts';
import { paths } from '../api/paths.ts';
import type { SweepDetail } from '../api/sweeps.ts';
import { withQuery } from './api.ts';
import { Pick } from './Choice.tsx';
import { DataTable } from './DataTable.tsx';
import { query, setQuery } from './router.ts';
import { Empty, ProblemNote, Skeleton } from './States.tsx';
import { lawChanges } from './store.ts';
import { useQuery } from './useQuery.ts';
import { VersionChange } from './VersionChange.tsx';
import { answerWords, intervalWords, when } from './words.ts';

/** The versions of a domain’s laws that the registry keeps, and how two of them differ. */
export function VersionsTab({ sweep, domain }: { sweep: SweepDetail; domain: string }) {
  const asked = useQuery<LawVersions>(withQuery(paths.versions(sweep.sweep), { domain }), {
    version: lawChanges.value,
  });
  const versions = [...(asked.data?.versions ?? [])].sort((a, b) => b.version - a.version);
  const from = Number(query.value.get('from')) || versions[1]?.version || 0;
  const to = Number(query.value.get('to')) || versions[0]?.version || 0;
  const options = versions.map(({ version }) => [String(version), `version ${version}`] as const);
  return (
    <>
      <h2 class="unseen">Versions of the laws of {domain}</h2>
      {asked.problem && <ProblemNote problem={asked.problem} again={asked.again} />}
      {asked.isLoading && <Skeleton lines={2} tall />}
      {asked.data && versions.length === 0 && (
        <Empty title="No version kept yet." command={`npm run report ${sweep.sweep}`}>
          <p>
            A version is kept whenever laws are fitted to other rows: at a sweep’s end, by a report, by a
            refit.
          </p>
        </Empty>
      )}
      {versions.length > 0 && (
        <div class="stack">
          <div class="card cards-on-phone">
            <DataTable
              caption="Versions, the newest first"
              isCaptionShown
              fileWords={`${sweep.sweep} ${domain} versions`}
              keyOf={(row) => String(row.version)}
              rows={versions}
              columns={[
                { name: 'version', value: (row) => row.version, isHead: true },
                { name: 'made', value: (row) => row.createdAt, cell: (row) => when(row.createdAt) },
                { name: 'form', value: (row) => row.form },
                { name: 'rows', value: (row) => row.rows, cell: (row) => short(row.rows), isNumber: true },
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
                {
                  name: 'answer',
                  value: (row) => (row.status === 'recommended' ? row.domainRatio : row.status),
                  cell: answerWords,
                },
                {
                  name: 'interval',
                  value: (row) => (row.interval ? `${row.interval.low} ${row.interval.high}` : null),
                  cell: (row) => (row.interval ? intervalWords(row.interval, ratio) : '–'),
                },
              ]}
            />
          </div>
          {versions.length > 1 && (
            <div class="card">
              <h3>What changed</h3>
              <div class="controls">
                <Pick
                  label="From"
                  options={options}
                  value={String(from)}
                  onChange={(value) => setQuery({ from: value }, { replace: true })}
                />
                <Pick
                  label="To"
                  options={options}
                  value={String(to)}
                  onChange={(value) => setQuery({ to: value }, { replace: true })}
                />
              </div>
              {from === to ? (
                <p>Choose two different versions.</p>
              ) : (
                <VersionChange
                  key={`${from} ${to}`}
                  sweep={sweep.sweep}
                  domain={domain}
                  from={from}
                  to={to}
                />
              )}
            </div>
          )}
        </div>
      )}
    </>
  );
}
