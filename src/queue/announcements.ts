import type { Redis } from 'ioredis';
import type { z } from 'zod';
import { PREFIX } from './names.ts';

/** Written by the server's clock, so that a clock that is wrong or was set on one machine makes nobody look dead. */
const ANNOUNCE = `
  local t = redis.call('TIME')
  local now = t[1] * 1000 + math.floor(t[2] / 1000)
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('ZADD', KEYS[2], now, ARGV[1])
  return now`;
const LIST = `
  local t = redis.call('TIME')
  return { t[1] * 1000 + math.floor(t[2] / 1000), redis.call('HGETALL', KEYS[1]), redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES') }`;
const LEAVE = `
  redis.call('HDEL', KEYS[1], ARGV[1])
  redis.call('ZREM', KEYS[2], ARGV[1])
  return 1`;

/** How often one announces itself, and after how long without it counts as gone. */
export const BEAT_INTERVAL_MS = 5_000;
export const GONE_AFTER_MS = 30_000;

export interface Announced<T> {
  id: string;
  info: T;
  /** Since the last announcement, by the server's clock. */
  silentMs: number;
}

export interface Announcements<T> {
  announce(id: string, info: T): Promise<void>;
  leave(id: string): Promise<void>;
  /** Those that are there now, and those that went without leaving. What does not validate is left out. */
  list(): Promise<Announced<T>[]>;
}

/** Who is there: workers, or sweeps' coordinators. Each says so every few seconds. */
export function announcementsOf<T>(
  client: Redis,
  kind: 'workers' | 'sweeps',
  schema: z.ZodType<T>,
): Announcements<T> {
  const keys = [`${PREFIX}:${kind}`, `${PREFIX}:${kind}:beats`] as const;
  return {
    announce: async (id, info) => {
      await client.eval(ANNOUNCE, 2, ...keys, id, JSON.stringify(info));
    },
    leave: async (id) => {
      await client.eval(LEAVE, 2, ...keys, id);
    },
    list: async () => {
      const [now, fields, beats] = (await client.eval(LIST, 2, ...keys)) as [number, string[], string[]];
      const beatOf = new Map(pairs(beats).map(([id, beat]) => [id, Number(beat)]));
      return pairs(fields).flatMap(([id, text]) => {
        const parsed = schema.safeParse(parsedJson(text));
        if (!parsed.success) return [];
        return [{ id, info: parsed.data, silentMs: Math.max(0, now - (beatOf.get(id) ?? 0)) }];
      });
    },
  };
}

function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at]!, flat[2 * at + 1]!]);
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
