/** `npm run workers`: who trains, on what, what it is doing, and how fast. */
import { EXIT_CODES } from '../src/cli/exitCodes.ts';
import { workersText } from '../src/cli/fleetText.ts';
import { runCommand } from '../src/cli/main.ts';
import { parseCommandLine } from '../src/cli/options.ts';
import { connectToRunning, queueSettings } from '../src/queue/settings.ts';

await runCommand(async (interrupt) => {
  const command = parseCommandLine(
    {
      name: 'workers',
      summary: 'Lists the workers on the queue of REDIS_URL, or of the sweep that runs in a folder.',
      options: ['runs', 'json'],
      examples: [
        ['', 'a line per slot'],
        ['--json', 'everything that each worker tells of itself'],
      ],
    },
    process.argv.slice(2),
    { writeOut: (text) => process.stdout.write(text), variables: process.env },
  );
  if (!command) return EXIT_CODES.done;
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const connection = await connectToRunning(queueSettings(process.env), command.options.runs, say);
  interrupt.onRelease(() => connection.close());
  // BullMQ takes half a second to load: not before there is a queue.
  const { openOperations } = await import('../src/queue/operations.ts');
  const operations = openOperations(connection, say);
  interrupt.onRelease(() => operations.close());
  const { workers } = await operations.status();
  process.stdout.write(
    command.options.json ? `${JSON.stringify({ workers }, null, 2)}\n` : `${workersText(workers)}\n`,
  );
  return EXIT_CODES.done;
});
