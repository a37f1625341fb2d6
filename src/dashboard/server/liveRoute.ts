import { type Context, Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { liveQuerySchema } from '../api/requests.ts';
import { type Hub, MOST_WAITING_BYTES } from './live.ts';
import { queryOf } from './responses.ts';

/** So that proxies and browsers see that the connection lives. */
const BEAT_MS = 15_000;
/** How long a browser waits before it connects again. */
const RETRY_MS = 1000;

/** Server-sent events: see LiveEvents. */
export function liveRoute(hub: Hub): Hono {
  const app = new Hono();
  app.get('/live', (context: Context) => {
    const { sweep = null, run = null } = queryOf(context, liveQuerySchema);
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
