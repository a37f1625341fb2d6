import { Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/cli/options.ts';
import { UserError } from '../../src/common/errors.ts';

const parse = (argv: string[], variables: Record<string, string> = {}) => {
  let help = '';
  const parsed = parseCommandLine(
    {
      name: 'sweep',
      summary: 'Runs a sweep.',
      argument: { name: '<config>', description: 'YAML file' },
      options: ['set', 'json', 'runs', 'cache', 'dryRun'],
      examples: [['configs/math.yaml', 'the demo']],
      more: [new Option('--keep-going', 'go on')],
    },
    argv,
    {
      writeOut: (text) => {
        help += text;
      },
      variables,
    },
  );
  return { parsed, help };
};

const messageOf = (...args: Parameters<typeof parse>): string => {
  try {
    parse(...args);
  } catch (error) {
    if (error instanceof UserError) return `${error.message}\n${error.nextStep}`;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('parseCommandLine', () => {
  it('has defaults', () => {
    expect(parse(['a.yaml']).parsed).toEqual({
      argument: 'a.yaml',
      all: ['a.yaml'],
      options: { set: [], json: false, runs: 'runs', cache: 'data/cache', dryRun: false },
      more: { keepGoing: undefined },
    });
  });

  it('reads flags in any order, --set as often as it is given', () => {
    const argv = [
      '--set',
      'a=1',
      '--dry-run',
      'x.yaml',
      '--set=b=[1, 2]',
      '--runs',
      'r',
      '--cache=c',
      '--json',
      '--keep-going',
    ];
    expect(parse(argv).parsed).toEqual({
      argument: 'x.yaml',
      all: ['x.yaml'],
      options: { set: ['a=1', 'b=[1, 2]'], json: true, runs: 'r', cache: 'c', dryRun: true },
      more: { keepGoing: true },
    });
    expect(parse(['x.yaml']).parsed!.options.set).toEqual([]);
  });

  it('prints help with examples and exit codes, and returns null', () => {
    const { parsed, help } = parse(['--help']);
    expect(parsed).toBeNull();
    for (const text of [
      'Usage: npm run sweep --',
      '--set <path=value>',
      'npm run sweep -- configs/math.yaml',
      '130 interrupted',
    ]) {
      expect(help).toContain(text);
    }
  });

  const NEXT = 'npm run sweep -- --help lists every flag.';
  it.each([
    [['a.yaml', '--jsno'], `unknown option '--jsno' (did you mean --json?)\n${NEXT}`],
    [['a.yaml', '--zzzzzzzz'], `unknown option '--zzzzzzzz'\n${NEXT}`],
    [[], `missing required argument 'config'\n${NEXT}`],
    [['a.yaml', '--set'], `option '--set <path=value>' argument missing\n${NEXT}`],
    [['a.yaml', 'b.yaml'], `too many arguments. Expected 1 argument but got 2.\n${NEXT}`],
  ])('refuses %j', (argv, message) => {
    expect(messageOf(argv)).toBe(message);
  });

  it('notices flags that npm kept for itself', () => {
    const kept = {
      npm_lifecycle_event: 'sweep',
      npm_config_dry_run: 'true',
      npm_config_set: 'true',
      npm_config_cache: '/c',
    };
    expect(messageOf(['a.yaml', 'b=1'], kept)).toBe(
      'npm took --set and --dry-run for itself\nPut -- before the arguments: npm run sweep -- a.yaml b=1 --set --dry-run',
    );
    expect(parse(['a.yaml', '--dry-run', '--set=b=1'], kept).parsed!.options.dryRun).toBe(true);
    expect(parse(['a.yaml'], { npm_config_dry_run: 'true' }).parsed!.argument).toBe('a.yaml');
  });
});
