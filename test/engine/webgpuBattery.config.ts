import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['test/engine/webgpuBattery.ts'], pool: 'forks', maxWorkers: 1, testTimeout: 60_000 },
});
