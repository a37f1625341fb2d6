/** `42 s`, `2 min 05 s`, `1 h 05 min`, `2 d 3 h`; `?` for what is not known yet. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '?';
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const UNITS = ['', 'k', 'M', 'B', 'T', 'P', 'E', 'Z', 'Y'];

/** Three significant digits and a unit, as in tables of models: `999`, `1.23k`, `45.6M`, `1.30B`; `?` when unknown. */
export function formatCount(count: number): string {
  if (!Number.isFinite(count)) return '?';
  const sign = count < 0 ? '-' : '';
  let value = Math.abs(count);
  if (value < 999.5) return `${sign}${Number.isInteger(value) ? value : Number(value.toPrecision(3))}`;
  let unit = 0;
  // What would round to 1000 belongs to the next unit.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return `${sign}${value.toFixed(decimals)}${UNITS[unit]}`;
}

/** `310 MB`, `1.5 GB`: decimal units, two digits. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return '?';
  let unit = 0;
  let value = bytes;
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 9.95 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${BYTE_UNITS[unit]}`;
}
const BYTE_UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];

export function formatPercent(share: number): string {
  if (!Number.isFinite(share)) return '?';
  // A sweep with a run to go is not at 100 %.
  return `${Math.floor(Math.min(1, Math.max(0, share)) * 100 + 1e-9)} %`;
}
