import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { fitSummaryText } from '../../src/report/fitText.ts';
import { fitRows, fittedLoss, reportInput } from './fitFixture.ts';

describe('the fits in a terminal', () => {
  const compared = fittedLoss(['L3', 'chinchilla', 'bimix'], fitRows(), { validate: true, resamples: 4 });
  const chosen = compared.recommendation!.form!;

  it('begins with the form to rely on, then the forms, then its parameters with intervals', () => {
    const text = fitSummaryText(reportInput([compared]));
    const lines = text.split('\n');
    expect(lines[0]).toMatch(new RegExp(`^general_loss: rely on ${chosen}\\. `));
    expect(text).toMatch(/^ {2}L3 +9 +0\.\d{4} +[\d.]+\u00a0% +[\d.]+\u00a0% +\S/m);
    expect(text).toMatch(/^ {2}nearest-run +– +1\.0000 .* baseline$/m);
    expect(text).toContain('N and D in billions');
    expect(text).toMatch(/^ {2}α +[\d.e-]+ +[\d.e-]+–[\d.e-]+$/m);
    expect(lines.length).toBeLessThan(40);
  });

  it('has a block a loss, and the notes at the end', () => {
    const input = {
      ...reportInput([compared, { ...compared, loss: 'domain_loss' }]),
      notes: ['3 rows left out'],
    };
    const text = fitSummaryText(input);
    expect(text.match(/rely on/g)).toHaveLength(2);
    expect(text.endsWith('  ! 3 rows left out')).toBe(true);
  });

  it('shows the best forms and counts the others', () => {
    const many = {
      ...compared,
      fits: Array.from({ length: 12 }, () => compared.fits[0]!),
      validation: null,
      recommendation: null,
    };
    const text = fitSummaryText(reportInput([many]));
    expect(text.match(/^ {2}L3 +9/gm)).toHaveLength(8);
    expect(text).toContain('… and 4 more in the report');
  });

  it('says that parameters mean nothing where the rows cannot tell them apart', () => {
    const few = structuredClone(compared);
    Object.assign(few.fits.find(({ form }) => form === chosen)!, {
      status: 'too-few-ratios',
      statusDetail: '1 distinct ratio',
    });
    const text = fitSummaryText(reportInput([few]));
    expect(text).toContain(`rely on ${chosen} for predictions only`);
    expect(text).toContain(`! ${chosen}: 1 distinct ratio.`);
  });

  it('colours only when asked, changes no word by it, and breaks sentences at the width', () => {
    const input = reportInput([compared]);
    const plain = fitSummaryText(input, { columns: 70 });
    const coloured = fitSummaryText(input, { columns: 70, colour: true });
    expect(stripVTControlCharacters(plain)).toBe(plain);
    expect(coloured).not.toBe(plain);
    expect(stripVTControlCharacters(coloured)).toBe(plain);
    const sentence = plain.slice(0, plain.indexOf('\n\n')).split('\n');
    for (const line of sentence) expect(line.length).toBeLessThanOrEqual(70);
  });
});
