// A stand-in for laws/child.ts, in a process of its own: does what the domain of a question says.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
const tell = (message) => process.send(message);
let answered = 0;

process.on('message', ({ kind, query: { domain, sweeps } }) => {
  const result = () =>
    tell({
      type: 'result',
      result: { state: 'ready', kind, pid: process.pid, answered: ++answered, domain },
    });
  switch (domain ?? sweeps) {
    case 'problem':
      tell({ type: 'problem', error: 'nothing was measured', nextStep: 'Measure something.' });
      break;
    case 'dies':
      process.exit(1);
      break;
    case 'diesOnce': {
      const mark = join(folder, `died-${kind}`);
      if (existsSync(mark)) return result();
      writeFileSync(mark, '');
      process.exit(1);
      break;
    }
    case 'waits':
      // Once it was killed the next process answers.
      if (existsSync(join(folder, 'killed'))) return result();
      tell({ type: 'step', what: `waits in ${process.pid}` });
      break;
    case 'never':
      tell({ type: 'step', what: `waits in ${process.pid}` });
      break;
    case 'slow':
      tell({ type: 'step', what: 'half of it' });
      setTimeout(result, 400);
      break;
    default:
      result();
  }
});
process.on('disconnect', () => process.exit(0));
