import * as Plot from '@observablehq/plot';

export type ThemeName = 'light' | 'dark';

/** Colours of a figure’s paper, as plain values: an exported SVG must carry them itself. */
export interface Theme {
  name: ThemeName;
  background: string;
  ink: string;
  faint: string;
  grid: string;
  /** The recommendation, and what must stand out: vermillion of Okabe & Ito. */
  accent: string;
  /** Limits: blue of Okabe & Ito. */
  limit: string;
  /** A first and a second thing side by side, told apart by every reader. */
  pair: readonly [string, string];
}

export const THEMES: Record<ThemeName, Theme> = {
  light: {
    name: 'light',
    background: '#ffffff',
    ink: '#1f2328',
    faint: '#59636e',
    grid: '#e6e9ec',
    accent: '#c44f00',
    limit: '#0072b2',
    pair: ['#0072b2', '#c44f00'],
  },
  dark: {
    name: 'dark',
    background: '#161b22',
    ink: '#e6e9ed',
    faint: '#9aa4af',
    grid: '#2b333d',
    accent: '#ff9a4d',
    limit: '#56b4e9',
    pair: ['#56b4e9', '#ff9a4d'],
  },
};

/** Both maps grow evenly in lightness, so that order is seen in grey too. Each without the end that its paper swallows. */
const SPANS = {
  light: { viridis: [0, 0.84], plasma: [0, 0.9] },
  dark: { viridis: [0.38, 1], plasma: [0.36, 1] },
} as const;

/** One colour a model size, in the order of the sizes: viridis, as in the reports. */
export const sizeColours = (sizes: readonly number[], theme: Theme): Map<number, string> =>
  colours(sizes, 'viridis', theme);

/** One colour a domain ratio, by rank: plasma, as in the reports. */
export const ratioColours = (ratios: readonly number[], theme: Theme): Map<number, string> =>
  colours(ratios, 'plasma', theme);

/** Colours without an order, for workers, sweeps and domains: Okabe & Ito’s, the faintest of each paper left out. */
const NAMED: Record<ThemeName, readonly string[]> = {
  light: ['#0072b2', '#c44f00', '#007f5f', '#a8437f', '#8a6d00', '#1f2328', '#3f88b8', '#7a4f9e'],
  dark: ['#56b4e9', '#ff9a4d', '#2bc79a', '#e39ac3', '#f0e442', '#e6e9ed', '#8fb8ff', '#c3a3e8'],
};

export function nameColours(names: readonly string[], theme: Theme): Map<string, string> {
  const known = NAMED[theme.name];
  return new Map(names.map((name, at) => [name, known[at % known.length]!]));
}

function colours(values: readonly number[], scheme: 'viridis' | 'plasma', theme: Theme): Map<number, string> {
  const [from, to] = SPANS[theme.name][scheme];
  const map = Plot.scale({ color: { type: 'linear', scheme, domain: [0, 1] } });
  const ascending = [...new Set(values)].sort((a, b) => a - b);
  return new Map(
    ascending.map((value, at) => {
      const share = ascending.length === 1 ? 0.4 : at / (ascending.length - 1);
      return [value, hexOf(map.apply(from + share * (to - from)) as string)];
    }),
  );
}

/** `rgb(1, 2, 3)` as `#010203`; what is hexadecimal already stays. */
export function hexOf(colour: string): string {
  const channels = /^rgb\((\d+), ?(\d+), ?(\d+)\)$/.exec(colour);
  if (!channels) return colour;
  return `#${channels
    .slice(1)
    .map((channel) => Number(channel).toString(16).padStart(2, '0'))
    .join('')}`;
}
