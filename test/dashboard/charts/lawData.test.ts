import { expect, test } from 'vitest';
import type { Answer, LawPoint, LossView } from '../../../src/dashboard/api/laws.ts';
import { answerRows, tradeRows } from '../../../src/dashboard/charts/compareData.ts';
import {
  bandRows,
  curveRows,
  identityRange,
  keptOutside,
  lastPoints,
  residuals,
  symmetricRange,
} from '../../../src/dashboard/charts/lawData.ts';
import { rateLines } from '../../../src/dashboard/charts/throughputData.ts';
import { lossRows, nearestTo, paretoRows } from '../../../src/dashboard/charts/tradeOffData.ts';

const point = (
  modelSize: number,
  measured: number,
  predicted: number | null,
  more: Partial<LawPoint> = {},
) => ({
  ...{ run: 'r', modelSize, tokens: 100, domainRatio: 0.5, measured, predicted, low: null, high: null },
  ...{ isOutside: false, isLast: true },
  ...more,
});
const VIEW = {
  curves: [
    {
      modelSize: 10,
      tokens: 100,
      ratios: [0, 0.5, 1],
      loss: [3, null, 2],
      low: [2.9, null, null],
      high: [3.1, null, null],
    },
    { modelSize: 20, tokens: 100, ratios: [0], loss: [1], low: [null], high: [null] },
  ],
  points: [point(10, 3, 2.5), point(10, 4, null), point(20, 1, 1.25, { isLast: false })],
} as unknown as LossView;

test('curves are drawn where the law has a value, bands where they are whole', () => {
  const rows = curveRows(VIEW, null);
  expect(rows.map(({ modelSize, domainRatio }) => [modelSize, domainRatio])).toEqual([
    [10, 0],
    [10, 1],
    [20, 0],
  ]);
  expect(bandRows(rows)).toHaveLength(1);
  expect(curveRows(VIEW, 20)).toHaveLength(1);
  expect(lastPoints(VIEW, null)).toHaveLength(2);
});

test('residuals are measured less predicted, where something was predicted', () => {
  const rows = residuals(VIEW, null);
  expect(rows.map(({ residual }) => residual)).toEqual([0.5, -0.25]);
  const [low, high] = identityRange(rows);
  expect(low).toBeLessThan(1);
  expect(high).toBeGreaterThan(3);
  expect(symmetricRange([0.5, -0.25])).toEqual([-0.54, 0.54]);
});

test('however few points are drawn, those outside the band are', () => {
  const many = Array.from({ length: 100 }, (_, at) => ({ at, isOutside: at % 25 === 7 }));
  const kept = keptOutside(many, 10);
  expect(kept).toHaveLength(10);
  expect(kept.filter(({ isOutside }) => isOutside)).toHaveLength(4);
});

const ANSWER = {
  generalLossLimit: 3.05,
  tradeOff: [0, 0.5, 1].map((domainRatio) => ({
    domainRatio,
    generalLoss: domainRatio === 1 ? null : 3 + domainRatio / 5,
    domainLoss: 2 - domainRatio,
    generalInterval: null,
    domainInterval: { low: 1, high: 2, level: 0.9 },
    isPareto: domainRatio === 0,
  })),
  pareto: { knee: 0.5, sentence: '' },
} as unknown as Answer;

test('a trade-off leaves out ratios where the law has no value', () => {
  expect(lossRows(ANSWER.tradeOff, 'general')).toHaveLength(2);
  expect(lossRows(ANSWER.tradeOff, 'domain')[2]).toEqual({ domainRatio: 1, loss: 1, low: 1, high: 2 });
  expect(paretoRows(ANSWER)).toEqual([
    { domainRatio: 0, generalLoss: 3, domainLoss: 2, isBest: true, isWithinLimit: true },
    { domainRatio: 0.5, generalLoss: 3.1, domainLoss: 1.5, isBest: false, isWithinLimit: false },
  ]);
  expect(nearestTo(ANSWER.tradeOff, 0.6)?.domainRatio).toBe(0.5);
  expect(nearestTo(ANSWER.tradeOff, null)).toBeNull();
});

test('domains are compared as rise over their base model and gain over ratio 0', () => {
  const row = {
    ...{
      sweep: 's',
      domain: 'math',
      modelSize: 1,
      tokens: 1,
      status: 'recommended',
      domainRatio: 0.4,
      rows: 1,
    },
    ...{ interval: null, generalR2: null, domainR2: null, baseGeneralLoss: 2 },
    tradeOff: [
      { domainRatio: 0, generalLoss: 2, domainLoss: 3 },
      { domainRatio: 1, generalLoss: 2.2, domainLoss: 1.5 },
    ],
  } as const;
  const rows = tradeRows([row as never, { ...row, sweep: 't', baseGeneralLoss: 0 } as never]);
  expect(rows.map(({ name, rise, gain }) => [name, Number(rise.toFixed(6)), gain])).toEqual([
    ['math (s)', 0, 0],
    ['math (s)', 0.1, 1.5],
  ]);
  expect(answerRows([{ ...row, status: 'infeasible', domainRatio: null } as never, row as never])).toEqual([
    { name: 'math', domainRatio: 0.4, low: null, high: null },
  ]);
});

test('the busiest workers have a line each, the rest one together', () => {
  const worker = (id: string, host: string, rate: number | null) => ({ id, host, rates: [rate, rate] });
  const few = rateLines({ times: [1, 2], workers: [worker('w-1', 'a', 5), worker('w-2', 'b', 9)] });
  expect(few.map(({ name }) => name)).toEqual(['b', 'a']);
  const many = rateLines({
    times: [1, 2],
    workers: Array.from({ length: 10 }, (_, at) => worker(`id-00000${at}`, 'host', at === 9 ? null : at + 1)),
  });
  expect(many).toHaveLength(8);
  expect(many[0]!.name).toBe('host 000008');
  expect(many[7]).toEqual({ name: '3 other workers together', rates: [3, 3] });
});
