import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createInterrupt } from '../../src/cli/interrupt.ts';
import { InterruptedError } from '../../src/common/errors.ts';

const setUp = (over: { releaseTimeoutMs?: number; hasCheckpoints?: boolean } = {}) => {
  const process = new EventEmitter();
  const lines: string[] = [];
  const exits: number[] = [];
  let exited: () => void = () => {};
  const exit = new Promise<void>((done) => {
    exited = done;
  });
  const interrupt = createInterrupt({
    process,
    write: (line) => lines.push(line),
    exit: (code) => {
      exits.push(code);
      exited();
    },
    releaseTimeoutMs: 1000,
    ...over,
  });
  return { process, lines, exits, exit, interrupt };
};

describe('createInterrupt', () => {
  it.each(['SIGINT', 'SIGTERM'])('asks for an orderly end on the first %s, and does not exit', (name) => {
    const { process, lines, exits, interrupt } = setUp();
    let released = false;
    interrupt.onRelease(() => {
      released = true;
    });
    expect(interrupt.signal.aborted).toBe(false);
    process.emit(name, name);
    expect(interrupt.signal.aborted).toBe(true);
    expect(interrupt.signal.reason).toBeInstanceOf(InterruptedError);
    expect(interrupt.signal.reason.message).toBe(`stopped by ${name}`);
    expect(lines).toEqual(['stopping after a checkpoint; press again to end at once']);
    expect([released, exits]).toEqual([false, []]);
  });

  it('speaks of checkpoints only where there are any', () => {
    const { process, lines } = setUp({ hasCheckpoints: false });
    process.emit('SIGINT', 'SIGINT');
    process.emit('SIGINT', 'SIGINT');
    expect(lines).toEqual(['ending; press again to end at once', 'ending at once']);
  });

  it('releases and exits with 130 on the second', async () => {
    const { process, exits, exit, interrupt } = setUp();
    const order: string[] = [];
    interrupt.onRelease(() => void order.push('store'));
    interrupt.onRelease(async () => void order.push('trainers'));
    process.emit('SIGINT', 'SIGINT');
    process.emit('SIGTERM', 'SIGTERM');
    await exit;
    expect(order).toEqual(['trainers', 'store']);
    expect(exits).toEqual([130]);
  });

  it('waits for a releaser that hangs only so long, and for none on the third', async () => {
    const hanging = setUp({ releaseTimeoutMs: 20 });
    hanging.interrupt.onRelease(() => new Promise(() => {}));
    hanging.process.emit('SIGINT', 'SIGINT');
    hanging.process.emit('SIGINT', 'SIGINT');
    expect(hanging.exits).toEqual([]);
    await hanging.exit;
    expect(hanging.exits).toEqual([130]);

    const impatient = setUp({ releaseTimeoutMs: 60_000 });
    impatient.interrupt.onRelease(() => new Promise(() => {}));
    for (let i = 0; i < 3; i++) impatient.process.emit('SIGINT', 'SIGINT');
    expect(impatient.exits).toEqual([130]);
  });

  it('releases each thing once, in reverse, even when one of them throws', async () => {
    const { lines, interrupt } = setUp();
    const order: number[] = [];
    interrupt.onRelease(() => void order.push(1));
    interrupt.onRelease(() => {
      throw new Error('already closed');
    });
    const remove = interrupt.onRelease(() => void order.push(3));
    interrupt.onRelease(() => void order.push(4));
    remove();
    remove();
    await Promise.all([interrupt.releaseAll(), interrupt.releaseAll()]);
    await interrupt.releaseAll();
    expect(order).toEqual([4, 1]);
    expect(lines).toEqual(['while ending: already closed']);
  });

  it('stops listening when disposed of', () => {
    const { process, interrupt } = setUp();
    interrupt.dispose();
    expect(process.listenerCount('SIGINT') + process.listenerCount('SIGTERM')).toBe(0);
  });
});
