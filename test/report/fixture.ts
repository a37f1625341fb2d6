import { makeRandom } from '../../src/common/random.ts';
import type { LawFit, LawObservation, LawParameters, LawPoint } from '../../src/laws/types.ts';
import type { DomainAnswer, SweepReportInput } from '../../src/report/types.ts';
import type { SweepObservation } from '../../src/store/types.ts';

/** L3 of arXiv 2406.01375 Eq 6, written here on its own so that the report is tested against planted curves. */
export function plantedLoss(p: LawParameters, { n, d, ratio }: LawPoint): number {
  const learned = ratio === 0 ? 0 : (p.B! * ratio ** p.eta!) / d ** p.beta!;
  return p.E! + p.A! / n ** p.alpha! + learned + p.C! / (ratio + p.epsilon!) ** p.gamma!;
}

const GENERAL: LawParameters = {
  E: 1.6,
  A: 0.035,
  B: 0.03,
  C: 0.24,
  alpha: 0.31,
  beta: 0.22,
  gamma: 0.66,
  eta: 1.2,
  epsilon: 0.1,
};
const DOMAIN: LawParameters = {
  E: 0.9,
  A: 0.028,
  B: 0.03,
  C: 0.3,
  alpha: 0.33,
  beta: 0.26,
  gamma: 0.7,
  eta: 1.3,
  epsilon: 0.09,
};

export interface FixtureOptions {
  sizes?: number[];
  ratios?: number[];
  seeds?: number[];
  domains?: string[];
  replicates?: number;
  synthetic?: boolean;
  noise?: number;
}

export const SIZES = [24_576, 61_440, 147_456, 368_640];
export const RATIOS = [0, 0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 0.9, 1];
const FINAL = 1_572_864;
const TOKENS = [
  0,
  ...Array.from(
    { length: 12 },
    (_, at) => Math.round((32_768 * (FINAL / 32_768) ** (at / 11)) / 2048) * 2048,
  ),
];

/** A sweep whose losses follow planted laws with noise: 4 sizes × 9 ratios × 13 token counts unless told otherwise. */
export function plantedSweep(options: FixtureOptions = {}): SweepReportInput {
  const { sizes = SIZES, ratios = RATIOS, seeds = [1], domains = ['math'], replicates = 40 } = options;
  const random = makeRandom('report fixture');
  const noise = (): number => random.normal() * (options.noise ?? 0.006);
  const hash = (...parts: (string | number)[]): string => {
    const stream = makeRandom('hash', ...parts);
    return Array.from({ length: 64 }, () => stream.integer(16).toString(16)).join('');
  };
  const runs: SweepReportInput['runs'] = [];
  const observations: SweepObservation[] = [];
  const answers: DomainAnswer[] = [];
  const environment = {
    engine: 'onnx (cpu)',
    'onnxruntime-node': '1.30.0',
    processor: 'Xeon, 2 cores',
    node: 'v20.20.2',
  };
  const addRun = (
    kind: 'base' | 'cpt',
    domain: string | null,
    domainRatio: number,
    size: number,
    seed: number,
  ): void => {
    const run = hash(kind, domain ?? '', domainRatio, size, seed);
    const label = `${(size / 1000).toPrecision(3)}k ${domain === null ? 'base' : `${domain} r=${domainRatio}`} s${seed}`;
    const base = kind === 'base';
    const named = {
      run,
      kind,
      domain,
      domainRatio,
      seed,
      modelSize: size,
      totalParameters: size + 16_384,
      label,
    };
    runs.push({
      ...named,
      parent: base ? null : hash('base', '', 0, size, seed),
      spec: {},
      status: 'done',
      reason: null,
      tokens: FINAL,
      checkpoint: base ? hash('checkpoint', size, seed) : null,
      generalEpochs: base ? 0.61 : 0.61 * (1 - domainRatio),
      domainEpochs: base ? null : 1.7 * domainRatio,
      seconds: {
        setup: 1.1,
        training: 2.2 + size / 30_000,
        evaluation: 0.8 + size / 100_000,
        checkpoint: 0.06,
      },
      environment,
    });
    for (const tokens of TOKENS) {
      const point = { n: size / 1e9, d: Math.max(tokens, 20_000) / 1e9 };
      const general = plantedLoss(GENERAL, { ...point, ratio: 1 - domainRatio });
      // Before CPT the base model knows general text well and the domain not at all.
      const start = plantedLoss(GENERAL, { n: point.n, d: 1.2e-3, ratio: 1 });
      const generalLoss = base ? start + 1 - tokens / FINAL : tokens === 0 ? start : general + noise();
      const domainLoss = tokens === 0 ? 5.2 : plantedLoss(DOMAIN, { ...point, ratio: domainRatio }) + noise();
      observations.push({
        ...named,
        tokens,
        generalLoss,
        generalStandardError: 0.0041,
        generalBitsPerByte: generalLoss / Math.LN2,
        domainLoss: base ? null : domainLoss,
        domainStandardError: base ? null : 0.0038,
        domainBitsPerByte: base ? null : domainLoss / Math.LN2,
      });
    }
  };
  for (const size of sizes) for (const seed of seeds) addRun('base', null, 0, size, seed);
  for (const domain of domains) {
    for (const size of sizes)
      for (const ratio of ratios) for (const seed of seeds) addRun('cpt', domain, ratio, size, seed);
    const used = observations.filter((row) => row.domain === domain && row.tokens > 32_768);
    const rows = (which: 'general' | 'domain'): LawObservation[] =>
      used.map((row) => ({
        n: row.modelSize / 1e9,
        d: row.tokens / 1e9,
        ratio: which === 'general' ? 1 - row.domainRatio : row.domainRatio,
        loss: which === 'general' ? row.generalLoss : row.domainLoss!,
        run: row.run,
      }));
    const target = { n: sizes.at(-1)! / 1e9, d: FINAL / 1e9, tolerance: 0.03 };
    const baseGeneralLoss = plantedLoss(GENERAL, { n: target.n, d: 1.2e-3, ratio: 1 });
    const generalLossLimit = baseGeneralLoss * 1.03;
    const domainRatio = largestRatio(generalLossLimit, target);
    answers.push({
      domain,
      generalLaw: plantedFit(GENERAL, rows('general'), replicates),
      domainLaw: plantedFit(DOMAIN, rows('domain'), replicates),
      generalRows: rows('general'),
      domainRows: rows('domain'),
      excluded: {
        count: 2 * sizes.length * ratios.length * seeds.length,
        rule: 'tokens 0 and evaluation points before twice the warm-up (65,536 tokens)',
      },
      recommendation: {
        status: 'recommended',
        domainRatio,
        interval: replicates ? { low: domainRatio - 0.06, high: domainRatio + 0.04, level: 0.9 } : null,
        target,
        baseGeneralLoss,
        generalLossLimit,
        predictedGeneralLoss: plantedLoss(GENERAL, { ...target, ratio: 1 - domainRatio }),
        predictedDomainLoss: plantedLoss(DOMAIN, { ...target, ratio: domainRatio }),
        reason: `the largest share that keeps general loss within 3 % of the base model's ${baseGeneralLoss.toFixed(4)}`,
        warnings: [],
      },
    });
  }
  const corpus = (name: string) => ({
    name,
    description: `demo ${name} text`,
    synthetic: options.synthetic ?? true,
    trainTokens: 2_560_123,
    trainDocuments: 3_412,
    trainShard: hash('train', name),
    validationShard: hash('validation', name),
    validationTokens: 65_536,
    overlapShare: name === 'general' ? 0 : 0.0012,
  });
  return {
    sweep: { sweep: hash('sweep'), name: 'math', config: {}, createdAt: '2026-11-23T18:00:00.000Z' },
    configYaml:
      'name: math\nmixture:\n  ratios: [0, 0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 0.9, 1]\nlaw:\n  form: L3\n',
    corpora: ['general', ...domains].map(corpus),
    runs,
    observations,
    answers,
    environment: {
      'mixture-law': '0.1.0',
      node: 'v20.20.2',
      engine: 'onnx (cpu)',
      processor: 'Xeon, 2 cores',
    },
    wallSeconds: 342.6,
    notes: [],
  };
}

function plantedFit(parameters: LawParameters, rows: LawObservation[], replicates: number): LawFit {
  const random = makeRandom('replicates', JSON.stringify(parameters));
  const draws = Array.from({ length: replicates }, () =>
    Object.fromEntries(
      Object.entries(parameters).map(([name, value]) => [name, value * (1 + 0.012 * random.normal())]),
    ),
  );
  const residuals = rows.map((row) => plantedLoss(parameters, row) - row.loss);
  const mean = rows.reduce((sum, row) => sum + row.loss, 0) / rows.length;
  const total = rows.reduce((sum, row) => sum + (row.loss - mean) ** 2, 0);
  return {
    form: 'L3',
    parameters,
    status: 'converged',
    statusDetail: '41 of 64 starts agree',
    quality: {
      r2: 1 - residuals.reduce((sum, r) => sum + r * r, 0) / total,
      huberSum: 0.00134,
      huberMean: 0.00134 / rows.length,
      mae: residuals.reduce((sum, r) => sum + Math.abs(r), 0) / rows.length,
      meanRelativeError: 0.0013,
      rows: rows.length,
    },
    objective: { kind: 'log-huber', value: 0.00134 },
    delta: 1e-3,
    constraint: null,
    nearOptimal: [parameters],
    nearOptimalSpread: 0.0004,
    gradientNorm: 3.1e-9,
    starts: 64,
    startsNearBest: 41,
    conditionNumber: 812_345,
    intervals: replicates
      ? Object.fromEntries(
          Object.entries(parameters).map(([name, value]) => [
            name,
            { low: value * 0.93, high: value * 1.08, level: 0.9 },
          ]),
        )
      : null,
    replicates: draws,
    warnings: [],
  };
}

/** By bisection: general loss grows with the domain ratio. */
function largestRatio(limit: number, target: { n: number; d: number }): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (plantedLoss(GENERAL, { ...target, ratio: 1 - middle }) <= limit) low = middle;
    else high = middle;
  }
  return low;
}
