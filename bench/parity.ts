/**
 * `npm run bench:parity`: 50 optimiser steps from the same parameters over the same batches on the traced engine, on PyTorch and on the
 * eager engine (tfjs's cpu backend, which is slow: a small model). Prints the largest differences; exit code 1 above the tolerances.
 */
import { readFileSync } from 'node:fs';
import { stderr, stdout } from 'node:process';
import { Command } from 'commander';
import { textTable } from '../src/common/textTable.ts';
import { countParameters, modelFromWidth } from '../src/model/family.ts';
import type { ModelSpec } from '../src/model/types.ts';
import {
  findTorch,
  type Opened,
  type PeerName,
  startPeer,
  type Trained,
  trainingInputs,
} from './trainPeers.ts';

/** Losses: relative. Parameters: of what 50 steps of AdamW move them by, since float32 sums in another order. */
const TOLERANCES = { loss: 1e-5, parameters: 1e-3 };

interface Options {
  steps: number;
  widths: number[];
  python?: string;
  json: boolean;
}
const options = new Command()
  .description('The same training steps on several engines: how far losses and parameters are apart.')
  .option('--steps <count>', 'optimiser steps', Number, 50)
  .option('--widths <list>', 'model widths', (text: string) => text.split(',').map(Number), [16, 64])
  .option('--python <path>', 'a Python with PyTorch (default: python3, /usr/bin/python3)')
  .option('--json', 'one JSON object in place of a table')
  .parse()
  .opts<Options>();

/** The eager engine takes minutes beyond this width. */
const EAGER_UP_TO = 16;
const BATCH = 4;
const CONTEXT = 96;
const WARM_UP = 10;

async function trained(name: PeerName, python: string | null, inputs: ReturnType<typeof trainingInputs>) {
  const peer = startPeer(name, python);
  try {
    const { version } = await peer.ask<Opened>(inputs.open);
    const rates = Array.from({ length: options.steps }, (_, i) => 2e-3 * Math.min(1, (i + 1) / WARM_UP));
    const parameters = inputs.file(`trained-${name}`);
    const told = await peer.ask<Trained>({ do: 'train', batches: inputs.batches, rates, parameters });
    return { name, version, ...told, parameters: floats(parameters) };
  } finally {
    await peer.end();
  }
}

function floats(path: string): Float32Array {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

const norm = (values: Iterable<number>): number => Math.sqrt([...values].reduce((sum, v) => sum + v * v, 0));
const apart = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a, (value, i) => value - b[i]!);

async function compare(spec: ModelSpec, python: string | null) {
  const inputs = trainingInputs(spec, BATCH, options.steps);
  try {
    const start = floats(inputs.open.parameters);
    const reference = await trained('onnx', python, inputs);
    const others: PeerName[] = [
      ...(python ? (['torch'] as const) : []),
      ...(spec.width <= EAGER_UP_TO ? (['eager'] as const) : []),
    ];
    const moved = norm(apart(reference.parameters, start));
    const rows = [];
    for (const name of others) {
      const other = await trained(name, python, inputs);
      const relative = (a: number[], b: number[]) =>
        Math.max(...a.map((value, i) => Math.abs(value - b[i]!) / Math.abs(value)));
      rows.push({
        width: spec.width,
        parameters: countParameters(spec).total,
        peer: other.version,
        firstLoss: reference.losses[0]!,
        lastLoss: reference.losses.at(-1)!,
        lossApart: relative(reference.losses, other.losses),
        normApart: relative(reference.norms, other.norms),
        /** Distance between the two ends, as a share of the way from the start. */
        parametersApart: norm(apart(reference.parameters, other.parameters)) / moved,
      });
    }
    return rows;
  } finally {
    inputs.remove();
  }
}

const python = findTorch(options.python);
if (!python) stderr.write('PyTorch: no python3 here can import torch and numpy; left out\n');
const rows = [];
for (const width of options.widths) {
  rows.push(
    ...(await compare(modelFromWidth(width, { vocabularySize: 260, contextLength: CONTEXT }), python)),
  );
}
if (options.json) {
  stdout.write(`${JSON.stringify({ steps: options.steps, tolerances: TOLERANCES, rows })}\n`);
} else {
  const header = [
    'width',
    'parameters',
    'against',
    'loss from',
    'to',
    'losses apart',
    'norms apart',
    'parameters apart',
  ];
  const cells = rows.map((row) => [
    ...[
      String(row.width),
      String(row.parameters),
      row.peer,
      row.firstLoss.toFixed(4),
      row.lastLoss.toFixed(4),
    ],
    ...[row.lossApart, row.normApart, row.parametersApart].map((value) => value.toExponential(1)),
  ]);
  stdout.write(
    `${options.steps} steps of the traced engine; largest relative differences\n\n${textTable(header, cells)}\n`,
  );
  stdout.write(
    `\nTolerances: losses ${TOLERANCES.loss}, parameters ${TOLERANCES.parameters} of the way that they went\n`,
  );
}
const isFar = rows.some(
  (row) => !(row.lossApart <= TOLERANCES.loss && row.parametersApart <= TOLERANCES.parameters),
);
process.exitCode = isFar || rows.length === 0 ? 1 : 0;
