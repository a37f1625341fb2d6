// Run by nightProcess.test.ts, which kills it: its child must not live on.
import { join } from 'node:path';
import { runNight } from '../../src/refit/nightProcess.ts';

await runNight({
  script: join(import.meta.dirname, 'nightStub.ts'),
  args: ['wait', process.argv[2]!],
  limitMs: 20_000,
  signal: new AbortController().signal,
  writeOut: () => {},
  writeError: () => {},
});
