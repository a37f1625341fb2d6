import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../e2e/sweepProcess.ts';
import { plantSweep, runsFolder } from './fixture.ts';

const SECRET = 'T0KEN-in-the-path';
const texts: string[] = [];
const children: ChildProcess[] = [];
const server = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => {
    if (request.url === `/${SECRET}/gone`) response.statusCode = 404;
    else texts.push(`${request.url?.split('/').at(-1)}: ${JSON.parse(body).text}`);
    response.end();
  });
});
let url: string;
beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as { port: number }).port}/${SECRET}`;
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  server.closeAllConnections();
  server.close();
});

/** `npm run refit` without npm in between, with no Redis and this test's webhook. */
function start(args: readonly string[], variables: Record<string, string> = {}) {
  const { REDIS_URL: _, REDIS_URL_FILE: __, ...environment } = process.env;
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', 'pipelines/refit.ts', ...args], {
    cwd: resolve(import.meta.dirname, '../..'),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...environment, REFIT_WEBHOOK_URL: url, ...variables },
  });
  children.push(child);
  const output = { stdout: '', stderr: '' };
  child.stdout!.on('data', (chunk) => (output.stdout += chunk));
  child.stderr!.on('data', (chunk) => (output.stderr += chunk));
  const ended = new Promise<number | null>((done) => child.on('close', (code) => done(code)));
  return { child, output, ended };
}

async function run(args: readonly string[], variables?: Record<string, string>) {
  const { output, ended } = start(args, variables);
  const code = await ended;
  expect(output.stdout + output.stderr).not.toContain(SECRET);
  return { code, ...output };
}

describe('npm run refit', { concurrent: true }, () => {
  it('fits once, then says that nothing is new, and tells the webhook when it was asked to', async () => {
    const folder = runsFolder();
    plantSweep(folder, 'one');
    const first = await run(['--runs', folder, '--json'], { REFIT_WEBHOOK_URL: `${url}/once` });
    expect(first.code).toBe(0);
    expect(JSON.parse(first.stdout).laws).toMatchObject([{ sweep: 'one', status: 'first', version: 1 }]);
    expect(texts).toContainEqual(expect.stringMatching(/^once: 1 law fitted anew/));

    const second = await run(['--runs', folder, '--webhook-on', 'always'], {
      REFIT_WEBHOOK_URL: `${url}/gone`,
    });
    expect(second.code).toBe(0);
    expect(second.stdout).toMatch(/^Nothing new: the law stands as fitted, and nothing was fitted\./);
    expect(second.stdout).toContain(
      `Warning: the webhook at ${new URL(url).host} was not told: it answered 404`,
    );
    expect(second.stderr).toBe('');
    expect(readFileSync(join(folder, 'refits', 'latest.md'), 'utf8')).not.toContain(SECRET);
  });

  it('refuses what it cannot do before it starts', async () => {
    const folder = runsFolder();
    const refused = async (args: readonly string[], sentence: RegExp) => {
      const { code, stderr } = await run(['--runs', folder, ...args]);
      expect(code).toBe(2);
      expect(stderr).toMatch(sentence);
    };
    await Promise.all([
      refused(['--schedule', '0 25 * * *'], /"0 25 \* \* \*" is not a cron pattern/),
      refused(['--tz', 'UTC'], /belong to --schedule/),
      refused(['--unschedule'], /without REDIS_URL there is no schedule/),
    ]);
    expect(existsSync(join(folder, 'artifacts'))).toBe(false);
  });

  it('refits by a schedule without a Redis, until it is stopped', async () => {
    const folder = runsFolder();
    const { child, output, ended } = start(['--runs', folder, '--schedule', '*/2 * * * * *', '--tz', 'UTC'], {
      REFIT_WEBHOOK_URL: `${url}/nights`,
    });
    const told = () => texts.filter((text) => text.startsWith('nights: '));
    await until(() => /no results store/.test(output.stderr), 25_000, 'a night without a store');
    await until(() => told().length > 0, 20_000, 'that the webhook hears of it');
    plantSweep(folder, 'one');
    await until(() => /version 1, its first/.test(output.stdout), 25_000, 'a night that fits');
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(output.stderr).toMatch(
      /the next refit is due at \d{4}-\d\d-\d\d [\d:]{8} UTC, through embedded store/,
    );
    expect(output.stderr).toMatch(/this refit failed: the refit ended with exit code 2/);
    expect(told()[0]).toMatch(/^nights: The scheduled refit failed: /);
    expect(output.stdout + output.stderr).not.toContain(SECRET);
  });
});
