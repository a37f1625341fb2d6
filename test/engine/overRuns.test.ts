import { describe, expect, test } from 'vitest';
import { createEagerEngine } from '../../src/engine/eagerEngine.ts';
import { createOnnxEngine } from '../../src/engine/onnx/engine.ts';
import type { Arrays } from '../../src/engine/types.ts';
import { runsContract } from '../contract/runs.ts';
import { definitionOf, EXPRESSIONS, VALUES } from './kernelCases.ts';

const RUNS = 3;
const NO_FORM = 'GatherV2, other axis';

/** Other numbers for every run, of the kinds that VALUES has: signs, positive ones, positions. */
function valuesOfRun(run: number): Arrays {
  const changed = Object.entries(VALUES).map(([name, values]) => [
    name,
    values instanceof Int32Array ? values.map((id) => (id + run) % 3) : values.map((v) => v * (1 + run / 5)),
  ]);
  return Object.fromEntries(changed);
}

describe('every kernel over several runs gives each run what it gives alone', () => {
  const { [NO_FORM]: refused, ...others } = EXPRESSIONS;

  test(`${NO_FORM}: is refused when both differ between runs`, async () => {
    const opening = createOnnxEngine().openRuns!(definitionOf(refused!), RUNS);
    await expect(opening).rejects.toThrow(/along the first axis only/);
  });

  test.each(Object.entries(others))('%s', async (_name, expression) => {
    const together = await createOnnxEngine().openRuns!(definitionOf(expression), RUNS);
    const results = await together.call('f', [valuesOfRun(0), null, valuesOfRun(2)]);
    await together.close();
    expect(results[1]).toBeNull();
    const alone = await createEagerEngine('cpu').open(definitionOf(expression));
    for (const run of [0, 2]) {
      const { result: expected } = await alone.call('f', valuesOfRun(run));
      const { result } = results[run]!;
      expect(result!.length).toBe(expected!.length);
      for (let i = 0; i < expected!.length; i++) expect(result![i]).toBeCloseTo(expected![i]!, 5);
    }
    await alone.close();
  });
});

runsContract('onnx', () => createOnnxEngine());
