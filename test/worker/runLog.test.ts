import { describe, expect, it } from 'vitest';
import { runLog } from '../../src/worker/runLog.ts';

const loss = { loss: 2.5, standardError: 0.01, bitsPerByte: 3.6, tokens: 100 };

describe('the log of a run', () => {
  it('tells each event once, with its time, in order', async () => {
    const lines: string[] = [];
    const log = runLog(
      async (line) => {
        await new Promise((later) => setTimeout(later, lines.length === 0 ? 20 : 0));
        lines.push(line);
      },
      () => Date.UTC(2026, 0, 2, 3, 4, 5),
    );
    log.line('taken by here, attempt 1');
    log.event({ type: 'started', tokens: 4096, resumed: true });
    log.event({
      type: 'evaluated',
      tokens: 8192,
      losses: { general: loss, domain: { ...loss, loss: 1.25 } },
    });
    log.event({ type: 'diverged', tokens: 9000, reason: 'loss is NaN' });
    await log.sent();
    expect(lines).toEqual([
      '2026-01-02 03:04:05  taken by here, attempt 1',
      '2026-01-02 03:04:05  goes on from 4,096 tokens',
      '2026-01-02 03:04:05  8,192 tokens: general loss 2.5000, domain loss 1.2500',
      '2026-01-02 03:04:05  9,000 tokens: diverged, loss is NaN',
    ]);
  });

  it('tells progress at most every ten seconds', async () => {
    const lines: string[] = [];
    let ms = 0;
    const log = runLog(
      async (line) => void lines.push(line),
      () => ms,
    );
    for (; ms <= 25_000; ms += 500) {
      log.event({
        type: 'progress',
        tokens: ms,
        loss: 3,
        gradientNorm: 1,
        learningRate: 1e-3,
        tokensPerSecond: 1000,
      });
    }
    await log.sent();
    expect(lines.map((line) => line.slice(21).split(':')[0])).toEqual([
      '0 tokens',
      '10,000 tokens',
      '20,000 tokens',
    ]);
  });
});
