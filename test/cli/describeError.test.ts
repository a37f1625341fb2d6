import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describeError, exitCodeFor } from '../../src/cli/describeError.ts';
import { InterruptedError, UserError } from '../../src/common/errors.ts';

const HINT = 'Run it again with DEBUG=1 to see where this happened.';

const thrownBy = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};

describe('describeError', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  const looped = new Error('loop');
  looped.cause = looped;
  it.each<[string, unknown, string]>([
    [
      'a mistake of the user',
      new UserError('my.yaml is empty', 'Write something.'),
      'error: my.yaml is empty\nWrite something.',
    ],
    ['one without a next step', new UserError('no'), 'error: no'],
    [
      'an interruption',
      new InterruptedError('SIGINT'),
      'stopped by SIGINT\nRun the same command again: it goes on where it was.',
    ],
    [
      'a missing file',
      thrownBy(() => readFileSync('/no/such/file')),
      'error: /no/such/file: no such file or folder\nCheck that the path exists.',
    ],
    [
      'a full disk',
      Object.assign(new Error('ENOSPC: x'), { code: 'ENOSPC', syscall: 'write' }),
      'error: write: no space is left on the disk\nFree some space and run the same command again: it goes on where it was.',
    ],
    [
      'a refused connection',
      Object.assign(new Error('connect'), { code: 'ECONNREFUSED', address: '10.0.0.1', port: 6379 }),
      'error: 10.0.0.1:6379: the connection was refused\nCheck REDIS_URL and that the server there is running.',
    ],
    [
      'an unexpected error',
      new TypeError('x is not a function'),
      `unexpected error: x is not a function\n${HINT}`,
    ],
    [
      'its causes',
      new Error('outer', { cause: new Error('inner') }),
      `unexpected error: outer: inner\n${HINT}`,
    ],
    [
      'a cause told already',
      new Error('outer: inner', { cause: new Error('inner') }),
      `unexpected error: outer: inner\n${HINT}`,
    ],
    ['a cause of itself', looped, `unexpected error: loop\n${HINT}`],
    [
      'several at once',
      new AggregateError([new Error('a'), new Error('b'), new Error('a')], 'all failed'),
      `unexpected error: all failed\n  a\n  b\n${HINT}`,
    ],
    ['an error without a message', new RangeError(), `unexpected error: RangeError\n${HINT}`],
    ['a word', 'oops', `unexpected error: oops\n${HINT}`],
    ['nothing', undefined, `unexpected error: undefined\n${HINT}`],
    ['an object', { code: 3 }, `unexpected error: {"code":3}\n${HINT}`],
    ['an object in a circle', cyclic, `unexpected error: [object Object]\n${HINT}`],
  ])('%s', (_, error, text) => {
    expect(describeError(error)).toBe(text);
  });

  it('shows no stack unless asked to, and then all of them', () => {
    const error = new Error('outer', { cause: new Error('inner') });
    expect(describeError(error)).not.toContain('describeError.test');
    const text = describeError(error, { debug: true });
    expect(text).not.toContain('DEBUG=1');
    expect(text.match(/describeError\.test/g)!.length).toBeGreaterThanOrEqual(2);
    expect(text).toContain('caused by: Error: inner');
    expect(describeError(new UserError('no'), { debug: true })).toContain('describeError.test');
  });

  it('has an exit code for each kind', () => {
    expect(exitCodeFor(new UserError('x'))).toBe(2);
    expect(exitCodeFor(new InterruptedError('SIGTERM'))).toBe(130);
    expect(exitCodeFor(new Error('x'))).toBe(1);
    expect(exitCodeFor('x')).toBe(1);
  });
});
