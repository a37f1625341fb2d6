import { useMemo, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { short } from '../../common/numbers.ts';
import type { Throughput } from '../api/queue.ts';
import { Figure } from './Figure.tsx';
import { Legend } from './Legend.tsx';
import { nameColours } from './palette.ts';
import { theme } from './theme.ts';
import { rateLines, rateRows } from './throughputData.ts';
import { UplotChart } from './UplotChart.tsx';
import { useWidth } from './useWidth.ts';

const HEIGHT = 200;

/** Tokens per second of every worker over the last half hour. */
export function ThroughputChart({ throughput, name }: { throughput: Throughput; name: string }) {
  const { ref, width } = useWidth<HTMLDivElement>();
  const [at, setAt] = useState<number | null>(null);
  const paper = theme.value;
  const lines = useMemo(() => rateLines(throughput), [throughput]);
  const data = useMemo(
    () =>
      [
        throughput.times.map((ms) => ms / 1000),
        ...lines.map(({ rates }) => rates),
      ] as unknown as uPlot.AlignedData,
    [throughput, lines],
  );
  const names = lines.map((line) => line.name).join('\n');
  const colours = useMemo(() => nameColours(names.split('\n'), paper), [names, paper]);
  const looks = useMemo(
    () => names.split('\n').map((each) => ({ colour: colours.get(each)!, width: 1.5 })),
    [names, colours],
  );
  const legend = lines.map((line) => ({
    ...{ label: line.name, colour: colours.get(line.name)!, mark: 'line' as const },
  }));
  const shownAt = at !== null && at < throughput.times.length ? at : throughput.times.length - 1;
  return (
    <Figure
      title="Throughput"
      name={name}
      level={2}
      description={`Tokens per second of ${lines.length} workers over the last ${throughput.times.length} seconds.`}
      svg={async () =>
        (await import('./throughputSvg.ts')).throughputSvg(throughput.times, lines, colours, paper)
      }
      table={() => ({
        header: ['time', 'worker', 'tokens_per_second'],
        rows: rateRows(throughput.times, lines),
      })}
    >
      <Legend entries={legend} />
      <div ref={ref} class="uplot-frame" style={{ minHeight: `${HEIGHT}px` }}>
        {width > 0 && (
          <UplotChart
            data={data}
            looks={looks}
            x={{ label: 'time', isTime: true }}
            y={{ label: 'tokens per second', isCount: true, fromZero: true }}
            width={width}
            height={HEIGHT}
            theme={paper}
            onPointer={(chart) => setAt(chart.cursor.idx ?? null)}
            onLeave={() => setAt(null)}
          />
        )}
      </div>
      <p class="readout">
        {new Date(throughput.times[shownAt] ?? 0).toLocaleTimeString('en-GB')}:{' '}
        {lines.map((line) => `${line.name} ${short(line.rates[shownAt] ?? 0)} tokens/s`).join(' · ')}
      </p>
    </Figure>
  );
}
