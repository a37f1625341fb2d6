/**
 * `npm run bench:population`: runs of one model size trained together in one graph against the same runs alone, on the
 * processor or a GPU: seconds, nodes and launches for each run's step, and how far their losses are apart.
 */
import { performance } from 'node:perf_hooks';
import { stderr, stdout } from 'node:process';
import { Command, Option } from 'commander';
import { makeRandom } from '../src/common/random.ts';
import { textTable } from '../src/common/textTable.ts';
import { ONNX_DEVICES, type OnnxDevice } from '../src/engine/onnx/deviceNames.ts';
import { createOnnxEngine } from '../src/engine/onnx/engine.ts';
import { finishGraph } from '../src/engine/onnx/finish.ts';
import { overRuns } from '../src/engine/trace/overRuns.ts';
import { recordFunction } from '../src/engine/trace/recordFunction.ts';
import type { Arrays, SessionDefinition } from '../src/engine/types.ts';
import { countParameters, modelFromWidth } from '../src/model/family.ts';
import { initialState, sessionDefinition } from '../src/model/session.ts';
import { OPTIMIZER } from './trainPeers.ts';

const numbers = (text: string): number[] => text.split(',').map(Number);
const options = new Command()
  .description('Runs of one model size trained together in one graph, against the same runs alone.')
  .option('--widths <list>', 'model widths', numbers, [16, 32, 64])
  .option('--runs <list>', 'runs at once', numbers, [3, 9])
  .addOption(new Option('--device <name>', 'where').choices([...ONNX_DEVICES]).default('cpu'))
  .option('--steps <count>', 'steps of each measurement', Number, 10)
  .option('--rounds <count>', 'measurements, in turns', Number, 7)
  .option('--context <tokens>', 'sequence length', Number, 128)
  .option('--batch <sequences>', 'sequences of a training step', Number, 8)
  .option('--vocabulary <size>', 'vocabulary size', Number, 260)
  .option('--json', 'one JSON object in place of the table')
  .parse()
  .opts<{
    widths: number[];
    runs: number[];
    device: OnnxDevice;
    steps: number;
    rounds: number;
    context: number;
    batch: number;
    vocabulary: number;
    json?: boolean;
  }>();

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Nodes that compute something: a GPU launches a kernel for each; reshapes only name the same memory anew. */
async function launches(definition: SessionDefinition, runs: number | null): Promise<number> {
  const alone = await recordFunction(definition, definition.functions.train!);
  const recorded = runs === null ? alone : overRuns(alone, runs);
  const { graph, outputs, stateOutputs } = recorded;
  const { nodes } = finishGraph(graph, { ...outputs, ...stateOutputs });
  return nodes.filter(({ op }) => !['Reshape', 'Identity'].includes(op)).length;
}

async function measure(width: number, runs: number) {
  const { vocabulary: vocabularySize, context: contextLength, batch, steps, rounds, device } = options;
  const spec = modelFromWidth(width, { vocabularySize, contextLength });
  const definition = sessionDefinition(spec, OPTIMIZER, { trainBatch: batch, evaluationBatch: batch });
  const random = makeRandom('population');
  const feeds = Array.from({ length: runs }, (_, run) =>
    Array.from(
      { length: steps },
      (_, step): Arrays => ({
        tokens: Int32Array.from({ length: batch * (contextLength + 1) }, () =>
          Math.floor(vocabularySize * random.uniform() ** 3),
        ),
        learningRate: Float32Array.of(1e-3 * (1 + run / runs)),
        step: Float32Array.of(step + 1),
      }),
    ),
  );
  const engine = createOnnxEngine(device);
  const together = await engine.openRuns!(definition, runs);
  const alone = await engine.open(definition);
  const trainTogether = async (): Promise<number[]> => {
    const losses: number[] = [];
    for (let step = 0; step < steps; step++) {
      const results = await together.call(
        'train',
        feeds.map((each) => each[step]!),
      );
      losses.push(...results.map((each) => each!.loss![0]!));
    }
    return losses;
  };
  const trainAlone = async (run: number): Promise<number[]> =>
    (await alone.callEach('train', feeds[run]!)).map(({ loss }) => loss![0]!);

  // The first steps of every run, from its own start: the same numbers either way?
  for (let run = 0; run < runs; run++) await together.writeState(run, initialState(spec, run));
  const losses = await trainTogether();
  let apart = 0;
  for (let run = 0; run < runs; run++) {
    await alone.writeState(initialState(spec, run));
    for (const [step, loss] of (await trainAlone(run)).entries())
      apart = Math.max(apart, Math.abs(losses[step * runs + run]! / loss - 1));
  }

  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const begin = performance.now();
    await work();
    return (performance.now() - begin) / steps;
  };
  const measured: { aloneMs: number; togetherMs: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const aloneMs = await timed(() => trainAlone(round % runs));
    measured.push({ aloneMs, togetherMs: (await timed(trainTogether)) / runs });
  }
  await together.close();
  await alone.close();
  const [one, many] = [await launches(definition, null), await launches(definition, runs)];
  return {
    width,
    parameters: countParameters(spec).nonEmbedding,
    runs,
    launchesAlone: one,
    launchesTogether: many,
    launchesPerRun: many / runs,
    aloneMs: median(measured.map(({ aloneMs }) => aloneMs)),
    togetherMsPerRun: median(measured.map(({ togetherMs }) => togetherMs)),
    speed: median(measured.map(({ aloneMs, togetherMs }) => aloneMs / togetherMs)),
    largestLossDifference: apart,
  };
}

const results = [];
for (const width of options.widths)
  for (const runs of options.runs) {
    results.push(await measure(width, runs));
    stderr.write(`width ${width}, ${runs} runs: measured\n`);
  }
if (options.json) stdout.write(`${JSON.stringify({ options, results })}\n`);
else
  stdout.write(
    `\n${textTable(
      [
        ...['width', 'N', 'runs', 'launches alone', 'together', 'per run'],
        ...['ms a step alone', 'per run together', 'speed', 'losses apart by'],
      ],
      results.map((each) => [
        ...[`${each.width}`, `${each.parameters}`, `${each.runs}`],
        ...[`${each.launchesAlone}`, `${each.launchesTogether}`, each.launchesPerRun.toFixed(0)],
        ...[each.aloneMs.toFixed(2), each.togetherMsPerRun.toFixed(2)],
        ...[`${each.speed.toFixed(2)}×`, each.largestLossDifference.toExponential(1)],
      ]),
    )}\n`,
  );
