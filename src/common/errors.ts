/** A failure the user can mend: printed as one sentence and a next step, never as a stack trace. Exit code 2. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly nextStep: string | undefined;

  constructor(message: string, nextStep?: string) {
    super(message);
    this.nextStep = nextStep;
  }
}

/** Work that was ended on purpose, by a signal or an order: the same command goes on. Exit code 130. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';

  constructor(by: string) {
    super(`stopped by ${by}`);
  }
}

/** The text of any thrown value, for a log line. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
