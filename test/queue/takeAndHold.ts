// Run by stalled.test.ts: takes a job and keeps it until this process is killed.
import { openBoard } from '../../src/queue/board.ts';
import { FAST } from '../contract/boardTiming.ts';

const board = await openBoard<number>({
  redisUrl: process.env.TEST_REDIS_URL!,
  queueName: 'stalled',
  parse: Number,
  log: () => {},
  timing: FAST,
});
await board.process({
  slots: 1,
  handle: async (job) => {
    process.stdout.write(`${job.id}\n`);
    await new Promise(() => {});
  },
});
