import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { writeFileAtomic } from '../../common/atomicFile.ts';
import { UserError } from '../../common/errors.ts';
import { resolveConfig } from '../../config/resolveConfig.ts';
import { resolvedConfigYaml } from '../../config/resolvedConfigYaml.ts';
import { treeOf } from '../../config/tree.ts';
import type { FurtherRun, ResolvedConfig } from '../../config/types.ts';
import { countParameters } from '../../model/family.ts';
import { assumeCorpora } from '../../sweep/assumedCorpora.ts';
import { sweepModels } from '../../sweep/plan.ts';
import { runsLayout } from '../../sweep/runsLayout.ts';
import type { State } from './state.ts';

interface ChosenRun {
  /** Non-embedding parameters. */
  modelSize: number;
  domainRatio: number;
  tokens: number;
}

/** Queues runs beside those that a sweep has, and says what was done. Throws a UserError when that cannot be now. */
export type QueueNext = (sweep: string, domain: string, runs: readonly ChosenRun[]) => Promise<string>;

/** A sweep that cannot start says so by then. */
const START_MS = 4000;

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/**
 * The chosen runs become further runs of the sweep's own config, and `npm run sweep` is started with it, as a person would: a process of
 * its own, which goes on when the dashboard is closed.
 */
export function queueNextWith(options: {
  state: State;
  runsFolder: string;
  cacheFolder: string;
  /** pipelines/sweep.ts */
  script: string;
  log(line: string): void;
}): QueueNext {
  const { state, runsFolder, cacheFolder, script, log } = options;
  const starting = new Set<string>();
  const start: QueueNext = async (sweep, domain, runs) => {
    state.refresh();
    const { config: saved, plan } = state.sweep(sweep);
    const queue = state.queue.status();
    if (queue.state === 'connected' && queue.sweeps.some((each) => each.sweep === sweep)) {
      throw new UserError(`${sweep} is still running`, 'Queue further runs when it has ended.');
    }
    const { config } = resolveConfig(treeOf(JSON.parse(saved), `the saved config of ${sweep}`));
    const further = withSeeds(config, domain, runs, plan);
    const next = resolveConfig(
      treeOf(
        { ...config, furtherRuns: [...(config.furtherRuns ?? []), ...further] },
        `the next runs of ${sweep}`,
      ),
    ).config;
    const folder = runsLayout(runsFolder).sweep(sweep);
    const path = join(folder, 'next.yaml');
    writeFileAtomic(path, resolvedConfigYaml(next));
    const logPath = join(folder, 'next.log');
    const pid = await startSweep(script, [path, '--runs', runsFolder, '--cache', cacheFolder], logPath);
    const done = `${further.length} further run${further.length === 1 ? '' : 's'} of ${sweep}: started as process ${pid}, told in ${logPath}`;
    log(`from a page: ${done}`);
    return done;
  };
  return async (sweep, domain, runs) => {
    // Two at once would take the same seeds, and one's config would be the other's.
    if (starting.has(sweep)) throw new UserError(`${sweep} is just being started`, 'Look again in a moment.');
    starting.add(sweep);
    try {
      return await start(sweep, domain, runs);
    } finally {
      starting.delete(sweep);
    }
  };
}

/** Each run with the first seed that its size, ratio and tokens do not have yet. */
function withSeeds(
  config: ResolvedConfig,
  domain: string,
  runs: readonly ChosenRun[],
  plan: readonly { domain: string | null; modelSize: number; domainRatio: number; seed: number }[],
): FurtherRun[] {
  const { vocabularySize } = assumeCorpora(config).corpora.general.train;
  const sizes = sweepModels(config, vocabularySize).map((model) => countParameters(model).nonEmbedding);
  const taken = new Set(plan.map((run) => `${run.domain} ${run.modelSize} ${run.domainRatio} ${run.seed}`));
  return runs.map(({ modelSize, domainRatio, tokens }) => {
    const index = sizes.findIndex((size) => Math.abs(size - modelSize) < 0.5);
    const size = config.models.sizes[index];
    if (!size) {
      throw new UserError(
        `the sweep has no model of ${modelSize} parameters`,
        `It has: ${sizes.join(', ')}.`,
      );
    }
    let seed = config.seeds[0]!;
    while (taken.has(`${domain} ${modelSize} ${domainRatio} ${seed}`)) seed++;
    taken.add(`${domain} ${modelSize} ${domainRatio} ${seed}`);
    const layers = size.layers === undefined ? {} : { layers: size.layers };
    return { domain, width: size.width, ...layers, domainRatio, tokens, seed };
  });
}

/** Starts a sweep and stays until it is under way. Throws a UserError with its own words when it has ended at once. */
async function startSweep(script: string, args: readonly string[], logPath: string): Promise<number> {
  const output = openSync(logPath, 'w');
  const child = spawn(process.execPath, ['--import', TSX, script, ...args], {
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code));
    child.once('error', () => resolve(null));
  });
  const code = await Promise.race([ended, delay(START_MS, 'under way' as const, { ref: false })]);
  child.unref();
  if (code === 'under way' || code === 0) return child.pid!;
  const lines = existsSync(logPath) ? readFileSync(logPath, 'utf8').trim().split('\n') : [];
  throw new UserError(
    `the sweep could not be started: ${lines.slice(-3).join(' ') || `exit code ${code}`}`,
    `All that it said: ${logPath}`,
  );
}
