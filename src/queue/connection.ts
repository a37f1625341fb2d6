import type { Redis } from 'ioredis';
import { messageOf, UserError } from '../common/errors.ts';

/** What it takes to open a client. Holds the password: never to be logged. */
export interface ClientOptions {
  /** Unix socket, instead of host and port. */
  path?: string;
  host?: string;
  port?: number;
  db?: number;
  username?: string;
  password?: string;
  tls?: TlsFiles;
  connectTimeout?: number;
  /** Milliseconds until the n-th attempt to connect again; null ends the client. */
  retryStrategy?: (attempt: number) => number | null;
}

/** What `rediss://` is checked with: contents of PEM files. */
export interface TlsFiles {
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
  servername?: string;
}

/** A place to keep queues, checked once. Boards open their own clients to it. */
export interface QueueConnection {
  readonly kind: 'embedded' | 'redis';
  /** In words, without credentials. */
  readonly description: string;
  readonly clientOptions: ClientOptions;
  /** Clients are closed first, by whoever opened them. */
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5000;
const OLDEST_REDIS = [6, 2] as const;
const NEXT_STEP = 'start it, correct REDIS_URL, or unset REDIS_URL to use the embedded store';

/**
 * Connects to the Redis of `redisUrl`, or without one starts the embedded store in this process.
 * Throws a UserError when that Redis cannot be used; writes a line to `log` for each setting that may lose jobs.
 */
export async function openQueueConnection(options: {
  redisUrl?: string | undefined;
  tls?: TlsFiles | undefined;
  log(line: string): void;
}): Promise<QueueConnection> {
  const { redisUrl, tls, log } = options;
  if (!redisUrl) {
    // Store and client each take a while to load: only the one that is wanted.
    const { openEmbeddedStore } = await import('./embedded.ts');
    const store = await openEmbeddedStore();
    return {
      kind: 'embedded',
      description: 'embedded store',
      clientOptions: { path: store.socketPath },
      close: () => store.close(),
    };
  }
  const parsed = parseRedisUrl(redisUrl);
  const { description } = parsed;
  const clientOptions = tls ? { ...parsed.clientOptions, tls } : parsed.clientOptions;
  for (const warning of await checkRedis(clientOptions, description)) log(warning);
  return {
    kind: 'redis',
    description,
    clientOptions,
    close: async () => {},
  };
}

/** `redis[s]://[user[:password]@]host[:port][/database]` or `unix:///path`. Never repeats the URL in an error. */
export function parseRedisUrl(url: string): { clientOptions: ClientOptions; description: string } {
  const invalid = () =>
    new UserError(
      'REDIS_URL is not an address of a Redis',
      'write it as redis://user:password@host:6379/0, rediss://… for TLS, or unix:///run/redis.sock',
    );
  let parsed: URL;
  let username: string;
  let password: string;
  try {
    parsed = new URL(url);
    username = decodeURIComponent(parsed.username);
    password = decodeURIComponent(parsed.password);
  } catch {
    throw invalid();
  }
  const credentials = { ...(username && { username }), ...(password && { password }) };
  if (parsed.protocol === 'unix:' && parsed.pathname.length > 1) {
    const path = decodeURIComponent(parsed.pathname);
    return { clientOptions: { path, ...credentials }, description: `redis at ${path}` };
  }
  const database = /^\/?(\d*)$/.exec(parsed.pathname)?.[1];
  if (
    (parsed.protocol !== 'redis:' && parsed.protocol !== 'rediss:') ||
    !parsed.hostname ||
    database === undefined
  ) {
    throw invalid();
  }
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  const port = Number(parsed.port || 6379);
  const db = Number(database || 0);
  return {
    clientOptions: { host, port, db, ...credentials, ...(parsed.protocol === 'rediss:' && { tls: {} }) },
    description: `redis at ${parsed.hostname}:${port}/${db}`,
  };
}

/** Connects once. Returns warnings; throws a UserError when this Redis cannot be used. */
async function checkRedis(clientOptions: ClientOptions, description: string): Promise<string[]> {
  const { Redis } = await import('ioredis');
  const client = new Redis({
    ...clientOptions,
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    // The check asks for INFO itself, and hears why it is refused.
    enableReadyCheck: false,
  });
  // connect() rejects with "Connection is closed"; the reason comes as an event.
  let reason: unknown;
  client.on('error', (error) => {
    reason ??= error;
  });
  try {
    const deadline = setTimeout(() => {
      reason ??= new Error(`no answer within ${CONNECT_TIMEOUT_MS / 1000} s`);
      client.disconnect();
    }, CONNECT_TIMEOUT_MS);
    const info = await client
      .connect()
      .then(() => client.info())
      .then(parseInfo)
      .finally(() => clearTimeout(deadline));
    const warnings: string[] = [];
    const version = info.redis_version ?? 'unknown';
    const [major = 0, minor = 0] = version.split('.').map(Number);
    if (major < OLDEST_REDIS[0] || (major === OLDEST_REDIS[0] && minor < OLDEST_REDIS[1])) {
      throw new UserError(
        `${description} has version ${version}; ${OLDEST_REDIS.join('.')} or newer is needed`,
        'update it, set REDIS_URL to another one, or unset REDIS_URL to use the embedded store',
      );
    }
    const policy = info.maxmemory_policy ?? 'noeviction';
    if (policy !== 'noeviction') {
      warnings.push(
        `${description} may drop jobs when memory is short: set maxmemory-policy noeviction (it is ${policy})`,
      );
    }
    if (info.aof_enabled === '0' && (await savesNothing(client))) {
      warnings.push(
        `${description} keeps nothing on disk: after a restart of it, waiting jobs are enqueued again by running sweeps only`,
      );
    }
    return warnings;
  } catch (error) {
    if (error instanceof UserError) throw error;
    const detail = messageOf(reason ?? error);
    if (/NOAUTH|WRONGPASS|NOPERM|invalid password|AUTH/.test(`${messageOf(error)} ${detail}`)) {
      throw new UserError(
        `${description} refused the credentials`,
        'put the right user and password in REDIS_URL',
      );
    }
    throw new UserError(`cannot reach ${description}: ${detail}`, NEXT_STEP);
  } finally {
    client.disconnect();
  }
}

function parseInfo(text: string): Record<string, string> {
  const pairs = text.split(/\r?\n/).map((line) => line.split(':') as [string, string?]);
  return Object.fromEntries(pairs.map(([name, value]) => [name, value ?? '']));
}

/** Whether snapshots are off. A managed Redis may refuse to say: then nothing is said. */
async function savesNothing(client: Redis): Promise<boolean> {
  try {
    const [, save] = (await client.config('GET', 'save')) as string[];
    return save === '';
  } catch {
    return false;
  }
}
