import { type Context, Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { Problem } from '../api/laws.ts';
import { liveQuerySchema } from '../api/requests.ts';
import { type Hub, MOST_WAITING_BYTES } from './live.ts';
import { queryOf } from './responses.ts';

/** So that proxies and browsers see that the connection lives. */
const BEAT_MS = 15_000;
/** How long a browser waits before it connects again. */
const RETRY_MS = 1000;

const FULL: Problem = {
  error: 'too many pages are open already',
  nextStep: 'Close some; this one tries again by itself.',
};

/** Server-sent events: see LiveEvents. */
export function liveRoute(hub: Hub): Hono {
  const app = new Hono();
  app.get('/live', (context: Context) => {
    const { sweep = null, run = null } = queryOf(context, liveQuerySchema);
    // Nobody reads the answer to a HEAD, and nobody would end it.
    if (context.req.method === 'HEAD')
      return context.body(null, 200, { 'Content-Type': 'text/event-stream' });
    if (hub.isFull()) return context.json(FULL, 503);
    return streamSSE(context, async (stream) => {
      let waiting = 0;
      let ended = () => {};
      const over = new Promise<void>((resolve) => {
        ended = resolve;
      });
      const write = (message: Parameters<typeof stream.writeSSE>[0]) => {
        waiting += String(message.data).length;
        stream
          .writeSSE(message)
          .catch(() => ended())
          .finally(() => {
            waiting -= String(message.data).length;
          });
      };
      const leave = hub.add({
        sweep,
        run,
        send: (event, data) => {
          if (waiting > MOST_WAITING_BYTES) {
            // What waits is thrown away: to close would be to wait for its reader.
            stream.abort();
            ended();
            return false;
          }
          write({ event, data, retry: RETRY_MS });
          return true;
        },
      });
      if (!leave) return;
      const beat = setInterval(() => write({ event: 'beat', data: '' }), BEAT_MS);
      stream.onAbort(ended);
      await over;
      clearInterval(beat);
      leave();
    });
  });
  return app;
}
