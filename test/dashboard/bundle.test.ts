import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const PAGE = join(ROOT, 'dist/dashboard');
/** Bytes, compressed: what a first view loads, and everything. */
const MOST = { first: 90_000, all: 250_000 };

beforeAll(() => {
  if (!existsSync(join(PAGE, 'index.html'))) {
    execFileSync('node', ['--import', 'tsx', 'pipelines/build.ts'], { cwd: ROOT });
  }
});

const bytes = (names: readonly string[]) =>
  names.reduce((sum, name) => sum + gzipSync(readFileSync(join(PAGE, name))).length, 0);

it('the page stays small', () => {
  const assets = readdirSync(join(PAGE, 'assets')).map((name) => `assets/${name}`);
  const index = readFileSync(join(PAGE, 'index.html'), 'utf8');
  const first = assets.filter((name) => index.includes(`/${name}"`));
  expect(first.some((name) => name.endsWith('.js'))).toBe(true);
  expect(bytes(first)).toBeLessThan(MOST.first);
  expect(bytes(assets)).toBeLessThan(MOST.all);
});

it('brings everything with it: no address of another machine', () => {
  for (const name of readdirSync(join(PAGE, 'assets'))) {
    if (!/\.(js|css)$/.test(name)) continue;
    const text = readFileSync(join(PAGE, 'assets', name), 'utf8');
    // Names of XML, and a link in a package's message, load nothing.
    expect(text, name).not.toMatch(/(?:import|fetch)\(\s*["'`]https?:|url\(\s*["']?https?:|@import/);
  }
});
