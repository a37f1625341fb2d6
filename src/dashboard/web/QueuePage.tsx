import { paths } from '../api/paths.ts';
import type { QueueStatus } from '../api/queue.ts';
import { DataTable } from './DataTable.tsx';
import { QueueSweeps } from './QueueSweeps.tsx';
import { Empty, ProblemNote, Skeleton } from './States.tsx';
import { queue, session } from './store.ts';
import { ThroughputFigure } from './ThroughputFigure.tsx';
import { useQuery } from './useQuery.ts';
import { WorkersTable } from './WorkersTable.tsx';

/** The queue: what runs, what waits, who works. */
export function QueuePage() {
  const asked = useQuery<QueueStatus>(paths.queue, {
    onData: (data) => {
      queue.value = data;
    },
  });
  const known = queue.value;
  return (
    <>
      <div class="page-head">
        <h1>Queue</h1>
        {session.value?.bullBoard && known?.state === 'connected' && (
          <a class="button" href={paths.bullBoard} target="_blank" rel="noreferrer">
            Raw view (bull-board)
          </a>
        )}
      </div>
      {asked.problem && <ProblemNote problem={asked.problem} again={asked.again} />}
      {!known && !asked.problem && <Skeleton lines={3} tall />}
      {known?.state === 'none' && (
        <Empty title="No queue is running." command="npm run sweep configs/math.yaml">
          <p>{known.reason}</p>
          <p>A sweep that runs has a queue of its own; one for several machines is named by REDIS_URL.</p>
        </Empty>
      )}
      {known?.state === 'connected' && <Connected status={known} />}
    </>
  );
}

function Connected({ status }: { status: Extract<QueueStatus, { state: 'connected' }> }) {
  const { queues, sweeps, workers, description } = status;
  const sum = (of: 'waiting' | 'active' | 'delayed' | 'failed') =>
    queues.reduce((total, each) => total + each[of], 0);
  return (
    <div class="stack">
      <dl class="facts card">
        {(
          [
            ['Running', sum('active')],
            ['Waiting', sum('waiting')],
            ['To be tried again', sum('delayed')],
            ['Failed', sum('failed')],
            ['Live workers', workers.filter(({ gone }) => !gone).length],
          ] as const
        ).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="big-count">{value}</dd>
          </div>
        ))}
        <div>
          <dt>Connected to</dt>
          <dd>{description}</dd>
        </div>
      </dl>
      <section class="card" aria-label="Sweeps at work">
        <h2>Sweeps at work</h2>
        <QueueSweeps running={sweeps} />
      </section>
      <section class="card cards-on-phone" aria-label="Workers">
        <WorkersTable workers={workers} />
      </section>
      <ThroughputFigure name="queue" />
      <section class="card cards-on-phone" aria-label="Queues">
        {queues.length === 0 ? (
          <>
            <h2>Queues</h2>
            <p class="faint">There are none yet.</p>
          </>
        ) : (
          <DataTable
            caption="Queues"
            heading={2}
            fileWords="queues"
            keyOf={(row) => `${row.base} ${row.deviceClass}`}
            rows={queues}
            columns={[
              { name: 'queue', value: (row) => row.base, isHead: true },
              { name: 'device class', value: (row) => row.deviceClass },
              ...(['waiting', 'active', 'delayed', 'failed'] as const).map((name) => ({
                name,
                value: (row: (typeof queues)[number]) => row[name],
                isNumber: true,
              })),
            ]}
          />
        )}
      </section>
    </div>
  );
}
