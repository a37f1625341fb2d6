import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { type Access, accessFor, hostOf } from '../../../src/dashboard/server/access.ts';
import { guards } from '../../../src/dashboard/server/guards.ts';

const TOKEN = 'a-token-of-this-test-alone';
const HOST = '127.0.0.1:7430';

function app(over: Partial<Parameters<typeof accessFor>[0]> = {}): { ask: Ask; access: Access } {
  const access = accessFor({
    ...{ host: '127.0.0.1', port: 7430, token: TOKEN, names: [], requireToken: false },
    ...over,
  });
  const hono = new Hono();
  for (const guard of guards(access)) hono.use(guard);
  hono.get('*', (context) => context.text('seen'));
  hono.post('*', async (context) => context.text(`changed ${(await context.req.text()).length}`));
  const ask: Ask = (path, headers = {}, body) =>
    hono.request(`http://${HOST}${path}`, {
      ...(body !== undefined && { method: 'POST', body }),
      headers: { host: HOST, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    }) as Promise<Response>;
  return { ask, access };
}
type Ask = (path: string, headers?: Record<string, string>, body?: string) => Promise<Response>;

const cookieOf = ({ cookieName, cookieValue }: Access) => `${cookieName}=${cookieValue}`;

describe('on loopback', () => {
  it('anyone here may look, nobody may change without the token', async () => {
    const { ask, access } = app();
    expect(await (await ask('/api/sweeps')).text()).toBe('seen');
    const refused = await ask('/api/queue/actions', { origin: `http://${HOST}` }, '{}');
    expect(refused.status).toBe(403);
    expect(await refused.json()).toEqual({
      error: 'changes need the token',
      nextStep: 'Open the address that npm run dashboard has printed: it has the token in it.',
    });
    const headers = { cookie: cookieOf(access), origin: `http://${HOST}` };
    expect(await (await ask('/api/queue/actions', headers, '{}')).text()).toBe('changed 2');
    const bearer = { authorization: `Bearer ${TOKEN}` };
    expect(await (await ask('/api/queue/actions', bearer, '{}')).text()).toBe('changed 2');
  });

  it('the token in the address becomes a cookie that scripts and other sites cannot have, and leaves the address', async () => {
    const { ask, access } = app();
    const answer = await ask(`/sweeps/math?tab=law&token=${TOKEN}`);
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/sweeps/math?tab=law');
    const cookie = answer.headers.get('set-cookie')!;
    expect(cookie).toMatch(new RegExp(`^${cookieOf(access)}; Path=/; HttpOnly; SameSite=Strict$`));
    expect(cookie).not.toContain(TOKEN);
    expect((await ask('/?token=wrong')).status).toBe(403);
  });

  it.each([
    ['a foreign host (DNS rebinding)', { host: 'evil.example' }],
    ['a foreign host with our port', { host: 'evil.example:7430' }],
    ['a host that is none', { host: 'a b' }],
    ['no host', { host: '' }],
    ['a foreign origin', { origin: 'http://evil.example' }],
    ['an origin of another port', { origin: 'http://127.0.0.1:8080' }],
    ['no origin at all (a file, a sandbox)', { origin: 'null' }],
    ['a script of another site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
  ])('refuses %s, with the token too', async (_, headers) => {
    const { ask, access } = app();
    for (const path of ['/', '/api/sweeps', '/bull-board']) {
      expect((await ask(path, { cookie: cookieOf(access), ...headers })).status).toBe(403);
    }
    expect((await ask('/api/x', { cookie: cookieOf(access), ...headers }, '{}')).status).toBe(403);
  });

  it('a link from elsewhere may be followed', async () => {
    const { ask } = app();
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect((await ask('/sweeps/math', headers)).status).toBe(200);
  });

  it.each([
    ['a change without an origin, by cookie', {}, '{}', 403],
    ['a form', { origin: `http://${HOST}`, 'content-type': 'application/x-www-form-urlencoded' }, 'a=b', 415],
    ['text', { origin: `http://${HOST}`, 'content-type': 'text/plain' }, '{}', 415],
    ['a body above 64 kB', { origin: `http://${HOST}` }, 'x'.repeat(70_000), 413],
  ])('refuses %s', async (_, headers, body, status) => {
    const { ask, access } = app();
    const answer = await ask('/api/queue/actions', { cookie: cookieOf(access), ...headers }, body);
    expect(answer.status).toBe(status);
  });

  it('says in every answer what a page may do', async () => {
    const { ask } = app();
    for (const path of ['/', '/api/sweeps', '/?token=wrong', '/bull-board/static/x']) {
      const { headers } = await ask(path);
      const policy = headers.get('content-security-policy')!;
      expect(policy).toMatch(/^default-src 'none'; script-src 'self'; /);
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/script-src[^;]*unsafe|https?:/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
    expect((await ask('/')).headers.get('content-security-policy')).not.toContain('unsafe');
  });
});

describe('reachable from elsewhere', () => {
  it.each([{ host: '0.0.0.0' }, { requireToken: true }])('looking needs the token too: %j', async (over) => {
    const { ask, access } = app(over);
    for (const path of ['/', '/api/sweeps', '/api/live', '/assets/x.js', '/bull-board']) {
      expect((await ask(path)).status).toBe(401);
      expect((await ask(path, { cookie: `${access.cookieName}=guess` })).status).toBe(401);
      expect((await ask(path, { cookie: cookieOf(access) })).status).toBe(200);
      expect((await ask(path, { authorization: `Bearer ${TOKEN}` })).status).toBe(200);
    }
    expect((await ask('/api/x', {}, '{}')).status).toBe(401);
  });

  it('other names are refused until they are allowed', async () => {
    const named = { host: 'runs.example:443' };
    expect((await app({ host: '0.0.0.0' }).ask('/', named)).status).toBe(403);
    const { ask, access } = app({ host: '0.0.0.0', names: ['Runs.example'] });
    expect((await ask('/', { ...named, cookie: cookieOf(access) })).status).toBe(200);
    // Behind a proxy that speaks TLS.
    const change = { ...named, cookie: cookieOf(access), origin: 'https://runs.example:443' };
    expect((await ask('/api/x', change, '{}')).status).toBe(200);
  });
});

describe('accessFor', () => {
  it('makes another token every time, and refuses weak ones', () => {
    const make = (token?: string) =>
      accessFor({ host: '127.0.0.1', port: 1, token, names: [], requireToken: false });
    expect(make().token).not.toBe(make().token);
    expect(make().token.length).toBeGreaterThan(30);
    for (const weak of ['short', 'with spaces in it, but long', 'ünïcode-and-long-enough']) {
      expect(() => make(weak)).toThrow(/at least 16/);
    }
  });

  it.each([
    ['127.0.0.1:80', '127.0.0.1'],
    ['[::1]:80', '::1'],
    ['https://a-host.example', 'a-host.example'],
    ['a/b', null],
    ['user@host', null],
    ['host:99:99', null],
  ])('hostOf %s', (text, host) => {
    expect(hostOf(text)).toBe(host);
  });
});
