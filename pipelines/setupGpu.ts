/** `npm run setup:gpu`: which ways to train on a GPU work on this machine, and what mends the others. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Option } from 'commander';
import { EXIT_CODES } from '../src/cli/exitCodes.ts';
import { runCommand } from '../src/cli/main.ts';
import { parseCommandLine } from '../src/cli/options.ts';
import { factsText, gpuFacts, machineSources } from '../src/worker/gpuFacts.ts';
import {
  GPU_PATHS,
  type GpuTrial,
  INSTALL_COMMANDS,
  readTrial,
  startTrial,
  trialsText,
} from '../src/worker/gpuTrials.ts';

await runCommand(async () => {
  const command = parseCommandLine(
    {
      name: 'setup:gpu',
      summary:
        'Trains a tiny model on every kind of GPU support and says what works, how fast, and what mends the rest.',
      options: ['json'],
      more: [new Option('--install', 'download what is missing for this machine’s GPU first').default(false)],
      examples: [
        ['', 'looks and tries; downloads nothing'],
        ['--install', 'fetches ONNX Runtime’s CUDA provider, or TensorFlow where CUDA 11 is here'],
      ],
      notes:
        'Ends with exit code 1 when no GPU works: then everything runs on the processor. See docs/gpu.md.',
    },
    process.argv.slice(2),
    { writeOut: (text) => process.stdout.write(text), variables: process.env },
  );
  if (!command) return EXIT_CODES.done;
  const { json } = command.options;
  const say = (text: string) => (json ? process.stderr : process.stdout).write(`${text}\n`);

  const onnxruntime = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  const sources = machineSources(join(onnxruntime, 'bin/napi-v6', process.platform, process.arch));
  let facts = await gpuFacts(sources);
  say(factsText(facts));
  const problems: string[] = [];
  if (command.more.install) {
    for (const wanted of installable(facts)) {
      say(`\n${INSTALL_COMMANDS[wanted]}`);
      const problem = await runInShell(INSTALL_COMMANDS[wanted]);
      if (problem)
        problems.push(`${wanted}: the download failed (${problem}); by hand: ${INSTALL_COMMANDS[wanted]}`);
    }
    facts = await gpuFacts(sources);
  }
  say('\ntraining a tiny model …');
  const trials: GpuTrial[] = [];
  // One after the other: they would fight for the same device.
  for (const path of GPU_PATHS) trials.push(readTrial(path, await startTrial(path), facts));
  say(`\n${trialsText(trials)}`);
  for (const problem of problems) say(problem);
  if (json) process.stdout.write(`${JSON.stringify({ facts, trials, problems }, null, 2)}\n`);
  return trials.some(({ works }) => works) ? EXIT_CODES.done : EXIT_CODES.failedRuns;
});

/** Nothing without an NVIDIA GPU: webgpu needs no download. */
function installable(facts: Awaited<ReturnType<typeof gpuFacts>>): ('cuda' | 'tensorflow')[] {
  if (facts.gpus.length === 0) return [];
  const cuda = !facts.cudaProvider && process.platform === 'linux' && process.arch === 'x64';
  return [
    ...(cuda ? (['cuda'] as const) : []),
    ...(facts.cudaLibraries.includes(11) ? (['tensorflow'] as const) : []),
  ];
}

/** Resolves with what went wrong, or null. */
function runInShell(line: string): Promise<string | null> {
  return new Promise((ended) => {
    // Standard output belongs to --json.
    const child = spawn(line, { shell: true, stdio: ['ignore', 2, 2], cwd: join(import.meta.dirname, '..') });
    child.on('error', (error) => ended(error.message));
    child.on('exit', (code, signal) => ended(code === 0 ? null : `exit ${signal ?? code}`));
  });
}
