// The live connection against a socket that does what the test says. SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backoff, Live, type TopicMessage } from '../src/api/live';
import { matches } from '../src/api/selector';
import { FakeSocket } from './socket';

let flush: () => void;
let live: Live;
let refused: number;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
  refused = 0;
  live = new Live({
    url: 'ws://host/ws',
    socket: (u, p) => new FakeSocket(u, p) as unknown as WebSocket,
    random: () => 0,
    onRefused: () => refused++,
    frame: (run) => {
      flush = run;
      return { ask: () => undefined };
    },
  });
});
afterEach(() => {
  live.stop();
  vi.useRealTimers();
});

function watch(topic: string, selectors?: string[]): { got: TopicMessage[]; end: () => void } {
  const got: TopicMessage[] = [];
  return { got, end: live.watch(topic, (m) => got.push(m), selectors) };
}

describe('connecting', () => {
  it('speaks the protocol and subscribes once the host has said hello', () => {
    watch('health');
    live.start();
    const s = FakeSocket.last;
    expect([s.url, s.protocol]).toEqual(['ws://host/ws', 'openclaw.v1']);
    expect(live.link.get().state).toBe('connecting');
    expect(s.sent).toEqual([]);
    s.hello();
    expect(live.link.get()).toMatchObject({ state: 'live', version: '1.0.0', attempt: 0 });
    expect(s.sent).toEqual([{ type: 'subscribe', topics: ['health'] }]);
  });

  it('subscribes a topic once for many watchers and unsubscribes after the last', () => {
    live.start();
    FakeSocket.last.hello();
    const a = watch('alerts');
    const b = watch('alerts');
    a.end();
    expect(FakeSocket.last.sent).toEqual([{ type: 'subscribe', topics: ['alerts'] }]);
    b.end();
    expect(FakeSocket.last.sent[1]).toEqual({ type: 'unsubscribe', topics: ['alerts'] });
  });

  it('sends the selectors of all watchers of samples', () => {
    live.start();
    FakeSocket.last.hello();
    watch('samples', ['system.cpu_percent']);
    watch('samples', ['system.load1']);
    expect(FakeSocket.last.sent[1]).toEqual({
      type: 'subscribe',
      topics: ['samples'],
      selectors: ['system.cpu_percent', 'system.load1'],
    });
  });

  it('sends no selector that the host refuses', () => {
    live.start();
    FakeSocket.last.hello();
    watch('samples', [`http.up{path="${'é'.repeat(260)}"}`, ...Array.from({ length: 300 }, (_, i) => `m${i}`)]);
    const { selectors } = FakeSocket.last.sent[0] as { selectors: string[] };
    expect(selectors).toHaveLength(256);
    expect(selectors[0]).toBe('http.up');
  });
});

describe('reconnecting', () => {
  it('waits longer after each failure and never longer than fifteen seconds', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 20].map((n) => backoff(n, () => 0));
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]);
    expect(backoff(3, () => 0.999)).toBeGreaterThanOrEqual(1000);
  });

  it('tells that it is lost, tries again, and subscribes everything anew', () => {
    watch('health');
    watch('alerts');
    live.start();
    FakeSocket.last.hello();
    FakeSocket.last.breaks();
    expect(live.link.get()).toMatchObject({ state: 'lost', attempt: 1 });
    expect(refused).toBe(1);
    vi.advanceTimersByTime(499);
    expect(FakeSocket.all).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(FakeSocket.all).toHaveLength(2);
    FakeSocket.last.breaks();
    vi.advanceTimersByTime(1000);
    FakeSocket.last.hello();
    expect(live.link.get()).toMatchObject({ state: 'live', attempt: 0 });
    expect(FakeSocket.last.sent).toEqual([{ type: 'subscribe', topics: ['health', 'alerts'] }]);
  });

  it('tries at once when asked to, and only once', () => {
    live.start();
    FakeSocket.last.hello();
    FakeSocket.last.breaks();
    live.hurry();
    live.hurry();
    expect(FakeSocket.all).toHaveLength(2);
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it('takes a silent connection for a lost one', () => {
    live.start();
    const s = FakeSocket.last;
    s.hello();
    vi.advanceTimersByTime(15_000);
    expect(s.sent).toEqual([{ type: 'ping' }]);
    s.tell({ type: 'pong', timestamp: 1 });
    vi.advanceTimersByTime(15_000);
    expect(live.link.get().state).toBe('live');
    vi.advanceTimersByTime(30_000);
    expect(s.readyState).toBe(3);
    expect(FakeSocket.all.length).toBeGreaterThan(1);
  });

  it('does not try again once it is stopped', () => {
    live.start();
    FakeSocket.last.hello();
    live.stop();
    FakeSocket.last.breaks();
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.all).toHaveLength(1);
  });

  it('is polling while somebody else brings figures, and live again afterwards', () => {
    live.start();
    FakeSocket.last.hello();
    FakeSocket.last.breaks();
    live.polled(true);
    expect(live.link.get().state).toBe('polling');
    vi.advanceTimersByTime(500);
    FakeSocket.last.hello();
    expect(live.link.get().state).toBe('live');
    live.polled(true);
    expect(live.link.get().state).toBe('live');
  });
});

describe('messages', () => {
  it('hands on what came within one frame, in order', () => {
    const { got } = watch('health');
    live.start();
    FakeSocket.last.hello();
    FakeSocket.last.tell({ type: 'snapshot', topic: 'health', event: 11, data: { n: 1 } });
    FakeSocket.last.tell({ type: 'delta', topic: 'health', event: 12, data: { n: 2 } });
    expect(got).toEqual([]);
    flush();
    expect(got).toEqual([
      { kind: 'snapshot', data: { n: 1 } },
      { kind: 'delta', data: { n: 2 } },
    ]);
  });

  it('goes on after a resync with the snapshot that follows', () => {
    const { got } = watch('health');
    live.start();
    FakeSocket.last.hello();
    FakeSocket.last.tell({ type: 'resync', topic: 'health' });
    FakeSocket.last.tell({ type: 'snapshot', topic: 'health', event: 40, data: { n: 9 } });
    flush();
    expect(got).toEqual([{ kind: 'resync' }, { kind: 'snapshot', data: { n: 9 } }]);
  });

  it('says of events that some are missing, to those whose they are', () => {
    const audit = watch('events:audit');
    const config = watch('events:config.*');
    live.start();
    FakeSocket.last.hello();
    FakeSocket.last.tell({ type: 'resync', topic: 'events:audit' });
    flush();
    expect(audit.got).toEqual([{ kind: 'resync' }]);
    expect(config.got).toEqual([]);
  });

  it('asks for the events that it missed', () => {
    const { got } = watch('events:alert.*');
    live.start();
    FakeSocket.last.hello(10);
    FakeSocket.last.tell({ type: 'event', event: 17, topic: 'alert.firing', time: 5, data: { id: 'x' } });
    FakeSocket.last.tell({ type: 'event', event: 18, topic: 'plugin.loaded', time: 6, data: {} });
    flush();
    expect(got).toEqual([{ kind: 'event', event: 17, topic: 'alert.firing', time: 5, data: { id: 'x' } }]);
    FakeSocket.last.breaks();
    vi.advanceTimersByTime(500);
    FakeSocket.last.hello(30);
    expect(FakeSocket.last.sent).toEqual([{ type: 'subscribe', topics: ['events:alert.*'], since: 18 }]);
  });

  it('asks for what it missed of all that it knew, and for the whole of the rest', () => {
    watch('logs');
    live.start();
    FakeSocket.last.hello(10);
    FakeSocket.last.tell({ type: 'snapshot', topic: 'logs', event: 12, data: {} });
    FakeSocket.last.breaks();
    watch('jobs');
    vi.advanceTimersByTime(500);
    FakeSocket.last.hello(30);
    expect(FakeSocket.last.sent).toEqual([
      { type: 'subscribe', topics: ['logs'], since: 12 },
      { type: 'subscribe', topics: ['jobs'] },
    ]);
  });

  it('asks for the whole of what it fell behind with when the connection goes before the snapshot comes', () => {
    watch('health');
    watch('jobs');
    watch('events:audit');
    live.start();
    FakeSocket.last.hello(10);
    FakeSocket.last.tell({ type: 'snapshot', topic: 'health', event: 11, data: {} });
    FakeSocket.last.tell({ type: 'snapshot', topic: 'jobs', event: 12, data: {} });
    for (const topic of ['health', 'jobs', 'events:audit']) FakeSocket.last.tell({ type: 'resync', topic });
    FakeSocket.last.tell({ type: 'snapshot', topic: 'health', event: 40, data: {} });
    FakeSocket.last.breaks();
    vi.advanceTimersByTime(500);
    FakeSocket.last.hello(50);
    expect(FakeSocket.last.sent).toEqual([
      { type: 'subscribe', topics: ['health', 'events:audit'], since: 40 },
      { type: 'subscribe', topics: ['jobs'] },
    ]);
    FakeSocket.last.tell({ type: 'snapshot', topic: 'jobs', event: 51, data: {} });
    FakeSocket.last.breaks();
    vi.advanceTimersByTime(500);
    FakeSocket.last.hello(60);
    expect(FakeSocket.last.sent).toEqual([
      { type: 'subscribe', topics: ['health', 'jobs', 'events:audit'], since: 51 },
    ]);
  });

  it('says that something was missed even if that came with more than it could keep up with', () => {
    const { got } = watch('logs');
    live.start();
    FakeSocket.last.hello(10);
    FakeSocket.last.tell({ type: 'snapshot', topic: 'logs', event: 11, data: {} });
    flush();
    got.length = 0;
    FakeSocket.last.tell({ type: 'resync', topic: 'logs' });
    for (let i = 0; i < 20_000; i++) FakeSocket.last.tell({ type: 'delta', topic: 'health', event: 12 + i, data: {} });
    flush();
    expect(got).toEqual([{ kind: 'resync' }]);
  });

  it('asks for nothing again that is still to be shown', () => {
    watch('logs');
    live.start();
    FakeSocket.last.hello(10);
    FakeSocket.last.tell({ type: 'snapshot', topic: 'logs', event: 12, data: {} });
    FakeSocket.last.tell({ type: 'delta', topic: 'logs', event: 13, data: {} });
    FakeSocket.last.breaks(); // before a frame was drawn
    vi.advanceTimersByTime(500);
    FakeSocket.last.hello(30);
    expect(FakeSocket.last.sent[0]).toMatchObject({ since: 13 });
  });

  it('asks for the events since it came, even if it saw none', () => {
    live.start();
    FakeSocket.last.hello(10);
    watch('events:audit');
    FakeSocket.last.breaks();
    vi.advanceTimersByTime(500);
    FakeSocket.last.hello(30);
    expect(FakeSocket.last.sent).toEqual([{ type: 'subscribe', topics: ['events:audit'], since: 10 }]);
  });

  it('forgets what it cannot keep up with, and takes everything anew', () => {
    const health = watch('health');
    const audit = watch('events:audit');
    live.start();
    FakeSocket.last.hello(10);
    FakeSocket.last.tell({ type: 'snapshot', topic: 'health', event: 11, data: { n: 0 } });
    flush();
    for (let i = 0; i < 20_000; i++)
      FakeSocket.last.tell({ type: 'delta', topic: 'health', event: 12 + i, data: { i } });
    health.got.length = 0;
    flush();
    expect(health.got).toEqual([{ kind: 'resync' }]);
    expect(audit.got).toEqual([{ kind: 'resync' }]);
    expect(FakeSocket.last.sent[1]).toEqual({ type: 'subscribe', topics: ['health', 'events:audit'] });
    FakeSocket.last.tell({ type: 'snapshot', topic: 'health', event: 20_100, data: { n: 1 } });
    flush();
    expect(health.got[1]).toEqual({ kind: 'snapshot', data: { n: 1 } });
  });

  it('forgets the event number of a host that began anew, and says so', () => {
    const { got } = watch('events:*');
    live.start();
    FakeSocket.last.hello(900);
    FakeSocket.last.tell({ type: 'event', event: 950, topic: 'a', time: 5, data: {} });
    flush();
    FakeSocket.last.breaks();
    vi.advanceTimersByTime(500);
    FakeSocket.last.hello(3);
    expect(FakeSocket.last.sent).toEqual([{ type: 'subscribe', topics: ['events:*'] }]);
    got.length = 0;
    flush();
    expect(got).toEqual([{ kind: 'resync' }]);
  });

  it('survives what is not JSON', () => {
    live.start();
    FakeSocket.last.hello();
    FakeSocket.last.onmessage?.({ data: '{' });
    expect(live.link.get().state).toBe('live');
  });

  it('matches topics with stars and takes dots for dots', () => {
    expect(matches('alert.*', 'alert.firing')).toBe(true);
    expect(matches('alert.*', 'alertXfiring')).toBe(false);
    expect(matches('*', 'anything.at.all')).toBe(true);
  });
});

describe('calls', () => {
  it('gives rows, then the result', async () => {
    live.start();
    FakeSocket.last.hello();
    const rows: unknown[] = [];
    const done = live.call('logs', { lines: 1 }, { onRow: (r) => rows.push(r) });
    expect(FakeSocket.last.sent[0]).toEqual({ type: 'call', id: 1, op: 'logs', params: { lines: 1 } });
    FakeSocket.last.tell({ type: 'row', id: 1, data: { a: 1 } });
    FakeSocket.last.tell({ type: 'result', id: 1, ok: true, data: 7 });
    await expect(done).resolves.toBe(7);
    expect(rows).toEqual([{ a: 1 }]);
  });

  it('fails with what the host said, and when the connection goes', async () => {
    live.start();
    FakeSocket.last.hello();
    const refusedCall = live.call('x');
    FakeSocket.last.tell({ type: 'result', id: 1, ok: false, error: { code: 'denied', message: 'no' } });
    await expect(refusedCall).rejects.toMatchObject({ code: 'denied', message: 'no' });
    const lost = live.call('x');
    FakeSocket.last.breaks();
    await expect(lost).rejects.toMatchObject({ code: 'unreachable' });
    await expect(live.call('x')).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('tells the host when nobody waits any more', async () => {
    live.start();
    FakeSocket.last.hello();
    const abort = new AbortController();
    const call = live.call('logs', {}, { signal: abort.signal });
    abort.abort();
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect(FakeSocket.last.sent[1]).toEqual({ type: 'cancel', id: 1 });
  });
});
