import { useMemo, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { fixed, short } from '../../common/numbers.ts';
import type { Curve } from '../api/sweeps.ts';
import {
  type Aligned,
  alignCurves,
  CURVE_COLUMNS,
  curveRows,
  type LossName,
  lossOf,
  nearestPoint,
  type Unit,
} from './curvesData.ts';
import { Figure } from './Figure.tsx';
import type { Theme } from './palette.ts';
import type { LegendEntry } from './svgText.ts';
import { theme } from './theme.ts';
import { type SeriesLook, UplotChart } from './UplotChart.tsx';
import { useWidth } from './useWidth.ts';

export interface CurvesProps {
  title: string;
  name: string;
  curves: readonly Curve[];
  loss: LossName;
  unit: Unit;
  isLogX: boolean;
  isLogY: boolean;
  /** By run: each curve’s colour. */
  colours: ReadonlyMap<string, string>;
  /** What the colours stand for; shown by the page, and in files. */
  legend: readonly LegendEntry[];
  selected: string | null;
  onSelect?: (run: string) => void;
  height?: number;
  level?: 2 | 3 | 4;
}

/** Loss against tokens, a curve a run. */
export function Curves(props: CurvesProps) {
  const { title, name, curves, loss, unit, isLogX, isLogY, colours, selected, onSelect, level = 3 } = props;
  const { height = 340 } = props;
  const { ref, width } = useWidth<HTMLDivElement>();
  const [resets, setResets] = useState(0);
  const [hovered, setHovered] = useState<{ curve: number; point: number } | null>(null);
  const hoveredNow = useRef(hovered);
  hoveredNow.current = hovered;
  const paper = theme.value;
  const aligned = useMemo(() => alignCurves(curves, loss, unit, isLogX), [curves, loss, unit, isLogX]);
  const data = useMemo(() => [aligned.tokens, ...aligned.losses] as unknown as uPlot.AlignedData, [aligned]);
  const hoveredRun = hovered ? curves[hovered.curve]?.run : undefined;
  const looks = useMemo(
    () => curves.map((curve) => lookOf(curve, colours, hoveredRun ?? selected, paper)),
    [curves, colours, hoveredRun, selected, paper],
  );
  const onPointer = (chart: uPlot) => {
    const { left = -1, top = -1 } = chart.cursor;
    const found =
      left < 0 || top < 0
        ? null
        : nearestPoint(
            aligned,
            { x: left, y: top },
            (tokens) => chart.valToPos(tokens, 'x'),
            (value) => chart.valToPos(value, 'y'),
          );
    const was = hoveredNow.current;
    if (found?.curve !== was?.curve || found?.point !== was?.point) setHovered(found);
  };
  const unitLabel = unit === 'nats' ? 'nats per token' : 'bits per byte';
  return (
    <Figure
      title={title}
      name={name}
      level={level}
      description={`${title} in ${unitLabel} against training tokens: ${curves.length} curves. The table below has every value.`}
      svg={async () => (await import('./curvesSvg.ts')).curvesSvg(props, aligned, paper, unitLabel)}
      table={() => ({ header: CURVE_COLUMNS, rows: curveRows(curves) })}
      tools={
        <button
          type="button"
          class="mini"
          onClick={() => setResets(resets + 1)}
          title="Show all tokens again"
        >
          Reset zoom
        </button>
      }
    >
      <div ref={ref} class="uplot-frame" style={{ minHeight: `${height}px` }}>
        {width > 0 && curves.length > 0 && (
          <UplotChart
            data={data}
            looks={looks}
            x={{ label: 'training tokens', isLog: isLogX }}
            y={{ label: unitLabel, isLog: isLogY }}
            width={width}
            height={height}
            theme={paper}
            syncKey={`${name} curves`}
            resets={resets}
            onPointer={onPointer}
            onLeave={() => setHovered(null)}
            onClick={() => {
              const run = hoveredNow.current && curves[hoveredNow.current.curve]?.run;
              if (run) onSelect?.(run);
            }}
          />
        )}
      </div>
      <p class="readout">{readout(hovered, curves, aligned, loss, unit, onSelect !== undefined)}</p>
    </Figure>
  );
}

function readout(
  hovered: { curve: number; point: number } | null,
  curves: readonly Curve[],
  aligned: Aligned,
  loss: LossName,
  unit: Unit,
  canSelect: boolean,
) {
  const curve = hovered && curves[hovered.curve];
  if (!curve)
    return (
      <span class="faint">
        Point at a curve to read it; drag to zoom{canSelect ? '; click selects a run' : ''}.
      </span>
    );
  const tokens = aligned.tokens[hovered.point]!;
  const value = lossOf(curve, loss, unit)[curve.tokens.indexOf(tokens)] ?? null;
  return (
    <>
      <strong>{curve.label}</strong> · {short(tokens)} tokens · {fixed(value, 4)}{' '}
      {unit === 'nats' ? 'nats' : 'bits per byte'}
    </>
  );
}

/** Base models dashed; with one curve in hand, the others step back. */
function lookOf(
  curve: Curve,
  colours: ReadonlyMap<string, string>,
  inHand: string | null,
  paper: Theme,
): SeriesLook {
  const colour = colours.get(curve.run) ?? paper.faint;
  const isBack = inHand !== null && inHand !== curve.run;
  return {
    colour: isBack ? `${colour}40` : colour,
    width: 1.5,
    ...(curve.kind === 'base' ? { dash: [5, 4] } : {}),
    points: curve.tokens.length < 3,
  };
}
