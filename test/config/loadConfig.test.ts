import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { globSync } from 'tinyglobby';
import { afterAll, describe, expect, it } from 'vitest';
import { describeDifferences } from '../../src/config/describeDifferences.ts';
import { evaluationSchedule } from '../../src/config/evaluationSchedule.ts';
import { loadConfig } from '../../src/config/loadConfig.ts';
import { LEAST, resolveText, userErrorOf } from './examples.ts';

const folder = mkdtempSync(join(tmpdir(), 'config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe('loadConfig', () => {
  it('reads a file, then the flags', () => {
    expect(loadConfig(file('a.yaml', LEAST), ['seeds=[4]']).config.seeds).toEqual([4]);
    expect(loadConfig(file('bom.yaml', `\uFEFF${LEAST}`)).config.name).toBe('demo');
    expect(loadConfig(file('crlf.yaml', LEAST.replaceAll('\n', '\r\n'))).config.name).toBe('demo');
  });

  it('says what is there when the file is not', () => {
    file('math.yaml', LEAST);
    const missing = userErrorOf(() => loadConfig(join(folder, 'maht.yaml')));
    expect(missing.message).toBe(`there is no file ${join(folder, 'maht.yaml')}`);
    expect(missing.nextStep).toContain(`did you mean ${join(folder, 'math.yaml')}?`);
    expect(userErrorOf(() => loadConfig(folder)).message).toContain('is a folder, not a config file');
    expect(userErrorOf(() => loadConfig(join(folder, 'math.yaml', 'x'))).message).toContain('cannot be read');
  });

  it('refuses other kinds of files', () => {
    const bytes = new Uint8Array([0x6e, 0x61, 0xff, 0xfe]);
    expect(userErrorOf(() => loadConfig(file('latin.yaml', bytes))).message).toContain('is not UTF-8 text');
    const big = new Uint8Array(5_000_000);
    expect(userErrorOf(() => loadConfig(file('big.yaml', big))).message).toContain('that is no config');
  });
});

describe('the shipped configs', () => {
  const shipped = readdirSync('configs').filter((name) => name.endsWith('.yaml'));
  it('are there', () => {
    expect(shipped).toEqual(expect.arrayContaining(['smoke.yaml', 'math.yaml', 'code.yaml', 'paper.yaml']));
  });

  it.each(shipped)('%s is valid, without anything to note', (name) => {
    const { config, notes } = loadConfig(join('configs', name));
    expect(notes).toEqual([]);
    expect(config.name).toBe(name.replace('.yaml', ''));
  });

  it.each(['math.yaml', 'code.yaml'])(
    '%s has 4 sizes, the 9 published ratios and at least 12 evaluation points',
    (name) => {
      const { config } = loadConfig(join('configs', name));
      expect(config.models.sizes).toHaveLength(4);
      expect(config.mixture.ratios).toEqual([0, 0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 0.9, 1]);
      expect(config.evaluation.points).toBeGreaterThanOrEqual(12);
    },
  );

  it('paper.yaml is the published grid', () => {
    const { config } = loadConfig('configs/paper.yaml');
    const batchTokens = config.training.batchSequences * config.models.contextLength;
    expect(batchTokens).toBe(131_072);
    expect(config.training.cptTokens / batchTokens).toBe(200_000);
    const schedule = evaluationSchedule({
      tokens: config.training.cptTokens,
      batchTokens,
      ...config.evaluation,
    });
    expect(schedule).toHaveLength(201);
    expect(schedule[1]).toBe(131_072_000);
    // The models' published parameter counts, in millions, at Qwen1.5's 151,936 vocabulary entries.
    const millions = config.models.sizes.map(({ width, layers, feedForwardWidth }) => {
      const layer = 4 * width ** 2 + 3 * width * feedForwardWidth!;
      return Math.round((layers! * layer + 2 * 151_936 * width) / 1e6);
    });
    expect(millions).toEqual([619, 1837, 3950]);
  });

  it('code.yaml finds more program text below node_modules than its runs read', () => {
    const source = loadConfig('configs/code.yaml').config.corpora.domains.code!.source;
    if (!('text' in source)) throw new Error('code.yaml reads text files');
    for (const glob of source.text) {
      expect(globSync([glob], { ignore: source.exclude }).length, glob).toBeGreaterThan(3);
    }
  });
});

describe('describeDifferences', () => {
  const config = resolveText(LEAST).config;
  it('finds none between equals, whatever the order of keys', () => {
    const reversed = Object.fromEntries(Object.entries(config).reverse());
    expect(describeDifferences(config, structuredClone(reversed))).toEqual([]);
  });

  it('says what differs, key by key', () => {
    const other = resolveText(LEAST, [
      'training.cptTokens=819200',
      'target.tokens=614400',
      'mixture.ratios=[0,1]',
      'evaluation.firstTokens=30720',
      'training.cptWarmupTokens=30720',
      'tokenizer={file: t.json}',
      'corpora.domains.law.source.jsonl=a',
    ]).config;
    delete (other as { law?: unknown }).law;
    expect(describeDifferences(config, other)).toEqual([
      'tokenizer: "bytes" → {"file":"t.json"}',
      'corpora.domains.law: not there → {"source":{"field":"text","jsonl":["a"]},"target":{"modelSize":"largest","tokens":614400,"tolerance":0.03}}',
      'training.cptTokens: 614400 → 819200',
      'mixture.ratios: [0,0.1,0.2,0.33,0.5,0.67,0.8,0.9,1] → [0,1]',
      'law: {"constraint":"none","form":"L3","huberDelta":0.001,"intervalLevel":0.9,"resamples":200} → not there',
    ]);
  });

  it('takes whatever an older version may have saved', () => {
    expect(describeDifferences(null, { a: 1 })).toEqual(['the config: null → {"a":1}']);
  });
});
