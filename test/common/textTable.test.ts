import { describe, expect, it } from 'vitest';
import { textTable } from '../../src/common/textTable.ts';

describe('textTable', () => {
  it('makes columns as wide as their widest cell and aligns numbers right', () => {
    const text = textTable(
      ['run', { header: 'tokens', align: 'right' }],
      [
        ['base', '4,096'],
        ['math r=0.33', '12'],
      ],
    );
    expect(text.split('\n')).toEqual([
      'run          tokens',
      '───────────  ──────',
      'base          4,096',
      'math r=0.33      12',
    ]);
  });

  it('gives colours no width and leaves no space at line ends', () => {
    const text = textTable(
      ['a', 'b'],
      [
        ['\u001b[32mgreen\u001b[39m', 'x'],
        ['longer', ''],
      ],
      { indent: 1, gap: 1 },
    );
    expect(text.split('\n')).toEqual([' a      b', ' ────── ─', ' \u001b[32mgreen\u001b[39m  x', ' longer']);
  });

  it('counts characters, not UTF-16 units or combining marks, and keeps a row on one line', () => {
    const [, rule, row] = textTable(['x'], [['e\u0301\u{1f600}\nz']]).split('\n');
    expect(rule).toBe('────');
    expect(row).toBe('e\u0301\u{1f600} z');
  });

  it('paints the header and shows a table without rows', () => {
    expect(textTable(['a', 'bb'], [], { paintHeader: (line) => `<${line}>` })).toBe('<a  bb>\n─  ──');
  });

  it('refuses a row that has not one cell a column', () => {
    expect(() => textTable(['a', 'b'], [['only one']])).toThrow(RangeError);
  });
});
