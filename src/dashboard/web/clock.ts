import { signal } from '@preact/signals';

/** Milliseconds since 1970, once a second: for what is told as `2 min ago`. */
export const nowMs = signal(Date.now());

export function startClock(): void {
  setInterval(() => {
    nowMs.value = Date.now();
  }, 1000);
}
