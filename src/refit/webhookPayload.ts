import { hasDrift, hasNews, refitText } from './refitText.ts';
import type { RefitResult } from './types.ts';

export const WEBHOOK_OCCASIONS = ['drift', 'new', 'always'] as const;
export type WebhookOccasion = (typeof WEBHOOK_OCCASIONS)[number];

/** Most bytes of a post; chat services cut or refuse long ones. */
export const MAX_PAYLOAD_BYTES = 64 * 1024;
const MAX_TEXT_CHARACTERS = 3000;

/** Whether this result is one to tell of. */
export function isOccasion(result: RefitResult, on: WebhookOccasion): boolean {
  if (on === 'always') return true;
  return on === 'new' ? hasNews(result) : hasDrift(result);
}

/**
 * What is posted: `text` for people (the field that chat services show) and `report` for programs, in at most 64 KiB.
 * What is too long loses, in this order, the single points, the drift reports, and the last laws; `shortened` then says so.
 */
export function webhookPayload(result: RefitResult): string {
  const full = refitText(result);
  const text =
    full.length <= MAX_TEXT_CHARACTERS
      ? full
      : `${full.slice(0, MAX_TEXT_CHARACTERS)}\n… (the rest is in the refit's files)`;
  const payload = (report: RefitResult | null, shortened: boolean) =>
    JSON.stringify({ text, report, shortened });
  const fits = (json: string) => Buffer.byteLength(json) <= MAX_PAYLOAD_BYTES;

  const whole = payload(result, false);
  if (fits(whole)) return whole;
  const shorter = [withoutPoints(result), withoutDrift(result)].map((report) => payload(report, true));
  for (const json of shorter) if (fits(json)) return json;
  const bare = withoutDrift(result);
  for (let laws = bare.laws.length >> 1; laws > 0; laws >>= 1) {
    const json = payload({ ...bare, laws: bare.laws.slice(0, laws) }, true);
    if (fits(json)) return json;
  }
  return payload(null, true);
}

const withoutPoints = (result: RefitResult): RefitResult => ({
  ...result,
  laws: result.laws.map((law) =>
    law.status === 'new' && law.drift
      ? {
          ...law,
          drift: {
            ...law.drift,
            laws: law.drift.laws.map((each) => ({ ...each, band: { ...each.band, outside: [] } })),
          },
        }
      : law,
  ),
});

const withoutDrift = (result: RefitResult): RefitResult => ({
  ...result,
  laws: result.laws.map((law) => (law.status === 'new' ? { ...law, drift: null } : law)),
});

/** What is posted when a scheduled refit was ended at its limit, or crashed. */
export function nightFailedPayload(reason: string): string {
  const text = `The scheduled refit failed: ${reason}`.slice(0, MAX_TEXT_CHARACTERS);
  return JSON.stringify({ text, report: null, shortened: false });
}
