import { execFile, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { file, ROOT } from './files.ts';

interface Instruction {
  name: string;
  value: string;
}

/** Without comments, continued lines joined. */
function instructionsOf(path: string): Instruction[] {
  return file(path)
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [name = '', ...rest] = line.split(' ');
      return { name, value: rest.join(' ').trim() };
    });
}

const valuesOf = (instructions: readonly Instruction[], name: string) =>
  instructions.filter((each) => each.name === name).map((each) => each.value);

/** What the image itself has. */
function lastStage(path: string): Instruction[] {
  const all = instructionsOf(path);
  return all.slice(all.findLastIndex(({ name }) => name === 'FROM'));
}

/** What one stage of several has. */
function stageOf(path: string, name: string): Instruction[] {
  const all = instructionsOf(path);
  const from = all.findIndex((each) => each.name === 'FROM' && each.value.endsWith(` AS ${name}`));
  const next = all.findIndex((each, at) => at > from && each.name === 'FROM');
  return all.slice(from, next);
}

/** What is copied from the repository, and where to. */
function copiesOf(instructions: readonly Instruction[]): { source: string; place: string }[] {
  return valuesOf(instructions, 'COPY')
    .filter((value) => !value.startsWith('--from='))
    .flatMap((value) => {
      const words = value.split(/\s+/);
      const place = words.pop()!;
      return words.map((source) => ({ source, place: place === './' ? source : place }));
    });
}

const ignored = file('.dockerignore')
  .split('\n')
  .filter((line) => line && !line.startsWith('#'));
const SECRET = /pass(word)?|secret|token|credential|api_?key|_url\b/i;

describe.each(['Dockerfile', 'Dockerfile.gpu'])('%s', (path) => {
  const all = instructionsOf(path);
  const stage = lastStage(path);

  it('copies only what is there and what .dockerignore lets through', () => {
    const sources = copiesOf(all).map(({ source }) => source);
    expect(sources.length).toBeGreaterThan(5);
    for (const source of sources) {
      expect(existsSync(`${ROOT}${source}`), source).toBe(true);
      expect(ignored).toContain(`!${source}`);
    }
  });

  it('is made of pinned images', () => {
    const variables = new Map(valuesOf(all, 'ARG').map((value) => value.split('=') as [string, string]));
    const images = valuesOf(all, 'FROM').map((value) =>
      value.split(/\s+/)[0]!.replace(/^\$\{(\w+)\}$/, (_, name: string) => variables.get(name) ?? ''),
    );
    expect(images).toHaveLength(path === 'Dockerfile' ? 3 : 2);
    for (const image of images) expect(image).toMatch(/^[a-z/]+:\d+\.\d+\.\d+[\w.-]*$/);
  });

  it('runs as a numbered user who is not root, to whom only the written folders belong', () => {
    expect(valuesOf(stage, 'USER')).toEqual(['1000:1000']);
    expect(stage.findIndex(({ name }) => name === 'USER')).toBeGreaterThan(
      stage.findLastIndex(({ name }) => name === 'RUN' || name === 'COPY'),
    );
    expect(valuesOf(stage, 'RUN')).toEqual([
      'mkdir -p runs data/cache data/worker && chown 1000:1000 runs data/cache data/worker',
    ]);
  });

  it('holds no secret and takes none while it is built', () => {
    for (const value of [...valuesOf(all, 'ARG'), ...valuesOf(all, 'ENV')]) expect(value).not.toMatch(SECRET);
    for (const { source } of copiesOf(all)) expect(source).not.toMatch(/^\.$|\.env|^deploy|^runs/);
    expect(valuesOf(all, 'ADD')).toEqual([]);
  });

  it('starts Node itself, with a file that is there', () => {
    expect(valuesOf(stage, 'ENTRYPOINT').map((value) => JSON.parse(value))).toEqual([
      ['node', '--import', 'tsx'],
    ]);
    expect(valuesOf(stage, 'CMD').map((value) => JSON.parse(value))).toEqual([['workers/worker.ts']]);
    const { dependencies } = JSON.parse(file('package.json')) as { dependencies: Record<string, string> };
    expect(dependencies).toHaveProperty('tsx');
  });

  it('installs what the lock file says: nothing for development, but the binaries that are optional', () => {
    const install = valuesOf(all, 'RUN')[0];
    expect(install).toMatch(/^npm ci --omit=dev --ignore-scripts /);
    expect(install).not.toContain('--omit=optional');
    expect(copiesOf(all).map(({ source }) => source)).toEqual(
      expect.arrayContaining(['package.json', 'package-lock.json', '.npmrc']),
    );
  });
});

it('.dockerignore leaves out everything else, and what is made at run time', () => {
  expect(ignored[0]).toBe('*');
  expect(ignored.slice(-4)).toEqual(['data/cache', 'data/worker', '**/*.log', '**/.env*']);
});

it('Dockerfile.gpu fetches the CUDA provider with the script that onnxruntime-node has', () => {
  const script = 'node_modules/onnxruntime-node/script/install.js';
  expect(valuesOf(instructionsOf('Dockerfile.gpu'), 'RUN')[0]).toContain(
    `ONNXRUNTIME_NODE_INSTALL=true node ${script}`,
  );
  expect(existsSync(`${ROOT}${script}`)).toBe(true);
  expect(file('node_modules/onnxruntime-node/script/install-utils.js')).toContain(
    'process.env.ONNXRUNTIME_NODE_INSTALL ',
  );
  const metadata = createRequire(import.meta.url)('onnxruntime-node/script/install-metadata.js') as {
    requirements: Record<string, string[]>;
    manifests: Record<string, Record<string, unknown>>;
  };
  expect(metadata.requirements['linux/x64']).toEqual(['cuda12']);
  expect(metadata.manifests['linux/x64:cuda12']).toHaveProperty(['./libonnxruntime_providers_cuda.so']);
});

/** A folder with what a stage copies from the repository. */
function foldersOf(stage: readonly Instruction[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'image-'));
  const made = ['data/cache', 'data/worker'].map((name) => `${ROOT}${name}`);
  for (const { source, place } of copiesOf(stage)) {
    cpSync(`${ROOT}${source}`, join(folder, place), {
      recursive: true,
      filter: (from) => !made.includes(from),
    });
  }
  symlinkSync(`${ROOT}node_modules`, join(folder, 'node_modules'));
  return folder;
}

describe('the files of the image are enough', () => {
  let folder: string;
  beforeAll(() => {
    folder = foldersOf(lastStage('Dockerfile'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    'workers/worker.ts',
    'pipelines/workers.ts',
    'pipelines/sweep.ts',
    'pipelines/queue.ts',
    'pipelines/store.ts',
    'pipelines/refit.ts',
    'pipelines/recommend.ts',
    'pipelines/dashboard.ts',
  ])('to start %s', async (script) => {
    const { stdout } = await promisify(execFile)('node', ['--import', 'tsx', script, '--help'], {
      cwd: folder,
      timeout: 50_000,
    });
    expect(stdout).toContain('Usage: npm run');
  });
});

describe('the dashboard’s page', () => {
  let building: string;
  let image: string;
  beforeAll(() => {
    building = foldersOf(stageOf('Dockerfile', 'page'));
    image = foldersOf(lastStage('Dockerfile'));
  });
  afterAll(() => {
    for (const folder of [building, image]) rmSync(folder, { recursive: true, force: true });
  });

  it('is built as in the image, from what its stage has, and is served by the image', async () => {
    const [install, build] = valuesOf(stageOf('Dockerfile', 'page'), 'RUN');
    expect(install).toMatch(/^npm ci --ignore-scripts /);
    expect(build).toMatch(/^node --import tsx pipelines\/\w+\.ts$/);
    const [node, ...words] = build!.split(' ');
    await promisify(execFile)(node!, words, { cwd: building, timeout: 50_000 });
    const copied = valuesOf(lastStage('Dockerfile'), 'COPY').filter((value) =>
      value.startsWith('--from=page '),
    );
    expect(copied).toEqual(['--from=page /app/dist dist/']);
    cpSync(join(building, 'dist'), join(image, 'dist'), { recursive: true });
    const served = spawn(
      'node',
      ['--import', 'tsx', 'pipelines/dashboard.ts', '--listen', '127.0.0.1:0', '--json'],
      { cwd: image, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, REDIS_URL: '' } },
    );
    const ended = new Promise((done) => served.once('exit', done));
    try {
      const { url } = await new Promise<{ url: string }>((started) =>
        served.stdout.once('data', (line) => started(JSON.parse(String(line)))),
      );
      const page = await (await fetch(url)).text();
      const script = /<script[^>]* src="(\/assets\/[^"]+\.js)"/.exec(page)?.[1];
      expect((await fetch(new URL(script!, url))).status).toBe(200);
    } finally {
      served.kill('SIGTERM');
      await ended;
    }
  });
});
