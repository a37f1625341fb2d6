const of = (sweep: string, rest = '') => `/api/sweeps/${encodeURIComponent(sweep)}${rest}`;

/** Every address of the server. Beside each: what a GET is answered with, see the schemas of that name. */
export const paths = {
  /** Session */
  session: '/api/session',
  /** SweepSummary[] */
  sweeps: '/api/sweeps',
  /** SweepDetail */
  sweep: (sweep: string) => of(sweep),
  /** A page of RunRow */
  runs: (sweep: string) => of(sweep, '/runs'),
  /** Curves */
  curves: (sweep: string) => of(sweep, '/curves'),
  /** The sweep's observations as CSV, a download */
  observations: (sweep: string) => of(sweep, '/observations.csv'),
  /** LawView, or Computing */
  law: (sweep: string) => of(sweep, '/law'),
  /** Answer, or Computing */
  answer: (sweep: string) => of(sweep, '/answer'),
  /** NextRuns, or Computing. POST: queues the runs of the body */
  next: (sweep: string) => of(sweep, '/next'),
  /** FormsView, or Computing */
  forms: (sweep: string) => of(sweep, '/forms'),
  /** LawVersions */
  versions: (sweep: string) => of(sweep, '/versions'),
  /** VersionDifference */
  difference: (sweep: string) => of(sweep, '/difference'),
  /** RunDetail */
  run: (run: string) => `/api/runs/${encodeURIComponent(run)}`,
  /** RunLog */
  log: (run: string) => `/api/runs/${encodeURIComponent(run)}/log`,
  /** QueueStatus */
  queue: '/api/queue',
  /** Throughput */
  throughput: '/api/queue/throughput',
  /** POST: an Action */
  actions: '/api/queue/actions',
  /** Comparison, or Computing */
  compare: '/api/compare',
  /** CrossDomainView, or Computing */
  crossDomain: '/api/cross-domain',
  /** LiveEvents, as server-sent events */
  live: '/api/live',
  /** bull-board's own pages */
  bullBoard: '/bull-board',
} as const;
