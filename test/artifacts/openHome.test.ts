import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openFolderHome } from '../../src/artifacts/folderHome.ts';
import { openArtifactHome, parseHomeUrl } from '../../src/artifacts/openHome.ts';
import { serveArtifacts } from '../../src/artifacts/server.ts';
import { UserError } from '../../src/common/errors.ts';

const temporary = () => mkdtempSync(join(tmpdir(), 'open-home-'));

describe('parseHomeUrl', () => {
  it.each([
    ['runs/artifacts', { kind: 'folder', folder: 'runs/artifacts' }],
    ['/mnt/shared', { kind: 'folder', folder: '/mnt/shared' }],
    ['file:///mnt/a%20b', { kind: 'folder', folder: '/mnt/a b' }],
    ['s3://bucket', { kind: 's3', bucket: 'bucket', prefix: '' }],
    ['s3://bucket/a/b/', { kind: 's3', bucket: 'bucket', prefix: 'a/b' }],
    ['http://host:7420/', { kind: 'http', url: 'http://host:7420', token: null }],
    ['./with:colon', { kind: 'folder', folder: './with:colon' }],
    ['https://:to%3Aken@host/base', { kind: 'http', url: 'https://host/base', token: 'to:ken' }],
  ])('reads %s', (url, place) => {
    expect(parseHomeUrl(url)).toEqual(place);
  });

  it.each([
    '  ',
    'ftp://host/x',
    'http://',
    'file://another-machine/x',
    's3:///x',
    's3://bucket/../x/%2e%2e/y/..%2f..',
    's3://key:secret@bucket',
    'http://host/?a=secret',
    'http://host/#secret',
    'http://:secret%zz@host',
    's3://bucket/%zz',
    's3:bucket/prefix',
    'http:host',
    'host:7420',
    '127.0.0.1:7420/x',
    '[::1]:7420',
  ])('refuses %j without repeating secrets', (url) => {
    const refused = (() => {
      try {
        return parseHomeUrl(url);
      } catch (error) {
        return error;
      }
    })();
    expect(refused).toBeInstanceOf(UserError);
    expect((refused as UserError).message).not.toContain('secret');
  });
});

describe('openArtifactHome', () => {
  it('opens a folder, by default or by its URL', async () => {
    const folder = temporary();
    const home = await openArtifactHome({ defaultFolder: folder, environment: {} });
    const again = await openArtifactHome({
      url: pathToFileURL(folder).href,
      defaultFolder: '/nowhere',
      environment: {},
    });
    expect(again.id).toBe(home.id);
  });

  it('finds the token of an HTTP home in the URL, the environment, or a file', async () => {
    const token = 'the token of this test';
    const served = openFolderHome(temporary());
    const server = await serveArtifacts({ home: served, port: 0, token, log: () => {} });
    const file = join(temporary(), 'token');
    writeFileSync(file, `${token}\n`);
    const inUrl = server.url.replace('http://', `http://:${encodeURIComponent(token)}@`);
    for (const [url, environment] of [
      [inUrl, {}],
      [server.url, { ARTIFACTS_TOKEN: token }],
      [server.url, { ARTIFACTS_TOKEN_FILE: file }],
    ] as const) {
      const home = await openArtifactHome({ url, defaultFolder: '', environment });
      expect(home.id).toBe(served.id);
      expect(home.description).toBe(server.url);
    }
    const open = (environment: Record<string, string>) =>
      openArtifactHome({ url: server.url, defaultFolder: '', environment });
    await expect(open({})).rejects.toThrow(/needs a token/);
    await expect(open({ ARTIFACTS_TOKEN: 'wrong' })).rejects.toThrow(/refused the token/);
    await expect(open({ ARTIFACTS_TOKEN_FILE: `${file}.absent` })).rejects.toThrow(/cannot be read/);
    await expect(open({ ARTIFACTS_TOKEN: token, ARTIFACTS_TOKEN_FILE: file })).rejects.toThrow(/both/);
    await server.close();
    await expect(open({ ARTIFACTS_TOKEN: token })).rejects.toThrow(/cannot be reached/);
  });

  it.each(['nonsense', 'ftp://host', 'http://key:secret@host', 'host:9000'])(
    'refuses the S3_ENDPOINT %j',
    async (endpoint) => {
      const refused = await openArtifactHome({
        url: 's3://bucket/x',
        defaultFolder: '',
        environment: { S3_ENDPOINT: endpoint },
      }).catch((error) => error);
      expect(refused).toBeInstanceOf(UserError);
      expect(refused.message).not.toContain('secret');
    },
  );

  it('refuses a token that cannot be sent', async () => {
    const opened = openArtifactHome({
      url: 'http://127.0.0.1:9',
      defaultFolder: '',
      environment: { ARTIFACTS_TOKEN: 'secret\nin two lines' },
    }).catch((error) => error);
    expect(await opened).toBeInstanceOf(UserError);
    expect((await opened).message).not.toContain('secret');
  });

  it('gives up a silent place within seconds', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
    const url = `http://127.0.0.1:${(silent.address() as { port: number }).port}`;
    const began = performance.now();
    const open = (place: string, environment: Record<string, string>) =>
      openArtifactHome({ url: place, defaultFolder: '', environment, connectTimeoutMs: 300 }).catch(
        (error) => error,
      );
    const refused = await Promise.all([
      open(url, { ARTIFACTS_TOKEN: 'x' }),
      open('s3://bucket', { S3_ENDPOINT: url }),
    ]);
    for (const error of refused) expect(error).toBeInstanceOf(UserError);
    expect(performance.now() - began).toBeLessThan(3000);
    silent.closeAllConnections();
    silent.close();
  });

  it('says what it could not reach within seconds', async () => {
    const environment = {
      S3_ENDPOINT: 'http://127.0.0.1:9',
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'hidden',
    };
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'hidden' });
    const refused = await openArtifactHome({ url: 's3://bucket/x', defaultFolder: '', environment }).catch(
      (error) => error,
    );
    expect(refused).toBeInstanceOf(UserError);
    expect(refused.message).toContain('s3://bucket/x');
    expect(refused.message).not.toContain('hidden');
  });
});
