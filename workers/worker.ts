/**
 * `npm run worker`: takes runs from the queue of REDIS_URL, trains them on this machine's devices, puts the results into
 * the artifact home. Ends in order on SIGTERM or Ctrl-C: what runs is saved, shared and handed back.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Option } from 'commander';
import { openArtifactCache } from '../src/artifacts/cache.ts';
import { openArtifactHome } from '../src/artifacts/openHome.ts';
import { EXIT_CODES } from '../src/cli/exitCodes.ts';
import { formatBytes } from '../src/cli/format.ts';
import { runCommand } from '../src/cli/main.ts';
import { byteCount, wholeNumber, wordOrWhole } from '../src/cli/numbers.ts';
import { parseCommandLine } from '../src/cli/options.ts';
import { UserError } from '../src/common/errors.ts';
import { shownPlaces } from '../src/common/seats.ts';
import { openQueueConnection } from '../src/queue/connection.ts';
import { queueSettings } from '../src/queue/settings.ts';
import { MOST_SEATS, type Population, slotsOf } from '../src/worker/devices.ts';
import { describeEnvironment } from '../src/worker/environment.ts';

/** A base model's end makes its CPT runs ready a moment later: `--once` waits so long for more. */
const ONCE_IDLE_MS = 20_000;

await runCommand(async (interrupt) => {
  const command = parseCommandLine(
    {
      name: 'worker',
      summary: 'Trains runs of any sweep on the queue of REDIS_URL, until it is stopped.',
      options: ['cache'],
      more: [
        new Option('--devices <list>', 'auto, cpu, gpu, or gpu:0,1').default('auto'),
        new Option('--slots <number>', 'trainers on the processor (default: one per thread)').argParser(
          wholeNumber,
        ),
        new Option(
          '--population <number>',
          `runs that share a device, 1 to ${MOST_SEATS}, or off; auto: 16 on a GPU, off on the processor`,
        )
          .default('auto')
          .argParser(wordOrWhole(['auto', 'off'], 1, MOST_SEATS)),
        new Option('--engine <name>', 'onnx or tensorflow')
          .choices(['auto', 'onnx', 'tensorflow'])
          .default('auto'),
        new Option('--once', 'end when no run is left to take: for batch schedulers').default(false),
        new Option('--work <folder>', 'folder of runs under way, and of fetched artifacts').default(
          'data/worker',
        ),
        new Option('--cache-limit <size>', 'most space that fetched artifacts take, e.g. 50GB')
          .default(50e9, '50GB')
          .argParser(byteCount),
      ],
      examples: [
        ['', 'every device of this machine, until Ctrl-C'],
        ['--devices cpu --slots 4', 'four runs at once on the processor'],
        ['--devices gpu:0,1 --once', 'two GPUs, ends when nothing is left'],
        ['--population off', 'one run at a time on each GPU'],
      ],
      notes: `Environment: REDIS_URL or REDIS_URL_FILE; ARTIFACTS_URL, the home that the sweeps use: a folder, s3://bucket/prefix,
or http://host:port of the coordinator with ARTIFACTS_TOKEN or ARTIFACTS_TOKEN_FILE. See docs/worker.md.`,
    },
    process.argv.slice(2),
    { writeOut: (text) => process.stdout.write(text), variables: process.env },
  );
  if (!command) return EXIT_CODES.done;
  const { cache } = command.options;
  const more = command.more as {
    devices: string;
    slots?: number;
    population: Population;
    engine: 'auto' | 'onnx' | 'tensorflow';
    once: boolean;
    work: string;
    cacheLimit: number;
  };
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const queue = queueSettings(process.env);
  if (!queue.redisUrl) {
    throw new UserError(
      'a worker needs the Redis that the sweeps use',
      'set REDIS_URL, e.g. redis://:password@host:6379/0 (without one, a sweep trains in its own process)',
    );
  }
  if (!process.env.ARTIFACTS_URL) {
    throw new UserError(
      'a worker needs the artifact home that the sweeps use',
      'set ARTIFACTS_URL to the same folder, bucket or coordinator as theirs',
    );
  }
  const slots = await slotsOf({
    devices: more.devices,
    slots: more.slots ?? null,
    population: more.population,
  });
  // TensorFlow.js and BullMQ take more than a second to load: not before what can be refused has been.
  const { openEngine } = await import('../src/engine/openEngine.ts');
  const { openSlotPool } = await import('../src/sweep/localWorker.ts');
  const { startWorker } = await import('../src/worker/worker.ts');
  const { engine, reason } = await openEngine(more.engine);
  const environment = describeEnvironment(engine);
  const home = await openArtifactHome({
    url: process.env.ARTIFACTS_URL,
    defaultFolder: '',
    environment: process.env,
  });
  interrupt.onRelease(() => home.close());
  const connection = await openQueueConnection({ ...queue, log: say });
  interrupt.onRelease(() => connection.close());

  const idle = new AbortController();
  const worker = await startWorker({
    connection,
    home,
    cache: openArtifactCache({
      home,
      folder: join(more.work, 'artifacts'),
      maxBytes: more.cacheLimit,
      log: say,
    }),
    cacheFolder: cache,
    workFolder: join(more.work, 'runs'),
    slots,
    engine: engine.name,
    environment,
    openPool: (some) =>
      openSlotPool(fileURLToPath(new URL('./trainer.ts', import.meta.url)), some, (line) =>
        say(`trainer: ${line}`),
      ),
    shareEverySeconds: 600,
    log: say,
    onRun: say,
    onIdle: (idleMs) => {
      if (more.once && idleMs > ONCE_IDLE_MS) idle.abort();
    },
  });
  interrupt.onRelease(() => worker.close());
  say(
    `worker ${worker.id}: ${shownPlaces(slots)
      .map(({ name, place }) => `${name} (${formatBytes(place.memoryBytes)})`)
      .join(', ')}; ` + `${reason}; queue: ${connection.description}; artifacts: ${home.description}`,
  );
  await new Promise<void>((done) => {
    interrupt.signal.addEventListener('abort', () => done(), { once: true });
    idle.signal.addEventListener('abort', () => done(), { once: true });
  });
  await worker.close();
  say('worker ended: what it had taken is done, or waits again');
  return EXIT_CODES.done;
});
