import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { domainSummaryText, sweepSummaryText } from '../../src/report/summaryText.ts';
import { plantedSweep } from './fixture.ts';

describe('the answer in a terminal', () => {
  it('begins with the recommendation and tells both laws side by side', () => {
    const answer = plantedSweep().answers[0]!;
    const lines = domainSummaryText(answer).split('\n');
    expect(lines[0]).toMatch(
      /^Mix 0\.\d\d math \(90\u00a0% interval 0\.\d\d–0\.\d\d\), at N = 369k parameters/,
    );
    expect(lines).toContainEqual(expect.stringMatching(/^ {2}α +0\.3100 \(0\.288–0\.335\) +0\.3300 \(/));
    expect(lines).toContainEqual(
      expect.stringMatching(/^ {2}R² +0\.99\d\d on 396 rows +0\.99\d\d on 396 rows$/),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^ {2}status +converged +converged$/));
    expect(lines.join('\n')).toContain('L3: loss = E + A/N^α + B·r^η/D^β + C/(r + ε)^γ');
    expect(lines.length).toBeLessThanOrEqual(25);
  });

  it('stays within 25 lines and counts the warnings that found no room', () => {
    const answer = plantedSweep().answers[0]!;
    answer.recommendation.warnings = Array.from({ length: 9 }, (_, at) => `warning number ${at + 1}`);
    const lines = domainSummaryText(answer).split('\n');
    expect(lines).toHaveLength(25);
    expect(lines.at(-2)).toMatch(/^ {2}! Warning number \d\.$/);
    const shown = lines.filter((line) => line.includes('! Warning')).length;
    expect(lines.at(-1)).toBe(`  ! ${9 - shown} more warnings in the report`);
    answer.recommendation.warnings = answer.recommendation.warnings.slice(0, shown + 1);
    expect(domainSummaryText(answer)).toContain(`! Warning number ${shown + 1}.`);
  });

  it('colours only when asked, and changes no word by it', () => {
    const input = plantedSweep();
    const plain = sweepSummaryText(input);
    const coloured = sweepSummaryText(input, { colour: true });
    expect(stripVTControlCharacters(plain)).toBe(plain);
    expect(coloured).not.toBe(plain);
    expect(stripVTControlCharacters(coloured)).toBe(plain);
  });

  it('breaks sentences at the width', () => {
    const input = plantedSweep({ domains: ['math', 'code'] });
    input.notes = ['a note '.repeat(40)];
    const text = sweepSummaryText(input, { columns: 70 });
    const sentences = text.split('\n').filter((line) => !/^ {2}(\S+ {2,}|L3:|─)/.test(line));
    for (const line of sentences) expect(line.length).toBeLessThanOrEqual(74);
    expect(text.match(/^Mix 0/gm)).toHaveLength(2);
    expect(text).toContain('! Synthetic data:');
  });

  it('has no broken number whatever is missing', () => {
    const input = plantedSweep({ replicates: 0 });
    const answer = input.answers[0]!;
    answer.generalLaw.starts = 0;
    Object.assign(answer.domainLaw, { status: 'at-bound', statusDetail: 'eta stands at its upper bound 6' });
    answer.recommendation.status = 'not-identified';
    const text = sweepSummaryText(input);
    expect(text).not.toMatch(/NaN|undefined|null/);
    expect(text).toMatch(/^The data cannot tell how much math/);
    expect(text).toContain('Math law: eta stands at its upper bound 6.');
  });
});
