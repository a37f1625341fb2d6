import { connect, createServer, type Socket } from 'node:net';

export interface TroubledLine {
  url: string;
  /** Bytes that went each way so far. */
  sent: { toServer: number; toClient: number };
  /** Connections break after so many more bytes towards the client, one per number; then they hold. */
  breakAnswers(...bytes: number[]): void;
  /** The same towards the server. */
  breakRequests(...bytes: number[]): void;
  /** A cut cable: bytes are swallowed both ways, connections stay open. */
  swallow(yes: boolean): void;
  close(): Promise<void>;
}

/** Passes bytes between a free port of loopback and a server, as badly as it is told. */
export async function troubledLine(serverUrl: string): Promise<TroubledLine> {
  const { port, hostname } = new URL(serverUrl);
  const sockets = new Set<Socket>();
  const sent = { toServer: 0, toClient: 0 };
  const breaks = { toServer: [] as number[], toClient: [] as number[] };
  let swallows = false;
  const server = createServer((client) => {
    const onward = connect(Number(port), hostname);
    let isBroken = false;
    const breakOff = () => {
      client.destroy();
      onward.destroy();
    };
    for (const socket of [client, onward]) {
      sockets.add(socket);
      socket.on('error', breakOff);
      socket.on('close', () => {
        sockets.delete(socket);
        breakOff();
      });
    }
    const pass = (from: Socket, to: Socket, way: 'toServer' | 'toClient') =>
      from.on('data', (chunk: Buffer) => {
        if (swallows || isBroken) return;
        const left = breaks[way][0];
        const piece = left === undefined ? chunk : chunk.subarray(0, left);
        sent[way] += piece.byteLength;
        if (left !== undefined && chunk.byteLength >= left) {
          breaks[way].shift();
          isBroken = true;
          to.end(piece, breakOff);
          return;
        }
        if (left !== undefined) breaks[way][0] = left - chunk.byteLength;
        if (!to.write(piece)) {
          from.pause();
          to.once('drain', () => from.resume());
        }
      });
    pass(client, onward, 'toServer');
    pass(onward, client, 'toClient');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    sent,
    breakAnswers: (...bytes) => {
      breaks.toClient = bytes;
    },
    breakRequests: (...bytes) => {
      breaks.toServer = bytes;
    },
    swallow: (yes) => {
      swallows = yes;
    },
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
