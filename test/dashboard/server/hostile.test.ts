import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paths } from '../../../src/dashboard/api/paths.ts';
import { openStore, plantSweep } from '../plantedStore.ts';
import { PAGE, started, TOKEN, temporaryFolder } from './started.ts';

const SCRIPT = '<script>alert("x")</script>';
const REDIS_PASSWORD = 'sEcr3t-of-redis';

let place: string;
let dashboard: Awaited<ReturnType<typeof started>>;
let withRedis: Awaited<ReturnType<typeof started>>;
/** Of a connection that says its headers a byte at a time. */
let slow: { answer: Promise<string>; beganMs: number };
/** Every answer of these tests, as it came. */
const answers: string[] = [];

beforeAll(async () => {
  place = temporaryFolder();
  const store = openStore(place);
  const runs = plantSweep(store, 'math', { sizes: [6000], isOpen: () => true });
  const { config } = store.sweep('math')!;
  const hostile = structuredClone(config) as { corpora: { general: { source: { demo: string } } } };
  Object.assign(hostile.corpora.general, { source: { text: [`${SCRIPT}.txt`] } });
  store.saveSweep({ sweep: 'math', name: 'math', config: hostile, createdAt: '2026-01-01T00:00:00Z' });
  store.failRun(runs.at(-1)!.run, SCRIPT);
  const planned = store.runs('math').map(({ run, kind, parent, spec, ...label }) => ({
    run: { run, kind, parent, spec },
    label: {
      ...{ run, kind, domain: label.domain, domainRatio: label.domainRatio, seed: label.seed },
      ...{ modelSize: label.modelSize, totalParameters: label.totalParameters, label: `${SCRIPT} ${run}` },
    },
  }));
  store.planRuns('math', planned);
  store.close();
  dashboard = await started(place);
  withRedis = await started(temporaryFolder(), {
    queue: { redisUrl: `redis://someone:${REDIS_PASSWORD}@127.0.0.1:1/0` },
  });
  slow = { beganMs: performance.now(), answer: drip() };
});
afterAll(async () => {
  await dashboard.close();
  await withRedis.close();
});

/** Sends bytes as they are, and gives back what comes until the connection ends. */
function raw(bytes: string, port = dashboard.port): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.setTimeout(20_000, () => reject(new Error(`no end after: ${answer}`)));
    socket.setEncoding('latin1');
    socket.on('data', (data) => {
      answer += data;
    });
    // What is sent after a refusal may find the connection closed.
    socket.on('error', () => {});
    socket.on('close', () => {
      answers.push(answer);
      socket.destroy();
      resolve(answer);
    });
    socket.write(bytes, 'latin1');
  });
}

function drip(): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(dashboard.port, '127.0.0.1');
    let answer = '';
    socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${dashboard.port}\r\nX-Slow: `);
    const timer = setInterval(() => socket.write('x'), 250);
    socket.on('data', (data) => {
      answer += data;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(timer);
      resolve(answer);
    });
  });
}

const own = () => `http://127.0.0.1:${dashboard.port}`;
const bearer = `Authorization: Bearer ${TOKEN}\r\n`;

/** A request of a line, headers and a body, written by hand. */
const ask = (method: string, path: string, headers = '', body = '', host?: string) =>
  raw(
    `${method} ${path} HTTP/1.1\r\nHost: ${host ?? `127.0.0.1:${dashboard.port}`}\r\nConnection: close\r\n${headers}` +
      `${body === '' || /length|chunked/i.test(headers) ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`}\r\n${body}`,
  );
const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
const json = 'Content-Type: application/json\r\n';
const act = (body: string, headers = bearer) => ask('POST', paths.actions, `${json}${headers}`, body);

describe('files', () => {
  const outside = [
    ...['/../secret.txt', '/assets/../../secret.txt', '/assets/%2e%2e/%2e%2e/secret.txt'],
    ...['/assets/..%2f..%2fsecret.txt', '/assets/..%5c..%5csecret.txt', '/assets/..\\..\\secret.txt'],
    ...['/assets/%252e%252e/%252e%252e/secret.txt', '/assets/....//....//secret.txt', '/secret.txt'],
    ...['/assets/main-0123abcd.js%00.txt', '/assets/%00', '/assets//etc/passwd', '//etc/passwd', '/.env'],
    ...['/assets/%c0%ae%c0%ae/%c0%ae%c0%ae/secret.txt', '/assets/%', '/assets/%zz', '/../../../package.json'],
    ...['/bull-board/static/../../package.json', '/bull-board/static/..%2f..%2fpackage.json'],
    ...['/bull-board/static/%2e%2e/%2e%2e/package.json', '/bull-board/static/..%5c..%5cpackage.json'],
    ...['/assets/..;/..;/secret.txt', '/assets', '/assets/', '/results.sqlite', '/page/index.html'],
  ];

  it.each(outside)('%s reaches none outside the page', async (path) => {
    const answer = await ask('GET', path);
    expect([400, 404]).toContain(statusOf(answer));
    expect(answer).not.toMatch(/what no address may reach|root:|"name": ?"|SQLite/);
  });

  it('those of the page can be had, and say what they are', async () => {
    expect(await ask('GET', '/assets/main-0123abcd.js')).toMatch(
      /^HTTP\/1\.1 200 [\s\S]*immutable[\s\S]*page = 1/,
    );
    expect(await ask('GET', '/sweeps/math')).toContain(PAGE);
    expect(await ask('GET', '/assets/main-0123abcd.js')).toMatch(/content-type: text\/javascript/i);
  });
});

describe('requests that are too much', () => {
  it('a very long address, huge headers, many headers', async () => {
    expect([414, 431]).toContain(statusOf(await ask('GET', `/${'x'.repeat(100_000)}`)));
    expect(statusOf(await ask('GET', '/', `X-Huge: ${'x'.repeat(100_000)}\r\n`))).toBe(431);
    expect(statusOf(await ask('GET', '/', 'X-A: b\r\n'.repeat(20_000)))).toBe(431);
    const long = await ask('GET', `/api/sweeps/${'x'.repeat(10_000)}`);
    expect(statusOf(long)).toBe(404);
    expect(long.length).toBeLessThan(3000);
  });

  it('a body that is too large: with its length, without it, and with a wrong one', async () => {
    expect(statusOf(await act(JSON.stringify({ x: 'x'.repeat(70_000) })))).toBe(413);
    const piece = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    const chunked = `${bearer}Transfer-Encoding: chunked\r\n`;
    const large = await act(`${piece.repeat(6)}0\r\n\r\n`, chunked);
    expect(statusOf(large)).toBe(413);
    expect(large).toContain('at most 65536 bytes');
    const both = await act(`${piece.repeat(6)}0\r\n\r\n`, `${chunked}Content-Length: 2\r\n`);
    expect([400, 413]).toContain(statusOf(both));
    const small = '{"action":"pause","sweep":"math"}';
    const asChunks = `${small.length.toString(16)}\r\n${small}\r\n0\r\n\r\n`;
    expect(await act(asChunks, chunked)).toMatch(/^HTTP\/1\.1 409 [\s\S]*no sweep is running/);
  });

  it('two requests in one are not taken for one (request smuggling)', async () => {
    const hidden = `GET /api/session HTTP/1.1\r\nHost: x\r\n\r\n`;
    const answer = await ask(
      'POST',
      paths.actions,
      `${json}${bearer}Content-Length: 5\r\nContent-Length: 6\r\n`,
    );
    expect(statusOf(answer)).toBe(400);
    const other = await act(
      `0\r\n\r\n${hidden}`,
      `${bearer}Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n`,
    );
    expect(statusOf(other)).toBe(400);
    expect(other).not.toContain('mayChange');
  });

  it('what is no HTTP', async () => {
    expect(statusOf(await raw('\x16\x03\x01\x02\x00\r\n\r\n'))).toBe(400);
    expect(statusOf(await raw('GET / HTTP/1.1\r\nConnection: close\r\n\r\n'))).toBe(400);
    expect(statusOf(await ask('GET', '/', 'X\u0000: y\r\n'))).toBe(400);
  });
});

describe('methods', () => {
  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'])(
    '%s changes nothing without the token, and is no way to read either',
    async (method) => {
      for (const path of ['/', paths.sweeps, paths.actions, paths.next('math'), '/bull-board']) {
        const answer = await ask(method, path, json);
        expect([path, statusOf(answer)]).toEqual([path, 403]);
        expect(answer).toContain('changes need the token');
      }
      for (const path of ['/', paths.sweeps, paths.session, '/bull-board/api/queues']) {
        const answer = await ask(method, path, json + bearer);
        expect([method, path, [404, 405].includes(statusOf(answer))]).toEqual([method, path, true]);
        expect(answer).not.toMatch(/Bearer|runsFolder|"math"/);
      }
    },
  );

  it('a preflight of another site is not allowed anything', async () => {
    const preflight = `Origin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization\r\n`;
    for (const headers of [preflight, preflight + bearer]) {
      const answer = await ask('OPTIONS', paths.actions, headers);
      expect(statusOf(answer)).toBe(403);
      expect(answer).not.toMatch(/access-control/i);
    }
  });
});

describe('bodies of changes', () => {
  it.each([
    ['no JSON', '{"action":', /not JSON/],
    ['nothing', '""', /not understood/],
    ['no action', '{}', /not understood/],
    ['an unknown action', '{"action":"drop","sweep":"math"}', /not understood/],
    ['further fields', '{"action":"pause","sweep":"math","also":1}', /also/],
    ['__proto__', '{"action":"pause","sweep":"math","__proto__":{"isAdmin":true}}', /not understood/],
    ['constructor', '{"action":"pause","sweep":"math","constructor":{"prototype":{"x":1}}}', /constructor/],
    ['a list', '[{"action":"pause","sweep":"math"}]', /not understood/],
    ['another type', '{"action":"pause","sweep":{"toString":"math"}}', /sweep/],
    ['a number out of bounds', '{"action":"priority","sweep":"math","priority":1e99}', /priority/],
    ['a run that is none', '{"action":"cancel-run","run":"*"}', /run/],
  ])('%s: 400, in words', async (_, body, words) => {
    const answer = await act(body);
    expect(statusOf(answer)).toBe(400);
    expect(answer).toMatch(words);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  it('deep JSON', async () => {
    const deep = `{"action":"pause","sweep":${'['.repeat(30_000)}${']'.repeat(30_000)}}`;
    expect(statusOf(await act(deep))).toBe(400);
  });

  it.each([
    { domain: 'math', runs: [] },
    { domain: 'math', runs: [{ modelSize: -1, domainRatio: 0.5, tokens: 1 }] },
    { domain: 'math', runs: [{ modelSize: 6000, domainRatio: 2, tokens: 1 }] },
    { domain: 'math', runs: [{ modelSize: 6000, domainRatio: 0.5, tokens: 1, script: '/bin/sh' }] },
    { domain: 'math', runs: Array(51).fill({ modelSize: 6000, domainRatio: 0.5, tokens: 1 }) },
  ])('further runs: %j', async (body) => {
    expect(statusOf(await ask('POST', paths.next('math'), json + bearer, JSON.stringify(body)))).toBe(400);
  });

  it('further runs of what is not there', async () => {
    const body = JSON.stringify({
      domain: '../x',
      runs: [{ modelSize: 6000, domainRatio: 0.5, tokens: 1e5 }],
    });
    expect(statusOf(await ask('POST', paths.next('math'), json + bearer, body))).toBe(404);
    expect(statusOf(await ask('POST', paths.next('../math'), json + bearer, body))).toBe(404);
  });
});

describe('who asks', () => {
  it('a foreign site with a valid cookie may neither read nor change', async () => {
    const login = await ask('GET', `/?token=${TOKEN}`);
    const cookie = `Cookie: ${/set-cookie: ([^;]+)/i.exec(login)![1]}\r\n`;
    const body = '{"action":"pause","sweep":"math"}';
    for (const foreign of ['http://evil.example', 'null', `http://127.0.0.1:${dashboard.port + 1}`]) {
      expect(statusOf(await act(body, `${cookie}Origin: ${foreign}\r\n`))).toBe(403);
      expect(statusOf(await ask('GET', paths.sweeps, `${cookie}Origin: ${foreign}\r\n`))).toBe(403);
    }
    expect(statusOf(await act(body, cookie))).toBe(403);
    expect(statusOf(await act(body, `${cookie}Origin: ${own()}\r\n`))).toBe(409);
    const text = `Content-Type: text/plain\r\n${cookie}Origin: ${own()}\r\n`;
    expect(statusOf(await ask('POST', paths.actions, text, body))).toBe(415);
  });

  it('a foreign name is refused everywhere, with the token too (DNS rebinding)', async () => {
    for (const host of ['evil.example', `evil.example:${dashboard.port}`, '127.0.0.1.evil.example', 'a b']) {
      for (const path of ['/', paths.sweeps, paths.live, '/bull-board', `/?token=${TOKEN}`]) {
        const answer = await ask('GET', path, bearer, '', host);
        expect([400, 403]).toContain(statusOf(answer));
        expect(answer).not.toMatch(/set-cookie/i);
      }
    }
    // The name in the request line does not count either.
    const absolute = await ask('GET', `http://evil.example${paths.sweeps}`, '', '', 'evil.example');
    expect([400, 403]).toContain(statusOf(absolute));
  });

  it('a token in the address leads nowhere else', async () => {
    for (const path of ['//evil.example/', '/\\evil.example/', '///evil.example', '/%2f/evil.example']) {
      const location = /^location: (.*)\r$/im.exec(await ask('GET', `${path}?token=${TOKEN}`))?.[1];
      if (location !== undefined) expect(new URL(location, own()).origin).toBe(own());
    }
    expect(await ask('GET', '/sweeps/a%0d%0aSet-Cookie:%20x=y?token=wrong-and-long-enough')).not.toMatch(
      /^set-cookie/im,
    );
  });

  const changes: [string, string][] = [
    ['POST', paths.actions],
    ['POST', paths.next('math')],
    ...['pause', 'resume'].map((what): [string, string] => ['PUT', `/bull-board/api/queues/${what}`]),
    ...['pause', 'resume', 'empty', 'promote', 'retry/failed', 'clean/failed', 'obliterate'].map(
      (what): [string, string] => ['PUT', `/bull-board/api/queues/runs-x/${what}`],
    ),
    ...['1/retry/failed', '1/clean', '1/promote', '1/update-data'].map((what): [string, string] => [
      'PUT',
      `/bull-board/api/queues/runs-x/${what}`,
    ]),
    ['POST', '/bull-board/api/queues/runs-x/add'],
    ['POST', '/bull-board/api/metrics/history/purge'],
    ['DELETE', '/bull-board/api/queues/runs-x/job-schedulers/1'],
  ];
  it.each(changes)(
    '%s %s needs the token; bull-board’s change nothing even with it',
    async (method, path) => {
      const body = '{"action":"pause","sweep":"math"}';
      for (const headers of [
        json,
        `${json}Authorization: Bearer guess\r\n`,
        `${json}Cookie: dashboard=1\r\n`,
      ]) {
        expect(statusOf(await ask(method, path, headers, body))).toBe(403);
      }
      if (!path.startsWith('/bull-board')) return;
      const answer = await ask(method, path, json + bearer, body);
      expect(statusOf(answer)).toBe(405);
      expect(answer).toMatch(/^allow: GET, HEAD\r$/im);
    },
  );

  it('bull-board shows its page', async () => {
    expect(await ask('GET', '/bull-board')).toMatch(/^HTTP\/1\.1 200 [\s\S]*<base href="\/bull-board\/"/);
    expect(await ask('GET', '/bull-board/api/queues')).toMatch(/^HTTP\/1\.1 200 [\s\S]*"queues":\[\]/);
  });
});

describe('what is told', () => {
  it('script text is data: JSON, never HTML', async () => {
    const run = (await (await fetch(`${own()}${paths.runs('math')}`)).json()) as { items: { run: string }[] };
    const { run: id } = run.items.at(-1)!;
    for (const path of [paths.runs('math'), paths.sweep('math'), paths.run(id), paths.curves('math')]) {
      const answer = await ask('GET', `${path}${path === paths.curves('math') ? '?base=true' : ''}`);
      expect(answer).toMatch(/^content-type: application\/json\r$/im);
      expect(answer).toMatch(/^x-content-type-options: nosniff\r$/im);
      expect(answer).toContain('<script>alert(\\"x\\")');
    }
    for (const path of [
      `/api/sweeps/${encodeURIComponent(SCRIPT)}`,
      '/%3Cscript%3E',
      '/sweeps/%3Cscript%3E',
    ]) {
      const answer = await ask('GET', path);
      expect(answer.includes('<script>') && /content-type: text\/html/i.test(answer)).toBe(false);
    }
  });

  it('a damaged store is told in words', async () => {
    const elsewhere = temporaryFolder();
    writeFileSync(
      join(elsewhere, 'results.sqlite'),
      'this is no database, but long enough to be looked at '.repeat(50),
    );
    const damaged = await started(elsewhere);
    const answer = await raw(
      `GET ${paths.sweeps} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      damaged.port,
    );
    await damaged.close();
    expect(statusOf(answer)).toBeGreaterThanOrEqual(409);
    expect(answer).toMatch(/damaged/);
    expect(answer).not.toMatch(/\.ts:\d+|node_modules/);
  });

  it('where a Redis is, but not with which password', async () => {
    let answer = '';
    for (let i = 0; i < 100 && !answer.includes('127.0.0.1:1/0'); i++) {
      answer = await raw(
        `GET ${paths.queue} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
        withRedis.port,
      );
      await delay(50);
    }
    expect(answer).toContain('127.0.0.1:1/0');
    expect(answer + withRedis.lines.join('\n')).not.toContain(REDIS_PASSWORD);
    expect(answer).not.toContain('someone');
  });

  it('one that says its headers slowly is cut off, while others are answered', async () => {
    expect(statusOf(await ask('GET', paths.session))).toBe(200);
    const answer = await slow.answer;
    expect(statusOf(answer)).toBe(408);
    expect(performance.now() - slow.beganMs).toBeLessThan(15_000);
  });

  it('in no answer and no line of the log: the token, a stack, a file of this program', () => {
    expect(answers.length).toBeGreaterThan(200);
    for (const text of [...answers, ...dashboard.lines, ...withRedis.lines]) {
      expect(text).not.toContain(TOKEN);
      expect(text).not.toMatch(/ at .+:\d+:\d+|node_modules|src\/dashboard/);
      expect(text).not.toMatch(/^HTTP\/1\.1 5\d\d/);
    }
    expect(dashboard.lines).toEqual([]);
  });
});
