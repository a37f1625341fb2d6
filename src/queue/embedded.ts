import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  attachSession,
  createRedisCommandExecutor,
  RedisServerState,
  SocketConnectionTransport,
} from 'js-redis-server/core';
import { messageOf, UserError } from '../common/errors.ts';
import { isAlive } from '../common/processes.ts';

/** A Redis in JavaScript inside this process. What it holds ends with the process: it is dispatch only. */
export interface EmbeddedStore {
  /** Unix socket that only this user can connect to. */
  readonly socketPath: string;
  /** Ends every connection and removes the socket. */
  close(): Promise<void>;
}

const FOLDER = /^mixture-queue-(\d+)-/;
/** Node cuts a longer socket path short without saying so, and then listens somewhere else. */
const MAX_SOCKET_PATH_BYTES = 107;

/**
 * Starts the store on a Unix socket in a fresh private folder. (The package's own createRedisServer listens on all
 * interfaces without a password.)
 */
export async function openEmbeddedStore(): Promise<EmbeddedStore> {
  const folder = privateFolder();
  const socketPath = join(folder, 's');
  const state = new RedisServerState({ databaseCount: 1, compatibility: 'redis-7.2' });
  const executor = createRedisCommandExecutor({ compatibility: 'redis-7.2' });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const { session } = attachSession(new SocketConnectionTransport(socket), { state, executor });
    socket.once('close', () => {
      sockets.delete(socket);
      // Without this, a blocking read of a client that is gone stays until its timeout: it would swallow the wake-up
      // meant for another, and keep the process alive.
      session.close();
    });
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(socketPath, () => {
      server.removeListener('error', failed);
      listening();
    });
  });
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);

  let closing: Promise<void> | undefined;
  return {
    socketPath,
    close: () => {
      closing ??= (async () => {
        const closed = new Promise((done) => server.close(done));
        for (const socket of sockets) socket.destroy();
        await closed;
        state.close();
        process.removeListener('exit', removeFolder);
        removeFolder();
      })();
      return closing;
    },
  };
}

/** A new folder of mode 0700 under the first of the usual places that leaves room for a socket's path. */
function privateFolder(): string {
  const places = [process.env.XDG_RUNTIME_DIR, tmpdir(), '/tmp'].filter((place) => place !== undefined);
  const problems: string[] = [];
  for (const place of new Set(places)) {
    // The name as mkdtemp makes it (six random characters), and the socket's in it.
    const longest = Buffer.byteLength(join(place, `mixture-queue-${process.pid}-XXXXXX`, 's'));
    if (longest > MAX_SOCKET_PATH_BYTES) {
      problems.push(`${place} is too long a path for a socket`);
      continue;
    }
    try {
      removeLeftOvers(place);
      const folder = mkdtempSync(join(place, `mixture-queue-${process.pid}-`));
      chmodSync(folder, 0o700);
      return folder;
    } catch (error) {
      problems.push(messageOf(error));
    }
  }
  throw new UserError(
    `no place for the queue's private socket: ${problems.join('; ')}`,
    'set TMPDIR to a short path that can be written, or set REDIS_URL',
  );
}

/** Folders of this user's processes that were killed. */
function removeLeftOvers(place: string): void {
  for (const name of readdirSync(place)) {
    const pid = FOLDER.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const path = join(place, name);
    if (statSync(path, { throwIfNoEntry: false })?.uid !== process.getuid?.()) continue;
    rmSync(path, { recursive: true, force: true });
  }
}
