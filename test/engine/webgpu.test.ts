import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

/** Vulkan in software, as Debian's package chromium installs it beside a Vulkan loader. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const LIBRARIES = dirname(SWIFTSHADER);
const isInstalled = existsSync(SWIFTSHADER) && existsSync(join(LIBRARIES, 'libvulkan.so.1'));
/** Alone some 40 s, nearly all of it the compilation of shaders; the machine may be busy. */
const LIMIT_MS = 240_000;

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

describe.skipIf(!isInstalled)(
  `webgpu in software${isInstalled ? '' : ` (skipped: no ${SWIFTSHADER})`}`,
  () => {
    test(
      'passes the engine battery and trains a tiny model',
      async () => {
        // In a process of its own: a driver that crashes takes no other test down, and a loader reads its path only at the start.
        const { stdout } = await promisify(execFile)(
          process.execPath,
          [vitest, 'run', '--config', 'test/engine/webgpuBattery.config.ts', '--reporter', 'json'],
          {
            env: { ...process.env, VK_ICD_FILENAMES: SWIFTSHADER, LD_LIBRARY_PATH: LIBRARIES },
            timeout: LIMIT_MS,
            maxBuffer: 1e7,
          },
        ).catch((error: Error & { stdout?: string }) => ({
          stdout: error.stdout || error.message,
        }));
        const json = stdout.indexOf('{"num');
        if (json < 0) throw new Error(`the process ended without a report: ${stdout}`);
        const report = JSON.parse(stdout.slice(json)) as {
          success: boolean;
          numPassedTests: number;
          testResults: { message: string; assertionResults: { failureMessages: string[] }[] }[];
        };
        const failures = report.testResults.flatMap(({ message, assertionResults }) => [
          ...(message ? [message] : []),
          ...assertionResults.flatMap(({ failureMessages }) => failureMessages),
        ]);
        expect(failures).toEqual([]);
        expect(report.success).toBe(true);
        expect(report.numPassedTests).toBeGreaterThan(10);
      },
      LIMIT_MS,
    );
  },
);
