import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, hostname, platform, release } from 'node:os';
import { describeEngine } from '../engine/describeEngine.ts';
import type { Engine } from '../engine/types.ts';

/** Names and versions of all that can change a number: recorded with every run and shown in the report. */
export function describeEnvironment(
  engine: Pick<Engine, 'name' | 'device' | 'version'>,
): Record<string, string> {
  return {
    project: packageVersion('../../package.json'),
    node: process.version,
    engine: describeEngine(engine),
    tfjs: packageVersion('@tensorflow/tfjs/package.json'),
    processor: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} threads`,
    system: `${platform()} ${release()} ${arch()}`,
    host: hostname(),
  };
}

function packageVersion(path: string): string {
  const file = createRequire(import.meta.url).resolve(path);
  const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name: string; version: string };
  return `${name} ${version}`;
}
