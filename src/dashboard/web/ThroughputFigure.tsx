import { paths } from '../api/paths.ts';
import type { Throughput } from '../api/queue.ts';
import { ThroughputChart } from '../charts/ThroughputChart.tsx';
import { throughput } from './store.ts';
import { useQuery } from './useQuery.ts';

/** Tokens per second of every worker; nothing while no worker has been seen. */
export function ThroughputFigure({ name }: { name: string }) {
  useQuery<Throughput>(paths.throughput, {
    onData: (data) => {
      throughput.value = data;
    },
  });
  const known = throughput.value;
  if (!known || known.times.length < 2 || known.workers.length === 0) return null;
  return (
    <div class="card">
      <ThroughputChart throughput={known} name={name} />
    </div>
  );
}
