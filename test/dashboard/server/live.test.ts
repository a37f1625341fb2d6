import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Hub, type Listener, openHub } from '../../../src/dashboard/server/live.ts';
import { liveRoute } from '../../../src/dashboard/server/liveRoute.ts';
import { onError } from '../../../src/dashboard/server/responses.ts';
import { listenWith } from '../../../src/dashboard/server/serve.ts';
import { openState } from '../../../src/dashboard/server/state.ts';
import { finish, measured, openStore, plantSweep } from '../plantedStore.ts';
import { noQueue, temporaryFolder } from './started.ts';

const release: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const each of release.splice(0).reverse()) await each();
});

/** A hub over a sweep of which the runs with domain text are open. */
function planted() {
  const place = temporaryFolder();
  const store = openStore(place);
  const runs = plantSweep(store, 'math', { isOpen: ({ ratio }) => ratio > 0 });
  const queue = noQueue();
  const state = openState(store.path, queue);
  state.refresh();
  const lines: string[] = [];
  const hub = openHub(state, (line) => void lines.push(line));
  release.push(
    () => store.close(),
    () => state.close(),
    () => hub.close(),
  );
  const open = runs.filter(({ ratio }) => ratio > 0);
  return { place, store, state, queue, hub, lines, open };
}

function listener(over: Partial<Listener> = {}): Listener & { heard: [string, unknown][] } {
  const heard: [string, unknown][] = [];
  return {
    ...{ sweep: 'math', run: null, heard },
    send: (event, data) => {
      heard.push([event, JSON.parse(data)]);
      return true;
    },
    ...over,
  };
}

describe('the hub', () => {
  it('looks at the store while a page is open, and rests without leaving a timer', () => {
    vi.useFakeTimers();
    const { hub } = planted();
    expect(vi.getTimerCount()).toBe(0);
    const leave = [hub.add(listener())!, hub.add(listener())!];
    expect(vi.getTimerCount()).toBe(3);
    leave[0]!();
    expect(vi.getTimerCount()).toBe(3);
    leave[1]!();
    leave[1]!();
    expect(vi.getTimerCount()).toBe(0);
    hub.add(listener());
    expect(vi.getTimerCount()).toBe(3);
    hub.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('tells the pages of a sweep what changed in it, the others only how the sweeps stand', () => {
    vi.useFakeTimers();
    const { hub, store, open } = planted();
    const [own, elsewhere] = [listener(), listener({ sweep: null })];
    hub.add(own);
    hub.add(elsewhere);
    finish(store, 'math', open[0]!);
    vi.advanceTimersByTime(700);
    expect(own.heard.map(([event]) => event)).toEqual(['begin', 'runs', 'observations', 'sweeps']);
    expect(own.heard[1]![1]).toMatchObject([{ run: open[0]!.run, status: 'done', tokens: 480_000 }]);
    expect(own.heard[2]![1]).toHaveLength(5);
    expect(elsewhere.heard).toEqual([
      ['begin', { sweep: null }],
      ['sweeps', [expect.objectContaining({ sweep: 'math' })]],
    ]);
    hub.lawChanged({ sweep: 'law', domain: 'law' });
    expect(own.heard.at(-1)![0]).toBe('sweeps');
    expect(elsewhere.heard.at(-1)).toEqual(['law', { sweep: 'law', domain: 'law' }]);
  });

  it('lets go of a page whose connection fails, or that does not read, and tells the others all the same', () => {
    vi.useFakeTimers();
    const { hub, store, open, lines, queue } = planted();
    let fails = false;
    const broken = listener({
      send: () => {
        if (fails) throw new Error('the connection is broken');
        return true;
      },
    });
    const full = listener({ send: () => !fails });
    const well = listener();
    for (const each of [broken, full]) hub.add(each);
    const leave = hub.add(well)!;
    fails = true;
    finish(store, 'math', open[0]!);
    vi.advanceTimersByTime(100);
    expect(well.heard.map(([event]) => event)).toEqual(['begin', 'runs', 'observations']);
    expect(lines).toEqual(['a page was let go: the connection is broken']);
    queue.look();
    expect(lines).toHaveLength(1);
    leave();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('rests when the last page was let go, and survives sweeps that cannot be told', () => {
    vi.useFakeTimers();
    const { hub, queue, state, lines } = planted();
    let reads = true;
    hub.add(listener({ send: () => reads }));
    state.summaries = () => {
      throw new Error('half a plan');
    };
    queue.look();
    vi.advanceTimersByTime(600);
    expect(lines).toEqual(['half a plan']);
    expect(vi.getTimerCount()).toBe(3);
    reads = false;
    queue.look();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has room for 200 pages, and for another when one has gone', () => {
    vi.useFakeTimers();
    const { hub } = planted();
    const leave = Array.from({ length: 200 }, () => hub.add(listener()));
    expect(leave.every((each) => each !== null)).toBe(true);
    expect([hub.isFull(), hub.add(listener())]).toEqual([true, null]);
    leave[7]!();
    expect([hub.isFull(), hub.add(listener())]).toEqual([false, expect.any(Function)]);
  });
});

async function serve(hub: Hub) {
  const app = liveRoute(hub);
  app.onError(onError(() => {}));
  const server = await listenWith(
    '127.0.0.1',
    0,
    () => app,
    () => {},
  );
  release.push(() => server.close());
  const url = `http://127.0.0.1:${server.port}/live`;
  /** A page: everything it was told, and a wait for the next event of a name. */
  const page = async (query = '?sweep=math') => {
    const stop = new AbortController();
    const response = await fetch(`${url}${query}`, { signal: stop.signal });
    const events: { event: string; data: unknown; ms: number }[] = [];
    const reading = (async () => {
      let text = '';
      for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
        text += piece;
        const whole = text.split('\n\n');
        text = whole.pop()!;
        for (const each of whole) {
          const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(each)?.[1] ?? '';
          events.push({ event: field('event'), data: JSON.parse(field('data')), ms: performance.now() });
        }
      }
    })().catch(() => {});
    const next = async (name: string, from = 0) => {
      for (let waited = 0; waited < 5000; waited += 5) {
        const found = events.slice(from).find(({ event }) => event === name);
        if (found) return found;
        await delay(5);
      }
      throw new Error(`no event ${name} among ${events.map(({ event }) => event)}`);
    };
    const leave = () => {
      stop.abort();
      return reading;
    };
    return { response, events, next, leave };
  };
  return { url, page };
}

/** How many pages the hub has. */
const countOf = (hub: Hub) => {
  let open = 0;
  const add = hub.add;
  hub.add = (each) => {
    const leave = add(each);
    if (leave) open++;
    if (!leave) return null;
    return () => {
      open--;
      leave();
    };
  };
  return { open: () => open };
};

describe('the live route', () => {
  it('begins, sends what is committed within 300 ms, begins again with another store, ends with the page', async () => {
    const { place, store, state, hub, open } = planted();
    const pages = countOf(hub);
    const { page } = await serve(hub);
    const one = await page();
    expect(one.response.headers.get('content-type')).toBe('text/event-stream');
    await one.next('begin');
    expect(one.events[0]).toMatchObject({ event: 'begin', data: { sweep: 'math' } });
    expect(pages.open()).toBe(1);

    const [first, second] = open[0]!.tokens;
    store.setRunning(open[0]!.run, { engine: 'onnx' });
    for (const tokens of [first!, second!]) {
      const from = one.events.length;
      const row = measured('math', open[0]!, tokens);
      store.recordObservation(row);
      const committedMs = performance.now();
      const told = await one.next('observations', from);
      expect(told.data).toMatchObject([{ run: open[0]!.run, tokens, generalLoss: row.generalLoss }]);
      expect(told.ms - committedMs).toBeLessThan(300);
    }

    const elsewhere = temporaryFolder();
    const other = openStore(elsewhere);
    plantSweep(other, 'law', { domain: 'law' });
    other.close();
    const from = one.events.length;
    for (const ending of ['', '-wal', '-shm']) rmSync(`${store.path}${ending}`, { force: true });
    renameSync(join(elsewhere, 'results.sqlite'), join(place, 'results.sqlite'));
    await one.next('begin', from);
    expect([...state.mirror.sweeps.keys()]).toEqual(['law']);

    await one.leave();
    await vi.waitFor(() => expect(pages.open()).toBe(0), 2000);
  });

  it('refuses in words when too many are open, and what it does not understand', async () => {
    const { hub } = planted();
    const { url } = await serve(hub);
    for (let i = 0; i < 200; i++) hub.add(listener());
    const full = await fetch(url);
    expect(full.status).toBe(503);
    expect(await full.json()).toMatchObject({ error: 'too many pages are open already' });
    for (const query of ['sweep=../x', 'sweep=math&sweep=law', 'run=12', 'other=1', 'sweep=']) {
      expect((await fetch(`${url}?${query}`)).status).toBe(400);
    }
  });

  it('answers a HEAD without holding a place', async () => {
    const { hub } = planted();
    const pages = countOf(hub);
    const { url } = await serve(hub);
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    expect(pages.open()).toBe(0);
  });

  it('lets go of a page that does not read', async () => {
    const { hub } = planted();
    const pages = countOf(hub);
    const { url } = await serve(hub);
    const stop = new AbortController();
    await fetch(url, { signal: stop.signal });
    await vi.waitFor(() => expect(pages.open()).toBe(1), 2000);
    const bulk = 'x'.repeat(1_000_000);
    for (let i = 0; i < 40 && pages.open() === 1; i++) {
      hub.lawChanged({ sweep: bulk, domain: null });
      await delay(5);
    }
    expect(pages.open()).toBe(0);
    stop.abort();
  });
});
