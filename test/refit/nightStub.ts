// A stand-in for pipelines/refit.ts: how it ends is its first argument.
import { appendFileSync } from 'node:fs';
import { endWithParent, tellNightEnd } from '../../src/refit/nightProcess.ts';

const [how, file] = process.argv.slice(2);
endWithParent();
if (file) appendFileSync(file, `${process.pid}\n`);
if (how === 'fail') {
  process.stderr.write('first line\nwhat went wrong\n');
  process.exitCode = 3;
} else if (how === 'tell') {
  await tellNightEnd();
  process.exitCode = 1;
} else if (how === 'hang') {
  process.on('SIGTERM', () => process.stdout.write('not now\n'));
  setInterval(() => {}, 1000);
} else if (how === 'wait') setInterval(() => {}, 1000);
else process.stdout.write('done\n');
