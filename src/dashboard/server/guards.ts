import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { getCookie, setCookie } from 'hono/cookie';
import type { Problem } from '../api/laws.ts';
import { type Access, hostOf } from './access.ts';

const MOST_BODY_BYTES = 64 * 1024;
const HOW = 'Open the address that npm run dashboard has printed: it has the token in it.';

const OWN_PAGE =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
  "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/** bull-board's page sets its base address and styles of its own; its scripts are files, and nothing is fetched from elsewhere. */
const BULL_BOARD =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
  "font-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

declare module 'hono' {
  interface ContextVariableMap {
    /** Whether this request has shown the token. */
    mayChange: boolean;
  }
}

const refuse = (
  context: Context,
  status: 400 | 401 | 403 | 413 | 415,
  error: string,
  nextStep: string | null = null,
) => context.json({ error, nextStep } satisfies Problem, status);

/** In order: headers, host, origin, token, what may be sent. Every address of the server is behind them. */
export function guards(access: Access): MiddlewareHandler[] {
  return [headers, ownHost(access), ownOrigin, token(access), changes, sentBody];
}

const headers: MiddlewareHandler = async (context, next) => {
  await next();
  const isBullBoard = context.req.path.startsWith('/bull-board');
  context.header('Content-Security-Policy', isBullBoard ? BULL_BOARD : OWN_PAGE);
  context.header('X-Content-Type-Options', 'nosniff');
  context.header('Referrer-Policy', 'no-referrer');
  context.header('X-Frame-Options', 'DENY');
  context.header('Cross-Origin-Opener-Policy', 'same-origin');
  context.header('Cross-Origin-Resource-Policy', 'same-origin');
  if (context.req.path.startsWith('/api/') && !context.res.headers.has('Cache-Control')) {
    context.header('Cache-Control', 'private, no-cache');
  }
};

const ownHost =
  (access: Access): MiddlewareHandler =>
  async (context, next) => {
    const host = hostOf(context.req.header('host') ?? '');
    if (host === null || !access.isOwnHost(host)) {
      return refuse(
        context,
        403,
        'this name is not one of the dashboard’s',
        'If it should be: --allow-host NAME',
      );
    }
    return next();
  };

/** Other sites' pages may neither read nor change anything. */
const ownOrigin: MiddlewareHandler = async (context, next) => {
  const origin = context.req.header('origin');
  const host = context.req.header('host')!;
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    return refuse(context, 403, 'another site’s page may not ask this');
  }
  const isNavigation = context.req.header('sec-fetch-mode') === 'navigate' && context.req.method === 'GET';
  if (context.req.header('sec-fetch-site') === 'cross-site' && !isNavigation) {
    return refuse(context, 403, 'another site’s page may not ask this');
  }
  return next();
};

/** The token comes once in the address, then in a cookie; programs send it as a bearer token. */
const token =
  (access: Access): MiddlewareHandler =>
  async (context, next) => {
    const inAddress = context.req.query('token');
    if (inAddress !== undefined && context.req.method === 'GET') {
      if (!access.isToken(inAddress))
        return refuse(context, 403, 'the token in the address is not the right one', HOW);
      setCookie(context, access.cookieName, access.cookieValue, {
        httpOnly: true,
        sameSite: 'Strict',
        path: '/',
      });
      const url = new URL(context.req.url);
      url.searchParams.delete('token');
      context.header('Cache-Control', 'no-store');
      // Two slashes would be another site's address.
      return context.redirect(`${url.pathname.replace(/^\/+/, '/')}${url.search}`, 303);
    }
    const cookie = getCookie(context, access.cookieName);
    const bearer = /^Bearer (.+)$/.exec(context.req.header('authorization') ?? '')?.[1];
    const byCookie = cookie !== undefined && access.isCookie(cookie);
    const byBearer = bearer !== undefined && access.isToken(bearer);
    context.set('mayChange', byCookie || byBearer);
    if (access.isPrivate && !byCookie && !byBearer) {
      if (context.req.path.startsWith('/api/'))
        return refuse(context, 401, 'the token is missing or wrong', HOW);
      return context.text(`The token is missing or wrong.\n${HOW}\n`, 401);
    }
    const isChange = !['GET', 'HEAD'].includes(context.req.method);
    // A browser says where a change comes from. Whoever has the token itself is no browser.
    if (isChange && byCookie && !byBearer && context.req.header('origin') === undefined) {
      return refuse(context, 403, 'a change must say which page it comes from');
    }
    return next();
  };

const changes: MiddlewareHandler = async (context, next) => {
  if (['GET', 'HEAD'].includes(context.req.method) || context.get('mayChange')) return next();
  return refuse(context, 403, 'changes need the token', HOW);
};

const limited = bodyLimit({
  maxSize: MOST_BODY_BYTES,
  onError: (context) => refuse(context, 413, `a request has at most ${MOST_BODY_BYTES} bytes`),
});
/** JSON, and little of it: what a form on another site could send is nothing that is read here. */
const sentBody: MiddlewareHandler = async (context, next) => {
  if (['GET', 'HEAD'].includes(context.req.method)) return next();
  if (
    context.req.path.startsWith('/api/') &&
    !/^application\/json\b/.test(context.req.header('content-type') ?? '')
  ) {
    return refuse(context, 415, 'a change is sent as application/json');
  }
  return limited(context, next);
};

export { HOW };
