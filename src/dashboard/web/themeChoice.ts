import { signal } from '@preact/signals';
import { THEMES, type ThemeName } from '../charts/palette.ts';
import { theme } from '../charts/theme.ts';

const KEY = 'mixture-law-theme';
const system = matchMedia('(prefers-color-scheme: dark)');

/** null: as the system has it. */
export const themeChoice = signal<ThemeName | null>(read());

function read(): ThemeName | null {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === 'light' || kept === 'dark' ? kept : null;
  } catch {
    // A browser that keeps nothing still has its system’s theme.
    return null;
  }
}

function apply(): void {
  const name = themeChoice.value ?? (system.matches ? 'dark' : 'light');
  document.documentElement.dataset.theme = name;
  theme.value = THEMES[name];
}

export function startTheme(): void {
  apply();
  system.addEventListener('change', apply);
}

export function chooseTheme(name: ThemeName | null): void {
  themeChoice.value = name;
  try {
    if (name) localStorage.setItem(KEY, name);
    else localStorage.removeItem(KEY);
  } catch {
    // As above.
  }
  apply();
}
