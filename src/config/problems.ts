import { closest, distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import { UserError } from '../common/errors.ts';
import { type ConfigPath, type ConfigTree, originOf, pathText, valueAt } from './tree.ts';

/** One slip can make thousands; the first ones tell. */
const MAX_PROBLEMS = 50;

/** Something wrong with one value: a sentence to be put behind its path. */
export interface ConfigProblem {
  path: ConfigPath;
  sentence: string;
}

/** zod's issues in words: what was found and what is allowed (see fields.ts for what the messages hold). */
export function problemsOf(tree: ConfigTree, issues: readonly z.core.$ZodIssue[]): ConfigProblem[] {
  return issues.flatMap((issue): ConfigProblem[] => {
    const path = issue.path as ConfigPath;
    if (issue.code === 'custom') return [{ path, sentence: issue.message }];
    if (issue.code === 'unrecognized_keys') {
      const known = issue.message.split(', ');
      return issue.keys.map((key) => ({
        path: [...path, key],
        sentence: `is not a known key${didYouMean(key, known)}; known here: ${issue.message}`,
      }));
    }
    if (issue.code === 'invalid_key') {
      const allowed = issue.issues[0]?.message ?? issue.message;
      return [{ path, sentence: `cannot be a key here; allowed: ${allowed}` }];
    }
    const found = valueAt(tree.value, path);
    if (found === undefined) return [{ path, sentence: `is missing; allowed: ${issue.message}` }];
    const suggestion =
      issue.code === 'invalid_value' && typeof found === 'string'
        ? didYouMean(found, issue.values.map(String))
        : '';
    return [{ path, sentence: `is ${shown(found)}${suggestion}; allowed: ${issue.message}` }];
  });
}

/** All problems in one error, in the order in which a person would mend them: through the file, then the flags. */
export function configError(tree: ConfigTree, problems: readonly ConfigProblem[]): UserError {
  const placed = problems.map((problem, index) => ({ problem, index, origin: originOf(tree, problem.path) }));
  const rank = ({ origin }: (typeof placed)[number]): number => {
    if (!origin) return 0;
    return origin.at === 'file' ? origin.line + origin.column / 1e6 : Number.POSITIVE_INFINITY;
  };
  placed.sort((a, b) => (rank(a) === rank(b) ? a.index - b.index : rank(a) - rank(b)));
  const lines = placed.map(({ problem, origin }) => {
    const place =
      origin === undefined
        ? tree.file
        : origin.at === 'flag'
          ? `${shortened(origin.flag, 80)}:`
          : `${tree.file}:${origin.line}:${origin.column}`;
    return `${place} ${shortened(pathText(problem.path), 200)} ${problem.sentence}`;
  });
  const unique = [...new Set(lines)];
  const told = unique.slice(0, MAX_PROBLEMS);
  if (unique.length > told.length) told.push(`and ${unique.length - told.length} more`);
  return new UserError(
    unique.length === 1 ? unique[0]! : `the config has ${unique.length} problems:\n  ${told.join('\n  ')}`,
    'docs/configuration.md describes every key.',
  );
}

/** The nearest known word, unless even that is another word altogether. */
export function didYouMean(word: string, known: readonly string[]): string {
  if (known.length === 0) return '';
  const lower = new Map(known.map((candidate) => [candidate.toLowerCase(), candidate]));
  const nearest = closest(word.toLowerCase(), [...lower.keys()]);
  const tooFar =
    distance(word.toLowerCase(), nearest) > Math.ceil(0.4 * Math.max(word.length, nearest.length));
  return tooFar ? '' : ` (did you mean ${lower.get(nearest)}?)`;
}

export function shown(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  const text = JSON.stringify(value);
  return shortened(text, 60);
}

export function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
