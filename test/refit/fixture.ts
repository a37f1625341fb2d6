import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeRandom } from '../../src/common/random.ts';
import { loadConfig } from '../../src/config/loadConfig.ts';
import { QUICK_FIT } from '../../src/laws/fitting/fit.ts';
import { predict } from '../../src/laws/predict.ts';
import type { DomainAnswer } from '../../src/report/types.ts';
import { openResultsStore, type ResultsStore } from '../../src/store/results.ts';
import { answerQuestion, type DomainQuestion } from '../../src/sweep/answer.ts';
import { PLANTED } from '../laws/planted.ts';

export const SIZES = [6000, 14_000, 25_000, 56_000];
export const RATIOS = [0, 0.25, 0.5, 0.75, 1];
export const TOKENS = [60_000, 120_000, 240_000, 480_000];
/** As if this many tokens had taught the base model: then a ratio near the middle keeps within the tolerance. */
const BASE_TOKENS = 60_000;
const NOISE = 0.002;

export const runsFolder = (): string => mkdtempSync(join(tmpdir(), 'refit-'));

export function withStore<Result>(folder: string, use: (store: ResultsStore) => Result): Result {
  mkdirSync(folder, { recursive: true });
  const store = openResultsStore(join(folder, 'results.sqlite'));
  try {
    return use(store);
  } finally {
    store.close();
  }
}

export interface PlantedOptions {
  sizes?: readonly number[];
  ratios?: readonly number[];
  /** Runs of these ratios are planned, but have no result yet. */
  open?: readonly number[];
}

/** A sweep in the store whose losses follow a known law, with noise; its only domain is `math`. */
export function plantSweep(folder: string, name: string, options: PlantedOptions = {}): void {
  const { sizes = SIZES, ratios = RATIOS, open = [] } = options;
  const { config } = loadConfig('configs/smoke.yaml', [`name=${name}`, 'law.resamples=40']);
  withStore(folder, (store) => {
    store.saveSweep({ sweep: name, name, config, createdAt: '2026-01-01T00:00:00Z' });
    store.planRuns(
      name,
      sizes.flatMap((modelSize) =>
        ratios.map((domainRatio) => {
          const run = runId(name, modelSize, domainRatio);
          return {
            run: { run, kind: 'cpt' as const, parent: null, spec: { run, warmupTokens: 1000 } },
            label: {
              ...{ run, kind: 'cpt' as const, domain: 'math', domainRatio, seed: 1, modelSize },
              totalParameters: modelSize + 1000,
              label: run,
            },
          };
        }),
      ),
    );
    for (const modelSize of sizes) {
      for (const ratio of ratios) if (!open.includes(ratio)) finishRun(store, name, modelSize, ratio);
    }
  });
}

export const runId = (sweep: string, modelSize: number, ratio: number): string =>
  `${sweep}-n${modelSize}-r${ratio}`;

/** The run's result arrives; `shift` is added to its losses at the last token count. */
export function finishRun(
  store: ResultsStore,
  sweep: string,
  modelSize: number,
  domainRatio: number,
  shift = 0,
): void {
  const run = runId(sweep, modelSize, domainRatio);
  const random = makeRandom('refit fixture', run);
  const loss = (ratio: number, tokens: number) =>
    predict('L3', PLANTED, { n: modelSize / 1e9, d: tokens / 1e9, ratio }) * (1 + NOISE * random.normal());
  store.recordObservations(
    [0, ...TOKENS].map((tokens) => ({
      run,
      tokens,
      // Before continual pre-training: the base model, the same for every ratio.
      generalLoss:
        tokens === 0
          ? predict('L3', PLANTED, { n: modelSize / 1e9, d: BASE_TOKENS / 1e9, ratio: 1 })
          : loss(1 - domainRatio, tokens) + (tokens === TOKENS.at(-1) ? shift : 0),
      generalStandardError: 0.004,
      generalBitsPerByte: 1,
      domainLoss: tokens === 0 ? 5 : loss(domainRatio, tokens),
      domainStandardError: 0.004,
      domainBitsPerByte: 1,
    })),
  );
  store.finishRun(run, {
    checkpoint: null,
    epochs: { general: 0.1, domain: 0.1 },
    seconds: { setup: 1, training: 1, evaluation: 1, checkpoint: 0 },
  });
}

/** Fits with few starts, and counts how often. */
export function countingFit(): { fitDomain(question: DomainQuestion): DomainAnswer; fitted: string[] } {
  const fitted: string[] = [];
  return {
    fitted,
    fitDomain: (question) => {
      fitted.push(question.domain);
      return answerQuestion({ ...question, options: { ...question.options, ...QUICK_FIT } });
    },
  };
}
