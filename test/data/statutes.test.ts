import { describe, expect, it } from 'vitest';
import { FINES } from '../../data/statutes.ts';
import { documentsOf, MEGABYTE } from './samples.ts';

const documents = documentsOf('statutes', 1, MEGABYTE);

/** What is wrong in an act, in words, and what was looked at. */
function problemsOf(document: string): {
  problems: string[];
  references: number;
  fines: number;
  uses: number;
} {
  const problems: string[] = [];
  const places = new Map<string, string>();
  const terms = new Set<string>();
  const count = { references: 0, fines: 0, uses: 0 };
  let section = 0;
  let subsection = 0;
  const [body] = document.split('\nSCHEDULE');
  for (const line of body!.split('\n').slice(2)) {
    const opened = /^(\d+)\. /.exec(line);
    const numbered = /^\((\d+)\) /.exec(line);
    if (opened) {
      if (Number(opened[1]) !== ++section) problems.push(`section ${opened[1]} after ${section - 1}`);
      subsection = 0;
    }
    if (numbered && Number(numbered[1]) !== ++subsection) problems.push(`subsection out of order: ${line}`);
    for (const [, term] of line.matchAll(/"([^"]+)" means/g)) terms.add(term!);
    for (const [, used] of line.matchAll(/\b(?:[Tt]he|Any) ([A-Z][a-z]+ [A-Z][a-z]+)\b/g)) {
      if (!terms.has(used!)) problems.push(`${used} is not defined`);
      count.uses++;
    }
    for (const [, place] of line.matchAll(/\b[Ss]ection (\d+(?:\(\d+\))?)(?!\d| of)/g)) {
      if (!places.has(place!)) problems.push(`section ${place} is not there yet`);
      count.references++;
    }
    for (const [, place] of line.matchAll(/\b[Ss]ubsection \((\d+)\)/g)) {
      if (Number(place) >= subsection) problems.push(`subsection ${place} is not there yet`);
      count.references++;
    }
    const breach =
      /should (?:not )?(.+) contrary to (sub)?section (\S+) commits.* class (\d) .* fine of ([\d,]+)/.exec(
        line,
      );
    if (breach) {
      const [, deed, within, at, offence, fine] = breach;
      const rule = places.get(within ? `${section}${at}` : at!);
      if (!rule?.includes(deed!)) problems.push(`no rule says ${deed}`);
      if (Number(fine!.replace(',', '')) !== FINES[Number(offence) - 1]) problems.push(`fine of ${fine}`);
      count.fines++;
    }
    if (opened || numbered) places.set(subsection > 0 ? `${section}(${subsection})` : `${section}`, line);
  }
  return { problems, ...count };
}

describe('demo statutes', () => {
  it('number what they say, define terms before use, refer to what stands before, and repeat rules in their words', () => {
    const total = { references: 0, fines: 0, uses: 0 };
    for (const document of documents) {
      const { problems, ...count } = problemsOf(document);
      expect(problems, document).toEqual([]);
      total.references += count.references;
      total.fines += count.fines;
      total.uses += count.uses;
    }
    expect(total.references).toBeGreaterThan(documents.length);
    expect(total.fines).toBeGreaterThan(documents.length / 2);
    expect(total.uses).toBeGreaterThan(5 * documents.length);
  });

  it.each([
    ['a section that is left out', (text: string) => text.replace(/\n3\. /, '\n4. ')],
    ['another fine', (text: string) => text.replace(/fine of [\d,]+/, 'fine of 777')],
    ['an undefined term', (text: string) => text.replace(/(shall|may) /, 'and the Other Body $1 ')],
    ['a reference into the void', (text: string) => text.replace(/ subsection \(1\)/, ' section 99')],
  ])('are checked: %s is found', (_, change) => {
    const changed = documents.filter((document) => change(document) !== document);
    expect(changed.length).toBeGreaterThan(100);
    for (const document of changed) expect(problemsOf(change(document)).problems).not.toEqual([]);
  });
});
