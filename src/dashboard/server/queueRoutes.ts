import { Hono } from 'hono';
import type { Operations } from '../../queue/operations.ts';
import { type Action, actionSchema } from '../api/queue.ts';
import { bodyOf } from './responses.ts';
import type { State } from './state.ts';

/** The queue, and what operators may do to it. */
export function queueRoutes(state: State, log: (line: string) => void): Hono {
  const app = new Hono();
  app.get('/queue', (context) => context.json(state.queue.status()));
  app.get('/queue/throughput', (context) => context.json(state.queue.throughput()));
  app.post('/queue/actions', async (context) => {
    const action = await bodyOf(context, actionSchema);
    const done = await act(state.queue.operations(), action);
    log(`from a page: ${done}`);
    return context.json({ done });
  });
  return app;
}

/** Does what is asked, and says what was done. Throws a UserError on sweeps and runs that do not run. */
async function act(operations: Operations, asked: Action): Promise<string> {
  switch (asked.action) {
    case 'pause':
      await operations.pause(asked.sweep);
      return `${asked.sweep} is paused: no further run is started`;
    case 'resume':
      await operations.resume(asked.sweep);
      return `${asked.sweep} goes on`;
    case 'retry':
      await operations.retry(asked.sweep);
      return `failed runs of ${asked.sweep} are tried again`;
    case 'cancel-sweep':
      await operations.cancelSweep(asked.sweep);
      return `${asked.sweep} is cancelled: the same command goes on from its checkpoints`;
    case 'priority':
      await operations.setPriority(asked.sweep, asked.priority);
      return `${asked.sweep} has priority ${asked.priority}`;
    case 'cancel-run':
      await operations.cancelRun(asked.run);
      return `run ${asked.run.slice(0, 12)} is cancelled: it counts as failed`;
  }
}
