import { describe, expect, test } from 'vitest';
import type { GpuFacts } from '../../src/worker/gpuFacts.ts';
import { type ChildEnd, INSTALL_COMMANDS, readTrial, trialsText } from '../../src/worker/gpuTrials.ts';

const FACTS: GpuFacts = {
  gpus: [{ index: 0, name: 'NVIDIA H100', memoryMiB: 81559 }],
  driver: '535.104.05',
  driverCuda: '12.2',
  cudaLibraries: [12],
  cudnnLibraries: [9],
  vulkanLoader: true,
  vulkanDrivers: ['/usr/share/vulkan/icd.d/nvidia_icd.json'],
  cudaProvider: true,
};
const NO_GPU = { ...FACTS, gpus: [], driver: null };
const end = (outcome: object | string, stderr = '', signal: string | null = null): ChildEnd => ({
  stdout: typeof outcome === 'string' ? outcome : `noise\n${JSON.stringify(outcome)}\n`,
  stderr,
  signal,
});
const NO_CUDA = { works: false, reason: 'cuda cannot be used: …', remedy: 'npm run setup:gpu shows it' };
const onLinux = process.platform === 'linux' && process.arch === 'x64';

describe('a trial of a GPU', () => {
  test('that went well', () => {
    const trial = readTrial(
      'cuda',
      end({ works: true, engine: 'onnx on cuda (1.30)', stepMs: 4.25, notes: ['n'] }),
      FACTS,
    );
    expect(trial).toEqual({
      path: 'cuda',
      works: true,
      stepMs: 4.25,
      notes: ['n'],
      reason: null,
      remedy: null,
    });
  });

  test.runIf(onLinux)('cuda: the provider, then the libraries, are what is missing', () => {
    const stderr =
      'Failed to load library libonnxruntime_providers_cuda.so with error: libcudnn.so.9: cannot open shared object file: No such file or directory';
    expect(readTrial('cuda', end(NO_CUDA), { ...FACTS, cudaProvider: false }).remedy).toBe(
      INSTALL_COMMANDS.cuda,
    );
    const trial = readTrial('cuda', end(NO_CUDA, stderr), { ...FACTS, cudnnLibraries: [] });
    expect(trial.reason).toBe('cuda cannot be used without libcudnn.so.9');
    expect(trial.remedy).toMatch(/CUDA 12 and cuDNN 9/);
  });

  test('without a GPU there is nothing to mend for cuda and tensorflow', () => {
    for (const path of ['cuda', 'tensorflow'] as const)
      expect(readTrial(path, end(NO_CUDA), NO_GPU).remedy).toMatch(/Nothing to mend without an NVIDIA GPU/);
  });

  test('webgpu: loader, driver, or a driver in software', () => {
    const failure = { works: false, reason: 'webgpu finds no Vulkan driver', remedy: 'told' };
    const remedy = (facts: GpuFacts) => readTrial('webgpu', end(failure), facts).remedy;
    expect(remedy({ ...FACTS, vulkanLoader: false })).toMatch(/libvulkan1/);
    expect(remedy({ ...FACTS, vulkanDrivers: [] })).toMatch(/NVIDIA_DRIVER_CAPABILITIES=all/);
    expect(remedy(FACTS)).toBe('told');
    const slow = readTrial('webgpu', end({ works: true, inSoftware: true, stepMs: 900 }), FACTS);
    expect(slow).toMatchObject({ works: false, reason: expect.stringMatching(/900 ms a step.*in software/) });
  });

  test('a driver that takes its process down, hangs, or says nothing', () => {
    expect(readTrial('webgpu', end('', '', 'SIGSEGV'), FACTS).reason).toMatch(/SIGSEGV: its driver crashed/);
    expect(readTrial('webgpu', end('', '', 'SIGTERM'), FACTS).reason).toMatch(/after 3 minutes/);
    expect(readTrial('cuda', end('not json', 'a\nb\nc\nd\n'), FACTS).reason).toMatch(
      /without a word: b \| c \| d/,
    );
  });

  test('tensorflow that runs on the processor does not count', () => {
    const works = {
      works: true,
      engine: 'tensorflow on gpu (@tensorflow/tfjs-node-gpu 4.22.0)',
      stepMs: 9,
      notes: [],
    };
    expect(readTrial('tensorflow', end(works), FACTS).works).toBe(true);
    const stderr =
      "Could not load dynamic library 'libcudart.so.11.0'; dlerror: libcudart.so.11.0: cannot open";
    const trial = readTrial('tensorflow', end(works, stderr), FACTS);
    expect(trial).toMatchObject({
      works: false,
      reason: expect.stringMatching(/on the processor: .*libcudart\.so\.11\.0/),
    });
    expect(trial.remedy).toMatch(/use cuda or webgpu/);
    const here = { ...FACTS, cudaLibraries: [11, 12] };
    expect(readTrial('tensorflow', end(NO_CUDA), here).remedy).toBe(INSTALL_COMMANDS.tensorflow);
    const small = { ...works, engine: 'tensorflow on cpu (@tensorflow/tfjs-node 4.22.0)' };
    expect(readTrial('tensorflow', end(small), FACTS).reason).toMatch(/only its build for the processor/);
  });

  test('the table says what works and what mends the rest', () => {
    const text = trialsText([
      readTrial(
        'cuda',
        end({ works: true, engine: 'onnx on cuda (1.30)', stepMs: 4.25, notes: ['train: all'] }),
        FACTS,
      ),
      readTrial('webgpu', end('', '', 'SIGSEGV'), FACTS),
    ]);
    expect(text).toMatch(/onnx on cuda {4}yes +4\.3 {2}train: all/);
    expect(text).toMatch(/onnx on webgpu {2}no /);
    expect(text).toMatch(/To mend it:\n {2}webgpu: Update/);
    expect(text).not.toMatch(/ {2}cuda:/);
  });
});
