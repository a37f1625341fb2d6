import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isMapping } from '../../src/config/tree.ts';
import { LEAST, resolveText } from './examples.ts';

const keysOf = (value: unknown): string[] =>
  isMapping(value)
    ? Object.entries(value).flatMap(([key, below]) => [key, ...keysOf(below)])
    : Array.isArray(value)
      ? value.flatMap(keysOf)
      : [];

describe('docs/configuration.md', () => {
  // Runs of spaces only align the tables.
  const page = readFileSync('docs/configuration.md', 'utf8').replace(/ +/g, ' ');
  const { config } = resolveText(LEAST, [
    'corpora.domains.a={source: {jsonl: a, maxBytes: 1}}',
    'corpora.domains.b={source: {text: b}}',
    'furtherRuns=[{domain: a, width: 8, domainRatio: 0.5, tokens: 1000000}]',
    'models.sizes=[{width: 8, layers: 1, heads: 1, keyValueHeads: 1, feedForwardWidth: 8}]',
  ]);
  const written = ['warmupShare', 'sample', 'count', 'seed', 'file'];
  const names = new Set([...keysOf(config), ...written].filter((key) => !['math', 'a', 'b'].includes(key)));

  it.each([...names])('describes %s', (key) => {
    expect(page).toMatch(new RegExp(`\\b${key}\\b`));
  });

  it.each([
    ['batchSequences', config.training.batchSequences],
    ['contextLength', config.models.contextLength],
    ['points', config.evaluation.points],
    ['resamples', config.law.resamples],
    ['intervalLevel', config.law.intervalLevel],
    ['tolerance', config.target.tolerance],
    ['maxOverlapShare', config.corpora.maxOverlapShare],
    ['checkpointSeconds', config.run.checkpointSeconds],
    ['cptLearningRateScale', config.training.cptLearningRateScale],
  ])('gives the default of %s as it is', (key, value) => {
    expect(page).toContain(`| \`${key}\` | \`${value}\` |`);
  });
});
