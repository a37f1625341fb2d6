import * as Plot from '@observablehq/plot';
import { axis, gridMarks } from './axes.ts';
import { panelsOf } from './exportFigure.ts';
import type { Theme } from './palette.ts';
import { standaloneSvg } from './svgText.ts';
import type { RateLine } from './throughputData.ts';
import { countTick } from './ticks.ts';

/** The file of the throughput chart. In a file of its own, since only saving needs what draws it. */
export function throughputSvg(
  times: readonly number[],
  lines: readonly RateLine[],
  colours: ReadonlyMap<string, string>,
  paper: Theme,
) {
  const rows = lines.flatMap((line) =>
    times.map((time, index) => ({
      time: new Date(time),
      rate: line.rates[index] ?? null,
      line: line.name,
    })),
  );
  const svg = Plot.plot({
    ...{ width: 760, height: 280, marginLeft: 60, marginBottom: 42, className: 'plot' },
    x: axis('time', { type: 'time' }),
    y: axis('tokens per second', { tickFormat: countTick, zero: true }),
    marks: [
      ...gridMarks(paper),
      Plot.line(rows, {
        x: 'time',
        y: 'rate',
        z: 'line',
        stroke: ({ line }: { line: string }) => colours.get(line),
      }),
    ],
  }) as SVGSVGElement;
  const legend = lines.map(({ name }) => ({
    ...{ label: name, colour: colours.get(name)!, mark: 'line' as const },
  }));
  for (const style of [...svg.querySelectorAll('style')]) style.remove();
  return standaloneSvg({ title: 'Throughput', panels: panelsOf([svg]), legend, theme: paper });
}
