import { Hono } from 'hono';
import { openResultsStore } from '../../store/results.ts';
import {
  answerQuerySchema,
  compareQuerySchema,
  differenceQuerySchema,
  formsQuerySchema,
  lawQuerySchema,
  nextQuerySchema,
  queueNextSchema,
  versionsQuerySchema,
} from '../api/requests.ts';
import type { LawService } from '../laws/service.ts';
import { lawVersionsOf, versionDifference } from '../laws/versions.ts';
import type { QueueNext } from './queueNext.ts';
import { bodyOf, computed, queryOf } from './responses.ts';
import { NotFoundError, type State } from './state.ts';

/** Everything that is computed from measurements. */
export function lawRoutes(inputs: {
  state: State;
  service: LawService;
  queueNext: QueueNext;
  storePath: string;
}): Hono {
  const { state, service, queueNext, storePath } = inputs;
  const app = new Hono();
  /** The sweep's name; throws a NotFoundError where there is none, or it has no such domain. */
  const known = (name: string, domain?: string): string => {
    state.refresh();
    const { sweep, plan } = state.sweep(name);
    const domains = new Set(plan.map((each) => each.domain).filter((each) => each !== null));
    if (domain !== undefined && !domains.has(domain)) {
      throw new NotFoundError(`${sweep} has no domain ${domain}`, `It has: ${[...domains].join(', ')}.`);
    }
    return sweep;
  };
  app.get('/sweeps/:sweep/law', async (context) => {
    const query = queryOf(context, lawQuerySchema);
    return computed(context, await service.law(known(context.req.param('sweep'), query.domain), query));
  });
  app.get('/sweeps/:sweep/answer', async (context) => {
    const query = queryOf(context, answerQuerySchema);
    return computed(context, await service.answer(known(context.req.param('sweep'), query.domain), query));
  });
  app.get('/sweeps/:sweep/next', async (context) => {
    const query = queryOf(context, nextQuerySchema);
    return computed(context, await service.next(known(context.req.param('sweep'), query.domain), query));
  });
  app.post('/sweeps/:sweep/next', async (context) => {
    const { domain, runs } = await bodyOf(context, queueNextSchema);
    const sweep = known(context.req.param('sweep'), domain);
    return context.json({ done: await queueNext(sweep, domain, runs) });
  });
  app.get('/sweeps/:sweep/forms', async (context) => {
    const query = queryOf(context, formsQuerySchema);
    return computed(context, await service.forms(known(context.req.param('sweep'), query.domain), query));
  });
  app.get('/compare', async (context) => {
    const query = queryOf(context, compareQuerySchema);
    for (const name of query.sweeps.split(',')) known(name);
    return computed(context, await service.compare(query));
  });
  app.get('/cross-domain', async (context) => {
    const query = queryOf(context, compareQuerySchema);
    for (const name of query.sweeps.split(',')) known(name);
    return computed(context, await service.crossDomain(query));
  });
  app.get('/sweeps/:sweep/versions', (context) => {
    const { domain } = queryOf(context, versionsQuerySchema);
    const sweep = known(context.req.param('sweep'), domain);
    return context.json(withStore(storePath, (store) => lawVersionsOf(store, sweep, domain)));
  });
  app.get('/sweeps/:sweep/difference', (context) => {
    const { domain, from, to } = queryOf(context, differenceQuerySchema);
    const sweep = known(context.req.param('sweep'), domain);
    return context.json(withStore(storePath, (store) => versionDifference(store, sweep, domain, from, to)));
  });
  return app;
}

function withStore<Result>(
  path: string,
  read: (store: ReturnType<typeof openResultsStore>) => Result,
): Result {
  const store = openResultsStore(path);
  try {
    return read(store);
  } finally {
    store.close();
  }
}
