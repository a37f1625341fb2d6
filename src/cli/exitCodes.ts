/** What the process tells its caller; documented in docs/configuration.md. */
export const EXIT_CODES = {
  /** Everything that was asked for is there. A diverged run is a result, not a failure. */
  done: 0,
  /** Some runs failed, or something went wrong that no input explains. */
  failedRuns: 1,
  /** The config, a flag or a source cannot be used. */
  badInput: 2,
  /** Stopped by Ctrl-C or SIGTERM, with checkpoints: the same command goes on. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];
