import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { ZodError, type z } from 'zod';
import { messageOf, UserError } from '../../common/errors.ts';
import type { Computing, Problem } from '../api/laws.ts';
import { NotFoundError } from './state.ts';

/** What was sent is not understood: answered with 400. */
class BadRequestError extends Error {
  override readonly name = 'BadRequestError';
}

/** Why a request is refused, in words for people: what was asked for does not exist, or cannot be done now. */
export function problemOf(error: unknown): { status: ContentfulStatusCode; problem: Problem } | null {
  if (error instanceof NotFoundError) {
    return { status: 404, problem: { error: error.message, nextStep: error.nextStep } };
  }
  if (error instanceof UserError) {
    return { status: 409, problem: { error: error.message, nextStep: error.nextStep ?? null } };
  }
  if (error instanceof BadRequestError) {
    return {
      status: 400,
      problem: { error: `the request is not understood: ${error.message}`, nextStep: null },
    };
  }
  if (error instanceof ZodError) {
    const words = error.issues.map(({ path, message }) =>
      path.length > 0 ? `${path.join('.')}: ${message}` : message,
    );
    return {
      status: 400,
      problem: { error: `the request is not understood: ${words.join('; ')}`, nextStep: null },
    };
  }
  return null;
}

/** The last resort: what went wrong is for the terminal, not for a page. */
export function onError(log: (line: string) => void) {
  return (error: Error, context: Context): Response => {
    const known = problemOf(error);
    if (known) return context.json(known.problem, known.status);
    log(`${context.req.method} ${context.req.path}: ${error.stack ?? messageOf(error)}`);
    const problem: Problem = {
      error: 'something went wrong in the server',
      nextStep: 'Look at its terminal.',
    };
    return context.json(problem, 500);
  };
}

/** A request's query, checked. Throws a ZodError, or a BadRequestError on what says nothing or says it twice. */
export function queryOf<Schema extends z.ZodType>(context: Context, schema: Schema): z.output<Schema> {
  // Without a prototype, `__proto__` is a name like any other.
  const query: Record<string, string> = Object.create(null);
  for (const [name, value] of new URL(context.req.url).searchParams) {
    if (name in query) throw new BadRequestError(`${name} is given twice`);
    // Else it would be read as the number 0.
    if (value.trim() === '') throw new BadRequestError(`${name} is empty: leave it out`);
    query[name] = value;
  }
  return schema.parse(query);
}

/** What is computed, or 202 with word of how far it is. */
export function computed<Result extends { state: 'ready' }>(
  context: Context,
  result: Result | Computing,
): Response {
  return context.json(result, result.state === 'computing' ? 202 : 200);
}

/** A request's body, checked. Throws a ZodError, or a BadRequestError on what is not JSON. */
export async function bodyOf<Schema extends z.ZodType>(
  context: Context,
  schema: Schema,
): Promise<z.output<Schema>> {
  let body: unknown;
  try {
    body = await context.req.json();
  } catch {
    throw new BadRequestError('the body is not JSON');
  }
  return schema.parse(body);
}
