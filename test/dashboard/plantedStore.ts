import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../src/common/canonical.ts';
import { makeRandom } from '../../src/common/random.ts';
import { loadConfig } from '../../src/config/loadConfig.ts';
import { predict } from '../../src/laws/predict.ts';
import { openResultsStore, type ResultsStore } from '../../src/store/results.ts';
import { PLANTED } from '../laws/planted.ts';
import { tinySpec } from '../training/tinySpec.ts';

const BASE_TOKENS = 60_000;
const NOISE = 0.002;
const SECONDS = { setup: 0.5, training: 8, evaluation: 1, checkpoint: 0.5 };

export interface PlantedOptions {
  sizes?: readonly number[];
  ratios?: readonly number[];
  seeds?: readonly number[];
  /** Measurements of a run, without that at 0 tokens. */
  points?: number;
  domain?: string;
  /** Runs that are planned only. */
  isOpen?(run: { ratio: number; modelSize: number; seed: number }): boolean;
}

export interface PlantedRun {
  run: string;
  kind: 'base' | 'cpt';
  ratio: number;
  modelSize: number;
  seed: number;
  /** Where it is measured. */
  tokens: number[];
}

/** A sweep whose losses follow a known law, with noise; base models have no result but their first and last loss. */
export function plantSweep(store: ResultsStore, name: string, options: PlantedOptions = {}): PlantedRun[] {
  const { sizes = [6000, 14_000, 25_000], ratios = [0, 0.25, 0.5, 0.75, 1], seeds = [1] } = options;
  const { points = 4, domain = 'math', isOpen = () => false } = options;
  const { config } = loadConfig('configs/smoke.yaml', [`name=${name}`, 'law.resamples=20']);
  const last = 480_000;
  const tokens = Array.from({ length: points }, (_, i) =>
    Math.round(last / 2 ** (((points - 1 - i) * 3) / points)),
  );
  const idOf = (words: string) => sha256(`${name} ${words}`);
  const bases = sizes.flatMap((modelSize) =>
    seeds.map(
      (seed): PlantedRun => ({
        ...{ run: idOf(`base ${modelSize} ${seed}`), kind: 'base', ratio: 0, modelSize, seed },
        tokens: [BASE_TOKENS],
      }),
    ),
  );
  const cpt = bases.flatMap(({ modelSize, seed }) =>
    ratios.map(
      (ratio): PlantedRun => ({
        run: idOf(`${modelSize} ${ratio} ${seed}`),
        kind: 'cpt',
        ratio,
        modelSize,
        seed,
        tokens,
      }),
    ),
  );
  const runs = [...bases, ...cpt];
  store.saveSweep({ sweep: name, name, config, createdAt: '2026-01-01T00:00:00Z' });
  store.planRuns(
    name,
    runs.map(({ run, kind, ratio, modelSize, seed, tokens }) => ({
      run: {
        ...{ run, kind },
        parent: kind === 'base' ? null : idOf(`base ${modelSize} ${seed}`),
        spec: { ...tinySpec(), kind, tokens: tokens.at(-1), warmupTokens: 1000, domainRatio: ratio, seed },
      },
      label: {
        ...{ run, kind, domain: kind === 'base' ? null : domain, domainRatio: ratio, seed, modelSize },
        totalParameters: modelSize + 1000,
        label: `${modelSize / 1000}k ${kind === 'base' ? 'base' : `${domain} r=${ratio}`} s${seed}`,
      },
    })),
  );
  for (const run of runs) if (run.kind === 'base' || !isOpen(run)) finish(store, name, run);
  return runs;
}

/** What the planted law says of a run at a token count, with the run's own noise. */
export function measured(sweep: string, { run, kind, ratio, modelSize }: PlantedRun, tokens: number) {
  const random = makeRandom(sweep, run, tokens);
  const loss = (share: number, at: number) =>
    predict('L3', PLANTED, { n: modelSize / 1e9, d: at / 1e9, ratio: share }) * (1 + NOISE * random.normal());
  const base = predict('L3', PLANTED, { n: modelSize / 1e9, d: BASE_TOKENS / 1e9, ratio: 1 });
  return {
    ...{ run, tokens },
    generalLoss: tokens === 0 || kind === 'base' ? base : loss(1 - ratio, tokens),
    generalStandardError: 0.004,
    generalBitsPerByte: 1,
    domainLoss: kind === 'base' ? null : tokens === 0 ? 5 : loss(ratio, tokens),
    domainStandardError: kind === 'base' ? null : 0.004,
    domainBitsPerByte: kind === 'base' ? null : 1,
  };
}

/** The run's result arrives. */
export function finish(store: ResultsStore, sweep: string, run: PlantedRun): void {
  store.recordObservations([0, ...run.tokens].map((tokens) => measured(sweep, run, tokens)));
  store.finishRun(run.run, {
    checkpoint: null,
    epochs: { general: 0.1, domain: run.kind === 'base' ? null : 0.1 },
    seconds: SECONDS,
  });
}

export function openStore(folder: string): ResultsStore {
  mkdirSync(folder, { recursive: true });
  return openResultsStore(join(folder, 'results.sqlite'));
}
