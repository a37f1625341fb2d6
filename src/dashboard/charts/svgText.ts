import type { Theme } from './palette.ts';

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";

export interface LegendEntry {
  label: string;
  colour: string;
  mark: 'dot' | 'line' | 'dashed' | 'band' | 'ring' | 'cross';
}

const CHARACTER_WIDTH = 6.6;
const LINE = 20;
const TITLE = 26;

export const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Where each entry of a legend stands, in lines no wider than `width`. */
export function legendPlaces(
  entries: readonly LegendEntry[],
  width: number,
): { places: { x: number; y: number }[]; height: number } {
  let x = 8;
  let line = 0;
  const places = entries.map(({ label }) => {
    const wide = 22 + [...label].length * CHARACTER_WIDTH + 14;
    if (x + wide > width && x > 8) {
      x = 8;
      line++;
    }
    const place = { x, y: line * LINE + 10 };
    x += wide;
    return place;
  });
  return { places, height: entries.length === 0 ? 0 : (line + 1) * LINE + 4 };
}

/** A figure as one document that needs no other: its panels’ SVG beside title and legend, on its own paper. */
export function standaloneSvg(figure: {
  title: string;
  /** Inner SVG elements, as text, each with its size; they are put below each other. */
  panels: readonly { svg: string; width: number; height: number; title?: string }[];
  legend: readonly LegendEntry[];
  theme: Theme;
}): { svg: string; width: number; height: number } {
  const { title, panels, legend, theme } = figure;
  const width = Math.max(320, ...panels.map((panel) => panel.width));
  const { places, height: legendHeight } = legendPlaces(legend, width);
  let y = TITLE + legendHeight + 6;
  const body: string[] = [];
  for (const panel of panels) {
    if (panel.title) {
      body.push(
        `<text x="8" y="${y + 14}" font-weight="600" fill="${theme.ink}">${escapeXml(panel.title)}</text>`,
      );
      y += 22;
    }
    body.push(`<g transform="translate(0,${y})">${withoutVariables(panel.svg, theme)}</g>`);
    y += panel.height;
  }
  const height = Math.ceil(y + 8);
  const keys = legend.map((entry, at) => legendMark(entry, places[at]!, theme));
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" font-family="${escapeXml(FONT)}" font-size="12" fill="${theme.ink}" color="${theme.ink}">\n` +
    `<title>${escapeXml(title)}</title><rect width="${width}" height="${height}" fill="${theme.background}"/>\n` +
    `<text x="8" y="18" font-size="14" font-weight="600">${escapeXml(title)}</text>\n` +
    `<g transform="translate(0,${TITLE})">${keys.join('')}</g>\n${body.join('\n')}\n</svg>\n`;
  return { svg, width, height };
}

/** Outside the page nobody knows its variables. */
function withoutVariables(svg: string, theme: Theme): string {
  return svg
    .replaceAll('var(--plot-background)', theme.background)
    .replaceAll('currentColor', theme.ink)
    .replaceAll('currentcolor', theme.ink);
}

function legendMark({ label, colour, mark }: LegendEntry, { x, y }: { x: number; y: number }, theme: Theme) {
  const line = (dash: string) =>
    `<line x1="${x}" x2="${x + 16}" y1="${y}" y2="${y}" stroke="${colour}" stroke-width="2"${dash}/>`;
  const marks: Record<LegendEntry['mark'], string> = {
    dot: `<circle cx="${x + 8}" cy="${y}" r="4" fill="${colour}"/>`,
    ring: `<circle cx="${x + 8}" cy="${y}" r="4" fill="none" stroke="${colour}" stroke-width="1.5"/>`,
    cross: `<path d="M${x + 4},${y - 4}l8,8m0,-8l-8,8" stroke="${colour}" stroke-width="1.8"/>`,
    line: line(''),
    dashed: line(' stroke-dasharray="4 3"'),
    band: `<rect x="${x}" y="${y - 5}" width="16" height="10" fill="${colour}" fill-opacity="0.25"/>`,
  };
  return `${marks[mark]}<text x="${x + 22}" y="${y}" dy="0.32em" fill="${theme.ink}">${escapeXml(label)}</text>`;
}
