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

/** Each map at 17 even places, as Observable Plot has it: within 2 % of every colour between, without its 250 kB. */
const MAPS = {
  viridis:
    '440154 48186a 472d7b 424086 3b528b 33638d 2c728e 26828e 21918c 1fa088 28ae80 3fbc73 5ec962 84d44b addc30 d8e219 fde725',
  plasma:
    '0d0887 310597 4c02a1 6600a7 7e03a8 9511a1 aa2395 bc3587 cc4778 da5a6a e66c5c f0804e f89540 fdac33 fdc527 f8df25 f0f921',
} as const;

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
  const ascending = [...new Set(values)].sort((a, b) => a - b);
  return new Map(
    ascending.map((value, at) => {
      const share = ascending.length === 1 ? 0.4 : at / (ascending.length - 1);
      return [value, mapped(scheme, from + share * (to - from))];
    }),
  );
}

/** The colour at a place between 0 and 1. */
function mapped(scheme: keyof typeof MAPS, place: number): string {
  const stops = MAPS[scheme].split(' ').map((each) => Number.parseInt(each, 16));
  const at = Math.min(stops.length - 2, Math.floor(place * (stops.length - 1)));
  const part = place * (stops.length - 1) - at;
  const channels = [16, 8, 0].map((shift) => {
    const [low, high] = [(stops[at]! >> shift) & 255, (stops[at + 1]! >> shift) & 255];
    return Math.round(low + part * (high - low));
  });
  return hexOf(`rgb(${channels.join(', ')})`);
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
