import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Theme } from './palette.ts';
import { padded } from './ranges.ts';
import { countTick, linearTicks, logTicks, plainTicks } from './ticks.ts';

export interface SeriesLook {
  colour: string;
  width: number;
  dash?: number[];
  points?: boolean;
}

export interface UplotProps {
  /** Ascending, then a column a series. */
  data: uPlot.AlignedData;
  looks: readonly SeriesLook[];
  x: { label: string; isLog?: boolean; isTime?: boolean };
  y: { label: string; isLog?: boolean; isCount?: boolean; fromZero?: boolean };
  width: number;
  height: number;
  theme: Theme;
  /** Charts of one key show the cursor and zoom together. */
  syncKey?: string;
  /** Increased to show everything again. */
  resets?: number;
  onPointer?: (chart: uPlot) => void;
  onLeave?: () => void;
  onClick?: () => void;
}

const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/** uPlot on the page: built anew only when its structure changes; new data, colours and sizes go into the one that stands. */
export function UplotChart(props: UplotProps) {
  const holder = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const { data, looks, width, height, theme } = props;
  const structure = JSON.stringify([
    ...[data.length, props.x, props.y, theme.name, props.syncKey],
    looks.map(({ dash, points }) => [dash, points]),
  ]);

  // `structure` stands for all that builds the chart.
  useLayoutEffect(() => {
    if (!holder.current) return;
    const built = new uPlot(optionsOf(latest), latest.current.data, holder.current);
    chart.current = built;
    return () => {
      chart.current = null;
      built.destroy();
    };
  }, [structure]);

  useLayoutEffect(() => {
    const built = chart.current;
    if (!built || built.data === data) return;
    const isWhole = !isZoomed(built);
    built.setData(data, isWhole);
    if (!isWhole) built.redraw();
  }, [data]);

  useLayoutEffect(() => {
    chart.current?.setSize({ width, height });
  }, [width, height]);

  // Colours are read when it draws.
  useLayoutEffect(() => {
    chart.current?.redraw(false);
  }, [looks]);

  useEffect(() => {
    if (props.resets) chart.current?.setData(latest.current.data, true);
  }, [props.resets]);

  return <div ref={holder} class="uplot-holder" />;
}

/** Seconds since 1970 as a time of day. */
const clockTime = (seconds: number): string => new Date(seconds * 1000).toLocaleTimeString('en-GB');

function isZoomed(chart: uPlot): boolean {
  const { min, max } = chart.scales.x!;
  const column = chart.data[0];
  if (min == null || max == null || column.length < 2) return false;
  const width = column[column.length - 1]! - column[0]!;
  return min > column[0]! + width * 1e-6 || max < column[column.length - 1]! - width * 1e-6;
}

function optionsOf(latest: { current: UplotProps }): uPlot.Options {
  const { x, y, theme, width, height, looks, syncKey } = latest.current;
  const axisLook = {
    stroke: theme.faint,
    font: FONT,
    labelFont: FONT,
    grid: { stroke: theme.grid, width: 1 },
    ticks: { stroke: theme.grid, width: 1, size: 4 },
  };
  const within = (isLog: boolean | undefined, range: [number, number], share: number): [number, number] =>
    isLog && range[0] > 0
      ? (padded([Math.log10(range[0]), Math.log10(range[1])], share).map((each) => 10 ** each) as [
          number,
          number,
        ])
      : padded(range, share);
  return {
    width,
    height,
    // The last time of day stands half beside the chart.
    padding: [10, x.isTime ? 30 : 12, 0, 0],
    legend: { show: false },
    scales: {
      x: {
        time: x.isTime ?? false,
        distr: x.isLog ? 3 : 1,
        range: (_, min, max) =>
          min == null ? [1, 10] : min === max ? within(x.isLog, [min, max], 0.1) : [min, max],
      },
      y: {
        distr: y.isLog ? 3 : 1,
        range: (_, min, max) => {
          if (min == null) return y.isLog ? [1, 10] : [0, 1];
          return y.fromZero ? [0, max > 0 ? max * 1.08 : 1] : within(y.isLog, [min, max], 0.06);
        },
      },
    },
    axes: [
      {
        ...axisLook,
        ...(x.isTime ? {} : { label: x.label, labelSize: 22 }),
        size: 34,
        ...(x.isTime
          ? { values: (_: uPlot, values: number[]) => values.map(clockTime), space: 90 }
          : {
              splits: (chart: uPlot, _: number, low: number, high: number) =>
                (x.isLog ? logTicks : linearTicks)(
                  low,
                  high,
                  Math.max(2, chart.bbox.width / devicePixelRatio / 80),
                ),
              values: (_: uPlot, values: number[]) => values.map(countTick),
            }),
      },
      {
        ...axisLook,
        label: y.label,
        labelSize: 22,
        size: 54,
        splits: (_chart, _axis, low, high) => (y.isLog ? logTicks : linearTicks)(low, high, 6),
        values: (_, values) => (y.isCount ? values.map(countTick) : plainTicks(values)),
      },
    ],
    series: [
      {},
      ...looks.map(
        (look, at): uPlot.Series => ({
          stroke: () => latest.current.looks[at]?.colour ?? look.colour,
          width: 1.5,
          spanGaps: true,
          ...(look.dash ? { dash: look.dash } : {}),
          points: { show: look.points ?? false, size: 5 },
        }),
      ),
    ],
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: true, y: false, dist: 6 },
      ...(syncKey ? { sync: { key: syncKey, scales: ['x', null] } } : {}),
      bind: {
        mouseleave: (_chart, _target, handler) => (event: MouseEvent) => {
          handler(event);
          latest.current.onLeave?.();
          return null;
        },
      },
    },
    hooks: {
      // Its own binding of clicks is for legends. A click that ends a zoom does not come here.
      init: [(built) => built.over.addEventListener('click', () => latest.current.onClick?.())],
      setCursor: [(built) => latest.current.onPointer?.(built)],
    },
  };
}
