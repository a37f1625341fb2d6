/** What stands where there is no number. */
export const NONE = '–';

/** A number with `digits` significant digits, thousands separated: 1,234 · 0.0123 · 1.20e-7. */
export function significant(value: number | null, digits = 3): string {
  if (value === null || !Number.isFinite(value)) return NONE;
  if (value === 0) return '0';
  const size = Math.abs(value);
  // Rounding first: 999.96 with four digits is 1000, not 999.96's own number of decimals.
  const rounded = Number(value.toPrecision(digits));
  if (size < 1e-4 || size >= 1e9) return minus(rounded.toExponential(digits - 1));
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(rounded))));
  return grouped(rounded, decimals);
}

/** A number with exactly `decimals` decimals. */
export function fixed(value: number | null, decimals: number): string {
  if (value === null || !Number.isFinite(value)) return NONE;
  return grouped(value, decimals);
}

/** A whole number with its thousands separated. */
export const whole = (value: number | null): string => fixed(value, 0);

/** Parameters or tokens, short: 840 · 12.3k · 4.00M · 1.80B. */
export function short(count: number | null): string {
  if (count === null || !Number.isFinite(count)) return NONE;
  for (const [unit, size] of [
    ['T', 1e12],
    ['B', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    // 999,960 is 1.00M, not 1000k.
    if (count >= size * 0.9995) return `${(count / size).toPrecision(3)}${unit}`;
  }
  return whole(count);
}

/** A share as a percentage: 0.03 → 3 %, 0.0051 → 0.51 %, with a space that no line breaks at. */
export function percent(share: number | null, digits = 2): string {
  if (share === null || !Number.isFinite(share)) return NONE;
  const value = Number((share * 100).toPrecision(digits));
  const decimals = value === 0 ? 0 : Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(value))));
  // 3.0 % says no more than 3 %.
  return `${minus(String(Number(value.toFixed(Math.min(decimals, 6)))))}\u00a0%`;
}

/** A mixture ratio; two decimals are as fine as any sweep can tell. */
export const ratio = (value: number | null): string => fixed(value, 2);

/** Loss in nats per token. */
export const loss = (value: number | null): string => fixed(value, 4);

/** A loss with its standard error: 3.2145 ± 0.0021. */
export function lossWithError(value: number | null, standardError: number | null): string {
  if (value === null || !Number.isFinite(value)) return NONE;
  return standardError === null ? loss(value) : `${loss(value)} ± ${loss(standardError)}`;
}

/** An interval's ends, written by `format`; null when there is none or it is not finite. */
export function interval(
  value: { low: number; high: number } | null | undefined,
  format: (end: number) => string,
): string | null {
  if (!value || !Number.isFinite(value.low) || !Number.isFinite(value.high)) return null;
  const [low, high] = [format(value.low), format(value.high)];
  return low.startsWith('−') || high.startsWith('−') ? `${low} to ${high}` : `${low}–${high}`;
}

/** Wall time: 0.4 s · 12 s · 3 min 5 s · 2 h 10 min. */
export function duration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return NONE;
  if (seconds < 9.95) return `${fixed(seconds, 1)} s`;
  const rounded = Math.round(seconds);
  if (rounded < 60) return `${rounded} s`;
  if (rounded < 3600) return `${Math.floor(rounded / 60)} min ${rounded % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${whole(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}

function grouped(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  const [integer, fraction] = (Number(text) === 0 ? text.replace('-', '') : text).split('.') as [
    string,
    string | undefined,
  ];
  const separated = integer.replace(/\B(?=(\d{3})+$)/g, ',');
  return minus(fraction === undefined ? separated : `${separated}.${fraction}`);
}

/** A true minus sign; an exponent keeps the one that programs read. */
const minus = (text: string): string => text.replace(/^-/, '−').replace('e+', 'e');
