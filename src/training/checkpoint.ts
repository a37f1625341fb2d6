import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { writeFileAtomic } from '../common/atomicFile.ts';
import { messageOf } from '../common/errors.ts';
import type { Arrays, TensorSpecs } from '../engine/types.ts';
import type { ModelSpec } from '../model/types.ts';
import { type NamedTensor, readSafetensors, writeSafetensors } from './safetensors.ts';
import type { ResumePoint } from './train.ts';

const RESUME_FILE = 'resume.json';
const FORMAT = 1;

const corpusCursorSchema = z.object({
  epoch: z.int().nonnegative(),
  row: z.int().nonnegative(),
});
const cursorSchema = z.object({
  sequences: z.int().nonnegative(),
  general: corpusCursorSchema,
  domain: corpusCursorSchema.nullable(),
});
const lossSchema = z.object({
  loss: z.number(),
  standardError: z.number(),
  bitsPerByte: z.number(),
  tokens: z.int(),
});
const resumeSchema = z.object({
  format: z.literal(FORMAT),
  run: z.string(),
  tokens: z.int().positive(),
  optimizerSteps: z.int().nonnegative(),
  cursor: cursorSchema,
  measured: z.array(
    z.object({
      tokens: z.int().nonnegative(),
      losses: z.object({ general: lossSchema, domain: lossSchema.nullable() }),
    }),
  ),
  // A name, never a path: the file may have come from another machine.
  stateFile: z.string().regex(/^state-\d{1,15}\.safetensors$/),
  stateSha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** What a finished run leaves for others: names its tensor files by hash. Its own hash is the checkpoint's. */
const manifestSchema = z.object({
  format: z.literal(FORMAT),
  run: z.string(),
  tokens: z.int().positive(),
  optimizerSteps: z.int().nonnegative(),
  cursor: cursorSchema,
  parametersSha256: z.string().regex(/^[0-9a-f]{64}$/),
  momentsSha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** The model in the terms of a Hugging Face `config.json`, so that the tensors can be used elsewhere. */
  config: z.record(z.string(), z.unknown()),
});
export type CheckpointManifest = z.infer<typeof manifestSchema>;

/** Files of a final checkpoint, in the run's work folder. */
export interface CheckpointFiles {
  manifest: string;
  parameters: string;
  moments: string;
}

/**
 * Saves where a run stands. The tensor file is complete before the small JSON that names it is renamed into place,
 * and the one before is removed after: a crash at any moment leaves one whole point.
 */
export async function saveResumePoint(
  folder: string,
  run: string,
  point: ResumePoint,
  specs: TensorSpecs,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const stateFile = `state-${point.tokens}.safetensors`;
  writeSafetensors(join(folder, stateFile), withShapes(point.state, specs));
  const { state: _, ...plain } = point;
  const stateSha256 = await fileSha256(join(folder, stateFile));
  writeFileAtomic(
    join(folder, RESUME_FILE),
    JSON.stringify({ format: FORMAT, run, ...plain, stateFile, stateSha256 }),
  );
  for (const name of readdirSync(folder)) {
    if (name.startsWith('state-') && name !== stateFile) rmSync(join(folder, name), { force: true });
  }
}

/** The saved point, null when there is none, or the reason why the one that is there cannot be used. */
export async function loadResumePoint(
  folder: string,
  run: string,
): Promise<{ point: ResumePoint | null; problem: string | null }> {
  const path = join(folder, RESUME_FILE);
  if (!existsSync(path)) return { point: null, problem: null };
  try {
    const { stateFile, stateSha256, ...plain } = resumeSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    if (plain.run !== run) throw new Error('it belongs to another run');
    if ((await fileSha256(join(folder, stateFile))) !== stateSha256)
      throw new Error('its tensor file is corrupt');
    const { tokens, optimizerSteps, cursor, measured } = plain;
    const state = valuesOf(readSafetensors(join(folder, stateFile)));
    return { point: { tokens, optimizerSteps, cursor, measured, state }, problem: null };
  } catch (error) {
    return { point: null, problem: `the checkpoint in ${folder} cannot be used (${messageOf(error)})` };
  }
}

/** The files of the point saved in a run's folder, and how far it is; null when there is none that can be read. */
export function resumeFiles(
  folder: string,
): { index: string; state: string; stateSha256: string; tokens: number } | null {
  const index = join(folder, RESUME_FILE);
  if (!existsSync(index)) return null;
  const parsed = resumeSchema.safeParse(parseJson(readFileSync(index, 'utf8')));
  if (!parsed.success) return null;
  const { stateFile, stateSha256, tokens } = parsed.data;
  return { index, state: join(folder, stateFile), stateSha256, tokens };
}

/**
 * Puts a point that another machine saved where a run here will find it. `fetchState` writes the artifact of that hash
 * to a path. Throws a ZodError or SyntaxError on an index that is none, and an Error on another run's.
 */
export async function placeResumePoint(
  folder: string,
  run: string,
  index: Uint8Array,
  fetchState: (sha256: string, path: string) => Promise<void>,
): Promise<void> {
  const point = resumeSchema.parse(JSON.parse(Buffer.from(index).toString('utf8')));
  if (point.run !== run) throw new Error(`the saved point belongs to run ${point.run}`);
  mkdirSync(folder, { recursive: true });
  await fetchState(point.stateSha256, join(folder, point.stateFile));
  writeFileAtomic(join(folder, RESUME_FILE), index);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Writes a finished run's checkpoint: parameters, moments, and the manifest that names both by hash. */
export async function writeFinalCheckpoint(
  folder: string,
  run: string,
  point: ResumePoint,
  specs: TensorSpecs,
  model: ModelSpec,
): Promise<CheckpointFiles> {
  mkdirSync(folder, { recursive: true });
  const files: CheckpointFiles = {
    manifest: join(folder, 'checkpoint.json'),
    parameters: join(folder, 'model.safetensors'),
    moments: join(folder, 'moments.safetensors'),
  };
  const tensors = Object.entries(withShapes(point.state, specs));
  const isMoment = ([name]: [string, unknown]) => name.startsWith('m/') || name.startsWith('v/');
  writeSafetensors(files.parameters, Object.fromEntries(tensors.filter((entry) => !isMoment(entry))));
  writeSafetensors(files.moments, Object.fromEntries(tensors.filter(isMoment)));
  const manifest: CheckpointManifest = {
    format: FORMAT,
    run,
    tokens: point.tokens,
    optimizerSteps: point.optimizerSteps,
    cursor: point.cursor,
    parametersSha256: await fileSha256(files.parameters),
    momentsSha256: await fileSha256(files.moments),
    config: huggingFaceConfig(model),
  };
  writeFileAtomic(files.manifest, JSON.stringify(manifest, null, 2));
  return files;
}

/** Reads a manifest; throws a ZodError or SyntaxError on one that is not. */
export function readManifest(path: string): CheckpointManifest {
  return manifestSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
}

/** The tensors of a checkpoint's safetensors file, by name. */
export function readCheckpointTensors(path: string): Arrays {
  return valuesOf(readSafetensors(path));
}

function huggingFaceConfig(model: ModelSpec): Record<string, unknown> {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_act: 'silu',
    vocab_size: model.vocabularySize,
    max_position_embeddings: model.contextLength,
    hidden_size: model.width,
    num_hidden_layers: model.layers,
    num_attention_heads: model.heads,
    num_key_value_heads: model.keyValueHeads,
    intermediate_size: model.feedForwardWidth,
    tie_word_embeddings: model.tiedEmbeddings,
    rope_theta: model.ropeTheta,
    rms_norm_eps: model.normEpsilon,
    attention_bias: false,
    mlp_bias: false,
    torch_dtype: 'float32',
  };
}

function withShapes(state: Arrays, specs: TensorSpecs): Record<string, NamedTensor> {
  return Object.fromEntries(
    Object.entries(state).map(([name, values]) => [
      name,
      { shape: specs[name]!.shape, values: values as Float32Array },
    ]),
  );
}

function valuesOf(tensors: Record<string, NamedTensor>): Arrays {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.values]));
}

async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
