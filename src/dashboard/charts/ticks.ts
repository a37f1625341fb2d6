import { short } from '../../common/numbers.ts';

/** Round values that divide a range into about `count` steps: 1, 2 or 5 times a power of ten apart. */
export function linearTicks(low: number, high: number, count: number): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const off = (each: number) => Math.abs(Math.log((each * power) / rough));
  const step = power * [1, 2, 5, 10].reduce((best, each) => (off(each) < off(best) ? each : best));
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

/** Round values of a logarithmic axis: 1, 2 and 5 of each power of ten, fewer over many, as on a linear one within one power. */
export function logTicks(low: number, high: number, count: number): number[] {
  if (!(low > 0) || !(high > low)) return [low];
  const powers = Math.log10(high / low);
  if (powers < 1) return linearTicks(low, high, count);
  const steps = powers > count ? [1] : powers >= count / 2 ? [1, 3] : [1, 2, 5];
  const ticks: number[] = [];
  const every = Math.max(1, Math.ceil(powers / count));
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += every) {
    for (const step of steps) {
      const value = Number((step * 10 ** power).toPrecision(12));
      if (value >= low * 0.999 && value <= high * 1.001) ticks.push(value);
    }
  }
  return ticks;
}

/** A count at an axis: 300k, 1M, 1.5B. */
export function countTick(count: number): string {
  return short(count).replace(/(\.\d*?)0+([kMBT]?)$/, (_, decimals: string, unit: string) =>
    decimals === '.' ? unit : decimals + unit,
  );
}

/** Values beside each other at an axis, with as many decimals as tell them apart. */
export function plainTicks(values: readonly number[]): string[] {
  const steps = values.slice(1).map((value, at) => Math.abs(value - values[at]!));
  const step = steps.length > 0 ? Math.min(...steps) : Math.abs(values[0] ?? 1);
  const decimals = step > 0 ? Math.min(8, Math.max(0, -Math.floor(Math.log10(step) + 1e-9))) : 0;
  return values.map((value) => value.toFixed(decimals).replace(/^-/, '−'));
}
