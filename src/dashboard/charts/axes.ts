import * as Plot from '@observablehq/plot';
import type { Theme } from './palette.ts';

/** An axis with its name in the middle, without arrows. */
export function axis(label: string, options: Plot.ScaleOptions = {}): Plot.ScaleOptions {
  return { label, labelAnchor: 'center', labelArrow: 'none', nice: false, ...options };
}

/** Grid lines behind a panel’s marks. */
export function gridMarks(theme: Theme, ticks = 6): Plot.Markish[] {
  const style = { stroke: theme.grid, strokeOpacity: 1 };
  return [Plot.gridX({ ...style, ticks }), Plot.gridY({ ...style, ticks })];
}

/** What a pointer reads, on the paper’s own colours. */
export function tipStyle(theme: Theme) {
  return { fill: theme.background, stroke: theme.faint, textPadding: 8, fontSize: 12 } as const;
}

/** For a panel that has nothing to show. */
export function emptyPanel(theme: Theme, sentence: string): Plot.PlotOptions {
  return {
    height: 120,
    axis: null,
    marks: [Plot.text([sentence], { frameAnchor: 'middle', fill: theme.faint, lineWidth: 40 })],
  };
}
