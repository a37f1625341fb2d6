// Run by stalled.test.ts: takes a job and keeps it until this process is killed.
import { openQueueConnection } from '../../src/queue/connection.ts';
import { startProcessor } from '../../src/queue/processor.ts';
import { FAST } from '../contract/boardTiming.ts';

const connection = await openQueueConnection({ redisUrl: process.env.TEST_REDIS_URL!, log: () => {} });
await startProcessor<number>({
  connection,
  base: 'stalled',
  classes: ['cpu'],
  token: 'the-killed',
  slots: 1,
  parse: Number,
  log: () => {},
  timing: FAST,
  handle: async (job) => {
    process.stdout.write(`${job.id}\n`);
    await new Promise(() => {});
  },
});
