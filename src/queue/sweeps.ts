import type { Redis } from 'ioredis';
import { z } from 'zod';
import { type Announcements, announcementsOf } from './announcements.ts';

const text = z.string().max(200);
const count = z.int().nonnegative();

const sweepSchema = z.object({
  sweep: text,
  host: text,
  pid: z.int(),
  processes: text,
  homeId: z.string().regex(/^[0-9a-f]{32}$/),
  /** See queueBase. */
  base: text,
  startedAt: text,
  paused: z.boolean(),
  runs: z.object({
    total: count,
    done: count,
    diverged: count,
    failed: count,
    active: count,
    /** Ready, and in the queue. */
    queued: count,
  }),
  /** Why runs cannot be placed with any live worker, one sentence each. */
  problems: z.array(z.string().max(1000)).max(20),
});

/** What a sweep's coordinator tells of itself while it runs. */
export type SweepInfo = z.infer<typeof sweepSchema>;

export function sweepsOf(client: Redis): Announcements<SweepInfo> {
  return announcementsOf(client, 'sweeps', sweepSchema);
}
