import { signal } from '@preact/signals';
import { THEMES, type Theme } from './palette.ts';

/** Of every figure on the page; the page sets it. */
export const theme = signal<Theme>(THEMES.light);
