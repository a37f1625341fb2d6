import { describe, expect, it } from 'vitest';
import { escapeMarkdown, escapeXml, fencedCode, slug } from '../../src/report/escape.ts';

describe('escape', () => {
  it('leaves nothing in XML that starts a tag, ends an attribute or cannot stand in a file', () => {
    expect(escapeXml(`<a href="x" b='y'>&\u0000\uD800`)).toBe(
      '&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;\uFFFD\uFFFD',
    );
    expect(escapeXml('α ≤ 😀\n')).toBe('α ≤ 😀\n');
  });

  it('leaves nothing in Markdown that starts HTML, a link, a cell or emphasis', () => {
    expect(escapeMarkdown('a|b\n<img> *x* [l](u) `c`')).toBe('a\\|b &lt;img&gt; \\*x\\* \\[l\\](u) \\`c\\`');
    expect(escapeMarkdown('https://evil.example')).not.toContain('://');
  });

  it('fences code with more backticks than the code has', () => {
    expect(fencedCode('a: ```` b\n', 'yaml')).toBe('`````yaml\na: ```` b\n`````');
    expect(fencedCode('a', 'yaml')).toBe('```yaml\na\n```');
  });

  it('makes file names of any name', () => {
    expect(slug('Säure & Base / ../x')).toBe('saure-base-x');
    expect(slug('数学')).toBe('unnamed');
  });
});
