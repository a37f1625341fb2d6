import { duration, percent, short } from '../../common/numbers.ts';
import { shownPlaces } from '../../common/seats.ts';
import type { WorkerRow } from '../api/queue.ts';
import { nowMs } from './clock.ts';
import { DataTable } from './DataTable.tsx';
import { views } from './routes.ts';
import { Empty } from './States.tsx';
import { ago, bytesWords, rateWords, when } from './words.ts';

/** Workers with their devices, what each does, and when it was heard last. */
export function WorkersTable({ workers }: { workers: readonly WorkerRow[] }) {
  if (workers.length === 0) {
    return (
      <>
        <h2>Workers</h2>
        <Empty title="No worker is connected." command="npm run worker">
          <p>Jobs wait until one comes.</p>
        </Empty>
      </>
    );
  }
  return (
    <DataTable
      caption="Workers"
      heading={2}
      fileWords="workers"
      keyOf={(row) => row.id}
      rows={workers}
      rowClass={(row) => (row.gone ? 'faint' : '')}
      columns={[
        {
          name: 'worker',
          isHead: true,
          value: (row) => row.id,
          cell: (row) => (
            <>
              {row.host} <span class="faint">{row.pid}</span>
            </>
          ),
        },
        { name: 'heartbeat', value: (row) => row.silentMs, cell: (row) => <Heartbeat worker={row} /> },
        {
          name: 'devices, and what they do',
          value: (row) =>
            shownPlaces(row.slots)
              .map(({ name, place: { doing } }) => `${name}: ${doing?.label ?? 'idle'}`)
              .join('; '),
          cell: (row) => (
            <div>
              {shownPlaces(row.slots).map(({ name, place }) => (
                <Slot key={name} name={name} slot={place} />
              ))}
            </div>
          ),
        },
        {
          name: 'throughput',
          value: (row) => row.tokensPerSecond,
          cell: (row) => rateWords(row.tokensPerSecond),
          isNumber: true,
        },
        { name: 'finished', value: (row) => row.finishedRuns, isNumber: true },
        { name: 'engine', value: (row) => row.engine },
        {
          name: 'began',
          value: (row) => row.startedAt,
          cell: (row) => <span title={when(row.startedAt)}>{ago(row.startedAt, nowMs.value)}</span>,
        },
      ]}
    />
  );
}

function Heartbeat({ worker }: { worker: WorkerRow }) {
  const silent = duration(worker.silentMs / 1000);
  if (worker.gone) return <span class="tag is-warning">✕ gone, silent for {silent}</span>;
  if (worker.draining) return <span class="tag is-paused">‖ finishing, takes nothing new</span>;
  return <span class="tag is-good">● {silent} ago</span>;
}

function Slot({ name, slot }: { name: string; slot: WorkerRow['slots'][number] }) {
  const { deviceClass, memoryBytes, doing } = slot;
  return (
    <div class="slot">
      <span class="faint" title={`class ${deviceClass}, ${bytesWords(memoryBytes)}`}>
        {name}
      </span>{' '}
      {doing ? (
        <>
          <a href={views.run(doing.run)}>{doing.label}</a>{' '}
          <span class="faint">
            {doing.totalTokens > 0 ? percent(doing.tokens / doing.totalTokens) : ''} of{' '}
            {short(doing.totalTokens)} tokens
          </span>
        </>
      ) : (
        <span class="faint">idle</span>
      )}
    </div>
  );
}
