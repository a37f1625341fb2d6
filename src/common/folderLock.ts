import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';

/** The folder is another process's. `holder` says whose, in words. */
export class FolderBusyError extends Error {
  override readonly name = 'FolderBusyError';
  readonly holder: string;

  constructor(folder: string, holder: string) {
    super(`${folder} is in use by ${holder}`);
    this.holder = holder;
  }
}

/**
 * Takes the folder for one process; returns the function that gives it back. Throws a FolderBusyError when another
 * holds it.
 *
 * The lock is SQLite's own file lock on an empty file: the kernel frees it however the process ends, so it is never
 * stale, and it holds for every process that sees the folder, containers included. `lock.json` beside it only says
 * who that was, for the message. (A Unix socket would need a stale-file protocol, and an abstract one is not seen
 * across network namespaces.)
 */
export function lockFolder(folder: string, label: string): () => void {
  const hint = join(folder, 'lock.json');
  let database: Database.Database | undefined;
  try {
    mkdirSync(folder, { recursive: true });
    database = new Database(join(folder, '.lock'));
    // No journal file: nothing is ever written.
    database.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    writeFileSync(hint, `${JSON.stringify({ label, pid: process.pid })}\n`);
  } catch (error) {
    database?.close();
    if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY')) {
      throw new FolderBusyError(folder, holder(hint));
    }
    throw error;
  }
  const held = database;
  let released = false;
  return () => {
    if (released) return;
    released = true;
    held.exec('ROLLBACK');
    held.close();
  };
}

/** Who wrote the hint: it may be missing or old, so it decides nothing. */
function holder(path: string): string {
  try {
    const { label, pid } = JSON.parse(readFileSync(path, 'utf8'));
    return `${label}, pid ${pid}`;
  } catch {
    return 'unknown';
  }
}
