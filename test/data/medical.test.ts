import { describe, expect, it } from 'vitest';
import { demoClinic } from '../../data/clinic.ts';
import { documentsOf, MEGABYTE } from './samples.ts';

const documents = documentsOf('medical', 1, MEGABYTE);
const cases = documents.flatMap((document) => document.split(/\n\nCase \d+\n/).slice(1));

function problemsOf(visit: string): string[] {
  const problems: string[] = [];
  const weight = Number(/(\d+) kg/.exec(visit)![1]);
  for (const [, dose, perKilogram, often, daily] of visit.matchAll(
    /(\d+) mg \((\d+) mg\/kg\) (once|\d times) a day(?:, (\d+) mg a day)?/g,
  )) {
    const weights = [weight, Number(/ and weighs (\d+) kg/.exec(visit)?.[1])];
    if (!weights.some((kilograms) => kilograms * Number(perKilogram) === Number(dose)))
      problems.push(`dose ${dose}`);
    if (daily && Number(daily) !== Number(dose) * Number.parseInt(often!, 10))
      problems.push(`${daily} mg a day`);
  }
  for (const [, value, low, high, word] of visit.matchAll(/ ([\d.]+) \S+ \(([\d.]+)-([\d.]+), (\w+)\)/g)) {
    const right = Number(value) < Number(low) ? 'low' : Number(value) > Number(high) ? 'high' : 'normal';
    if (word !== right) problems.push(`${value} in ${low}-${high} is ${right}`);
  }
  const temperature = Number(/temperature ([\d.]+) C/.exec(visit)![1]);
  const verdict = visit.split('\n').find((line) => /: this is |: This is /.test(line))!;
  if (/\b[Ff]ever\b/.test(verdict) !== temperature > 37.5) problems.push(`fever at ${temperature}`);
  const refused = /Patient: (\w+) gave me/.exec(visit)?.[1];
  const drug = / (\w+) \d+ mg \(/.exec(verdict)![1]!;
  if (drug === refused) problems.push(`${drug} in spite of an allergy`);
  const before = visit.slice(0, visit.indexOf(verdict));
  const known = new Set(demoClinic().flatMap(({ symptoms }) => symptoms));
  for (const symptom of known) {
    if (verdict.toLowerCase().includes(symptom) && !before.includes(symptom))
      problems.push(`${symptom} was not said`);
  }
  return problems;
}

describe('demo medical', () => {
  it('gives doses by weight, reads findings against their range, and minds what has been said', () => {
    expect(cases.length).toBeGreaterThan(1000);
    for (const visit of cases) expect(problemsOf(visit), visit).toEqual([]);
  });

  it('treats a condition the same way throughout the corpus', () => {
    const drugs = new Map<string, Set<string>>();
    for (const visit of cases) {
      const [, condition] = /[tT]his is (\w+)/.exec(visit)!;
      const [, drug, perKilogram] = / (\w+) \d+ mg \((\d+) mg\/kg\)/.exec(visit)!;
      drugs.set(condition!, (drugs.get(condition!) ?? new Set()).add(`${drug} ${perKilogram}`));
    }
    expect(drugs.size).toBeGreaterThan(200);
    // The second drug is for the allergic.
    for (const [condition, used] of drugs) expect(used.size, condition).toBeLessThanOrEqual(2);
    expect([...drugs.values()].filter(({ size }) => size === 2).length).toBeGreaterThan(20);
  });

  it.each([
    ['another dose', (text: string) => text.replace(/\d+ mg \(/, '7 mg (')],
    ['a finding misread', (text: string) => text.replace(/, (high|low)\)/, ', normal)')],
    [
      'fever unseen',
      (text: string) => text.replace(/temperature [\d.]+/, 'temperature 37.8').replace(/[Ff]ever/, 'chills'),
    ],
    [
      'the refused drug',
      (text: string) =>
        text.replace(/Patient: \w+ gave me/, `Patient: ${/ (\w+) \d+ mg \(/.exec(text)![1]} gave me`),
    ],
  ])('is checked: %s is found', (_, change) => {
    const changed = cases.filter((visit) => change(visit) !== visit).slice(0, 200);
    expect(changed.length).toBeGreaterThan(100);
    for (const visit of changed) expect(problemsOf(change(visit)), change(visit)).not.toEqual([]);
  });
});
