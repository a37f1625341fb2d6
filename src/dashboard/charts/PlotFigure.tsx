import * as Plot from '@observablehq/plot';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { panelsOf } from './exportFigure.ts';
import { Figure, type FigureTable } from './Figure.tsx';
import { Legend } from './Legend.tsx';
import type { Theme } from './palette.ts';
import { type LegendEntry, standaloneSvg } from './svgText.ts';
import { theme } from './theme.ts';
import { useWidth } from './useWidth.ts';

export interface PlotPanel {
  title?: string;
  /** What Plot draws, without width. */
  options: Plot.PlotOptions;
}

interface Props {
  title: string;
  description: string;
  name: string;
  note?: ComponentChildren;
  /** A new function whenever there is something else to draw. */
  panels: (theme: Theme, width: number) => PlotPanel[];
  legend: (theme: Theme) => LegendEntry[];
  table: () => FigureTable;
  tools?: ComponentChildren;
  isDimmed?: boolean;
  level?: 2 | 3 | 4;
  /** Panels stand side by side where each has at least so many pixels. */
  panelWidth?: number;
}

const GAP = 20;

/** A figure that Observable Plot draws, in one panel or some side by side. */
export function PlotFigure(props: Props) {
  const { panels, legend, panelWidth = 380, ...frame } = props;
  const { ref, width } = useWidth<HTMLDivElement>();
  const paper = theme.value;
  const drawn = useMemo(() => {
    if (width === 0) return [];
    const count = panels(paper, width).length;
    const columns = count > 1 && (width - GAP * (count - 1)) / count >= panelWidth ? count : 1;
    const each = Math.floor((width - GAP * (columns - 1)) / columns);
    return panels(paper, each).map(({ title, options }) => ({ title, svg: draw(options, each, paper) }));
  }, [panels, width, paper, panelWidth]);
  const entries = legend(paper);
  const svg = () =>
    standaloneSvg({
      title: frame.title,
      panels: panelsOf(
        drawn.map((each) => each.svg),
        drawn.map((each) => each.title ?? ''),
      ),
      legend: entries,
      theme: paper,
    });
  return (
    <Figure {...frame} svg={svg}>
      <Legend entries={entries} />
      <div class="panels" ref={ref}>
        {drawn.map((each, at) => (
          <div key={at} class="panel">
            {each.title && <p class="panel-title">{each.title}</p>}
            <Held svg={each.svg} label={each.title ?? frame.title} />
          </div>
        ))}
      </div>
    </Figure>
  );
}

function Held({ svg, label }: { svg: SVGSVGElement; label: string }) {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    // Plot names its groups, the tips that come and go too: to those who listen the picture is one thing with one name.
    svg.setAttribute('aria-hidden', 'true');
    ref.current?.replaceChildren(svg);
  }, [svg]);
  return <div ref={ref} class="held" role="img" aria-label={label} />;
}

/** The policy of the server refuses style elements: Plot’s one is taken out before it reaches the page, its rules are in figures.css. */
function draw(options: Plot.PlotOptions, width: number, paper: Theme): SVGSVGElement {
  const svg = Plot.plot({
    marginTop: 12,
    marginRight: 14,
    marginBottom: 42,
    marginLeft: 56,
    ...options,
    width,
    className: 'plot',
    figure: false,
  }) as SVGSVGElement;
  for (const style of [...svg.querySelectorAll('style')]) style.remove();
  // Plot’s remarks on the data are for a console.
  for (const text of [...svg.querySelectorAll('text')]) {
    if (text.textContent?.includes('\u26a0')) text.remove();
  }
  svg.setAttribute('color', paper.ink);
  svg.setAttribute('font-size', '12');
  return svg;
}
