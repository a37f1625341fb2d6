import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';
import { messageOf, UserError } from '../common/errors.ts';

/** Raised whenever the tables below change. 1 lacked law_versions and is upgraded; any other is refused, never guessed at. */
const SCHEMA_VERSION = 2;

/** How long a statement waits for another process's write to end. */
const BUSY_TIMEOUT_MS = 5000;

// STRICT: a value of the wrong type is an error, not a conversion. Losses are REAL, which is float64.
const LAW_VERSIONS = `
  CREATE TABLE law_versions (
    subject TEXT NOT NULL,
    version INTEGER NOT NULL,
    inputs TEXT NOT NULL,
    created_at TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (subject, version),
    UNIQUE (subject, inputs)
  ) STRICT;
`;
const SCHEMA = `
  CREATE TABLE sweeps (
    sweep TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    config TEXT NOT NULL,
    created_at TEXT NOT NULL
  ) STRICT;
  CREATE TABLE runs (
    run TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('base', 'cpt')),
    parent TEXT REFERENCES runs (run) DEFERRABLE INITIALLY DEFERRED,
    spec TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('planned', 'running', 'done', 'diverged', 'failed')),
    reason TEXT,
    tokens INTEGER NOT NULL,
    checkpoint TEXT,
    general_epochs REAL,
    domain_epochs REAL,
    seconds TEXT,
    environment TEXT
  ) STRICT;
  CREATE TABLE sweep_runs (
    sweep TEXT NOT NULL REFERENCES sweeps (sweep),
    run TEXT NOT NULL REFERENCES runs (run),
    position INTEGER NOT NULL,
    domain TEXT,
    domain_ratio REAL NOT NULL,
    seed INTEGER NOT NULL,
    model_size INTEGER NOT NULL,
    total_parameters INTEGER NOT NULL,
    label TEXT NOT NULL,
    PRIMARY KEY (sweep, run)
  ) STRICT;
  CREATE TABLE observations (
    run TEXT NOT NULL REFERENCES runs (run),
    tokens INTEGER NOT NULL,
    general_loss REAL NOT NULL,
    general_standard_error REAL NOT NULL,
    general_bits_per_byte REAL NOT NULL,
    domain_loss REAL,
    domain_standard_error REAL,
    domain_bits_per_byte REAL,
    PRIMARY KEY (run, tokens)
  ) STRICT;
  ${LAW_VERSIONS}
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/**
 * Opens the SQLite file at `path`, or makes it. WAL: readers in other processes see the last commit while one
 * process writes. synchronous NORMAL: a killed process loses nothing; after a power cut the last commits may be missing,
 * never a part of one, and are taken in again from the records in the artifact home.
 * Throws a UserError when the file is damaged, belongs to something else, or has another schema.
 */
export function openDatabase(path: string): Database.Database {
  let database: Database.Database | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true });
    database = new Database(path);
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    checkOrCreateSchema(database, path);
    const problem = database.prepare('PRAGMA quick_check(1)').all()[0] as { quick_check: string } | undefined;
    if (problem?.quick_check !== 'ok') throw damaged(path, problem?.quick_check ?? 'no answer');
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof UserError) throw error;
    const code = (error as { code?: string }).code ?? '';
    if (code.startsWith('SQLITE_NOTADB') || code.startsWith('SQLITE_CORRUPT')) {
      throw damaged(path, messageOf(error));
    }
    if (code.startsWith('SQLITE_BUSY')) {
      throw new UserError(
        `the results store ${path} is locked by another process`,
        'wait until it has finished, or end it',
      );
    }
    throw new UserError(
      `cannot open the results store ${path}: ${messageOf(error)}`,
      'check that its folder exists, can be written, and is on a local disk',
    );
  }
}

function checkOrCreateSchema(database: Database.Database, path: string): void {
  // Changing to WAL writes to the file: look first at whose file it is.
  if (schemaState(database) === 'empty') {
    database.exec('PRAGMA journal_mode = WAL');
    const create = database.transaction(() => {
      // Another process may have created the tables since the look above.
      if (schemaState(database) === 'empty') database.exec(SCHEMA);
    });
    create.immediate();
  }
  if (schemaState(database) === 1) {
    const upgrade = database.transaction(() => {
      if (schemaState(database) === 1) database.exec(`${LAW_VERSIONS} PRAGMA user_version = 2`);
    });
    upgrade.immediate();
  }
  const state = schemaState(database);
  if (state === 'foreign') {
    throw new UserError(
      `${path} is a SQLite file, but not a results store of this project`,
      'move it away, or set another --runs folder',
    );
  }
  if (state !== SCHEMA_VERSION) {
    throw new UserError(
      `the results store ${path} has schema version ${state}; this version of the project knows ${SCHEMA_VERSION}`,
      'use the version of the project that wrote it, or set another --runs folder',
    );
  }
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON');
}

function schemaState(database: Database.Database): 'empty' | 'foreign' | number {
  const [{ user_version: version }] = database.prepare('PRAGMA user_version').all() as [
    { user_version: number },
  ];
  const names = (database.prepare('SELECT name FROM sqlite_master').all() as { name: string }[]).map(
    (row) => row.name,
  );
  if (names.length === 0 && version === 0) return 'empty';
  if (version === 0 || !names.includes('observations')) return 'foreign';
  return version;
}

function damaged(path: string, detail: string): UserError {
  return new UserError(
    `the results store ${path} is damaged (${detail})`,
    'move it and its -wal and -shm files away, or restore a copy, and run again: what it held is then trained anew',
  );
}
