import { z } from 'zod';

const interval = z.object({ low: z.number(), high: z.number(), level: z.number() });
/** JSON knows no NaN: where a law has no value stands null. */
const maybe = z.number().nullable();

/** Instead of an answer that is being computed (HTTP status 202): ask again in half a second. */
export const computingSchema = z.object({
  state: z.literal('computing'),
  /** In words: `math: the laws, and 200 fits to resampled runs`. */
  what: z.string(),
  /** Since it was asked for. */
  elapsedMs: z.number(),
});
export type Computing = z.infer<typeof computingSchema>;

/** Every failure of a request. */
export const problemSchema = z.object({ error: z.string(), nextStep: z.string().nullable() });
export type Problem = z.infer<typeof problemSchema>;

/** What every result that is computed from measurements says about itself. */
const computed = {
  state: z.literal('ready'),
  sweep: z.string(),
  domain: z.string(),
  /** ISO 8601, UTC. */
  computedAt: z.string(),
  seconds: z.number(),
  /** Measurements have come since; it is being computed anew. */
  isStale: z.boolean(),
};

export const fitViewSchema = z.object({
  form: z.string(),
  parameters: z.array(z.object({ name: z.string(), value: z.number(), interval: interval.nullable() })),
  status: z.string(),
  /** One sentence a person can act on. */
  statusDetail: z.string(),
  /** Whether the fit may be relied on as it stands. */
  isTrusted: z.boolean(),
  r2: maybe,
  meanAbsoluteError: maybe,
  meanRelativeError: maybe,
  rows: z.number(),
  objective: z.number(),
  delta: z.number(),
  starts: z.number(),
  startsNearBest: z.number(),
  nearOptimalSpread: maybe,
  conditionNumber: maybe,
  gradientNorm: maybe,
  resamples: z.number(),
  warnings: z.array(z.string()),
});
export type FitView = z.infer<typeof fitViewSchema>;

/** The law along the domain ratio, at one model size and its last token count; columns of equal length. */
export const lawCurveSchema = z.object({
  modelSize: z.number(),
  tokens: z.number(),
  ratios: z.array(z.number()),
  loss: z.array(maybe),
  low: z.array(maybe),
  high: z.array(maybe),
});
export type LawCurve = z.infer<typeof lawCurveSchema>;

/** One row that a law was fitted to, beside what the law says of it. */
export const lawPointSchema = z.object({
  run: z.string(),
  modelSize: z.number(),
  tokens: z.number(),
  domainRatio: z.number(),
  measured: z.number(),
  predicted: maybe,
  /** Band of single measurements: resampled fits, widened by what the rows scatter. */
  low: maybe,
  high: maybe,
  isOutside: z.boolean(),
  /** Of its run's last token count: the ones drawn over the curves. */
  isLast: z.boolean(),
});
export type LawPoint = z.infer<typeof lawPointSchema>;

const lossViewSchema = z.object({
  fit: fitViewSchema,
  curves: z.array(lawCurveSchema),
  /** At most some thousands, evenly chosen; every one outside the band is among them. */
  points: z.array(lawPointSchema),
  pointsInAll: z.number(),
  outside: z.number(),
  expectedOutside: z.number(),
});
export type LossView = z.infer<typeof lossViewSchema>;

/** Both laws of a domain, to look at. */
export const lawViewSchema = z.object({
  ...computed,
  form: z.string(),
  level: z.number(),
  general: lossViewSchema,
  ofDomain: lossViewSchema,
  excluded: z.object({ count: z.number(), rule: z.string() }),
  runs: z.number(),
  /** Ranges that were measured, parameters and tokens: what sliders start from. */
  measured: z.object({
    modelSizes: z.array(z.number()),
    tokens: z.object({ low: z.number(), high: z.number() }),
    ratios: z.array(z.number()),
  }),
});
export type LawView = z.infer<typeof lawViewSchema>;

const pathPointSchema = z.object({
  domainRatio: z.number(),
  generalLoss: maybe,
  domainLoss: maybe,
  generalInterval: interval.nullable(),
  domainInterval: interval.nullable(),
  /** No other ratio is better in both losses. */
  isPareto: z.boolean(),
});

/** The best ratio at a target, as `npm run recommend` answers it. */
export const answerSchema = z.object({
  ...computed,
  form: z.string(),
  target: z.object({
    modelSize: z.number(),
    tokens: z.number(),
    tolerance: z.number(),
    toleranceNats: z.number().nullable(),
  }),
  status: z.enum(['recommended', 'infeasible', 'not-identified']),
  domainRatio: maybe,
  interval: interval.nullable(),
  /** By refits with the ratio held fixed; null where it was not asked for or there is none. */
  profileInterval: interval.nullable(),
  baseGeneralLoss: z.number(),
  generalLossLimit: z.number(),
  predictedGeneralLoss: maybe,
  predictedDomainLoss: maybe,
  /** The plain sentence: what to do, or why nothing can be said. */
  sentence: z.string(),
  reason: z.string(),
  warnings: z.array(z.string()),
  /** Whether the target lies beyond what was measured, in words; null when it lies inside. */
  extrapolation: z.string().nullable(),
  tradeOff: z.array(pathPointSchema),
  /** Where the path bends most, and what a mixture trades, in words. */
  pareto: z.object({ knee: maybe, sentence: z.string() }),
  /** With limited domain text; null when not asked for. */
  limitedDomain: z
    .object({
      domainTokens: z.number(),
      status: z.string(),
      sentence: z.string(),
      domainRatio: maybe,
      interval: interval.nullable(),
      tokens: maybe,
      domainLoss: maybe,
      generalLoss: maybe,
      warnings: z.array(z.string()),
    })
    .nullable(),
  /** Critical mixture ratio by model size: another law, another tolerance. */
  critical: z.array(
    z.object({
      modelSize: z.number(),
      status: z.string(),
      domainRatio: maybe,
      interval: interval.nullable(),
    }),
  ),
  /** The command that answers the same in a terminal. */
  command: z.string(),
});
export type Answer = z.infer<typeof answerSchema>;

export const suggestedRunSchema = z.object({
  modelSize: z.number(),
  domainRatio: z.number(),
  tokens: z.number(),
  flops: z.number(),
  /** Half width of the answer's interval once this run and those before it are in. */
  halfWidthAfter: z.number(),
});

/** The runs that would narrow the answer most. */
export const nextRunsSchema = z.object({
  ...computed,
  quantity: z.enum(['domain-ratio', 'general-loss']),
  halfWidthBefore: z.number(),
  halfWidthAfter: z.number(),
  /** On simulated sweeps: now, with these runs, with as many random ones; null when not verified. */
  verified: z
    .object({ now: maybe, withPlan: maybe, withRandomRuns: maybe, simulations: z.number() })
    .nullable(),
  runs: z.array(suggestedRunSchema),
  cost: z.object({ tokens: z.number(), flops: z.number() }),
  warnings: z.array(z.string()),
  /** The command that suggests the same in a terminal. */
  command: z.string(),
});
export type NextRuns = z.infer<typeof nextRunsSchema>;

/** Forms side by side, for one loss. */
export const formsViewSchema = z.object({
  ...computed,
  losses: z.array(
    z.object({
      loss: z.enum(['general', 'domain']),
      forms: z.array(
        z.object({
          form: z.string(),
          parameters: z.number(),
          status: z.string(),
          r2: maybe,
          meanRelativeError: maybe,
          /** Mean relative error on held-out rows by protocol; null where the form could not be fitted. */
          heldOut: z.array(z.object({ protocol: z.string(), inside: maybe, beyond: maybe })),
          isRecommended: z.boolean(),
        }),
      ),
      recommendation: z.string().nullable(),
      skipped: z.array(z.object({ form: z.string(), reason: z.string() })),
    }),
  ),
});
export type FormsView = z.infer<typeof formsViewSchema>;

export const lawVersionSchema = z.object({
  version: z.number(),
  createdAt: z.string(),
  form: z.string(),
  rows: z.number(),
  generalR2: maybe,
  domainR2: maybe,
  status: z.enum(['recommended', 'infeasible', 'not-identified']),
  domainRatio: maybe,
  interval: interval.nullable(),
});
export const lawVersionsSchema = z.object({ subject: z.string(), versions: z.array(lawVersionSchema) });
export type LawVersions = z.infer<typeof lawVersionsSchema>;

/** What changed from one version to another. */
export const versionDifferenceSchema = z.object({
  subject: z.string(),
  versions: z.tuple([z.number(), z.number()]),
  laws: z.array(
    z.object({
      loss: z.enum(['general', 'domain']),
      parameters: z.array(
        z.object({
          name: z.string(),
          before: z.number(),
          after: z.number(),
          interval: interval.nullable(),
          isOutside: z.boolean().nullable(),
        }),
      ),
      rows: z.object({ before: z.number(), after: z.number(), added: z.number(), gone: z.number() }),
      /** Nats per token. */
      meanAbsoluteChange: z.number(),
      largestChange: z.number(),
      newRowsChecked: z.number(),
      newRowsOutside: z.number(),
      newRowsExpectedOutside: z.number(),
    }),
  ),
  ratio: z.object({
    before: maybe,
    after: maybe,
    beforeInterval: interval.nullable(),
    afterInterval: interval.nullable(),
  }),
  /** What deserves a look, a sentence each. */
  findings: z.array(z.string()),
});
export type VersionDifference = z.infer<typeof versionDifferenceSchema>;

/** One domain of one sweep beside others. */
export const comparedSchema = z.object({
  sweep: z.string(),
  domain: z.string(),
  modelSize: z.number(),
  tokens: z.number(),
  status: z.enum(['recommended', 'infeasible', 'not-identified']),
  domainRatio: maybe,
  interval: interval.nullable(),
  generalR2: maybe,
  domainR2: maybe,
  rows: z.number(),
  /** Rise of general loss over the base model's, share; and fall of domain loss below ratio 0, nats: along the ratio. */
  tradeOff: z.array(z.object({ domainRatio: z.number(), generalLoss: maybe, domainLoss: maybe })),
  baseGeneralLoss: z.number(),
});
export const comparisonSchema = z.object({
  state: z.literal('ready'),
  computedAt: z.string(),
  seconds: z.number(),
  isStale: z.boolean(),
  rows: z.array(comparedSchema),
  /** Domains or sweeps that have nothing to compare yet, in words. */
  problems: z.array(z.string()),
});
export type Comparison = z.infer<typeof comparisonSchema>;

const errorsSchema = z.object({ r2: maybe, meanRelativeError: maybe });
/** One law over all domains, and how well each K foretells a domain that it has not seen. */
export const crossDomainSchema = z.object({
  state: z.literal('ready'),
  computedAt: z.string(),
  seconds: z.number(),
  isStale: z.boolean(),
  domains: z.array(z.string()),
  probes: z.array(
    z.object({
      domain: z.string(),
      general: z.object({ k1: z.number(), k2: z.number(), k3: z.number() }),
      ofDomain: z.object({ k1: z.number(), k2: z.number(), k3: z.number() }),
    }),
  ),
  /** Tokens of all probes over those of all CPT runs. */
  probeShare: z.number(),
  methods: z.array(
    z.object({
      method: z.string(),
      holdOuts: z.number(),
      general: errorsSchema,
      ofDomain: errorsSchema,
      worstDomainError: maybe,
      ratioError: maybe,
      ratioDisagreements: z.number(),
    }),
  ),
  best: z.string(),
  /** K of each domain by the best kind, and the law's parameters. */
  k: z.array(z.object({ domain: z.string(), general: z.number(), ofDomain: z.number() })),
  parameters: z.object({
    general: z.record(z.string(), z.number()),
    ofDomain: z.record(z.string(), z.number()),
  }),
  holdOuts: z.array(
    z.object({
      method: z.string(),
      fitted: z.array(z.string()),
      unseen: z.string(),
      general: errorsSchema,
      ofDomain: errorsSchema,
      predictedRatio: maybe,
      ownRatio: maybe,
    }),
  ),
});
export type CrossDomainView = z.infer<typeof crossDomainSchema>;
