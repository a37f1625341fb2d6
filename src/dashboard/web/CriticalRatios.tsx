import { ratio, short } from '../../common/numbers.ts';
import type { Answer } from '../api/laws.ts';
import { DataTable } from './DataTable.tsx';
import { intervalWords } from './words.ts';

/** Critical mixture ratios by model size: another law’s answer to a like question. */
export function CriticalRatios({ answer }: { answer: Answer }) {
  return (
    <section class="card spaced" aria-label="Critical mixture ratios">
      <h3>Critical mixture ratio</h3>
      <p class="faint">The largest ratio at which the general loss still comes back down, by another law.</p>
      {answer.critical.length === 0 ? (
        <p>None can be told from what is measured.</p>
      ) : (
        <DataTable
          caption="By model size"
          isCaptionShown
          fileWords={`${answer.sweep} ${answer.domain} critical ratios`}
          columns={[
            {
              name: 'model size',
              value: (row) => row.modelSize,
              cell: (row) => short(row.modelSize),
              isHead: true,
            },
            {
              name: 'ratio',
              value: (row) => row.domainRatio,
              cell: (row) => ratio(row.domainRatio),
              isNumber: true,
            },
            {
              name: 'interval',
              value: (row) => (row.interval ? `${row.interval.low} ${row.interval.high}` : null),
              cell: (row) => (row.interval ? intervalWords(row.interval, ratio) : '–'),
              isNumber: true,
            },
            { name: 'status', value: (row) => row.status.replaceAll('-', ' ') },
          ]}
          rows={answer.critical}
          keyOf={(row) => String(row.modelSize)}
        />
      )}
    </section>
  );
}
