import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** What this machine has for training on a GPU. */
export interface GpuFacts {
  gpus: { index: number; name: string; memoryMiB: number }[];
  driver: string | null;
  /** The newest CUDA that the driver can run, e.g. `12.4`. */
  driverCuda: string | null;
  /** Major versions of the CUDA runtime libraries that the loader finds. */
  cudaLibraries: number[];
  cudnnLibraries: number[];
  vulkanLoader: boolean;
  /** Files that name Vulkan drivers. */
  vulkanDrivers: string[];
  /** ONNX Runtime's CUDA provider has been downloaded. */
  cudaProvider: boolean;
}

export interface FactSources {
  /** Standard output of a program; null when it is not there or fails. */
  output(program: string, args: readonly string[]): Promise<string | null>;
  filesIn(folder: string): string[];
  exists(path: string): boolean;
  variables: Readonly<Record<string, string | undefined>>;
  /** Where onnxruntime-node's binaries lie. */
  onnxruntimeFolder: string;
}

const QUERY_TIMEOUT_MS = 10_000;
const VULKAN_FOLDERS = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d'];

export function machineSources(onnxruntimeFolder: string): FactSources {
  return {
    output: async (program, args) => {
      try {
        const { stdout } = await promisify(execFile)(program, [...args], { timeout: QUERY_TIMEOUT_MS });
        return stdout;
      } catch {
        return null;
      }
    },
    filesIn: (folder) => (existsSync(folder) ? readdirSync(folder) : []),
    exists: existsSync,
    variables: process.env,
    onnxruntimeFolder,
  };
}

export async function gpuFacts(sources: FactSources): Promise<GpuFacts> {
  const { output, filesIn, exists, variables, onnxruntimeFolder } = sources;
  const gpus = await output('nvidia-smi', [
    '--query-gpu=index,name,memory.total,driver_version',
    '--format=csv,noheader,nounits',
  ]);
  const banner = gpus === null ? null : await output('nvidia-smi', []);
  const loaderFolders = (variables.LD_LIBRARY_PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const libraries = [
    ...((await output('ldconfig', ['-p'])) ?? (await output('/sbin/ldconfig', ['-p'])) ?? '').split('\n'),
    ...loaderFolders.flatMap(filesIn),
  ];
  const named = variables.VK_DRIVER_FILES || variables.VK_ICD_FILENAMES;
  const drivers = named
    ? named.split(delimiter).filter(exists)
    : VULKAN_FOLDERS.flatMap((folder) =>
        filesIn(folder)
          .filter((file) => file.endsWith('.json'))
          .map((file) => join(folder, file)),
      );
  return {
    ...parseSmi(gpus ?? ''),
    driverCuda: /CUDA Version:\s*(\d+\.\d+)/.exec(banner ?? '')?.[1] ?? null,
    cudaLibraries: majorVersions(libraries, 'libcudart'),
    cudnnLibraries: majorVersions(libraries, 'libcudnn'),
    vulkanLoader: libraries.some((line) => line.includes('libvulkan.so.1')),
    vulkanDrivers: drivers,
    cudaProvider: exists(join(onnxruntimeFolder, 'libonnxruntime_providers_cuda.so')),
  };
}

/** Lines `index, name, MiB, driver`. */
function parseSmi(text: string): Pick<GpuFacts, 'gpus' | 'driver'> {
  const rows = text
    .split('\n')
    .map((line) => /^\s*(\d+)\s*,\s*(.+?)\s*,\s*(\d+)\s*,\s*([\d.]+)\s*$/.exec(line))
    .filter((match) => match !== null);
  return {
    gpus: rows.map(([, index, name, memory]) => ({
      index: Number(index),
      name: name!,
      memoryMiB: Number(memory),
    })),
    driver: rows[0]?.[4] ?? null,
  };
}

function majorVersions(lines: readonly string[], library: string): number[] {
  const versions = lines.flatMap((line) => new RegExp(`${library}\\.so\\.(\\d+)`).exec(line)?.[1] ?? []);
  return [...new Set(versions.map(Number))].sort((a, b) => a - b);
}

/** A few lines for a person. */
export function factsText(facts: GpuFacts): string {
  const { gpus, driver, driverCuda, cudaLibraries, cudnnLibraries, vulkanLoader, vulkanDrivers } = facts;
  const versions = (all: readonly number[]): string => (all.length > 0 ? all.join(', ') : 'none');
  return [
    ...(gpus.length > 0
      ? gpus.map(({ index, name, memoryMiB }) => `GPU ${index}: ${name}, ${memoryMiB} MiB`)
      : ['GPU: none (nvidia-smi is not there or lists none)']),
    `driver: ${driver ?? 'none'}${driverCuda ? `, for CUDA up to ${driverCuda}` : ''}`,
    `CUDA libraries: ${versions(cudaLibraries)}; cuDNN: ${versions(cudnnLibraries)}; ONNX Runtime’s CUDA provider: ${facts.cudaProvider ? 'here' : 'not downloaded'}`,
    `Vulkan loader: ${vulkanLoader ? 'here' : 'none'}; drivers: ${vulkanDrivers.length > 0 ? vulkanDrivers.join(', ') : 'none'}`,
  ].join('\n');
}
