import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { isAlive } from '../common/processes.ts';
import { type Announced, type Announcements, announcementsOf, GONE_AFTER_MS } from './announcements.ts';
import { DEVICE_CLASSES } from './names.ts';

const text = z.string().max(200);

/** Of one worker. */
export const MOST_SLOTS = 4096;

const workerSchema = z.object({
  host: text,
  pid: z.int(),
  /** Which processes its pid can be looked up among; empty where that is not known. */
  processes: text,
  homeId: z.string().regex(/^[0-9a-f]{32}$/),
  engine: text,
  numericsVersion: z.int(),
  versions: z.record(text, text),
  startedAt: text,
  draining: z.boolean(),
  /** Runs brought to their end since it started. */
  finishedRuns: z.int().nonnegative(),
  slots: z
    .array(
      z.object({
        device: text,
        /** Which of the device's seats; null where it has only one, and in workers of a version without seats. */
        seat: z.int().nonnegative().nullable().default(null),
        deviceClass: z.enum(DEVICE_CLASSES),
        memoryBytes: z.number().nonnegative(),
        doing: z
          .object({
            run: text,
            label: text,
            tokens: z.number().nonnegative(),
            totalTokens: z.number().nonnegative(),
            tokensPerSecond: z.number().nonnegative().nullable(),
          })
          .nullable(),
      }),
    )
    .max(MOST_SLOTS),
});

/** What a worker tells of itself. */
export type WorkerInfo = z.infer<typeof workerSchema>;

export function workersOf(client: Redis): Announcements<WorkerInfo> {
  return announcementsOf(client, 'workers', workerSchema);
}

/** Host, pid, and what pids mean here: in containers equal pids of one host name may be other processes. */
export function thisProcess(): Pick<WorkerInfo, 'host' | 'pid' | 'processes'> {
  let processes = '';
  try {
    processes = readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not Linux: then nobody may conclude from a pid.
  }
  return { host: hostname(), pid: process.pid, processes };
}

/** Silent for too long, or a process of this machine that is not there any more. */
export function isGone({
  info,
  silentMs,
}: Announced<Pick<WorkerInfo, 'host' | 'pid' | 'processes'>>): boolean {
  if (silentMs > GONE_AFTER_MS) return true;
  const here = thisProcess();
  const sameProcesses = here.processes !== '' && info.host === here.host && info.processes === here.processes;
  return sameProcesses && !isAlive(info.pid);
}
