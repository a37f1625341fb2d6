import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { UserError } from '../../src/common/errors.ts';
import { type ReadOptions, readMeasurements } from '../../src/measurements/readMeasurements.ts';

export const folder = mkdtempSync(join(tmpdir(), 'measurements-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
/** A new file with this content; `extension` without its dot. */
export function file(content: string | Buffer, extension = 'csv'): string {
  const path = join(folder, `${++count}.${extension}`);
  writeFileSync(path, content);
  return path;
}

export const read = (content: string | Buffer, options: ReadOptions = {}, extension = 'csv') =>
  readMeasurements([file(content, extension)], options);

/** What a UserError says, its next step after a bar. Fails when nothing or anything else is thrown. */
export async function saidBy(attempt: () => unknown): Promise<string> {
  try {
    await attempt();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return `${error.message} | ${error.nextStep ?? ''}`;
  }
  throw new Error('was not refused');
}

export const refusal = (content: string | Buffer, options: ReadOptions = {}, extension = 'csv') =>
  saidBy(() => read(content, options, extension));
