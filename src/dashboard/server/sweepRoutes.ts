import { Hono } from 'hono';
import { curvesQuerySchema, runIdSchema, runsQuerySchema, sweepNameSchema } from '../api/requests.ts';
import type { Curve, Curves, RunDetail, RunLog, RunRow } from '../api/sweeps.ts';
import type { MirroredSweep } from './mirror.ts';
import { observationsText } from './observationsText.ts';
import type { PlannedRow } from './queries.ts';
import { queryOf } from './responses.ts';
import { NotFoundError, type State } from './state.ts';

/** Sweeps, their runs and what was measured. */
export function sweepRoutes(state: State): Hono {
  const app = new Hono();
  const fresh = (name: string): MirroredSweep => {
    const sweep = sweepNameSchema.safeParse(name);
    state.refresh();
    return state.sweep(sweep.success ? sweep.data : '?');
  };

  app.get('/sweeps', (context) => {
    state.refresh();
    return context.json(state.summaries());
  });
  app.get('/sweeps/:sweep', (context) => context.json(state.detail(fresh(context.req.param('sweep')).sweep)));
  app.get('/sweeps/:sweep/runs', (context) => {
    const query = queryOf(context, runsQuerySchema);
    const rows = chosenRows(
      fresh(context.req.param('sweep')).plan.map((each) => state.mirror.row(each)),
      query,
    );
    const items = rows.slice(query.offset, query.offset + query.limit);
    return context.json({ items, total: rows.length, offset: query.offset });
  });
  app.get('/sweeps/:sweep/curves', (context) => {
    const query = queryOf(context, curvesQuerySchema);
    const plan = fresh(context.req.param('sweep')).plan.filter(
      (each) =>
        (each.domain === null ? query.base : query.domain === undefined || each.domain === query.domain) &&
        (query.modelSize === undefined || each.modelSize === query.modelSize) &&
        (query.domainRatio === undefined || each.domain === null || each.domainRatio === query.domainRatio) &&
        (query.seed === undefined || each.seed === query.seed),
    );
    // Runs without any measurement have no curve to draw.
    const begun = plan.filter(({ run }) => state.mirror.runs.get(run)?.last);
    const curves: Curves = {
      curves: evenly(begun, query.limit).map((each) => curveOf(state, each)),
      omitted: Math.max(0, begun.length - query.limit),
    };
    return context.json(curves);
  });
  app.get('/sweeps/:sweep/observations.csv', (context) => {
    const { sweep } = fresh(context.req.param('sweep'));
    return new Response(observationsText(state, sweep), {
      headers: {
        'Content-Type': 'text/csv; charset=utf-8',
        'Content-Disposition': `attachment; filename="${sweep}-observations.csv"`,
        'Cache-Control': 'no-store',
      },
    });
  });
  app.get('/runs/:run', (context) => context.json(runDetail(state, context.req.param('run'))));
  app.get('/runs/:run/log', async (context) => {
    const { run } = runDetail(state, context.req.param('run'));
    return context.json(await runLog(state, run));
  });
  return app;
}

function chosenRows(rows: RunRow[], query: ReturnType<typeof runsQuerySchema.parse>): RunRow[] {
  const search = query.search?.toLowerCase();
  const chosen = rows.filter(
    (row) =>
      (query.status === undefined || row.status === query.status) &&
      (query.domain === undefined || row.domain === query.domain) &&
      (search === undefined || row.label.toLowerCase().includes(search) || row.run.startsWith(search)),
  );
  const { sort } = query;
  const sign = query.descending ? -1 : 1;
  if (sort === 'plan') return query.descending ? chosen.reverse() : chosen;
  return chosen.sort((a, b) => {
    const [left, right] = [a[sort], b[sort]];
    // What has no value stands last either way.
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    return sign * (left < right ? -1 : Number(left > right));
  });
}

/** At most `most` of the items, spread over all of them. */
function evenly<Item>(items: readonly Item[], most: number): readonly Item[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, i) => items[Math.floor((i * items.length) / most)]!);
}

function curveOf(state: State, { run, label, domain, modelSize, domainRatio, seed }: PlannedRow): Curve {
  const rows = state.mirror.queries()!.runObservations(run);
  return {
    ...{ run, label, kind: state.mirror.runs.get(run)!.kind, domain, modelSize, domainRatio, seed },
    tokens: rows.map((row) => row.tokens),
    generalLoss: rows.map((row) => row.generalLoss),
    domainLoss: rows.map((row) => row.domainLoss),
    generalBitsPerByte: rows.map((row) => row.generalBitsPerByte),
    domainBitsPerByte: rows.map((row) => row.domainBitsPerByte),
  };
}

function runDetail(state: State, given: string): RunDetail {
  state.refresh();
  const parsed = runIdSchema.safeParse(given);
  const known = parsed.success ? state.mirror.runs.get(parsed.data) : undefined;
  const record = known && state.mirror.queries()!.runRecord(known.run);
  const planned = known
    ? [...state.mirror.sweeps.values()].flatMap(({ plan }) => plan.filter(({ run }) => run === known.run))
    : [];
  if (!known || !record || planned.length === 0) {
    throw new NotFoundError('there is no such run', 'Its id may be of another runs folder.');
  }
  return {
    ...state.mirror.row(planned[0]!),
    parent: known.parent,
    sweeps: planned.map(({ sweep }) => sweep),
    spec: JSON.parse(record.spec),
    environment:
      record.environment === null ? {} : (JSON.parse(record.environment) as Record<string, string>),
    seconds:
      record.seconds === null ? null : (JSON.parse(record.seconds) as NonNullable<RunDetail['seconds']>),
    epochs: { general: record.generalEpochs, domain: record.domainEpochs },
    curve: curveOf(state, planned[0]!),
  };
}

async function runLog(state: State, run: string): Promise<RunLog> {
  if (state.queue.status().state === 'none') {
    return { lines: [], note: 'No queue is running: a run’s log stands there as long as its job does.' };
  }
  const lines = await state.queue.operations().runLog(run, 0);
  if (lines === null)
    return { lines: [], note: 'The run is not in the queue: its log has gone with its job.' };
  return { lines, note: null };
}
