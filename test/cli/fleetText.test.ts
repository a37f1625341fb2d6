import { describe, expect, it } from 'vitest';
import { type ShownWorker, workersText } from '../../src/cli/fleetText.ts';

const worker = (slots: ShownWorker['info']['slots']): ShownWorker => ({
  id: 'host-1',
  silentMs: 1000,
  gone: false,
  info: {
    host: 'host',
    homeId: 'a'.repeat(32),
    engine: 'onnx',
    numericsVersion: 1,
    draining: false,
    finishedRuns: 2,
    versions: {},
    slots,
  },
});

describe('workersText', () => {
  it('has a line for each seat with a run, and one for all the idle seats of a GPU', () => {
    const doing = {
      run: 'f'.repeat(64),
      label: '6k base',
      tokens: 50,
      totalTokens: 100,
      tokensPerSecond: 400,
    };
    const text = workersText([
      worker(
        Array.from({ length: 16 }, (_, seat) => ({
          device: 'gpu 0',
          seat,
          deviceClass: 'gpu',
          memoryBytes: 24e9,
          doing: seat === 2 ? doing : null,
        })),
      ),
    ]);
    const lines = text.split('\n').slice(-2);
    expect(text.split('\n').filter((line) => line.includes('gpu 0'))).toEqual(lines);
    expect(lines[0]).toMatch(/^host-1 .* gpu 0 seat 2 .* busy .* 6k base \(ffffffff\) +50 % +400$/);
    expect(lines[1]).toMatch(/^ +gpu 0, 15 seats .* idle *$/);
  });
});
