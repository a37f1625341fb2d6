import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { escapeXml } from '../escape.ts';
import { FAINT_INK, GRID, INK } from './palette.ts';
import { svgText } from './svgText.ts';

/** Width of every figure, pixels: a text column on a wide screen. */
export const FIGURE_WIDTH = 920;
const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";
const FONT_SIZE = 12;
/** Mean advance of a character at FONT_SIZE in the fonts above; only the legend's layout depends on it. */
const CHARACTER_WIDTH = 6.6;
const LEGEND_LINE = 20;
const TITLE_HEIGHT = 24;
const MARGIN = 10;
/** Left edge of titles and legends. */
const TEXT_LEFT = 6;

/** What Plot draws in a panel, without width, height and document. */
export type PanelPlot = Plot.PlotOptions;

export interface Panel {
  /** Left edge and top, in pixels below the legend. */
  x: number;
  y: number;
  width: number;
  height: number;
  title: string;
  plot: PanelPlot;
}

export interface LegendEntry {
  label: string;
  colour: string;
  mark: 'dot' | 'ring' | 'line' | 'dashed' | 'band' | 'none';
}

/** Puts panels below a legend into one standalone SVG document on white, the same text for the same data. */
export function composeFigure(
  panels: readonly Panel[],
  legend: readonly LegendEntry[],
  label: string,
): string {
  const { lines, text } = drawLegend(legend);
  const top = MARGIN + lines * LEGEND_LINE + (lines ? 6 : 0);
  const bottom = Math.max(...panels.map((panel) => panel.y + panel.height + TITLE_HEIGHT));
  const height = top + bottom + MARGIN;
  const body = panels
    .map(
      (panel) =>
        `<text x="${panel.x + TEXT_LEFT}" y="${top + panel.y + 14}" font-size="13" font-weight="600">${escapeXml(panel.title)}</text>` +
        `<g transform="translate(${panel.x},${top + panel.y + TITLE_HEIGHT})">${drawPlot(panel)}</g>`,
    )
    .join('\n');
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${escapeXml(label)}" ` +
    `width="${FIGURE_WIDTH}" height="${height}" viewBox="0 0 ${FIGURE_WIDTH} ${height}" ` +
    `font-family="${escapeXml(FONT)}" font-size="${FONT_SIZE}" fill="${INK}" color="${INK}">\n` +
    `<rect width="${FIGURE_WIDTH}" height="${height}" fill="#ffffff"/>\n${text}\n${body}\n</svg>\n`
  );
}

function drawPlot(panel: Panel): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const drawn = Plot.plot({
    ...panel.plot,
    width: panel.width,
    height: panel.height,
    document,
    style: { fontSize: `${FONT_SIZE}px` },
  });
  // Where Plot has a remark on the data it says so in a sign with a tooltip, which is noise in a printed figure.
  for (const text of [...drawn.querySelectorAll('text')])
    if (text.textContent?.includes('\u26a0')) text.remove();
  drawn.removeAttribute('style');
  for (const name of ['fill', 'font-family', 'font-size']) drawn.removeAttribute(name);
  drawn.setAttribute('overflow', 'visible');
  return svgText(drawn);
}

function drawLegend(entries: readonly LegendEntry[]): { lines: number; text: string } {
  let x = TEXT_LEFT;
  let line = 0;
  const drawn = entries.map((entry) => {
    const glyph = entry.mark === 'none' ? 0 : 22;
    const width = glyph + [...entry.label].length * CHARACTER_WIDTH + 14;
    if (x + width > FIGURE_WIDTH - MARGIN && x > TEXT_LEFT) {
      x = TEXT_LEFT;
      line++;
    }
    const y = MARGIN + line * LEGEND_LINE + 8;
    const text =
      legendMark(entry, x, y) +
      `<text x="${round(x + glyph)}" y="${y}" dy="0.32em"${
        entry.mark === 'none' ? ` fill="${FAINT_INK}"` : ''
      }>${escapeXml(entry.label)}</text>`;
    x += width;
    return text;
  });
  return { lines: entries.length ? line + 1 : 0, text: drawn.join('\n') };
}

function legendMark({ mark, colour }: LegendEntry, left: number, y: number): string {
  const [x1, x2, middle] = [round(left), round(left + 16), round(left + 8)];
  if (mark === 'dot') return `<circle cx="${middle}" cy="${y}" r="4" fill="${colour}"/>`;
  if (mark === 'ring')
    return `<circle cx="${middle}" cy="${y}" r="3.5" fill="#ffffff" stroke="${colour}" stroke-width="1.5"/>`;
  if (mark === 'band')
    return `<rect x="${x1}" y="${y - 5}" width="16" height="10" fill="${colour}" fill-opacity="0.25"/>`;
  if (mark === 'none') return '';
  const dash = mark === 'dashed' ? ' stroke-dasharray="4 3"' : '';
  return `<line x1="${x1}" x2="${x2}" y1="${y}" y2="${y}" stroke="${colour}" stroke-width="2"${dash}/>`;
}

/** Grid lines behind a panel's marks. */
export const gridMarks = (axes: 'x' | 'y' | 'both', options: Plot.GridOptions = {}): Plot.Markish[] => {
  const style = { stroke: GRID, strokeOpacity: 1, ...options };
  return [...(axes === 'y' ? [] : [Plot.gridX(style)]), ...(axes === 'x' ? [] : [Plot.gridY(style)])];
};

/** A panel that says why it is empty. */
export const emptyPlot = (reason: string): Plot.PlotOptions => ({
  x: { axis: null, domain: [0, 1] },
  y: { axis: null, domain: [0, 1] },
  marks: [
    Plot.frame({ stroke: GRID }),
    Plot.text([reason], { x: 0.5, y: 0.5, fill: FAINT_INK, lineWidth: 28, textAnchor: 'middle' }),
  ],
});

/** Smallest and largest finite value, widened by `share` on both sides; a single value gets room around it. */
export function paddedExtent(values: Iterable<number>, share = 0.06): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  const room = high > low ? (high - low) * share : Math.abs(high) * 0.01 || 1;
  return [low - room, high + room];
}

/** Every k-th item, k the smallest that leaves at most `most`, and always the last: what a figure can show. */
export function thinned<T>(items: readonly T[], most: number): T[] {
  const step = Math.ceil(items.length / most);
  return items.filter((_, at) => at % step === 0 || at === items.length - 1);
}

export const clamp = (value: number, [low, high]: readonly [number, number]): number =>
  Math.min(high, Math.max(low, value));

const round = (value: number): number => Math.round(value * 100) / 100;

/**
 * The range of an axis that shows measurements well: theirs, widened for modelled values by at most half of its
 * own height on each side, so that a wild curve or band leaves the panel instead of flattening the data.
 */
export function visibleRange(measured: readonly number[], modelled: readonly number[]): [number, number] {
  const finite = measured.filter(Number.isFinite);
  if (finite.length === 0) return paddedExtent(modelled);
  const [low, high] = paddedExtent(finite, 0);
  const room = (high - low) / 2;
  const limits = [low - room, high + room] as const;
  return paddedExtent([...finite, ...modelled.filter(Number.isFinite).map((value) => clamp(value, limits))]);
}

/** The usual options of an axis with a centred label. */
export const axis = (label: string, options: Plot.ScaleOptions = {}): Plot.ScaleOptions => ({
  label,
  labelAnchor: 'center',
  labelArrow: 'none',
  tickSize: 4,
  ...options,
});
