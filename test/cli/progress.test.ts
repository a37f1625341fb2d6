import { afterEach, describe, expect, it } from 'vitest';
import { createProgress, type Progress } from '../../src/cli/progress.ts';
import { fakeClock, fakeTerminal } from './fakeTerminal.ts';

const TOTALS = { totalTokens: 4000, doneTokens: 1000, runs: 4, doneRuns: 1 };

const started: Progress[] = [];
afterEach(() => {
  for (const progress of started.splice(0)) progress.stop();
});

const start = ({ isTTY = true, columns = 100, totals = TOTALS as Parameters<Progress['start']>[0] } = {}) => {
  const terminal = fakeTerminal(columns);
  const clock = fakeClock();
  const progress = createProgress({
    stream: terminal.stream,
    isTTY,
    now: clock.now,
    colour: false,
  });
  started.push(progress);
  progress.start(totals);
  return { terminal, clock, progress };
};

describe('on a terminal', () => {
  it('shows a bar for each run and one for the sweep, with losses and time left', () => {
    const { terminal, clock, progress } = start();
    progress.runStarted(0, '6k base', 1000);
    progress.runStarted(1, '6k math r=0.5', 1000);
    clock.pass(10_000);
    progress.runEvaluated(1, { generalLoss: 2.5, domainLoss: 1.25 });
    progress.runProgress(1, 250, 1.9, 25);
    clock.pass(10_000);
    progress.runProgress(0, 500, 3, 25);
    expect(terminal.screen()).toEqual([
      '6k base       ████████████░░░░░░░░░░░░  50 %  25 tokens/s  training 3.000',
      '6k math r=0.5 ██████░░░░░░░░░░░░░░░░░░  25 %  general 2.500 domain 1.250  25 tokens/s',
      // 750 of 3000 tokens took 20 s.
      'sweep         ██████████░░░░░░░░░░░░░░  43 %  1 min 00 s left  1 of 4 runs  50 tokens/s',
    ]);
  });

  it('has a line for each run under way, as many as fit on a screen, and none for seats without one', () => {
    const { terminal, clock, progress } = start();
    const last = () => terminal.screen().map((line) => line.split(' ')[0]);
    progress.runStarted(40, 'x', 1000);
    clock.pass(1000);
    progress.runStarted(3, 'y', 1000);
    expect(last()).toEqual(['y', 'x', 'sweep']);
    for (let slot = 4; slot < 20; slot++) {
      clock.pass(1000);
      progress.runStarted(slot, `z${slot}`, 1000);
    }
    expect(last()).toHaveLength(17);
    expect(last().slice(0, 2)).toEqual(['y', 'z4']);
    expect(last().at(-1)).toBe('sweep');
  });

  it.each([200, 80, 60, 40, 24, 12, 5, 1])(
    'fits %i columns: no line wraps, the last one is the sweep',
    (columns) => {
      const { terminal, clock, progress } = start({ columns });
      progress.runStarted(0, 'a rather long label of a run r=0.333', 1000);
      progress.runStarted(1, 'b', 1000);
      clock.pass(5000);
      progress.runEvaluated(0, { generalLoss: 12.5, domainLoss: 11.25 });
      progress.runProgress(0, 999, 1.9, 123_456);
      const screen = terminal.screen();
      expect(screen).toHaveLength(3);
      for (const line of screen) expect([...line].length).toBeLessThan(Math.max(2, columns));
      if (columns >= 12) expect(screen[2]).toMatch(/^sweep/);
    },
  );

  it('keeps the lines of ended runs and of messages above the bars', () => {
    const { terminal, clock, progress } = start();
    progress.message('general: 2.1M tokens');
    progress.runStarted(0, '6k base', 1000);
    clock.pass(65_000);
    progress.runEvaluated(0, { generalLoss: 2.5, domainLoss: null });
    progress.runEnded(0, 'done');
    progress.message('a note');
    expect(terminal.screen().slice(0, 3)).toEqual([
      'general: 2.1M tokens',
      '6k base: done, general 2.500 nats/token, 1 min 05 s',
      'a note',
    ]);
    expect(terminal.screen()).toHaveLength(4);
    expect(terminal.screen()[3]).toMatch(/^sweep .* 50 % {2}.* 2 of 4 runs/);
  });

  it('draws at most ten times a second', () => {
    const { terminal, clock, progress } = start();
    progress.runStarted(0, 'a', 1000);
    clock.pass(1000);
    progress.runProgress(0, 1, 3, 1);
    const length = terminal.written().length;
    for (let i = 2; i < 50; i++) progress.runProgress(0, i * 10, 3, 1);
    expect(terminal.written()).toHaveLength(length);
    clock.pass(100);
    progress.runProgress(0, 500, 3, 1);
    expect(terminal.screen()[0]).toContain('50 %');
  });

  it('redraws when the terminal changes its width', () => {
    const { terminal, clock, progress } = start({ columns: 100 });
    progress.runStarted(0, 'a', 1000);
    clock.pass(1000);
    progress.runProgress(0, 500, 3, 1);
    terminal.resize(40);
    for (const line of terminal.screen()) expect([...line].length).toBeLessThan(40);
    terminal.resize(120);
    expect(terminal.screen()).toHaveLength(2);
    expect(terminal.screen()[0]).toContain('training 3.000');
  });

  it('hides the cursor while it draws, and leaves no trace of itself behind', () => {
    const exitListeners = process.listenerCount('exit');
    const { terminal, progress } = start();
    expect(terminal.cursorVisible()).toBe(false);
    progress.stop();
    progress.stop();
    expect(terminal.cursorVisible()).toBe(true);
    expect(terminal.listeners()).toBe(0);
    expect(process.listenerCount('exit')).toBe(exitListeners);
    const before = terminal.written();
    progress.runStarted(0, 'late', 10);
    expect(terminal.written()).toBe(before);
    progress.message('after');
    expect(terminal.screen().at(-1)).toBe('after');
  });

  it('uses colours only when allowed, and never in what it measures', () => {
    const terminal = fakeTerminal(60);
    const progress = createProgress({
      stream: terminal.stream,
      isTTY: true,
      now: () => 0,
      colour: true,
    });
    started.push(progress);
    progress.start(TOTALS);
    expect(terminal.written()).toContain('\u001B[36m');
    expect([...terminal.screen()[0]!].length).toBeLessThan(60);
    expect(start().terminal.written()).not.toContain('\u001B[36m');
  });
});

describe('not on a terminal', () => {
  it('writes a line when a run starts or ends, and one on the whole every ten seconds, without escapes', () => {
    const { terminal, clock, progress } = start({ isTTY: false });
    progress.runStarted(0, '6k base', 1000);
    for (let tokens = 100; tokens <= 1000; tokens += 100) {
      clock.pass(2500);
      progress.runProgress(0, tokens, 3, 40);
      progress.runEvaluated(0, { generalLoss: 3, domainLoss: 2 });
    }
    progress.runEnded(0, 'done');
    progress.runStarted(1, '6k math r=1', 1000, { doneTokens: 500 });
    progress.runEnded(1, 'diverged');
    progress.message('a note');
    progress.stop();
    expect(terminal.written()).not.toContain('\u001B');
    expect(terminal.screen()).toEqual([
      '6k base: starts',
      '35 %, 1 min 05 s left, 1 of 4 runs, 40 tokens/s, 1.40k of 4.00k tokens',
      '45 %, 55 s left, 1 of 4 runs, 40 tokens/s, 1.80k of 4.00k tokens',
      '6k base: done, general 3.000 domain 2.000 nats/token, 25 s',
      '6k math r=1: goes on',
      '6k math r=1: diverged at 500 of 1.00k tokens, 0 s',
      'a note',
      '75 %, 25 s left, 3 of 4 runs, 3.00k of 4.00k tokens',
    ]);
  });

  it('needs no start to pass on messages', () => {
    const terminal = fakeTerminal(80);
    const progress = createProgress({ stream: terminal.stream, isTTY: false, now: () => 0 });
    progress.message('preparing');
    progress.stop();
    expect(terminal.screen()).toEqual(['preparing']);
  });
});

describe('percent and time left', () => {
  it('weigh runs by their FLOPs when these are given', () => {
    // One run of 100 tokens costs nine times the other.
    const { terminal, clock, progress } = start({
      isTTY: false,
      totals: { totalTokens: 200, doneTokens: 0, runs: 2, totalFlops: 1000, doneFlops: 0 },
    });
    progress.runStarted(0, 'large', 100, { flops: 900 });
    clock.pass(9000);
    progress.runProgress(0, 100, 3, 10);
    progress.runEnded(0, 'done');
    clock.pass(1000);
    progress.runStarted(0, 'small', 100, { flops: 100 });
    expect(terminal.screen().at(-1)).toBe('90 %, 1 s left, 1 of 2 runs, 100 of 200 tokens');
  });

  it('do not take a failed run twice into account when it is tried again', () => {
    const { terminal, progress } = start({ isTTY: false });
    progress.runStarted(0, 'a', 1000);
    progress.runEnded(0, 'failed');
    progress.runStarted(1, 'a', 1000);
    progress.runEnded(1, 'failed');
    progress.stop();
    expect(terminal.screen().at(-1)).toContain('50 %, time left: ?, 2 of 4 runs');
  });

  it('do not count what was done before as speed', () => {
    const { terminal, clock, progress } = start({ isTTY: false });
    progress.runStarted(0, 'a', 1000, { doneTokens: 900 });
    clock.pass(10_000);
    progress.runProgress(0, 1000, 3, 10);
    // 100 tokens in 10 s, 2000 to go.
    expect(terminal.screen().at(-1)).toContain('3 min 20 s left');
  });

  it('a sweep stopped by its user keeps what its runs had done', () => {
    const { terminal, progress } = start({ isTTY: false });
    progress.runStarted(0, 'a', 1000);
    progress.runProgress(0, 400, 3, 10);
    progress.runEnded(0, 'stopped');
    progress.stop();
    expect(terminal.screen().slice(-2)).toEqual([
      'a: stopped at 400 of 1.00k tokens, 0 s',
      '35 %, time left: ?, 1 of 4 runs, 1.40k of 4.00k tokens',
    ]);
  });
});
