import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../common/errors.ts';
import { secretFrom } from '../common/secrets.ts';

/** Where to post. The URL is a secret: only `host` may be shown. */
export interface Webhook {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly host: string;
}

export interface PostOptions {
  /** The global fetch unless a test gives another. */
  fetch?: typeof fetch;
  timeoutMs?: number;
  /** Wait before the second try; four times as long before the third. */
  backoffMs?: number;
  signal?: AbortSignal;
}

const NAME = 'REFIT_WEBHOOK_URL';
const TRIES = 3;
const TIMEOUT_MS = 10_000;
const BACKOFF_MS = 1000;
const BACKOFF_GROWTH = 4;

/**
 * Reads REFIT_WEBHOOK_URL, or the file that REFIT_WEBHOOK_URL_FILE names; null when neither is set. Throws a UserError,
 * which does not repeat the URL, when it cannot be used.
 */
export function readWebhook(variables: Readonly<Record<string, string | undefined>>): Webhook | null {
  const text = secretFrom(variables, NAME);
  return text === undefined ? null : parseWebhook(text);
}

function parseWebhook(text: string): Webhook {
  const invalid = () =>
    new UserError(`${NAME} is not the URL of a webhook`, 'Write it as https://host/path.');
  let url: URL;
  let credentials: string;
  try {
    url = new URL(text.trim());
    credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  } catch {
    throw invalid();
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw invalid();
  url.username = '';
  url.password = '';
  url.hash = '';
  // fetch refuses a URL with credentials in it, and repeats it.
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  return { url: url.href, headers: credentials === ':' ? {} : { authorization }, host: url.host };
}

/**
 * Posts a JSON text, up to three times where the host cannot be reached, takes too long or answers 5xx. Redirects are
 * not followed: the text is for this host. Returns null, or why it did not arrive. Never rejects.
 */
export async function postWebhook(
  webhook: Webhook,
  json: string,
  options: PostOptions = {},
): Promise<string | null> {
  const { timeoutMs = TIMEOUT_MS, backoffMs = BACKOFF_MS, signal } = options;
  const send = options.fetch ?? fetch;
  let problem = '';
  for (let attempt = 0; attempt < TRIES; attempt++) {
    try {
      if (attempt > 0) await delay(backoffMs * BACKOFF_GROWTH ** (attempt - 1), undefined, { signal });
      const timeout = AbortSignal.timeout(timeoutMs);
      const response = await send(webhook.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...webhook.headers },
        body: json,
        redirect: 'manual',
        signal: signal ? AbortSignal.any([timeout, signal]) : timeout,
      });
      // Nobody reads the answer: its connection may go.
      await response.body?.cancel().catch(() => {});
      if (response.ok) return null;
      problem = `it answered ${response.status}`;
      if (response.status < 500) break;
    } catch (error) {
      problem = connectionProblem(error, timeoutMs);
    }
    if (signal?.aborted) break;
  }
  return `the webhook at ${webhook.host} was not told: ${problem}`;
}

/** By name only: the message of an error may hold the URL. */
function connectionProblem(error: unknown, timeoutMs: number): string {
  const { name, cause } = error as { name?: unknown; cause?: unknown };
  if (name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`;
  if (name === 'AbortError') return 'stopped';
  const code = (cause as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? `no connection (${code})` : 'no connection';
}
