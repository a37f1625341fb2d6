/**
 * Colours that stay apart for colour-blind readers and in grey print: viridis for model sizes and plasma for
 * mixture ratios, both growing evenly in lightness (Smith & van der Walt, matplotlib), each without its palest end,
 * and two of Okabe & Ito's for marks that must stand out.
 */
const VIRIDIS = [
  '#440154',
  '#482878',
  '#3e4989',
  '#31688e',
  '#26828e',
  '#1f9e89',
  '#35b779',
  '#6ece58',
  '#b5de2b',
];
const PLASMA = [
  '#0d0887',
  '#46039f',
  '#7201a8',
  '#9c179e',
  '#bd3786',
  '#d8576b',
  '#ed7953',
  '#fb9f3a',
  '#fdca26',
];

export const INK = '#1f2328';
export const FAINT_INK = '#6a737d';
export const GRID = '#e6e9ec';
/** Okabe & Ito's vermillion: the recommendation. */
export const ACCENT = '#d55e00';
/** Okabe & Ito's blue: limits. */
export const LIMIT = '#0072b2';

/** One colour a model size, dark for small to light for large. */
export const sizeColours = (sizes: readonly number[]): string[] => sample(VIRIDIS, sizes.length, 0.84);

/** One colour a ratio, by rank, dark for little domain text to light for much. */
export const ratioColours = (ratios: readonly number[]): string[] => sample(PLASMA, ratios.length, 0.94);

function sample(anchors: readonly string[], count: number, end: number): string[] {
  return Array.from({ length: count }, (_, at) => {
    const share = count === 1 ? 0.4 : (at / (count - 1)) * end;
    const position = share * (anchors.length - 1);
    const below = Math.min(Math.floor(position), anchors.length - 2);
    return mix(anchors[below]!, anchors[below + 1]!, position - below);
  });
}

function mix(from: string, to: string, share: number): string {
  const channel = (at: number): string => {
    const a = Number.parseInt(from.slice(at, at + 2), 16);
    const b = Number.parseInt(to.slice(at, at + 2), 16);
    return Math.round(a + (b - a) * share)
      .toString(16)
      .padStart(2, '0');
  };
  return `#${channel(1)}${channel(3)}${channel(5)}`;
}
