import { describeError, exitCodeFor } from './describeError.ts';
import type { ExitCode } from './exitCodes.ts';
import { createInterrupt, type Interrupt, type InterruptOptions } from './interrupt.ts';

/**
 * Runs a command's body: Ctrl-C aborts `interrupt.signal`, a failure is printed as a sentence with a next step on
 * standard error, and the process ends with the documented exit code.
 */
export async function runCommand(
  body: (interrupt: Interrupt) => Promise<ExitCode>,
  options: Pick<InterruptOptions, 'hasCheckpoints'> = {},
): Promise<void> {
  const write = (line: string) => process.stderr.write(`${line}\n`);
  const interrupt = createInterrupt({ ...options, process, write, exit: (code) => process.exit(code) });
  try {
    process.exitCode = await body(interrupt);
  } catch (error) {
    write(describeError(error, { debug: Boolean(process.env.DEBUG) }));
    process.exitCode = exitCodeFor(error);
  } finally {
    await interrupt.releaseAll();
    interrupt.dispose();
  }
}
