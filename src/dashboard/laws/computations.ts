import { crossDomainReport } from '../../analysis/crossDomain.ts';
import { fitForms } from '../../analysis/fitForms.ts';
import { recommendFrom } from '../../analysis/recommend.ts';
import { recommendationText } from '../../analysis/recommendText.ts';
import { UserError } from '../../common/errors.ts';
import { resolveConfig } from '../../config/resolveConfig.ts';
import { treeOf } from '../../config/tree.ts';
import { kOf } from '../../laws/crossDomain/forms.ts';
import type { LawPair } from '../../laws/fitting/bootstrap.ts';
import type { Interval } from '../../laws/types.ts';
import { tradeOff } from '../../report/lawCurves.ts';
import { planNext } from '../../sweep/planNext.ts';
import type { Answer, Comparison, CrossDomainView, FormsView, LawView, NextRuns } from '../api/laws.ts';
import { finite, lossView, measuredRanges } from './lawViews.ts';
import { DEFAULTS, type Measurements } from './measurements.ts';
import type { Question } from './protocol.ts';

/** Without what child.ts adds to every result. */
type Computed<Result> = Omit<Result, 'state' | 'computedAt' | 'seconds' | 'isStale'>;
type QueryOf<Kind extends Question['kind']> = Extract<Question, { kind: Kind }>['query'];
type Step = (what: string) => void;

export function lawView(
  measurements: Measurements,
  { sweep, domain, form }: QueryOf<'law'>,
  onStep: Step,
): Computed<LawView> {
  const data = measurements.domain(sweep, domain);
  const laws = measurements.laws(data, form, onStep);
  return {
    ...{ sweep, domain, form, level: DEFAULTS.level },
    general: lossView(laws.general, data.rows.general, 'general'),
    ofDomain: lossView(laws.domain, data.rows.domain, 'domain'),
    excluded: data.rows.excluded,
    runs: new Set(data.points.map(({ run }) => run)).size,
    measured: measuredRanges(data),
  };
}

/** The very answer of `npm run recommend` with the same words. */
export function answerView(
  measurements: Measurements,
  query: QueryOf<'answer'>,
  onStep: Step,
): Computed<Answer> {
  const { sweep, domain, form, tolerance, toleranceNats, domainTokens, profile } = query;
  const data = measurements.domain(sweep, domain);
  const laws = measurements.laws(data, form, onStep);
  const answer = recommendFrom(data, laws, {
    ...{ ...DEFAULTS, form, tolerance, profile, onStep },
    modelSize: query.modelSize === undefined ? null : query.modelSize / 1e9,
    tokens: query.tokens === undefined ? null : query.tokens / 1e9,
    ...(toleranceNats === undefined ? {} : { toleranceNats }),
    ...(domainTokens === undefined ? {} : { domainTokens: domainTokens / 1e9 }),
  });
  const { usage1, usage2, pareto } = answer;
  const { target } = usage1;
  return {
    ...{ sweep, domain, form, status: usage1.status, reason: usage1.reason, warnings: usage1.warnings },
    target: {
      modelSize: Math.round(target.n * 1e9),
      tokens: Math.round(target.d * 1e9),
      tolerance: target.tolerance,
      toleranceNats: target.toleranceNats ?? null,
    },
    domainRatio: finite(usage1.domainRatio),
    interval: usage1.interval,
    profileInterval: boundsOf(answer.profile?.ratio ?? null),
    baseGeneralLoss: usage1.baseGeneralLoss,
    generalLossLimit: usage1.generalLossLimit,
    predictedGeneralLoss: finite(usage1.predictedGeneralLoss),
    predictedDomainLoss: finite(usage1.predictedDomainLoss),
    sentence: recommendationText(answer).split('\n')[0]!,
    extrapolation: extrapolation(target, measuredRanges(data)),
    tradeOff: pathOf(laws, target, new Set(pareto.points.map((point) => point.domainRatio))),
    pareto: { knee: finite(pareto.knee), sentence: pareto.sentence },
    limitedDomain: usage2 && {
      ...{ domainTokens: domainTokens!, status: usage2.status, sentence: usage2.sentence },
      domainRatio: finite(usage2.domainRatio?.value),
      interval: usage2.domainRatio?.interval ?? null,
      tokens: usage2.tokens === null ? null : usage2.tokens * 1e9,
      domainLoss: finite(usage2.domainLoss),
      generalLoss: finite(usage2.generalLoss),
      warnings: usage2.warnings,
    },
    critical: answer.critical.map(({ modelSize, status, domainRatio, interval }) => ({
      ...{ modelSize: Math.round(modelSize * 1e9), status, domainRatio: finite(domainRatio), interval },
    })),
    command: commandOf(measurements.runsFolder, query, target),
  };
}

/** A profile's interval without the refits that it was read from. */
const boundsOf = (interval: Interval | null): Interval | null =>
  interval && { low: interval.low, high: interval.high, level: interval.level };

/** The ratios at which paretoFront looks. */
const PATH_POINTS = 101;

function pathOf(
  laws: LawPair,
  target: { n: number; d: number },
  front: ReadonlySet<number>,
): Answer['tradeOff'] {
  return tradeOff(laws.general, laws.domain, target, PATH_POINTS).map((point) => ({
    domainRatio: point.domainRatio,
    generalLoss: finite(point.generalLoss),
    domainLoss: finite(point.domainLoss),
    generalInterval: point.generalInterval,
    domainInterval: point.domainInterval,
    isPareto: front.has(point.domainRatio),
  }));
}

/** Whether a target lies beyond what was measured, in words; null when it lies inside. */
function extrapolation(
  { n, d }: { n: number; d: number },
  { modelSizes, tokens }: LawView['measured'],
): string | null {
  const beyond = [
    { times: (n * 1e9) / modelSizes.at(-1)!, of: 'the largest model size' },
    { times: (d * 1e9) / tokens.high, of: 'the largest token count' },
    { times: modelSizes[0]! / (n * 1e9), of: 'the smallest model size', below: true },
  ].filter(({ times }) => times > 1.001);
  if (beyond.length === 0) return null;
  const words = beyond.map(({ times, of, below }) =>
    below ? `${times.toPrecision(3)} times below ${of}` : `${times.toPrecision(3)} times ${of}`,
  );
  return `The target is ${words.join(' and ')} that was measured: the law is extrapolated.`;
}

function commandOf(runsFolder: string, query: QueryOf<'answer'>, target: { n: number; d: number }): string {
  const { sweep, domain, form, tolerance, toleranceNats, domainTokens } = query;
  const flags = [
    `--domain ${domain}`,
    `--at model_size=${Math.round(target.n * 1e9)},tokens=${Math.round(target.d * 1e9)}`,
    toleranceNats === undefined ? `--tolerance ${tolerance}` : `--tolerance-nats ${toleranceNats}`,
    ...(form === 'L3' ? [] : [`--form ${form}`]),
    ...(domainTokens === undefined ? [] : [`--domain-tokens ${Math.round(domainTokens)}`]),
    ...(runsFolder === 'runs' ? [] : [`--runs ${runsFolder}`]),
  ];
  return `npm run recommend -- ${sweep} ${flags.join(' ')}`;
}

export function nextView(
  { sweep: read, runsFolder }: Measurements,
  { sweep, domain, runs }: QueryOf<'next'>,
  onStep: Step,
): Computed<NextRuns> {
  const { config } = resolveConfig(treeOf(read(sweep).config, `the saved config of ${sweep}`));
  const [found] = planNext({
    ...{ config, runsFolder, like: null, domain, next: runs, tokens: null, flops: null, halfWidth: null },
    ...{ level: DEFAULTS.level, seed: DEFAULTS.seed, onStep },
  });
  if (!found?.plan) throw new UserError(`no further run of ${domain} can be suggested`);
  const { plan, check } = found;
  return {
    ...{ sweep, domain, quantity: plan.quantity, warnings: plan.warnings },
    halfWidthBefore: plan.before.halfWidth,
    halfWidthAfter: plan.after.halfWidth,
    verified: check && {
      now: finite(check.now.halfWidth),
      withPlan: finite(check.withPlan.halfWidth),
      withRandomRuns: finite(check.withRandomRuns.halfWidth),
      simulations: check.now.simulations,
    },
    runs: plan.runs.map(({ n, domainRatio, d, flops, halfWidthAfter }) => ({
      modelSize: Math.round(n * 1e9),
      tokens: Math.round(d * 1e9),
      ...{ domainRatio, flops, halfWidthAfter },
    })),
    cost: { tokens: plan.cost.tokens * 1e9, flops: plan.cost.flops },
    command: `npm run plan -- ${runsFolder}/${sweep}/config.yaml --next ${runs} --domain ${domain}${runsFolder === 'runs' ? '' : ` --runs ${runsFolder}`}`,
  };
}

export function formsView(
  measurements: Measurements,
  { sweep, domain, validate }: QueryOf<'forms'>,
  onStep: Step,
): Computed<FormsView> {
  const { rows } = measurements.domain(sweep, domain);
  const losses = (['general', 'domain'] as const).map((loss): FormsView['losses'][number] => {
    const { fits, skipped, validation, recommendation } = fitForms(
      { loss: `${loss}_loss`, domain, rows: rows[loss] },
      { ...DEFAULTS, forms: 'all', resamples: 0, validate, onStep },
    );
    return {
      loss,
      forms: fits.map((fit) => {
        const held = validation?.find(({ name }) => name === fit.form);
        return {
          form: fit.form,
          parameters: Object.keys(fit.parameters).length,
          status: fit.status,
          r2: finite(fit.quality.r2),
          meanRelativeError: finite(fit.quality.meanRelativeError),
          heldOut: Object.entries(held?.heldOut ?? {}).map(([protocol, result]) => ({
            protocol,
            inside: finite(result.interpolation?.meanRelativeError),
            beyond: finite(result.extrapolation?.meanRelativeError),
          })),
          isRecommended: recommendation?.form === fit.form,
        };
      }),
      recommendation: recommendation?.reason ?? null,
      skipped,
    };
  });
  return { sweep, domain, losses };
}

export function compareView(
  measurements: Measurements,
  { sweeps, tolerance, form }: QueryOf<'compare'>,
  onStep: Step,
): Computed<Comparison> {
  const rows: Comparison['rows'] = [];
  const problems: string[] = [];
  for (const sweep of sweeps.split(',')) {
    const { domains } = measurements.sweep(sweep);
    if (domains.length === 0) problems.push(`${sweep}: no CPT run has been measured yet`);
    for (const data of domains) {
      try {
        const laws = measurements.laws(data, form, onStep);
        const { usage1 } = recommendFrom(data, laws, {
          ...{ ...DEFAULTS, form, tolerance, modelSize: null, tokens: null, profile: false },
        });
        const { n, d } = usage1.target;
        rows.push({
          ...{ sweep, domain: data.domain, modelSize: Math.round(n * 1e9), tokens: Math.round(d * 1e9) },
          ...{ status: usage1.status, domainRatio: finite(usage1.domainRatio), interval: usage1.interval },
          generalR2: finite(laws.general.quality.r2),
          domainR2: finite(laws.domain.quality.r2),
          rows: data.rows.general.length,
          tradeOff: pathOf(laws, { n, d }, new Set()).map(({ domainRatio, generalLoss, domainLoss }) => ({
            ...{ domainRatio, generalLoss, domainLoss },
          })),
          baseGeneralLoss: usage1.baseGeneralLoss,
        });
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        problems.push(`${sweep}, ${data.domain}: ${error.message}`);
      }
    }
  }
  return { rows, problems };
}

export function crossDomainView(
  measurements: Measurements,
  { sweeps, tolerance }: QueryOf<'crossDomain'>,
  onStep: Step,
): Computed<CrossDomainView> {
  const domains = sweeps
    .split(',')
    .flatMap((sweep) => measurements.sweep(sweep).domains)
    .filter(({ rows }) => rows.general.length > 0);
  const twice = domains.find((data, i) => domains.findIndex(({ domain }) => domain === data.domain) !== i);
  if (twice) throw new UserError(`${twice.domain} is a domain of two of these sweeps`, 'Choose one of them.');
  const report = crossDomainReport(domains, { target: null, tolerance, onStep });
  const { best, laws } = report;
  const errors = ({ r2, meanRelativeError }: { r2: number; meanRelativeError: number }) => ({
    r2: finite(r2),
    meanRelativeError: finite(meanRelativeError),
  });
  return {
    domains: report.domains,
    probes: report.probes.map(({ domain, general, ofDomain }) => ({ domain, general, ofDomain })),
    probeShare: report.probeShare,
    best,
    k: report.probes.map(({ domain, general, ofDomain }) => ({
      domain,
      general: kOf(best, laws[best].general.parameters, general),
      ofDomain: kOf(best, laws[best].ofDomain.parameters, ofDomain),
    })),
    parameters: { general: laws[best].general.parameters, ofDomain: laws[best].ofDomain.parameters },
    methods: report.summary.map((each) => ({
      ...{ method: each.method, holdOuts: each.holdOuts, ratioDisagreements: each.ratioDisagreements },
      general: errors(each.general),
      ofDomain: errors(each.ofDomain),
      worstDomainError: finite(each.worstDomainError),
      ratioError: finite(each.ratioError),
    })),
    holdOuts: report.holdOuts.map((each) => ({
      ...{ method: each.method, fitted: each.fitted, unseen: each.unseen },
      general: errors(each.general),
      ofDomain: errors(each.ofDomain),
      predictedRatio: finite(each.predictedRatio),
      ownRatio: finite(each.ownRatio),
    })),
  };
}
