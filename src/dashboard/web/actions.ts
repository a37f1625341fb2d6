import { signal } from '@preact/signals';
import { paths } from '../api/paths.ts';
import type { Action } from '../api/queue.ts';
import { postJson, RequestError } from './api.ts';

/** What was done last, or why not: shown until something else is. */
export const said = signal<{ text: string; isBad: boolean } | null>(null);
/** Whether a change is on its way. */
export const isBusy = signal(false);

/** Sends a change and says what became of it. Returns whether it was done. */
export async function change(url: string, body: unknown): Promise<boolean> {
  isBusy.value = true;
  try {
    const { done } = await postJson<{ done: string }>(url, body);
    said.value = { text: done, isBad: false };
    return true;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    said.value = { text: [error.message, error.nextStep].filter(Boolean).join('. '), isBad: true };
    return false;
  } finally {
    isBusy.value = false;
  }
}

export const act = (action: Action): Promise<boolean> => change(paths.actions, action);
