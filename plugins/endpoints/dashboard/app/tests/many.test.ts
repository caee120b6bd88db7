// One operation for many things. SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MOST_AT_ONCE, runMany, type Many } from '../src/api/many';

let now = 0;
let most = 0;
let answer: (id: string) => Promise<Response>;

const body = (value: unknown, status = 200) => new Response(JSON.stringify(value), { status });
const ok = () => Promise.resolve(body({ ok: true, data: {} }));
const conflict = () => body({ ok: false, data: null, error: { code: 'conflict', message: 'it is resolved' } }, 409);
const badGateway = () => new Response('<html>Bad Gateway</html>', { status: 502 });
const ids = (n: number) => Array.from({ length: n }, (_, i) => ({ id: `a${i}` }));

beforeEach(() => {
  now = most = 0;
  answer = ok;
  vi.stubGlobal('fetch', async (_url: string, init: RequestInit) => {
    most = Math.max(most, ++now);
    await Promise.resolve();
    try {
      return await answer((JSON.parse(init.body as string) as { id: string }).id);
    } finally {
      now--;
    }
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('runMany', () => {
  it('has a few requests at a time on their way, never all', async () => {
    const end = await runMany('alert.ack', ids(500));
    expect(end).toMatchObject({ total: 500, done: 500, failed: [], left: [] });
    expect(most).toBe(MOST_AT_ONCE);
  });

  it('tells how far it is', async () => {
    const told: Many[] = [];
    await runMany('alert.ack', ids(3), { onProgress: (m) => told.push(m) });
    expect(told[0]).toMatchObject({ total: 3, done: 0 });
  });

  it('goes on when one fails, and says which and why', async () => {
    answer = (id) => (id === 'a7' ? Promise.resolve(conflict()) : ok());
    const end = await runMany('alert.ack', ids(20));
    expect(end.done).toBe(19);
    expect(end.failed.map((f) => [f.params, f.error.message])).toEqual([[{ id: 'a7' }, 'it is resolved']]);
  });

  it('does not try the rest when the host is away', async () => {
    answer = () => Promise.reject(new TypeError('network'));
    const end = await runMany('alert.ack', ids(100));
    expect(end.failed.length).toBeLessThanOrEqual(MOST_AT_ONCE);
    expect(end.failed.length + end.left.length).toBe(100);
  });

  it('does not try the rest when a proxy answers in the place of the host', async () => {
    answer = () => Promise.resolve(badGateway());
    const end = await runMany('alert.ack', ids(100));
    expect(end.failed.length).toBeLessThanOrEqual(MOST_AT_ONCE);
    expect(end.failed.length + end.left.length).toBe(100);
  });

  it('does not begin again when one that was slow fails in a way of its own', async () => {
    let clock = 0;
    vi.spyOn(Date, 'now').mockImplementation(() => (clock += 1000)); // all progress is told
    let late: (response: Response) => void = () => undefined;
    answer = (id) => (id === 'a0' ? new Promise((resolve) => (late = resolve)) : Promise.resolve(badGateway()));
    const end = await runMany('alert.ack', ids(100), {
      onProgress: (so_far) => {
        if (so_far.failed.length === MOST_AT_ONCE - 1) late(conflict());
      },
    });
    expect(end.failed.map((f) => f.error.status)).toEqual([502, 502, 502, 502, 502, 409]);
    expect(end.left.length).toBe(100 - MOST_AT_ONCE);
  });

  it('stops when it is told to', async () => {
    const control = new AbortController();
    answer = () => {
      control.abort();
      return ok();
    };
    const end = await runMany('alert.ack', ids(100), { signal: control.signal });
    expect(end.done + end.left.length).toBe(100);
    expect(end.left.length).toBeGreaterThan(80);
  });
});
