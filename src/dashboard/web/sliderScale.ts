/** A slider’s positions are whole numbers from 0 to this. */
export const SLIDER_STEPS = 1000;

export interface SliderScale {
  low: number;
  high: number;
}

/** Where a value stands on a logarithmic slider; what lies beyond its ends stands at them. */
export function positionOf(value: number, { low, high }: SliderScale): number {
  if (!(value > 0)) return 0;
  const share = Math.log(value / low) / Math.log(high / low);
  return Math.round(Math.min(1, Math.max(0, share)) * SLIDER_STEPS);
}

/** The value at a position, with three digits, which is as fine as a hand is; the ends are exact. */
export function valueAt(position: number, { low, high }: SliderScale): number {
  if (position <= 0) return low;
  if (position >= SLIDER_STEPS) return high;
  return Number((low * (high / low) ** (position / SLIDER_STEPS)).toPrecision(3));
}

/** Of a size or of tokens: from the least measured to a thousand times the most. */
export const beyond = (least: number, most: number): SliderScale => ({ low: least, high: most * 1000 });

/** How far a target lies outside of what was measured, in words; null when it lies inside. */
export function beyondWords(value: number, least: number, most: number): string | null {
  // A target at the edge is not outside of it for a rounding.
  if (value > most * 1.0005) {
    const times = value / most;
    return `${times < 10 ? times.toPrecision(2) : Math.round(times).toLocaleString('en-US')} times the largest measured`;
  }
  return value < least * 0.9995 ? 'less than the smallest measured' : null;
}
