import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { UserError } from '../../../src/common/errors.ts';
import type { Computing } from '../../../src/dashboard/api/laws.ts';
import { type LawService, startLawService } from '../../../src/dashboard/laws/service.ts';

/** What lawChild.mjs answers. */
type Answer =
  | { state: 'ready'; kind: string; pid: number; answered: number; isStale: boolean; domain: string }
  | Computing;

const services: LawService[] = [];
afterEach(async () => {
  for (const service of services.splice(0)) await service.close();
});

function start(script = join(import.meta.dirname, 'lawChild.mjs')) {
  const runsFolder = mkdtempSync(join(tmpdir(), 'laws-'));
  const lines: string[] = [];
  const service = startLawService({ runsFolder, log: (line) => void lines.push(line), script });
  services.push(service);
  const ask = (domain: string, sweep = 'math') =>
    service.law(sweep, { domain, form: 'L3' }) as unknown as Promise<Answer>;
  const ready = async (domain: string) => {
    for (;;) {
      const answer = await ask(domain);
      if (answer.state === 'ready') return answer;
      await delay(10);
    }
  };
  return { service, ask, ready, lines, runsFolder };
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
const until = async (condition: () => boolean) => {
  for (let waited = 0; !condition(); waited += 10) {
    if (waited > 5000) throw new Error('in vain');
    await delay(10);
  }
};

describe('the service that computes laws', () => {
  it('answers with what its process computes, once, and tells who listens', async () => {
    const { service, ready } = start();
    const told: unknown[] = [];
    service.onResult((event) => void told.push(event));
    const first = await ready('math');
    expect(first).toMatchObject({ kind: 'law', answered: 1, domain: 'math', isStale: false });
    expect(first.pid).not.toBe(process.pid);
    expect(await ready('math')).toEqual(first);
    expect(await ready('law')).toMatchObject({ answered: 2, pid: first.pid });
    expect(told).toEqual([
      { sweep: 'math', domain: 'math' },
      { sweep: 'math', domain: 'law' },
    ]);
  });

  it('says what it is at while it computes, and what waits for its turn', async () => {
    const { ask, ready } = start();
    await ready('warm');
    const [slow, behind] = await Promise.all([ask('slow'), delay(20).then(() => ask('math'))]);
    expect(slow).toEqual({ state: 'computing', what: 'half of it', elapsedMs: expect.any(Number) });
    expect(behind).toMatchObject({ state: 'computing', what: 'waiting for its turn' });
    const { elapsedMs } = slow as Computing;
    expect(elapsedMs).toBeGreaterThan(190);
    expect(elapsedMs).toBeLessThan(2000);
    expect(await ready('slow')).toMatchObject({ answered: 2 });
    expect(await ready('math')).toMatchObject({ answered: 3 });
  });

  it('throws what cannot be computed, in its words, and goes on', async () => {
    const { service, ask, ready } = start();
    await ready('warm');
    const refused = await ask('problem').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(UserError);
    expect(refused).toMatchObject({ message: 'nothing was measured', nextStep: 'Measure something.' });
    await expect(ask('problem')).rejects.toThrow('nothing was measured');
    expect(await ready('math')).toMatchObject({ answered: 2 });
    // Measurements of it may have come: it is tried again, and Computing tells of this try.
    service.changed('math');
    await expect(ask('problem')).resolves.toMatchObject({
      state: 'computing',
      what: 'waiting for its turn',
      elapsedMs: expect.toSatisfy((ms: number) => ms < 600),
    });
  });

  it('gives the earlier answer, marked stale, until the new one is there; other sweeps stay as they are', async () => {
    const { service, ask, ready } = start();
    const first = await ready('math');
    const other = (await ask('math', 'other')) as typeof first;
    service.changed('math');
    expect(await ask('math')).toEqual({ ...first, isStale: true });
    expect(await ask('math', 'other')).toEqual({ ...other, isStale: false });
    let now = await ready('math');
    for (let i = 0; i < 300 && now.isStale; i++) {
      await delay(10);
      now = await ready('math');
    }
    expect(now).toMatchObject({ isStale: false, answered: 3 });
  });

  it('computes long tables anew only when they are asked for again', async () => {
    const { service } = start();
    const compare = () =>
      service.compare({ sweeps: 'math,law', tolerance: 0.03, form: 'L3' }) as unknown as Promise<Answer>;
    let first = await compare();
    while (first.state !== 'ready') first = await compare();
    const told: unknown[] = [];
    service.onResult((event) => void told.push(event));
    service.changed('law');
    expect(await compare()).toEqual({ ...first, isStale: true });
    let now = await compare();
    while (now.state !== 'ready' || now.isStale) {
      await delay(20);
      now = await compare();
    }
    expect(now).toMatchObject({ answered: 2, isStale: false });
    // Of a table no sweep's pages are told: it has several.
    expect(told).toEqual([]);
  });
});

describe('the process that computes', () => {
  it('is started again when it was killed, and the question is answered', async () => {
    const { ask, ready, lines, runsFolder } = start();
    await ready('warm');
    let pid = 0;
    while (pid === 0) {
      const answer = await ask('waits');
      if (answer.state === 'computing') pid = Number(/waits in (\d+)/.exec(answer.what)?.[1] ?? 0);
    }
    writeFileSync(join(runsFolder, 'killed'), '');
    process.kill(pid, 'SIGKILL');
    const answer = await ready('waits');
    expect(answer).toMatchObject({ answered: 1, isStale: false });
    expect(answer.pid).not.toBe(pid);
    expect(lines).toEqual(['the process that fits laws has died; it is started again']);
  });

  it('may be killed while it rests: the next question finds another', async () => {
    const { ready, lines } = start();
    const { pid } = await ready('math');
    process.kill(pid, 'SIGKILL');
    await until(() => !isAlive(pid));
    await delay(50);
    expect((await ready('law')).pid).not.toBe(pid);
    expect(lines).toEqual([]);
  });

  it('dead twice over one question: says so, answers the others, and counts anew afterwards', async () => {
    const { service, ask, ready } = start();
    const refused = async () => {
      for (;;) {
        try {
          await ask('dies');
        } catch (error) {
          return error as UserError;
        }
        await delay(10);
      }
    };
    expect(await refused()).toMatchObject({
      name: 'UserError',
      message: 'the process that fits laws died twice over this question',
      nextStep: 'See the terminal.',
    });
    expect(await ready('math')).toMatchObject({ answered: 1 });
    expect(await ready('diesOnce')).toMatchObject({ isStale: false });
    service.changed('math');
    expect(await ask('dies')).toMatchObject({ state: 'computing' });
    expect(await refused()).toMatchObject({ name: 'UserError' });
  });

  it('says so too when it cannot even begin', async () => {
    const script = join(mkdtempSync(join(tmpdir(), 'laws-')), 'ends.mjs');
    writeFileSync(script, 'process.exit(1);');
    const { ask, lines } = start(script);
    let error: unknown;
    for (let i = 0; i < 300 && !error; i++) {
      error = await ask('math').then(
        () => null,
        (problem: unknown) => problem,
      );
    }
    expect(error).toMatchObject({ message: 'the process that fits laws died twice over this question' });
    expect(lines).toHaveLength(2);
  });
});

describe('close', () => {
  it('ends the process in the middle of a question, and who waits is answered', async () => {
    const { service, ask, ready } = start();
    const { pid } = await ready('math');
    const waiting = ask('never');
    await delay(20);
    await service.close();
    expect(isAlive(pid)).toBe(false);
    expect(await waiting).toMatchObject({ state: 'computing' });
    expect(await ask('another')).toMatchObject({ state: 'computing' });
    await service.close();
  });

  it('ends a process that is only just being started', async () => {
    const place = mkdtempSync(join(tmpdir(), 'laws-'));
    const script = join(place, 'mark.mjs');
    writeFileSync(
      script,
      `import { writeFileSync } from 'node:fs'; setTimeout(() => writeFileSync(${JSON.stringify(join(place, 'mark'))}, ''), 150);`,
    );
    const { service, ask, lines } = start(script);
    const waiting = ask('math');
    const beganMs = performance.now();
    await service.close();
    expect(performance.now() - beganMs).toBeLessThan(1000);
    expect(await waiting).toMatchObject({ state: 'computing' });
    await delay(500);
    expect(existsSync(join(place, 'mark'))).toBe(false);
    expect(lines).toEqual([]);
  });

  it('before anything was asked ends nothing', async () => {
    const { service } = start();
    await expect(service.close()).resolves.toBeUndefined();
  });
});
