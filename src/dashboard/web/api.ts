import type { Computing, Problem } from '../api/laws.ts';

/** An answer that is an error, in the words of the server; `status` is 0 when there was no answer at all. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly status: number;
  readonly nextStep: string | null;

  constructor(status: number, problem: Problem) {
    super(problem.error);
    this.status = status;
    this.nextStep = problem.nextStep;
  }
}

/** Asks for what stands at an address. Throws a RequestError; an AbortError when `signal` says so. */
export async function getJson<Result>(url: string, signal?: AbortSignal): Promise<Result | Computing> {
  return request<Result | Computing>(url, { signal: signal ?? null });
}

/** Sends a change. Throws a RequestError. */
export async function postJson<Result>(url: string, body: unknown): Promise<Result> {
  return request<Result>(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function request<Result>(url: string, options: RequestInit): Promise<Result> {
  let response: Response;
  try {
    response = await fetch(url, { ...options, credentials: 'same-origin' });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new RequestError(0, {
      error: 'the server does not answer',
      nextStep: 'Is npm run dashboard still running? The page goes on by itself when it is back.',
    });
  }
  if (response.ok) return (await response.json()) as Result;
  throw new RequestError(response.status, await problemOf(response));
}

async function problemOf(response: Response): Promise<Problem> {
  const fallback = { error: `the server answered with ${response.status}`, nextStep: null };
  try {
    const problem = (await response.json()) as Partial<Problem>;
    return typeof problem.error === 'string'
      ? { error: problem.error, nextStep: problem.nextStep ?? null }
      : fallback;
  } catch {
    return fallback;
  }
}

/** An address with its query; what is undefined, null or empty is left out. */
export function withQuery(
  path: string,
  query: Record<string, string | number | boolean | null | undefined>,
): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return text ? `${path}?${text}` : path;
}

export const isComputing = (answer: unknown): answer is Computing =>
  typeof answer === 'object' && answer !== null && (answer as { state?: unknown }).state === 'computing';
