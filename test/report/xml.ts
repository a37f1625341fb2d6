import { expect } from 'vitest';

/**
 * Throws unless the text is one well-formed XML element: tags nest, attributes are quoted and not repeated, and only
 * XML's own entities and numeric references occur. Returns how often each element occurs.
 */
export function checkXml(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  const open: string[] = [];
  let roots = 0;
  const checkText = (value: string): void => {
    if (/[<>]/.test(value) || /&(?!(amp|lt|gt|quot|#39|#\d+);)/.test(value))
      throw new Error(`bad text: ${value}`);
  };
  let at = 0;
  for (const match of text.matchAll(/<(\/?)([A-Za-z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g)) {
    const between = text.slice(at, match.index);
    checkText(between);
    if (open.length === 0 && between.trim()) throw new Error(`text outside the root: ${between}`);
    at = match.index + match[0].length;
    const [, closing, name, attributes, selfClosing] = match as unknown as [
      string,
      string,
      string,
      string,
      string,
    ];
    if (closing) {
      if (open.pop() !== name) throw new Error(`</${name}> closes nothing`);
      continue;
    }
    if (open.length === 0) roots++;
    const names = [...attributes.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, key, value]) => {
      checkText(value!);
      return key;
    });
    if (new Set(names).size < names.length) throw new Error(`repeated attribute in ${match[0]}`);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    if (!selfClosing) open.push(name);
  }
  checkText(text.slice(at));
  expect({ open, roots }).toEqual({ open: [], roots: 1 });
  return counts;
}
