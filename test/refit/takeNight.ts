// Run by schedule.test.ts, which kills it: takes a night from the Redis of TEST_REDIS_URL, says so, and never ends it.
import { openQueueConnection } from '../../src/queue/connection.ts';
import { openSchedule } from '../../src/refit/schedule.ts';
import { FAST } from '../contract/boardTiming.ts';

const [identity, pattern] = process.argv.slice(2);
const connection = await openQueueConnection({ redisUrl: process.env.TEST_REDIS_URL!, log: () => {} });
await openSchedule({
  connection,
  identity: identity!,
  cron: { pattern: pattern!, timeZone: 'UTC' },
  timing: FAST,
  log: () => {},
  night: () => {
    process.stdout.write('taken\n');
    return new Promise(() => {});
  },
});
