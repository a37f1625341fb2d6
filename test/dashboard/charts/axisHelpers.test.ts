import { expect, test } from 'vitest';
import { csvText, fileName } from '../../../src/dashboard/charts/csvText.ts';
import {
  hexOf,
  nameColours,
  ratioColours,
  sizeColours,
  THEMES,
} from '../../../src/dashboard/charts/palette.ts';
import { extent, padded, thinned, visibleRange } from '../../../src/dashboard/charts/ranges.ts';
import { legendPlaces, standaloneSvg } from '../../../src/dashboard/charts/svgText.ts';
import { countTick, linearTicks, logTicks, plainTicks } from '../../../src/dashboard/charts/ticks.ts';

test('ticks are round and inside', () => {
  expect(linearTicks(0, 614_400, 6)).toEqual([0, 100_000, 200_000, 300_000, 400_000, 500_000, 600_000]);
  expect(linearTicks(1.93, 2.31, 4)).toEqual([2, 2.1, 2.2, 2.3]);
  expect(linearTicks(2, 2, 5)).toEqual([2]);
  expect(logTicks(1000, 1e6, 6)).toEqual([1000, 3000, 10_000, 30_000, 100_000, 300_000, 1e6]);
  // Within one power of ten a logarithmic axis has room for plain steps.
  expect(logTicks(2, 3, 5)).toEqual([2, 2.2, 2.4, 2.6, 2.8, 3]);
  expect(logTicks(1, 1e12, 4)).toEqual([1, 1e3, 1e6, 1e9, 1e12]);
});

test('ticks are said shortly, with as many decimals as tell them apart', () => {
  expect([0, 300_000, 1e6, 1.5e9].map(countTick)).toEqual(['0', '300k', '1M', '1.5B']);
  expect(plainTicks([2, 2.1, 2.2])).toEqual(['2.0', '2.1', '2.2']);
  expect(plainTicks([-0.05, 0, 0.05])).toEqual(['−0.05', '0.00', '0.05']);
});

test('ranges leave out what is no number, and a band that runs away', () => {
  expect(extent([3, null, Number.NaN, 1])).toEqual([1, 3]);
  expect(extent([null])).toBeNull();
  expect(padded([1, 3], 0.5)).toEqual([0, 4]);
  const [low, high] = visibleRange([2, 3], [0, 2.5, 100]);
  expect(low).toBeGreaterThan(1.5);
  expect(high).toBeLessThan(3.5);
});

test('thinning keeps both ends and spreads the rest', () => {
  expect(thinned([0, 1, 2, 3, 4, 5, 6, 7, 8], 3)).toEqual([0, 4, 8]);
  expect(thinned([1, 2], 5)).toEqual([1, 2]);
});

test('CSV quotes what it must, leaves gaps empty and starts no formula', () => {
  expect(
    csvText(
      ['a', 'b'],
      [
        ['x,"y"', null],
        [1.25, Number.NaN],
        ['=HYPERLINK(1)', -2],
      ],
    ),
  ).toBe('a,b\r\n"x,""y""",\r\n1.25,\r\n\'=HYPERLINK(1),-2\r\n');
  expect(fileName('Math: loss / ratio ±', 'svg')).toBe('math-loss-ratio.svg');
  expect(fileName('../..', 'csv')).toBe('figure.csv');
});

/** Relative luminance and contrast as WCAG 2 defines them. */
function contrast(one: string, other: string): number {
  const luminance = (hex: string) => {
    const [r, g, b] = [1, 3, 5].map((at) => {
      const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    }) as [number, number, number];
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

test.each(['light', 'dark'] as const)(
  'colours of the %s theme are distinct and are seen on their paper',
  (name) => {
    const theme = THEMES[name];
    const many = Array.from({ length: 9 }, (_, at) => at);
    for (const colours of [sizeColours(many, theme), ratioColours(many, theme)]) {
      expect(new Set(colours.values()).size).toBe(9);
      for (const colour of colours.values()) expect(contrast(colour, theme.background)).toBeGreaterThan(1.4);
    }
    for (const colour of nameColours(['a', 'b', 'c', 'd', 'e', 'f'], theme).values()) {
      expect(contrast(colour, theme.background)).toBeGreaterThan(3);
    }
    for (const colour of [theme.ink, theme.faint, theme.accent, theme.limit]) {
      expect(contrast(colour, theme.background)).toBeGreaterThan(4.5);
    }
  },
);

test('colours are told in hexadecimal', () => {
  expect(hexOf('rgb(1, 2, 255)')).toBe('#0102ff');
  expect(hexOf('#abcdef')).toBe('#abcdef');
});

test('a saved figure has its paper, its colours and its legend with it', () => {
  const { svg, height } = standaloneSvg({
    title: 'a < b',
    panels: [{ svg: '<svg fill="currentColor" stroke="var(--plot-background)"/>', width: 400, height: 100 }],
    legend: [{ label: 'x & y', colour: '#123456', mark: 'line' }],
    theme: THEMES.dark,
  });
  expect(svg).toContain('a &lt; b');
  expect(svg).toContain('x &amp; y');
  expect(svg).toContain(`fill="${THEMES.dark.background}"`);
  expect(svg).not.toMatch(/var\(|currentColor/);
  expect(height).toBeGreaterThan(100);
});

test('a legend breaks into lines', () => {
  const entry = { label: 'twenty characters ok', colour: '#000000', mark: 'dot' } as const;
  const { places } = legendPlaces([entry, entry, entry], 380);
  expect(places.map(({ y }) => y)).toEqual([10, 10, 30]);
});
