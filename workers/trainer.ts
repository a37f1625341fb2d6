/**
 * The trainer: a child process that trains one run at a time, or as many as POPULATION says. A crash, an out-of-memory
 * or a blocked event loop here takes down no coordinator and no lock. Started by the trainer pool; not meant to be run
 * by hand.
 */
import { performance } from 'node:perf_hooks';
import { describeEngine } from '../src/engine/describeEngine.ts';
import { serveTrainer } from '../src/queue/trainerChild.ts';
import { faultOfDevice } from '../src/training/deviceFault.ts';
import type { TrainingEvent } from '../src/training/events.ts';
import { executeRun, type RunResult, type RunTask } from '../src/training/execute.ts';
import { runSpecSchema } from '../src/training/runSpec.ts';
import { openTrainerEngine, type SessionLease, sessionSource } from '../src/training/trainerEngine.ts';

const note = (line: string) => process.stderr.write(`${line}\n`);
const sessions = sessionSource(Number(process.env.POPULATION ?? 1), note);

serveTrainer<RunTask, TrainingEvent, RunResult>(async (task, { signal, emit }) => {
  const spec = runSpecSchema.parse(task.spec);
  let lease: SessionLease | undefined;
  try {
    const engine = await openTrainerEngine(spec.engine, note);
    const result = await executeRun(
      { ...task, spec },
      {
        openSession: async (key, definition) => {
          lease = await sessions(engine, key, definition);
          return lease.session;
        },
        emit,
        note,
        signal,
        nowMs: () => performance.now(),
      },
    );
    return { ...result, engine: describeEngine(engine) };
  } catch (error) {
    throw faultOfDevice(error, (lastWords) => {
      note(lastWords);
      process.exit(1);
    });
  } finally {
    await lease?.release();
  }
});
