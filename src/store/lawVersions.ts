import type Database from 'libsql';
import { canonicalJson } from '../common/canonical.ts';
import type { LawVersionRecord, ResultsStore } from './types.ts';

interface Row {
  subject: string;
  version: number;
  inputs: string;
  created_at: string;
  content: string;
}

/** The law registry: every fit that was kept, numbered per subject, once per distinct hash of what went in. */
export function recordLawVersions(
  database: Database.Database,
): Pick<ResultsStore, 'saveLawVersion' | 'lawVersions' | 'lawVersion' | 'lawSubjects'> {
  const insert = database.prepare(
    `INSERT INTO law_versions (subject, version, inputs, created_at, content)
     SELECT @subject, COALESCE(MAX(version), 0) + 1, @inputs, @createdAt, @content
     FROM law_versions WHERE subject = @subject
     ON CONFLICT (subject, inputs) DO NOTHING`,
  );
  const selectByInputs = database.prepare('SELECT * FROM law_versions WHERE subject = ? AND inputs = ?');
  const selectSubject = database.prepare('SELECT * FROM law_versions WHERE subject = ? ORDER BY version');
  const selectSubjects = database.prepare('SELECT DISTINCT subject FROM law_versions ORDER BY subject');
  const selectOne = database.prepare('SELECT * FROM law_versions WHERE subject = ? AND version = ?');
  const record = (row: Row): LawVersionRecord => ({
    subject: row.subject,
    version: row.version,
    inputs: row.inputs,
    createdAt: row.created_at,
    content: JSON.parse(row.content),
  });

  return {
    saveLawVersion: ({ subject, inputs, createdAt, content }) => {
      const { changes } = insert.run({ subject, inputs, createdAt, content: canonicalJson(content) });
      const row = selectByInputs.all(subject, inputs)[0] as Row;
      return { version: row.version, isNew: changes > 0 };
    },
    lawSubjects: () => (selectSubjects.all() as { subject: string }[]).map(({ subject }) => subject),
    lawVersions: (subject) => (selectSubject.all(subject) as Row[]).map(record),
    lawVersion: (subject, version) => {
      const row = selectOne.all(subject, version)[0] as Row | undefined;
      return row ? record(row) : null;
    },
  };
}
