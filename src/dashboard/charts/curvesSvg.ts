import * as Plot from '@observablehq/plot';
import type { Curve } from '../api/sweeps.ts';
import { axis, gridMarks } from './axes.ts';
import type { Aligned } from './curvesData.ts';
import { panelsOf } from './exportFigure.ts';
import type { Theme } from './palette.ts';
import { type LegendEntry, standaloneSvg } from './svgText.ts';
import { countTick } from './ticks.ts';

export interface CurvesPicture {
  title: string;
  curves: readonly Curve[];
  isLogX: boolean;
  isLogY: boolean;
  /** By run: each curve’s colour. */
  colours: ReadonlyMap<string, string>;
  legend: readonly LegendEntry[];
}

/** The file of a chart of curves. In a file of its own, since only saving needs what draws it. */
export function curvesSvg(props: CurvesPicture, aligned: Aligned, paper: Theme, unitLabel: string) {
  const { curves, isLogX, isLogY, colours, title } = props;
  const rows = curves.flatMap((curve, at) =>
    aligned.tokens.flatMap((tokens, point) => {
      const value = aligned.losses[at]![point];
      return value === null || value === undefined
        ? []
        : [{ tokens, value, run: curve.run, kind: curve.kind }];
    }),
  );
  const svg = Plot.plot({
    width: 760,
    height: 420,
    marginLeft: 60,
    marginBottom: 42,
    className: 'plot',
    x: axis('training tokens', { type: isLogX ? 'log' : 'linear', tickFormat: countTick, ticks: 7 }),
    y: axis(unitLabel, {
      type: isLogY ? 'log' : 'linear',
      ticks: 6,
      tickFormat: (value: number) => String(value),
    }),
    marks: [
      ...gridMarks(paper),
      Plot.line(rows, {
        x: 'tokens',
        y: 'value',
        z: 'run',
        stroke: (row: { run: string }) => colours.get(row.run) ?? paper.faint,
        strokeWidth: 1.5,
      }),
    ],
  }) as SVGSVGElement;
  for (const style of [...svg.querySelectorAll('style')]) style.remove();
  return standaloneSvg({ title, panels: panelsOf([svg]), legend: props.legend, theme: paper });
}
