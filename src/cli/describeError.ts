import { InterruptedError, messageOf, UserError } from '../common/errors.ts';
import { EXIT_CODES, type ExitCode } from './exitCodes.ts';

/** What the operating system says in capitals, and what can be done about it. */
const SYSTEM_ERRORS: Record<string, [sentence: string, nextStep: string]> = {
  ENOSPC: [
    'no space is left on the disk',
    'Free some space and run the same command again: it goes on where it was.',
  ],
  EDQUOT: [
    'the disk quota is used up',
    'Free some space and run the same command again: it goes on where it was.',
  ],
  EACCES: [
    'permission denied',
    'Check the permissions of that path, or name another folder with --runs or --cache.',
  ],
  EPERM: [
    'permission denied',
    'Check the permissions of that path, or name another folder with --runs or --cache.',
  ],
  EROFS: ['the file system is read-only', 'Name a folder that can be written with --runs and --cache.'],
  ENOENT: ['no such file or folder', 'Check that the path exists.'],
  EISDIR: ['a folder stands where a file is expected', 'Check the path.'],
  ENOTDIR: ['a file stands where a folder is expected', 'Check the path.'],
  EMFILE: ['too many files are open', 'Raise the limit (ulimit -n) and run the same command again.'],
  ENOMEM: ['out of memory', 'Use fewer trainers (--set run.trainers=1) or smaller models.'],
  ECONNREFUSED: ['the connection was refused', 'Check REDIS_URL and that the server there is running.'],
};

const STACK_HINT = 'Run it again with DEBUG=1 to see where this happened.';

/** Causes of causes are followed this far: a cycle must not hold up an error message. */
const MAX_CAUSES = 5;

/**
 * Any thrown thing as text for a person: a sentence, then on a line of its own the next step. `debug` adds the stack
 * traces (callers pass `Boolean(process.env.DEBUG)`).
 */
export function describeError(error: unknown, { debug = false }: { debug?: boolean } = {}): string {
  const text = [sentenceOf(error), nextStepOf(error, debug)].filter((line) => line !== '').join('\n');
  return debug ? `${text}\n${stackOf(error)}` : text;
}

/** The exit code of a command that ended with this error. */
export function exitCodeFor(error: unknown): ExitCode {
  if (error instanceof UserError) return EXIT_CODES.badInput;
  if (error instanceof InterruptedError) return EXIT_CODES.interrupted;
  return EXIT_CODES.failedRuns;
}

function sentenceOf(error: unknown): string {
  if (error instanceof UserError) return `error: ${error.message}`;
  if (error instanceof InterruptedError) return error.message;
  const known = systemError(error);
  if (known) {
    const { path, syscall, address, port } = error as NodeJS.ErrnoException & {
      address?: string;
      port?: number;
    };
    const where = path ?? (address ? `${address}:${port}` : syscall);
    return `error: ${where ? `${where}: ` : ''}${known[0]}`;
  }
  if (error instanceof AggregateError && error.errors.length > 0) {
    const messages = [...new Set(error.errors.map(messageOf))];
    return `unexpected error: ${[error.message, ...messages].filter((message) => message !== '').join('\n  ')}`;
  }
  return `unexpected error: ${withCauses(error)}`;
}

function nextStepOf(error: unknown, debug: boolean): string {
  if (error instanceof UserError) return error.nextStep ?? '';
  if (error instanceof InterruptedError) return 'Run the same command again: it goes on where it was.';
  return systemError(error)?.[1] ?? (debug ? '' : STACK_HINT);
}

function systemError(error: unknown): [string, string] | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code !== undefined && Object.hasOwn(SYSTEM_ERRORS, code) ? SYSTEM_ERRORS[code] : undefined;
}

function causesOf(error: unknown): unknown[] {
  const chain = [error];
  for (let at = error; chain.length <= MAX_CAUSES; ) {
    at = at instanceof Error ? at.cause : undefined;
    if (at === undefined || chain.includes(at)) break;
    chain.push(at);
  }
  return chain;
}

function withCauses(error: unknown): string {
  const messages = causesOf(error).map((one) => textOf(one));
  return messages
    .filter((message, index) => index === 0 || !messages[index - 1]!.includes(message))
    .join(': ');
}

function textOf(error: unknown): string {
  if (error instanceof Error) return error.message || error.name;
  if (typeof error === 'string') return error;
  try {
    return JSON.stringify(error) ?? String(error);
  } catch {
    return String(error);
  }
}

function stackOf(error: unknown): string {
  const all = error instanceof AggregateError ? [error, ...error.errors] : causesOf(error);
  return all
    .map((one) => (one instanceof Error ? (one.stack ?? one.message) : textOf(one)))
    .join('\ncaused by: ');
}
