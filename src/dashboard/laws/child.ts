/** The process that fits laws for the dashboard: started by service.ts with the runs folder, answers one question after another. */
import { messageOf, UserError } from '../../common/errors.ts';
import { answerView, compareView, crossDomainView, formsView, lawView, nextView } from './computations.ts';
import { openMeasurements } from './measurements.ts';
import type { FromChild, Question } from './protocol.ts';

const runsFolder = process.argv[2]!;
const measurements = openMeasurements(runsFolder);
const tell = (message: FromChild) => process.send?.(message);
const onStep = (what: string) => tell({ type: 'step', what });

process.on('message', (question: Question) => {
  const beganMs = performance.now();
  try {
    const result = compute(question);
    const seconds = (performance.now() - beganMs) / 1000;
    tell({
      type: 'result',
      result: { ...result, state: 'ready', computedAt: new Date().toISOString(), seconds, isStale: false },
    });
  } catch (error) {
    if (error instanceof UserError) {
      tell({ type: 'problem', error: error.message, nextStep: error.nextStep ?? null });
      return;
    }
    // A mistake of this program: for the terminal, not for a page.
    process.stderr.write(`${question.kind}: ${(error as Error).stack ?? messageOf(error)}\n`);
    tell({
      type: 'problem',
      error: 'something went wrong in the computation',
      nextStep: 'See the terminal.',
    });
  }
});
// Without the server nobody asks any more.
process.on('disconnect', () => process.exit(0));

function compute(question: Question): object {
  switch (question.kind) {
    case 'law':
      return lawView(measurements, question.query, onStep);
    case 'answer':
      return answerView(measurements, question.query, onStep);
    case 'next':
      return nextView(measurements, question.query, onStep);
    case 'forms':
      return formsView(measurements, question.query, onStep);
    case 'compare':
      return compareView(measurements, question.query, onStep);
    case 'crossDomain':
      return crossDomainView(measurements, question.query, onStep);
  }
}
