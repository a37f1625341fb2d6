import { describe, expect, test } from 'vitest';
import { type FactSources, factsText, gpuFacts } from '../../src/worker/gpuFacts.ts';

const LIST = '0, NVIDIA H100 80GB HBM3, 81559, 535.104.05\n1, NVIDIA GeForce RTX 3090, 24576, 535.104.05\n';
const BANNER =
  '| NVIDIA-SMI 535.104.05             Driver Version: 535.104.05   CUDA Version: 12.2     |\n+-----+\n';
const LDCONFIG = [
  '\tlibcudart.so.12 (libc6,x86-64) => /usr/local/cuda/lib64/libcudart.so.12',
  '\tlibcudart.so.11.0 (libc6,x86-64) => /usr/lib/libcudart.so.11.0',
  '\tlibcudnn.so.9 (libc6,x86-64) => /usr/lib/libcudnn.so.9',
  '\tlibvulkan.so.1 (libc6,x86-64) => /lib/x86_64-linux-gnu/libvulkan.so.1',
].join('\n');

function machine(change: Partial<FactSources> & { ldconfig?: string | null } = {}): FactSources {
  return {
    output: async (program, args) => {
      if (program === 'nvidia-smi') return args.length > 0 ? LIST : BANNER;
      return program === 'ldconfig' ? (change.ldconfig === undefined ? LDCONFIG : change.ldconfig) : null;
    },
    filesIn: (folder) => (folder === '/usr/share/vulkan/icd.d' ? ['nvidia_icd.json', 'readme'] : []),
    exists: (path) => path === '/ort/libonnxruntime_providers_cuda.so',
    variables: {},
    onnxruntimeFolder: '/ort',
    ...change,
  };
}

describe('what a machine has for a GPU', () => {
  test('with all of it', async () => {
    const facts = await gpuFacts(machine());
    expect(facts).toEqual({
      gpus: [
        { index: 0, name: 'NVIDIA H100 80GB HBM3', memoryMiB: 81559 },
        { index: 1, name: 'NVIDIA GeForce RTX 3090', memoryMiB: 24576 },
      ],
      driver: '535.104.05',
      driverCuda: '12.2',
      cudaLibraries: [11, 12],
      cudnnLibraries: [9],
      vulkanLoader: true,
      vulkanDrivers: ['/usr/share/vulkan/icd.d/nvidia_icd.json'],
      cudaProvider: true,
    });
    expect(factsText(facts)).toContain('driver: 535.104.05, for CUDA up to 12.2');
  });

  test('with nothing', async () => {
    const facts = await gpuFacts(
      machine({ output: async () => null, filesIn: () => [], exists: () => false }),
    );
    expect(facts).toMatchObject({
      gpus: [],
      driver: null,
      driverCuda: null,
      cudaLibraries: [],
      vulkanLoader: false,
    });
    expect(factsText(facts)).toMatch(/^GPU: none .*\ndriver: none\nCUDA libraries: none; cuDNN: none/);
  });

  test('a driver that does not answer is no GPU', async () => {
    const said = 'NVIDIA-SMI has failed because it couldn’t communicate with the NVIDIA driver.';
    const facts = await gpuFacts(machine({ output: async () => said }));
    expect(facts).toMatchObject({ gpus: [], driver: null, driverCuda: null });
  });

  test('libraries and drivers that variables name', async () => {
    const facts = await gpuFacts(
      machine({
        ldconfig: '',
        variables: { LD_LIBRARY_PATH: '/cuda:', VK_ICD_FILENAMES: '/here.json:/gone.json' },
        filesIn: (folder) => (folder === '/cuda' ? ['libcudart.so.12.4.99', 'libvulkan.so.1'] : []),
        exists: (path) => path === '/here.json',
      }),
    );
    expect(facts).toMatchObject({
      cudaLibraries: [12],
      vulkanLoader: true,
      vulkanDrivers: ['/here.json'],
      cudaProvider: false,
    });
  });
});
