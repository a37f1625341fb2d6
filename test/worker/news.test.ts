import { describe, expect, it } from 'vitest';
import type { TrainingEvent } from '../../src/training/events.ts';
import { newsSender, parseRunNews, type RunNews } from '../../src/worker/news.ts';

const loss = (value: number) => ({ loss: value, standardError: 0.1, bitsPerByte: 1, tokens: 10 });
const evaluated = (tokens: number): TrainingEvent => ({
  type: 'evaluated',
  tokens,
  losses: { general: loss(2), domain: tokens === 0 ? null : loss(3) },
});
const progress = (tokens: number, value = 2): TrainingEvent => ({
  type: 'progress',
  tokens,
  loss: value,
  gradientNorm: 1,
  learningRate: 1,
  tokensPerSecond: 100,
});

function sender() {
  const told: RunNews[] = [];
  const news = newsSender(
    { worker: 'w', slot: () => 3, environment: { engine: 'onnx' } },
    async (message) => void told.push(message),
  );
  return { news, told };
}

describe('news of a run', () => {
  it('gathers events, tells the environment once, and the last progress only', async () => {
    const { news, told } = sender();
    news.add({ type: 'started', tokens: 0, resumed: false });
    news.add(evaluated(0));
    news.add(progress(10));
    news.add(progress(20));
    await news.flush();
    news.add(evaluated(128));
    news.add({ type: 'checkpointed', tokens: 128 });
    await news.flush();
    await news.flush();
    expect(told).toHaveLength(2);
    expect(told[0]).toMatchObject({
      worker: 'w',
      slot: 3,
      environment: { engine: 'onnx' },
      started: { tokens: 0, resumed: false },
      progress: { tokens: 20, loss: 2, tokensPerSecond: 100 },
    });
    expect(told[0]!.measured).toMatchObject([{ tokens: 0, generalLoss: 2, domainLoss: null }]);
    expect(told[1]).not.toHaveProperty('environment');
    expect(told[1]!.measured).toMatchObject([{ tokens: 128, domainLoss: 3 }]);
    for (const each of told) expect(parseRunNews(JSON.parse(JSON.stringify(each)))).toEqual(each);
  });

  it('comes by itself, without being asked', async () => {
    const { news, told } = sender();
    news.add({ type: 'started', tokens: 0, resumed: false });
    await new Promise((done) => setTimeout(done, 30));
    expect(told).toHaveLength(1);
    news.add(progress(10, Number.NaN));
    expect(told).toHaveLength(1);
    await new Promise((done) => setTimeout(done, 700));
    expect(told).toHaveLength(2);
    expect(told[1]!.progress!.loss).toBeNull();
  });

  it.each([
    [null],
    ['text'],
    [{ worker: 'w', slot: -1, measured: [] }],
    [{ worker: 'w', slot: 0, measured: [{ tokens: 1 }] }],
    [{ worker: 'w', slot: 0, measured: [], command: 'sh' }],
    [{ worker: 'x'.repeat(300), slot: 0, measured: [] }],
  ])('%j is no news', (message) => {
    expect(parseRunNews(message)).toBeNull();
  });
});
