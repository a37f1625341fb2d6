import type { z } from 'zod';
import { messageOf, UserError } from '../common/errors.ts';
import { missing } from './folderHome.ts';
import { type Patience, patiently } from './patience.ts';
import { isToken } from './protocol.ts';
import { ArtifactError } from './types.ts';

export interface Ask {
  method?: string;
  headers?: Record<string, string>;
  body?: Uint8Array | ((alive: () => void) => ReadableStream);
  /** Unless it is the client's. */
  stallMs?: number | undefined;
  /** Refusals that `read` understands. */
  accept?: readonly number[];
}

/** Reads an answer's body. `alive` is to be called with every piece that comes. */
type Reading<T> = (answer: Response, alive: () => void) => Promise<T>;

export interface HttpClient {
  /** One try. `unreachable` is what trying again may mend; an answer that refuses throws the ArtifactError it means. */
  once<T>(path: string, ask: Ask, read: Reading<T>, hash?: string): Promise<T>;
  /** As once, tried again while it is unreachable, see patiently. */
  ask<T>(path: string, ask: Ask, read: Reading<T>, hash?: string): Promise<T>;
  /** A body of JSON that the schema describes. */
  json<T>(schema: z.ZodType<T>): Reading<T>;
}

/** Requests to an artifact server with a token that is never shown and never sent elsewhere. */
export function httpClient(options: {
  description: string;
  token: string;
  patience: Readonly<Patience>;
}): HttpClient {
  const { description, token, patience } = options;
  if (!isToken(token)) {
    throw new UserError(
      'the token for artifacts over HTTP has characters that cannot be sent',
      'set ARTIFACTS_TOKEN or ARTIFACTS_TOKEN_FILE to letters and digits, without line breaks',
    );
  }
  const refused = (why: string, hash?: string) => new ArtifactError('refused', `${description} ${why}`, hash);

  const checkStatus = ({ status }: Response, hash?: string): void => {
    if (status >= 200 && status < 300) return;
    if (status === 401 || status === 403) throw refused('refused the token (ARTIFACTS_TOKEN)', hash);
    if (status === 404) throw missing(description, hash ?? 'of that name');
    if (status === 410) throw new ArtifactError('damaged', `an artifact of ${description} is damaged`, hash);
    if (status === 413) throw refused('does not take files that large', hash);
    if (status === 507) throw new ArtifactError('full', `${description} is full`, hash);
    if (status >= 500) throw unreachable(`it answered ${status}`);
    throw refused(`answered ${status}`, hash);
  };
  const unreachable = (why: string) =>
    new ArtifactError('unreachable', `${description} cannot be reached: ${why}`);

  const once: HttpClient['once'] = async (path, ask, read, hash) => {
    const { method = 'GET', headers, body, stallMs = patience.stallMs, accept = [] } = ask;
    const stall = new AbortController();
    const timer = setTimeout(() => stall.abort(new Error(`nothing came for ${stallMs / 1000} s`)), stallMs);
    const alive = () => void timer.refresh();
    try {
      const answer = await fetch(`${description}${path}`, {
        method,
        headers: { ...headers, authorization: `Bearer ${token}` },
        // Wherever it leads, the token must not travel there. `manual` would keep all of a body in memory.
        redirect: 'error',
        signal: stall.signal,
        ...(body && { body: typeof body === 'function' ? body(alive) : body, duplex: 'half' }),
      } as RequestInit);
      alive();
      try {
        if (!accept.includes(answer.status)) checkStatus(answer, hash);
        return await read(answer, alive);
      } finally {
        if (!answer.bodyUsed) await answer.body?.cancel().catch(() => {});
      }
    } catch (error) {
      if (error instanceof ArtifactError) throw error;
      const why = messageOf((error as { cause?: unknown }).cause ?? error);
      if (why === 'unexpected redirect') throw refused('leads elsewhere: write that address itself', hash);
      throw unreachable(why);
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    once,
    ask: (path, ask, read, hash) => patiently(() => once(path, ask, read, hash), patience),
    json: (schema) => async (answer) => {
      const text = await answer.text();
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        // Told below: not what was asked for.
      }
      const parsed = schema.safeParse(value);
      if (parsed.success) return parsed.data;
      throw refused('is not an artifact server of this project');
    },
  };
}

export async function nothing(answer: Response): Promise<void> {
  await answer.body?.cancel();
}
