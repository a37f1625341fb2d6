import { fixed, ratio, significant } from '../../common/numbers.ts';
import type { VersionDifference } from '../api/laws.ts';
import { paths } from '../api/paths.ts';
import { withQuery } from './api.ts';
import { DataTable } from './DataTable.tsx';
import { Answered } from './States.tsx';
import { useQuery } from './useQuery.ts';
import { intervalWords } from './words.ts';

/** What changed from one version of a domain’s laws to another. */
export function VersionChange(props: { sweep: string; domain: string; from: number; to: number }) {
  const { sweep, domain, from, to } = props;
  const asked = useQuery<VersionDifference>(withQuery(paths.difference(sweep), { domain, from, to }));
  return (
    <Answered query={asked}>
      {(change) => (
        <div class="stack">
          {change.findings.length > 0 ? (
            <ul class="warnings">
              {change.findings.map((finding) => (
                <li key={finding}>{finding}</li>
              ))}
            </ul>
          ) : (
            <p>Nothing that deserves a look.</p>
          )}
          <p class="sentence">
            Best ratio: {end(change.ratio.before, change.ratio.beforeInterval)} before,{' '}
            {end(change.ratio.after, change.ratio.afterInterval)} after.
          </p>
          <div class="columns">
            {change.laws.map((law) => (
              <LawChange key={law.loss} law={law} name={`${sweep} ${domain} ${from} to ${to}`} />
            ))}
          </div>
        </div>
      )}
    </Answered>
  );
}

function end(value: number | null, interval: VersionDifference['ratio']['beforeInterval']): string {
  return value === null ? 'none' : `${ratio(value)} (${intervalWords(interval, ratio)})`;
}

function LawChange({ law, name }: { law: VersionDifference['laws'][number]; name: string }) {
  const { rows } = law;
  return (
    <section aria-label={`Change of the ${law.loss} law`}>
      <h4>{law.loss === 'general' ? 'General loss' : 'Domain loss'}</h4>
      <p>
        {rows.before} rows before, {rows.after} after ({rows.added} added, {rows.gone} gone). Predictions
        moved by {fixed(law.meanAbsoluteChange, 4)} nats on average, {fixed(law.largestChange, 4)} at most.
      </p>
      <p>
        Of {law.newRowsChecked} new rows, {law.newRowsOutside} lie outside the older law’s band; about{' '}
        {Math.round(law.newRowsExpectedOutside)} would by chance.
      </p>
      <DataTable
        caption={`Parameters of the ${law.loss} law, before and after`}
        fileWords={`${name} ${law.loss}`}
        keyOf={(row) => row.name}
        rows={law.parameters}
        columns={[
          { name: 'parameter', value: (row) => row.name, isHead: true },
          {
            name: 'before',
            value: (row) => row.before,
            cell: (row) => significant(row.before, 4),
            isNumber: true,
          },
          {
            name: 'after',
            value: (row) => row.after,
            cell: (row) => significant(row.after, 4),
            isNumber: true,
          },
          {
            name: 'interval before',
            value: (row) => (row.interval ? `${row.interval.low} ${row.interval.high}` : null),
            cell: (row) => (row.interval ? intervalWords(row.interval, (value) => significant(value)) : '–'),
            isNumber: true,
          },
          {
            name: 'left it',
            value: (row) => row.isOutside,
            cell: (row) =>
              row.isOutside ? <span class="tag is-warning">△ yes</span> : row.isOutside === null ? '–' : 'no',
          },
        ]}
      />
    </section>
  );
}
