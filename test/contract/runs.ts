import { describe, expect, test } from 'vitest';
import { makeRandom } from '../../src/common/random.ts';
import type {
  Arrays,
  Engine,
  EngineSession,
  RunsSession,
  SessionDefinition,
} from '../../src/engine/types.ts';
import { modelFromWidth } from '../../src/model/family.ts';
import { initialState, sessionDefinition } from '../../src/model/session.ts';
import type { ModelSpec } from '../../src/model/types.ts';

const RUNS = 3;

export const OPTIMIZER = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 };
export const BATCHES = { trainBatch: 2, evaluationBatch: 2 };
/** Models with all that a model can have. */
export const MODELS: Record<string, ModelSpec> = {
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

export interface RunsContractOptions {
  models?: Record<string, ModelSpec>;
  /** Of losses and norms against runs alone, relative. */
  tolerance?: number;
  /** What runs that train alone are trained on. */
  alone?: () => Engine;
  /** Whether graphs for other numbers of runs give the same bits: a GPU may share out the work differently. */
  bitsOfAnyNumber?: boolean;
}

/** What every engine must do that takes several runs at once. */
export function runsContract(
  label: string,
  makeEngine: () => Engine,
  {
    models = MODELS,
    tolerance = 1e-5,
    bitsOfAnyNumber = true,
    alone: makeAlone = makeEngine,
  }: RunsContractOptions = {},
): void {
  const openRuns = (definition: SessionDefinition, runs: number): Promise<RunsSession> =>
    makeEngine().openRuns!(definition, runs);

  describe.each(Object.entries(models))(`training several runs at once, ${label}: %s`, (_name, spec) => {
    const definition = sessionDefinition(spec, OPTIMIZER, BATCHES);

    test('losses, norms and final states are those of runs trained alone', async () => {
      const together = await openRuns(definition, RUNS);
      const alone: EngineSession[] = [];
      for (let run = 0; run < RUNS; run++) {
        alone.push(await makeAlone().open(definition));
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
            expect(Math.abs(results[run]![name]![0]! / expected[name]![0]! - 1)).toBeLessThan(tolerance);
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

    test('what the neighbours do changes no bit, nor does their number from two on', async () => {
      const lossesBeside = async (runs: number, mine: number, neighbour: (step: number) => Arrays | null) => {
        const session = await openRuns(definition, runs);
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
      if (bitsOfAnyNumber)
        same(await lossesBeside(4, 2, (step) => (step % 2 ? feedsOf(spec, 3, step) : null)));
    });
  });

  test(`what does not fit is refused by name, ${label}`, async () => {
    const spec = MODELS['tied, two heads']!;
    const session = await openRuns(sessionDefinition(spec, OPTIMIZER, BATCHES), 2);
    await expect(session.writeState(2, {})).rejects.toThrow(/no run 2 of 2/);
    await expect(session.readState(-1)).rejects.toThrow(/no run -1 of 2/);
    await expect(session.writeState(0, { nothing: new Float32Array(1) })).rejects.toThrow(/no nothing/);
    await expect(session.call('train', [null])).rejects.toThrow(/feeds of 1 runs, not of 2/);
    await expect(session.call('fly', [null, null])).rejects.toThrow(/no function fly/);
    await expect(session.call('evaluate', [{}, null])).rejects.toThrow(/feed tokens is missing/);
    await session.close();
    await expect(session.call('evaluate', [null, null])).rejects.toThrow(/closed/);
  });
}
