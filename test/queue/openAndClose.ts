// Run by embedded.test.ts: one job through a board of its own, then nothing. The process must end by itself.
import { openBoard } from '../../src/queue/board.ts';

const board = await openBoard<string>({
  queueName: 'one',
  parse: (data) => String(data),
  log: (line) => process.stderr.write(`${line}\n`),
});
await new Promise<void>((done) => {
  board.onEvent((event) => event.type === 'completed' && done());
  void board.process({ slots: 1, handle: async (job) => void process.stdout.write(`${job.payload}\n`) });
  void board.enqueue([{ id: 'a', payload: 'worked' }]);
});
if (process.argv[2] === 'die') process.kill(process.pid, 'SIGKILL');
await board.close();
process.stdout.write('closed\n');
