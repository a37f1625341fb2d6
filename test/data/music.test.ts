import { describe, expect, it } from 'vitest';
import { KEYS } from '../../data/musicTerms.ts';
import { documentsOf, MEGABYTE } from './samples.ts';

const documents = documentsOf('music', 1, MEGABYTE);

/** Eighths of a bar without its chord's name, and how many notes sound in it. */
function measure(bar: string): { eighths: number; notes: number } {
  let eighths = 0;
  let notes = 0;
  let shortened = 0;
  let rest = bar.replace(/ /g, '');
  while (rest !== '') {
    if (rest.startsWith('(3')) {
      shortened = 3;
      rest = rest.slice(2);
      continue;
    }
    const [whole, pitch, length] = /^([A-G],*|[a-g]'*|z)(\d+|\/)?>?/.exec(rest) ?? [];
    if (whole === undefined) throw new Error(`not a note: ${rest}`);
    const written = length === undefined ? 1 : length === '/' ? 0.5 : Number(length);
    eighths += shortened > 0 ? (written * 2) / 3 : written;
    shortened = Math.max(0, shortened - 1);
    if (pitch !== 'z') notes++;
    rest = rest.slice(whole.length);
  }
  return { eighths, notes };
}

function problemsOf(document: string): string[] {
  const problems: string[] = [];
  document
    .trimEnd()
    .split('\n\n')
    .forEach((tune, i) => {
      const field = (letter: string) => new RegExp(`^${letter}:(.*)$`, 'm').exec(tune)?.[1];
      if (field('X') !== String(i + 1)) problems.push(`tune ${field('X')} is number ${i + 1}`);
      const key = KEYS.find(({ name }) => name === field('K'))!;
      const [beats, unit] = field('M')!.split('/').map(Number);
      let last = '';
      let under: number[] = [];
      for (const line of tune.split('\n')) {
        if (line.startsWith('w:')) {
          const words = line.slice(2).split('|');
          if (words.length !== under.length)
            problems.push(`${words.length} bars of words under ${under.length}`);
          words.forEach((bar, at) => {
            if (bar.split(' ').length > under[at]!) problems.push(`more words than notes: ${bar}`);
          });
        }
        if (!line.startsWith('|')) continue;
        const bars = line.split(/\|:|:\|\]?|\|\||\|\]|\|/).filter((bar) => bar !== '');
        under = bars.map((bar) => {
          const chord = /^"([^"]+)"/.exec(bar);
          if (chord && !key.chords.includes(chord[1]!)) problems.push(`${chord[1]} in ${key.name}`);
          last = bar.slice(chord?.[0].length ?? 0);
          const { eighths, notes } = measure(last);
          if (Math.abs(eighths - (8 * beats!) / unit!) > 1e-9)
            problems.push(`${eighths} eighths in ${field('M')}: ${bar}`);
          return notes;
        });
      }
      const end = last
        .replace(/[\d,']/g, '')
        .at(-1)!
        .toUpperCase();
      if (end !== key.name[0]) problems.push(`ends on ${end} in ${key.name}`);
      if (tune.split('|:').length !== tune.split(':|').length) problems.push('repeats do not match');
    });
  return problems;
}

describe('demo music', () => {
  it('fills every bar, keeps to its key, ends on the tonic, and puts no more words than notes', () => {
    for (const document of documents) expect(problemsOf(document), document).toEqual([]);
  });

  it('brings its bars back', () => {
    const shares = documents.slice(0, 200).map((document) => {
      const tune = document.split('\n\n')[0]!;
      const bars = tune
        .split('\n')
        .filter((line) => line.startsWith('|'))
        .join('')
        .split(/\|+/);
      return new Set(bars).size / bars.length;
    });
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    expect(mean).toBeLessThan(0.85);
    expect(mean).toBeGreaterThan(0.3);
  });

  it.each([
    ['a note too many', (text: string) => text.replace(/^(\|:?)([A-Ga-g])/m, '$1$2$2')],
    ['another key', (text: string) => text.replace(/^K:.*$/m, (key) => (key === 'K:C' ? 'K:D' : 'K:C'))],
    ['another meter', (text: string) => text.replace(/^M:.*$/m, 'M:11/8')],
    ['an open repeat', (text: string) => text.replace(':|', '|')],
  ])('is checked: %s is found', (_, change) => {
    const changed = documents.filter((document) => change(document) !== document).slice(0, 200);
    expect(changed.length).toBeGreaterThan(150);
    const found = changed.filter((document) => problemsOf(change(document)).length > 0);
    // A tune without chords may end on a note that another key shares with it.
    expect(found.length).toBeGreaterThan(0.95 * changed.length);
  });
});
