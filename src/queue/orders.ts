import type { Redis } from 'ioredis';
import { z } from 'zod';
import { PREFIX } from './names.ts';

const ordersSchema = z.object({
  /** No further run is started; those that run go on to their end. */
  paused: z.boolean(),
  /** 0 first, at most 2,097,152; among equals who came first. */
  priority: z.int().min(0).max(2_097_152),
  /** Counts the wishes to try failed runs again. */
  retries: z.int().nonnegative(),
  /** Counts the wishes to end the sweep. */
  cancels: z.int().nonnegative(),
});

/** What operators want of a sweep. It stands in Redis: lost with it, and then as if nothing had been said. */
export type SweepOrders = z.infer<typeof ordersSchema>;

export const NO_ORDERS: SweepOrders = { paused: false, priority: 0, retries: 0, cancels: 0 };

const key = (base: string) => `${PREFIX}:${base}:orders`;

/** What was ordered last; nothing that was ordered, or nothing that can be read, is NO_ORDERS. */
export async function readOrders(client: Redis, base: string, sweep: string): Promise<SweepOrders> {
  const stored = await client.hget(key(base), sweep);
  if (stored === null) return NO_ORDERS;
  try {
    return ordersSchema.parse(JSON.parse(stored));
  } catch {
    return NO_ORDERS;
  }
}

/** Changes what is given, keeps the rest. Listeners are told by a control event, see control.ts. */
export async function writeOrders(
  client: Redis,
  base: string,
  sweep: string,
  change: (before: SweepOrders) => SweepOrders,
): Promise<SweepOrders> {
  const next = ordersSchema.parse(change(await readOrders(client, base, sweep)));
  await client.hset(key(base), sweep, JSON.stringify(next));
  return next;
}
