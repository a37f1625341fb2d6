import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { describe } from 'vitest';
import { openFolderHome } from '../../src/artifacts/folderHome.ts';
import { openHttpHome } from '../../src/artifacts/httpHome.ts';
import { openS3Home } from '../../src/artifacts/s3Home.ts';
import { serveArtifacts } from '../../src/artifacts/server.ts';
import { startS3 } from '../artifacts/s3Server.ts';
import { artifactHomeBattery } from './artifactHome.ts';

const TOKEN = 'a token of this test alone';
const temporary = () => mkdtempSync(join(tmpdir(), 'home-'));

describe('an artifact home in a folder', () =>
  artifactHomeBattery(async () => {
    const home = openFolderHome(temporary());
    return {
      open: async () => openFolderHome(home.folder),
      damage: async (hash) => writeFileSync(home.localPath(hash), 'damaged'),
      close: async () => {},
    };
  }));

describe('an artifact home over HTTP', () =>
  artifactHomeBattery(async () => {
    const home = openFolderHome(temporary());
    const server = await serveArtifacts({ home, port: 0, token: TOKEN, log: () => {} });
    return {
      open: () => openHttpHome({ url: server.url, token: TOKEN }),
      damage: async (hash) => writeFileSync(home.localPath(hash), 'damaged'),
      close: () => server.close(),
    };
  }));

describe('an artifact home in S3', () =>
  artifactHomeBattery(async () => {
    const server = await startS3();
    const open = () => openS3Home({ bucket: 'artifacts', prefix: 'a/prefix', endpoint: server.endpoint });
    const client = new S3Client({ region: 'us-east-1', endpoint: server.endpoint, forcePathStyle: true });
    return {
      open,
      damage: async (hash) => {
        const Key = `a/prefix/${hash.slice(0, 2)}/${hash}`;
        await client.send(new PutObjectCommand({ Bucket: 'artifacts', Key, Body: 'damaged' }));
      },
      close: async () => {
        client.destroy();
        await server.close();
      },
    };
  }));
