import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../common/atomicFile.ts';
import { messageOf, UserError } from '../common/errors.ts';
import { isAlive } from '../common/processes.ts';
import { secretFrom } from '../common/secrets.ts';
import { openQueueConnection, type QueueConnection, type TlsFiles } from './connection.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Where the queue is, from the environment alone: credentials on a command line could be read by everyone. */
export interface QueueSettings {
  redisUrl?: string;
  tls?: TlsFiles;
}

const TLS_FILES = {
  ca: 'REDIS_TLS_CA_FILE',
  cert: 'REDIS_TLS_CERT_FILE',
  key: 'REDIS_TLS_KEY_FILE',
} as const;

/**
 * Reads REDIS_URL or REDIS_URL_FILE, and for `rediss://` REDIS_TLS_CA_FILE, REDIS_TLS_CERT_FILE, REDIS_TLS_KEY_FILE and
 * REDIS_TLS_SERVERNAME. Throws a UserError on files that cannot be read.
 */
export function queueSettings(variables: Variables): QueueSettings {
  const redisUrl = secretFrom(variables, 'REDIS_URL');
  const tls: TlsFiles = {};
  for (const [name, variable] of Object.entries(TLS_FILES)) {
    const path = variables[variable];
    if (!path) continue;
    try {
      tls[name as keyof typeof TLS_FILES] = readFileSync(path);
    } catch (error) {
      throw new UserError(`the file of ${variable} cannot be read: ${messageOf(error)}`, 'check its path');
    }
  }
  if (variables.REDIS_TLS_SERVERNAME) tls.servername = variables.REDIS_TLS_SERVERNAME;
  const hasTls = Object.keys(tls).length > 0;
  if (hasTls && redisUrl && !redisUrl.startsWith('rediss:')) {
    throw new UserError('REDIS_TLS_… is set, but REDIS_URL does not ask for TLS', 'write it as rediss://…');
  }
  return { ...(redisUrl && { redisUrl }), ...(hasTls && { tls }) };
}

const EMBEDDED_FILE = 'queue.json';
const embeddedSchema = z.object({ socketPath: z.string(), pid: z.int() });

/** Says in the runs folder where the embedded store of this process can be found, while it lives. */
export function tellEmbedded(runsFolder: string, connection: QueueConnection): void {
  const { path } = connection.clientOptions;
  if (connection.kind !== 'embedded' || path === undefined) return;
  const place = { socketPath: path, pid: process.pid };
  writeFileAtomic(join(runsFolder, EMBEDDED_FILE), `${JSON.stringify(place)}\n`);
}

/**
 * Connects to the queue of a running sweep: the Redis of the settings, or the embedded store of the sweep that runs in
 * this folder. Throws a UserError when there is neither.
 */
export async function connectToRunning(
  settings: QueueSettings,
  runsFolder: string,
  log: (line: string) => void,
): Promise<QueueConnection> {
  if (settings.redisUrl) return openQueueConnection({ ...settings, log });
  const path = join(runsFolder, EMBEDDED_FILE);
  if (existsSync(path)) {
    const place = embeddedSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    if (place.success && isAlive(place.data.pid) && existsSync(place.data.socketPath)) {
      return {
        kind: 'embedded',
        description: `embedded store of process ${place.data.pid}`,
        clientOptions: { path: place.data.socketPath },
        close: async () => {},
      };
    }
  }
  throw new UserError(
    `no sweep is running in ${runsFolder}, and REDIS_URL is not set`,
    'start a sweep, name its --runs folder, or set REDIS_URL',
  );
}
