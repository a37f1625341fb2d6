// Run by embedded.test.ts: one job through a board of its own, then nothing. The process must end by itself.
import { openBoard } from '../../src/queue/board.ts';
import { openQueueConnection } from '../../src/queue/connection.ts';
import { startProcessor } from '../../src/queue/processor.ts';

const log = (line: string) => process.stderr.write(`${line}\n`);
const connection = await openQueueConnection({ log });
const shared = { connection, base: 'one', log };
const board = await openBoard<string>(shared);
const done = new Promise<void>((tell) => {
  board.onEvent((event) => event.type === 'completed' && tell());
});
const processor = await startProcessor<string>({
  ...shared,
  classes: ['cpu'],
  token: 'mine',
  slots: 1,
  parse: String,
  handle: async (job) => void process.stdout.write(`${job.payload}\n`),
});
await board.enqueue([{ id: 'a', payload: 'worked' }]);
await done;
if (process.argv[2] === 'die') process.kill(process.pid, 'SIGKILL');
await processor.close();
await board.close();
await connection.close();
process.stdout.write('closed\n');
