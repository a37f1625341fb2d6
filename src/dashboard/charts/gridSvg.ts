import { fixed, short } from '../../common/numbers.ts';
import type { RunRow, RunStatus } from '../api/sweeps.ts';
import { placeOf, type RunGrid, shareOf } from './gridModel.ts';
import type { Theme } from './palette.ts';
import { escapeXml } from './svgText.ts';

/** Colours of states, from Okabe & Ito; each also has a sign of its own. */
export const STATE_COLOURS: Record<Theme['name'], Record<RunStatus, string>> = {
  light: { planned: '#8b949e', running: '#0072b2', done: '#007f5f', diverged: '#a8437f', failed: '#c44f00' },
  dark: { planned: '#6e7781', running: '#56b4e9', done: '#2bc79a', diverged: '#e39ac3', failed: '#ff9a4d' },
};
const SIGNS: Record<RunStatus, string> = {
  planned: '·',
  running: '◐',
  done: '✓',
  diverged: '∿',
  failed: '✕',
};

const LEFT = 70;
const TOP = 26;
const WIDE = 62;
const LINE = 22;

/** A grid of runs as the inner part of an SVG: the same cells as on the page. */
export function gridSvg(
  grid: RunGrid,
  loss: 'general' | 'domain',
  theme: Theme,
): { svg: string; width: number; height: number } {
  const columns = [null, ...grid.ratios];
  const seeds = Math.max(1, ...[...grid.places.values(), ...grid.bases.values()].map((runs) => runs.length));
  const high = seeds * LINE + 6;
  const head = columns.map(
    (ratio, at) =>
      `<text x="${LEFT + at * WIDE + WIDE / 2}" y="16" text-anchor="middle" fill="${theme.faint}">${ratio === null ? 'base' : ratio}</text>`,
  );
  const body = grid.modelSizes.map((size, line) => {
    const y = TOP + line * high;
    const cells = columns.map((ratio, at) => {
      const runs = ratio === null ? grid.bases.get(size) : grid.places.get(placeOf(size, ratio));
      return (runs ?? [])
        .map((row, seed) => cell(row, LEFT + at * WIDE, y + seed * LINE, loss, theme))
        .join('');
    });
    return `<text x="${LEFT - 8}" y="${y + 15}" text-anchor="end">${short(size)}</text>${cells.join('')}`;
  });
  return {
    svg: `<g font-size="11" fill="${theme.ink}">${head.join('')}${body.join('\n')}</g>`,
    width: LEFT + columns.length * WIDE + 8,
    height: TOP + grid.modelSizes.length * high,
  };
}

function cell(row: RunRow, x: number, y: number, loss: 'general' | 'domain', theme: Theme): string {
  const colour = STATE_COLOURS[theme.name][row.status];
  const [wide, high] = [WIDE - 3, LINE - 3];
  const value = loss === 'general' ? row.generalLoss : row.domainLoss;
  const text = `${SIGNS[row.status]} ${value === null ? '' : fixed(value, 3)}`;
  return (
    `<g><title>${escapeXml(`${row.label}: ${row.status}`)}</title>` +
    `<rect x="${x}" y="${y}" width="${wide}" height="${high}" rx="3" fill="none" stroke="${colour}"/>` +
    `<rect x="${x}" y="${y}" width="${(wide * shareOf(row)).toFixed(1)}" height="${high}" rx="3" fill="${colour}" fill-opacity="0.22"/>` +
    `<text x="${x + 5}" y="${y + 13}">${text}</text></g>`
  );
}
