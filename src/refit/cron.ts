import { getNextMillis } from 'bullmq';
import { UserError } from '../common/errors.ts';

/** When refits are due: five cron fields, or six with seconds first, by the clock of a time zone. */
export interface CronSchedule {
  pattern: string;
  timeZone: string;
}

const EXAMPLE = 'E.g. --schedule "0 3 * * *" for every night at three.';
/** The same in every instance: a field of H would be drawn at random in each. */
const DRAWN = /(^|[\s,])H([(/,\s]|$)/i;

/** Checks a pattern and a zone. Throws a UserError on one that cannot be read, or whose time never comes. */
export function parseSchedule(pattern: string, timeZone: string, nowMs = Date.now()): CronSchedule {
  const fields = pattern.trim().split(/\s+/);
  if ((fields.length !== 5 && fields.length !== 6) || DRAWN.test(pattern)) {
    throw new UserError(
      `--schedule: "${pattern}" is not a cron pattern of five fields: minute, hour, day, month, day of the week`,
      EXAMPLE,
    );
  }
  try {
    new Intl.DateTimeFormat('en', { timeZone });
  } catch {
    throw new UserError(
      `--tz: "${timeZone}" is not a known time zone`,
      'E.g. --tz Europe/Berlin or --tz UTC.',
    );
  }
  const schedule = { pattern: fields.join(' '), timeZone };
  let next: Date | null;
  try {
    next = nextDue(schedule, nowMs);
  } catch {
    throw new UserError(`--schedule: "${pattern}" is not a cron pattern`, EXAMPLE);
  }
  if (!next) throw new UserError(`--schedule: "${pattern}" names a time that never comes`, EXAMPLE);
  return schedule;
}

/** The first time after `nowMs` that is due; null when there is none. */
export function nextDue({ pattern, timeZone }: CronSchedule, nowMs = Date.now()): Date | null {
  const next: number | undefined = getNextMillis(nowMs, { pattern, tz: timeZone });
  return next === undefined ? null : new Date(next);
}

/** The same for a person to read. */
export function nextDueText(schedule: CronSchedule, nowMs = Date.now()): string {
  const next = nextDue(schedule, nowMs);
  return next ? `the next refit is due at ${inZone(next, schedule.timeZone)}` : 'no further refit is due';
}

/** A time as people of the zone write it, with the zone: `2027-03-01 03:00:00 Europe/Berlin`. */
export function inZone(time: Date, timeZone: string): string {
  const text = time.toLocaleString('sv-SE', { timeZone });
  return `${text} ${timeZone}`;
}
