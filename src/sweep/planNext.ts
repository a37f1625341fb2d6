import { type DomainData, readSweep, sweepNames } from '../analysis/domainData.ts';
import { UserError } from '../common/errors.ts';
import type { ResolvedConfig } from '../config/schema.ts';
import { baseLossAt } from '../laws/answers/baseLoss.ts';
import { nextRuns } from '../laws/design/nextRuns.ts';
import { growingSweeps, type PowerTable, power } from '../laws/design/power.ts';
import type { DesignQuestion, RunPlan, TokenPlan } from '../laws/design/types.ts';
import { type PlanCheck, verifyPlan } from '../laws/design/verifyPlan.ts';
import { fitPair, type LawPair } from '../laws/fitting/bootstrap.ts';
import { lawForm } from '../laws/forms/registry.ts';
import { countParameters, flopsPerToken } from '../model/family.ts';
import { assumeCorpora } from './assumedCorpora.ts';
import { cptEvaluations, sweepModels } from './plan.ts';

export interface PlanNextOptions {
  config: ResolvedConfig;
  runsFolder: string;
  /** An earlier sweep whose laws are assumed; the config's own when null. */
  like: string | null;
  domain: string | null;
  /** How many runs to suggest; null: none. */
  next: number | null;
  /** Budgets of the suggested runs together. */
  tokens: number | null;
  flops: number | null;
  /** Half width of the ratio that --power asks for; null: not asked. */
  halfWidth: number | null;
  level: number;
  seed: number;
  onStep(what: string): void;
}

export interface DomainPlan {
  domain: string;
  /** Which sweep's measurements the laws come from. */
  from: string;
  question: DesignQuestion;
  plan: RunPlan | null;
  check: PlanCheck | null;
  power: PowerTable | null;
}

const SIMULATIONS = 200;
/** Seeds that --power looks at, beside the config's own ratios, half of them, and twice as many. */
const SEEDS = [1, 2, 3, 4, 6, 8];

/** The next best runs and the power of a design, per domain. Throws a UserError where nothing was measured yet. */
export function planNext(options: PlanNextOptions): DomainPlan[] {
  const { config, runsFolder, like, onStep } = options;
  const from = like ?? config.name;
  if (!sweepNames(runsFolder).includes(from)) {
    throw new UserError(
      `there are no measurements of ${from} in ${runsFolder}`,
      like === null
        ? 'Run the sweep first (a few runs are enough), or name an earlier one whose laws are assumed: --like math'
        : `Sweeps: ${sweepNames(runsFolder).join(', ') || 'none'}.`,
    );
  }
  const all = readSweep(runsFolder, from).domains.filter(({ rows }) => rows.general.length > 0);
  const domains = options.domain === null ? all : all.filter(({ domain }) => domain === options.domain);
  if (domains.length === 0) {
    throw new UserError(
      `${from} has no finished run${options.domain === null ? '' : ` of ${options.domain}`}`,
      `It has: ${all.map(({ domain }) => domain).join(', ') || 'nothing yet'}.`,
    );
  }
  return domains.map((data) => {
    onStep(`${data.domain}: the laws, and ${config.law.resamples} fits to resampled runs`);
    const laws = fitPair(lawForm(config.law.form), data.rows, {
      delta: config.law.huberDelta,
      resamples: config.law.resamples,
      level: options.level,
      seed: options.seed,
    });
    return planFor(data, laws, from, options);
  });
}

function planFor(
  data: DomainData,
  { general, domain }: LawPair,
  from: string,
  options: PlanNextOptions,
): DomainPlan {
  const { config, next, halfWidth, level, seed, onStep } = options;
  const { vocabularySize } = assumeCorpora(config).corpora.general.train;
  const sizes = sweepModels(config, vocabularySize).map((model) => ({
    n: countParameters(model).nonEmbedding / 1e9,
    flopsPerToken: flopsPerToken(model),
  }));
  const target = config.corpora.domains[data.domain]?.target ?? config.target;
  const modelSize =
    target.modelSize === 'largest' ? Math.max(...sizes.map(({ n }) => n)) : target.modelSize / 1e9;
  const tokens = typeof target.tokens === 'number' ? target.tokens : config.training.cptTokens;
  const question: DesignQuestion = {
    target: { n: modelSize, d: tokens / 1e9, tolerance: target.tolerance },
    baseGeneralLoss: baseLossAt(data.baseLosses, modelSize).loss,
  };
  const warmup = 2 * (data.points[0]?.warmupTokens ?? 0);
  const evaluateAt = cptEvaluations(config)
    .filter((point) => point > 0 && point >= warmup)
    .map((point) => point / 1e9);
  const full: TokenPlan = { d: config.training.cptTokens / 1e9, evaluateAt };
  const half: TokenPlan = { d: full.d / 2, evaluateAt: evaluateAt.filter((point) => point <= full.d / 2) };

  const inputs =
    next === null
      ? null
      : {
          general: { fit: general, rows: data.rows.general },
          domain: { fit: domain, rows: data.rows.domain },
          question,
          candidates: { sizes, tokens: half.evaluateAt.length > 1 ? [full, half] : [full] },
          budget: {
            runs: next,
            ...(options.tokens === null ? {} : { tokens: options.tokens / 1e9 }),
            ...(options.flops === null ? {} : { flops: options.flops }),
          },
          level,
        };
  if (inputs) onStep(`${data.domain}: the next ${next} runs`);
  const plan = inputs ? nextRuns(inputs) : null;
  if (inputs) onStep(`${data.domain}: ${SIMULATIONS} simulated sweeps with them, and with random ones`);
  const check = inputs && plan ? verifyPlan(inputs, plan, { simulations: SIMULATIONS, seed }) : null;
  if (halfWidth !== null) onStep(`${data.domain}: power of growing designs`);
  const ratios = config.mixture.ratios;
  const table =
    halfWidth === null
      ? null
      : power({
          law: { form: general.form, parameters: general.parameters },
          ...(plan ? { noise: plan.noise } : {}),
          question,
          sweeps: growingSweeps({ sizes, ratios: [everySecond(ratios), ratios], seeds: SEEDS, tokens: full }),
          halfWidth,
          level,
          simulations: 100,
          seed,
        });
  return { domain: data.domain, from, question, plan, check, power: table };
}

/** Half of the ratios, the ends among them. */
function everySecond(ratios: readonly number[]): number[] {
  return ratios.filter((_, i) => i % 2 === 0 || i === ratios.length - 1);
}
