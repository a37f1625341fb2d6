import { writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { LawOutcome, RefitResult } from '../../src/refit/types.ts';
import { postWebhook, readWebhook, type Webhook } from '../../src/refit/webhook.ts';
import { isOccasion, MAX_PAYLOAD_BYTES, webhookPayload } from '../../src/refit/webhookPayload.ts';
import { runsFolder } from './fixture.ts';

const SECRET = 'T0KEN-in-the-path';
const FAST = { backoffMs: 5 };

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Answers each post with the next of `answers`: a status, or null for none at all. */
async function listen(answers: readonly (number | null)[]) {
  const posts: { body: string; headers: IncomingHttpHeaders; path: string | undefined }[] = [];
  const server = createServer((request, response: ServerResponse) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const answer = answers[posts.length];
      posts.push({ body, headers: request.headers, path: request.url });
      if (answer === null || answer === undefined) return;
      if (answer >= 300 && answer < 400) response.setHeader('location', '/elsewhere');
      response.statusCode = answer;
      response.end('an answer that nobody reads');
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as { port: number };
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  closers.push(close);
  const webhook = webhookOf(`http://user:p%40ss@127.0.0.1:${port}/hooks/${SECRET}`);
  return { webhook, posts, close };
}

function webhookOf(url: string): Webhook {
  const webhook = readWebhook({ REFIT_WEBHOOK_URL: url });
  if (!webhook) throw new Error('no webhook');
  return webhook;
}

describe('the webhook', () => {
  it('gets one JSON post', async () => {
    const { webhook, posts } = await listen([200]);
    expect(await postWebhook(webhook, '{"text":"ä"}', FAST)).toBeNull();
    expect(posts).toMatchObject([
      {
        body: '{"text":"ä"}',
        path: `/hooks/${SECRET}`,
        headers: {
          'content-type': 'application/json',
          authorization: `Basic ${Buffer.from('user:p@ss').toString('base64')}`,
        },
      },
    ]);
  });

  it('is tried again after 5xx, and not after 4xx or a redirect', async () => {
    const mended = await listen([500, 503, 204]);
    expect(await postWebhook(mended.webhook, '{}', FAST)).toBeNull();
    expect(mended.posts).toHaveLength(3);
    for (const status of [404, 307]) {
      const { webhook, posts } = await listen([status, 200, 200]);
      expect(await postWebhook(webhook, '{}', FAST)).toBe(
        `the webhook at ${webhook.host} was not told: it answered ${status}`,
      );
      expect(posts).toHaveLength(1);
    }
    const broken = await listen([500, 500, 500, 200]);
    expect(await postWebhook(broken.webhook, '{}', FAST)).toMatch(/it answered 500$/);
    expect(broken.posts).toHaveLength(3);
  });

  it('is given up after three silences, and when nobody is there, naming no more than the host', async () => {
    const silent = await listen([null, null, null, 200]);
    const beganMs = performance.now();
    const timeout = await postWebhook(silent.webhook, '{}', { ...FAST, timeoutMs: 500 });
    expect(timeout).toBe(`the webhook at ${silent.webhook.host} was not told: no answer within 0.5 s`);
    expect(performance.now() - beganMs).toBeLessThan(6000);
    expect(silent.posts).toHaveLength(3);
    silent.close();
    const gone = await postWebhook(silent.webhook, '{}', FAST);
    expect(gone).toBe(`the webhook at ${silent.webhook.host} was not told: no connection (ECONNREFUSED)`);
    for (const problem of [timeout, gone]) expect(problem).not.toMatch(/T0KEN|p%40ss|p@ss|user/);
  });

  it('is left when the refit is stopped', async () => {
    const { webhook, posts } = await listen([null]);
    const stop = new AbortController();
    const posting = postWebhook(webhook, '{}', { signal: stop.signal });
    while (posts.length === 0) await new Promise((later) => setTimeout(later, 5));
    stop.abort();
    expect(await posting).toMatch(/was not told: stopped$/);
  });
});

describe("the webhook's URL", () => {
  it('comes from a variable or a file, and is never repeated when it is wrong', () => {
    expect(readWebhook({})).toBeNull();
    const file = join(runsFolder(), 'url');
    writeFileSync(file, `https://hooks.example:8443/${SECRET}?a=b\n`);
    expect(readWebhook({ REFIT_WEBHOOK_URL_FILE: file })).toEqual({
      url: `https://hooks.example:8443/${SECRET}?a=b`,
      headers: {},
      host: 'hooks.example:8443',
    });
    const refused = (variables: Record<string, string>): string => {
      try {
        readWebhook(variables);
      } catch (error) {
        return String(error);
      }
      return 'accepted';
    };
    for (const bad of [`ftp://host/${SECRET}`, `${SECRET} no url`, `https://u:%ff@host/${SECRET}`]) {
      expect(refused({ REFIT_WEBHOOK_URL: bad })).toMatch(/REFIT_WEBHOOK_URL is not the URL/);
      expect(refused({ REFIT_WEBHOOK_URL: bad })).not.toContain(SECRET);
    }
    expect(refused({ REFIT_WEBHOOK_URL: 'https://a', REFIT_WEBHOOK_URL_FILE: file })).toMatch(
      /both REFIT_WEBHOOK_URL and/,
    );
    expect(refused({ REFIT_WEBHOOK_URL_FILE: `${file}.none` })).toMatch(/cannot be read/);
  });
});

const point = {
  ...{ run: 'r'.repeat(64), modelSize: 1, tokens: 2, ratio: 0.5, loss: 3, predicted: 2, low: 1.9, high: 2.1 },
  far: true,
};

function resultOf(laws: number, points: number, findings: string[] = []): RefitResult {
  const law = (loss: 'general' | 'domain') => ({
    loss,
    form: { before: 'L3', after: 'L3' },
    observations: { before: 1, after: 2, added: 1, gone: 0 },
    parameters: [],
    predictions: { meanAbsolute: 0, largest: 0, at: null, outsideBand: 0, checked: 0 },
    band: {
      ...{ level: 0.95, checked: points, expectedOutside: 1, runs: { checked: 1, outside: 1 } },
      outside: Array.from({ length: points }, () => point),
    },
  });
  const outcome = (at: number): LawOutcome => ({
    ...{ sweep: `s${at}`, domain: 'math', status: 'new', version: 2, observations: 2, domainRatio: 0.5 },
    drift: {
      versions: [1, 2],
      laws: [law('general'), law('domain')],
      ratio: { before: 0.5, after: 0.5, beforeInterval: null, afterInterval: null, outside: null },
      findings,
    },
  });
  return {
    startedAt: '2027-03-01T02:00:00.000Z',
    ...{ seconds: 1, lateResults: null, warnings: [] },
    laws: Array.from({ length: laws }, (_, at) => outcome(at)),
  };
}

describe('what is posted', () => {
  it('is the whole report with a text for people, or as much of it as 64 KiB hold', () => {
    const small = resultOf(1, 3);
    expect(JSON.parse(webhookPayload(small))).toMatchObject({ report: small, shortened: false });
    expect(JSON.parse(webhookPayload(small)).text).toMatch(/^1 law fitted anew/);
    for (const [laws, points] of [
      [2, 500],
      [200, 1],
      [5000, 1],
    ] as const) {
      const json = webhookPayload(resultOf(laws, points));
      expect(Buffer.byteLength(json)).toBeLessThanOrEqual(MAX_PAYLOAD_BYTES);
      const { report, shortened } = JSON.parse(json);
      expect(shortened).toBe(true);
      expect(report.laws.length).toBeGreaterThan(1);
    }
  });

  it('goes out when it is asked for', () => {
    const same: LawOutcome = {
      ...{ sweep: 's', domain: 'math', status: 'unchanged', version: 1, observations: 2, domainRatio: 0.5 },
    };
    const nothing = { ...resultOf(0, 0), laws: [same] };
    const occasions = (result: RefitResult) =>
      (['drift', 'new', 'always'] as const).filter((on) => isOccasion(result, on));
    expect(occasions(nothing)).toEqual(['always']);
    expect(occasions(resultOf(1, 0))).toEqual(['new', 'always']);
    expect(occasions(resultOf(1, 0, ['It drifted.']))).toEqual(['drift', 'new', 'always']);
  });
});
