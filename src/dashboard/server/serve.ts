import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import type { Hono } from 'hono';
import { UserError } from '../../common/errors.ts';

/** A connection that has not said what it wants by then is closed; looked at once a second. */
const HEADERS_TIMEOUT_MS = 5000;
/** With its body. */
const REQUEST_TIMEOUT_MS = 30_000;
const LOOK_MS = 1000;

export interface Listening {
  /** Chosen by the system where 0 was asked for. */
  readonly port: number;
  close(): Promise<void>;
}

/** Listens. `app` is asked for once the port is known. Throws a UserError when the address is taken or cannot be had. */
export async function listenWith(
  host: string,
  port: number,
  app: (port: number) => Hono,
  log: (line: string) => void,
): Promise<Listening> {
  let answering: Hono | undefined;
  const server = await new Promise<Server>((listening, failed) => {
    const opened = serve(
      {
        fetch: (request, ...rest) =>
          answering?.fetch(request, ...rest) ?? new Response(null, { status: 503 }),
        hostname: host,
        port,
        serverOptions: {
          headersTimeout: HEADERS_TIMEOUT_MS,
          requestTimeout: REQUEST_TIMEOUT_MS,
          connectionsCheckingInterval: LOOK_MS,
        },
      },
      () => listening(opened as Server),
    ) as Server;
    opened.once('error', (error: NodeJS.ErrnoException) =>
      failed(
        new UserError(
          `the dashboard cannot listen on ${host}:${port}: ${error.code === 'EADDRINUSE' ? 'the port is taken' : error.message}`,
          'choose another: --listen 127.0.0.1:7431, or port 0 for any free one',
        ),
      ),
    );
  });
  server.on('error', (error) => log(`server: ${error.message}`));
  const { port: chosen } = server.address() as { port: number };
  answering = app(chosen);
  return {
    port: chosen,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
