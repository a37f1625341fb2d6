import { describe, expect, test } from 'vitest';
import { makeRandom } from '../../src/common/random.ts';
import { createEagerEngine } from '../../src/engine/eagerEngine.ts';
import { createOnnxEngine } from '../../src/engine/onnx/engine.ts';
import type { Arrays, EngineSession } from '../../src/engine/types.ts';
import { modelFromWidth } from '../../src/model/family.ts';
import { initialState, sessionDefinition } from '../../src/model/session.ts';
import type { ModelSpec } from '../../src/model/types.ts';
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

const OPTIMIZER = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 };
const BATCHES = { trainBatch: 2, evaluationBatch: 2 };
const MODELS: Record<string, ModelSpec> = {
  'tied, two heads': modelFromWidth(16, { vocabularySize: 50, contextLength: 12, heads: 2 }),
  'untied, grouped queries, large matrices': modelFromWidth(48, {
    vocabularySize: 400,
    contextLength: 70,
    heads: 4,
    keyValueHeads: 2,
    tiedEmbeddings: false,
    layers: 1,
  }),
};

function tokens(spec: ModelSpec, seed: string): Int32Array {
  const random = makeRandom(seed);
  return Int32Array.from({ length: 2 * (spec.contextLength + 1) }, () => random.integer(spec.vocabularySize));
}

/** Largest difference between two arrays. */
const furthest = (a: Arrays[string], b: Arrays[string]): number =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
const isSame = (a: Arrays[string], b: Arrays[string]): boolean => a.every((value, i) => value === b[i]);

/** Rates differ between runs, and one clips while another does not. */
const feedsOf = (spec: ModelSpec, run: number, step: number): Arrays => ({
  tokens: tokens(spec, `run ${run} step ${step}`),
  learningRate: Float32Array.of(0.001 * (1 + run)),
  step: Float32Array.of(step),
});

describe.each(Object.entries(MODELS))('training several runs at once: %s', (_name, spec) => {
  const definition = sessionDefinition(spec, OPTIMIZER, BATCHES);

  test('losses, norms and final states are those of runs trained alone', async () => {
    const together = await createOnnxEngine().openRuns!(definition, RUNS);
    const alone: EngineSession[] = [];
    for (let run = 0; run < RUNS; run++) {
      alone.push(await createOnnxEngine().open(definition));
      await alone[run]!.writeState(initialState(spec, run));
      await together.writeState(run, initialState(spec, run));
    }
    for (let step = 1; step <= 12; step++) {
      // Run 1 stops after six steps, as one that diverged or was cancelled does; the others go on.
      const takesPart = (run: number) => run !== 1 || step <= 6;
      const feeds = Array.from({ length: RUNS }, (_, run) =>
        takesPart(run) ? feedsOf(spec, run, step) : null,
      );
      const results = await together.call('train', feeds);
      for (let run = 0; run < RUNS; run++) {
        if (!takesPart(run)) {
          expect(results[run]).toBeNull();
          continue;
        }
        const expected = await alone[run]!.call('train', feeds[run]!);
        for (const name of ['loss', 'gradientNorm'])
          expect(Math.abs(results[run]![name]![0]! / expected[name]![0]! - 1)).toBeLessThan(1e-5);
      }
    }
    for (let run = 0; run < RUNS; run++) {
      const [ours, expected] = [await together.readState(run), await alone[run]!.readState()];
      expect(Object.keys(ours)).toEqual(Object.keys(expected));
      for (const [name, values] of Object.entries(expected))
        expect([name, furthest(ours[name]!, values)]).toEqual([name, expect.closeTo(0, 4)]);
      const held = { tokens: tokens(spec, 'held out') };
      const feeds = Array.from({ length: RUNS }, (_, each) => (each === run ? held : null));
      const { sequenceLoss } = (await together.call('evaluate', feeds))[run]!;
      const { sequenceLoss: expectedLoss } = await alone[run]!.call('evaluate', held);
      sequenceLoss!.forEach((value, i) => {
        expect(Math.abs(value / expectedLoss![i]! - 1)).toBeLessThan(2e-5);
      });
    }
    for (const session of [together, ...alone]) await session.close();
  });

  test('what the neighbours do, and how many there are from two on, changes no bit', async () => {
    const lossesBeside = async (runs: number, mine: number, neighbour: (step: number) => Arrays | null) => {
      const session = await createOnnxEngine().openRuns!(definition, runs);
      for (let run = 0; run < runs; run++)
        await session.writeState(run, initialState(spec, run === mine ? 7 : run));
      const losses: number[] = [];
      for (let step = 1; step <= 5; step++) {
        const feeds = Array.from({ length: runs }, (_, run) =>
          run === mine ? feedsOf(spec, 7, step) : neighbour(step),
        );
        losses.push((await session.call('train', feeds))[mine]!.loss![0]!);
      }
      const state = await session.readState(mine);
      await session.close();
      return { losses, state };
    };
    const first = await lossesBeside(2, 0, () => null);
    const same = (other: typeof first) => {
      expect(other.losses).toEqual(first.losses);
      const differing = Object.keys(first.state).filter(
        (name) => !isSame(other.state[name]!, first.state[name]!),
      );
      expect(differing).toEqual([]);
    };
    same(await lossesBeside(2, 1, (step) => feedsOf(spec, 1, step)));
    // A neighbour whose numbers are beyond all bounds.
    const diverging = { ...feedsOf(spec, 1, 1), learningRate: Float32Array.of(1e30) };
    same(await lossesBeside(2, 0, () => diverging));
    same(await lossesBeside(4, 2, (step) => (step % 2 ? feedsOf(spec, 3, step) : null)));
  });
});

test('what does not fit is refused by name', async () => {
  const spec = MODELS['tied, two heads']!;
  const session = await createOnnxEngine().openRuns!(sessionDefinition(spec, OPTIMIZER, BATCHES), 2);
  await expect(session.writeState(2, {})).rejects.toThrow(/no run 2 of 2/);
  await expect(session.readState(-1)).rejects.toThrow(/no run -1 of 2/);
  await expect(session.writeState(0, { nothing: new Float32Array(1) })).rejects.toThrow(/no nothing/);
  await expect(session.call('train', [null])).rejects.toThrow(/feeds of 1 runs, not of 2/);
  await expect(session.call('fly', [null, null])).rejects.toThrow(/no function fly/);
  await expect(session.call('evaluate', [{}, null])).rejects.toThrow(/feed tokens is missing/);
  await session.close();
  await expect(session.call('evaluate', [null, null])).rejects.toThrow(/closed/);
});
