import { createLogUpdate } from 'log-update';
import { endedLine, liveLines, overallLine } from './progressLines.ts';
import { createProgressState, type ProgressState, type RunEnd, type SweepTotals } from './progressState.ts';

export interface ProgressOptions {
  /** Where all of it goes: standard error, so that standard output stays for `--json`. */
  stream: NodeJS.WritableStream & { columns?: number; rows?: number };
  isTTY: boolean;
  /** Milliseconds of a monotonic clock. */
  now(): number;
  /** Default: on a terminal, unless NO_COLOR is set. */
  colour?: boolean;
}

/** Tells a person how a sweep goes. A slot is the number of a run's line, from 0. Losses in nats per token. */
export interface Progress {
  start(totals: SweepTotals): void;
  /** `doneTokens`: where a resumed run goes on; `flops`: of the whole run, when the totals have them. */
  runStarted(
    slot: number,
    label: string,
    totalTokens: number,
    from?: { doneTokens?: number; flops?: number },
  ): void;
  runProgress(slot: number, tokens: number, loss: number, tokensPerSecond: number): void;
  runEvaluated(slot: number, losses: { generalLoss: number; domainLoss: number | null }): void;
  runEnded(slot: number, end: RunEnd): void;
  /** A line that stays. */
  message(line: string): void;
  /** Leaves the terminal as it was, with the last state in sight. Idempotent. */
  stop(): void;
}

const LIVE_INTERVAL_MS = 100;
const LOG_INTERVAL_MS = 10_000;
const HIDE_CURSOR = '\u001B[?25l';
const SHOW_CURSOR = '\u001B[?25h';

/**
 * On a terminal a live display: a bar per run under way and one for the sweep, with time left. Elsewhere plain lines: one
 * when a run starts or ends, and one on the whole sweep about every 10 seconds. Draws when it is told something, so
 * it needs no timer and holds up no exit.
 */
export function createProgress(options: ProgressOptions): Progress {
  return options.isTTY ? liveProgress(options) : plainProgress(options);
}

/** The parts that both displays share: keep the state, then show. */
function progressOver(
  options: ProgressOptions,
  show: {
    begin?(): void;
    /** After anything changed. `event` is a line worth keeping, or null. */
    changed(state: ProgressState, event: string | null): void;
    message(line: string, state: ProgressState | undefined): void;
    stop(state: ProgressState | undefined): void;
  },
  tellStarts: boolean,
): Progress {
  const { now } = options;
  let state: ProgressState | undefined;
  let stopped = false;
  const change = (work: (state: ProgressState) => string | null): void => {
    if (!state || stopped) return;
    show.changed(state, work(state));
  };
  return {
    start(totals) {
      state = createProgressState(totals, now());
      show.begin?.();
      change(() => null);
    },
    runStarted(slot, label, totalTokens, { doneTokens = 0, flops } = {}) {
      change((current) => {
        current.started(
          slot,
          label,
          totalTokens,
          flops === undefined ? { doneTokens } : { doneTokens, flops },
          now(),
        );
        return tellStarts ? `${label}: ${doneTokens > 0 ? 'goes on' : 'starts'}` : null;
      });
    },
    runProgress(slot, tokens, loss, tokensPerSecond) {
      change((current) => {
        current.progressed(slot, tokens, loss, tokensPerSecond, now());
        return null;
      });
    },
    runEvaluated(slot, losses) {
      change((current) => {
        current.evaluated(slot, losses);
        return null;
      });
    },
    runEnded(slot, end) {
      change((current) => {
        const run = current.ended(slot, end);
        return run ? endedLine(run, end, (now() - run.startedMs) / 1000) : null;
      });
    },
    message(line) {
      show.message(line, stopped ? undefined : state);
    },
    stop() {
      if (stopped) return;
      stopped = true;
      show.stop(state);
    },
  };
}

function plainProgress(options: ProgressOptions): Progress {
  const { stream, now } = options;
  const write = (line: string): void => {
    stream.write(`${line}\n`);
  };
  let toldMs = now();
  return progressOver(
    options,
    {
      changed(state, event) {
        if (event !== null) write(event);
        if (now() - toldMs < LOG_INTERVAL_MS) return;
        toldMs = now();
        write(overallLine(state.overall(now())));
      },
      message: write,
      stop(state) {
        if (state) write(overallLine(state.overall(now())));
      },
    },
    true,
  );
}

function liveProgress(options: ProgressOptions): Progress {
  const { stream, now } = options;
  const colour = options.colour ?? !process.env.NO_COLOR;
  // The cursor is hidden and shown here, on this very stream; log-update would use the process's own.
  const live = createLogUpdate(stream, { showCursor: true });
  const showCursor = (): void => {
    stream.write(SHOW_CURSOR);
  };
  let drawnMs = Number.NEGATIVE_INFINITY;
  let drawnLines = 0;
  let current: ProgressState | undefined;

  const draw = (state: ProgressState): void => {
    drawnMs = now();
    // One column is left free: a full line would wrap on some terminals. Some report 0 columns.
    const columns = Math.max(1, (stream.columns || 80) - 1);
    const lines = liveLines(state.active, state.overall(now()), columns, colour);
    // log-update 7.2 writes only what changed, and writes an added line over the one that it should have moved down.
    if (lines.length !== drawnLines) live.clear();
    drawnLines = lines.length;
    live(lines.join('\n'));
  };
  const redraw = (): void => {
    live.clear();
    if (current) draw(current);
  };

  return progressOver(
    options,
    {
      begin() {
        stream.write(HIDE_CURSOR);
        // However the process ends, the user's cursor comes back.
        process.once('exit', showCursor);
        stream.on('resize', redraw);
      },
      changed(state, event) {
        current = state;
        if (event !== null) live.persist(event);
        if (event !== null || now() - drawnMs >= LIVE_INTERVAL_MS) draw(state);
      },
      message(line, state) {
        live.persist(line);
        if (state) draw(state);
      },
      stop(state) {
        if (!state) return;
        draw(state);
        live.done();
        stream.off('resize', redraw);
        process.off('exit', showCursor);
        showCursor();
      },
    },
    false,
  );
}
