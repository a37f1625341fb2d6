import { Hono, type MiddlewareHandler } from 'hono';
import { etag } from 'hono/etag';
import type { Problem } from '../api/laws.ts';
import { paths } from '../api/paths.ts';
import type { Session } from '../api/session.ts';
import type { LawService } from '../laws/service.ts';
import type { Access } from './access.ts';
import { compressed } from './compressed.ts';
import { guards, HOW } from './guards.ts';
import { lawRoutes } from './lawRoutes.ts';
import type { Hub } from './live.ts';
import { liveRoute } from './liveRoute.ts';
import { pageRoutes } from './pageRoutes.ts';
import type { QueueNext } from './queueNext.ts';
import { queueRoutes } from './queueRoutes.ts';
import { onError } from './responses.ts';
import type { State } from './state.ts';
import { sweepRoutes } from './sweepRoutes.ts';

export interface AppInputs {
  access: Access;
  state: State;
  hub: Hub;
  service: LawService;
  queueNext: QueueNext;
  /** bull-board's pages. */
  bullBoard: Hono | null;
  runsFolder: string;
  storePath: string;
  /** Where the built page lies. */
  pageFolder: string;
  version: string;
  log(line: string): void;
}

const NO_ADDRESS: Problem = {
  error: 'there is no such address',
  nextStep: 'The page begins at /.',
};

const withTag = etag();
/** What has not changed is not sent again. Neither what is being computed nor what is streamed can be tagged. */
const tagged: MiddlewareHandler = async (context, next) => {
  await next();
  const isWhole = context.res.headers.get('Content-Type')?.startsWith('application/json');
  if (context.res.status === 200 && isWhole) await withTag(context, async () => {});
};

/** Every address of the dashboard, behind its guards. */
export function dashboardApp(inputs: AppInputs): Hono {
  const { access, state, log } = inputs;
  const app = new Hono();
  app.onError(onError(log));
  for (const guard of guards(access)) app.use(guard);
  app.use(compressed);
  app.route('/api', liveRoute(inputs.hub));
  app.use('/api/*', tagged);
  app.get(paths.session, (context) => {
    const mayChange = context.get('mayChange');
    const session: Session = {
      version: inputs.version,
      mayChange,
      how: mayChange ? null : HOW,
      runsFolder: inputs.runsFolder,
      bullBoard: inputs.bullBoard !== null,
    };
    return context.json(session);
  });
  app.route('/api', sweepRoutes(state));
  app.route('/api', lawRoutes(inputs));
  app.route('/api', queueRoutes(state, log));
  app.all('/api/*', (context) => context.json(NO_ADDRESS, 404));
  if (inputs.bullBoard) app.route(paths.bullBoard, inputs.bullBoard);
  app.route('/', pageRoutes(inputs.pageFolder));
  return app;
}
