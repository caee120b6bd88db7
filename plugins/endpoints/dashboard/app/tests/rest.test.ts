// Calling operations. SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { call } from '../src/api/rest';

type Reply = { status?: number; body?: unknown; text?: string };
let replies: Reply[];
let asked: { url: string; init: RequestInit }[];

beforeEach(() => {
  replies = [];
  asked = [];
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    asked.push({ url, init });
    const r = replies.shift();
    if (!r) return Promise.reject(new TypeError('network'));
    return Promise.resolve(new Response(r.text ?? JSON.stringify(r.body), { status: r.status ?? 200 }));
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const ok = (data: unknown, warnings: string[] = []): Reply => ({ body: { ok: true, data, warnings } });

describe('call', () => {
  it('posts parameters to the path of the operation, with the header that a foreign page cannot set', async () => {
    replies = [ok({ id: 'x' })];
    await expect(call('alert.ack', { id: 'x' })).resolves.toEqual({ id: 'x' });
    expect(asked[0]?.url).toMatch(/\/api\/v1\/alert\/ack$/);
    expect(asked[0]?.init).toMatchObject({ method: 'POST', body: '{"id":"x"}', credentials: 'same-origin' });
    expect((asked[0]?.init.headers as Record<string, string>)['X-Openclaw-Csrf']).toBe('1');
  });

  it('hands on warnings', async () => {
    replies = [ok(1, ['old'])];
    const warnings: string[] = [];
    await call('x', {}, { onWarnings: (w) => warnings.push(...w) });
    expect(warnings).toEqual(['old']);
  });

  it('fails with the code, message and hint of the host', async () => {
    replies = [
      {
        status: 404,
        body: { ok: false, data: null, error: { code: 'not_found', message: 'no alert', hint: 'Look.' } },
      },
    ];
    await expect(call('alert.ack')).rejects.toMatchObject({
      code: 'not_found',
      message: 'no alert',
      hint: 'Look.',
      status: 404,
    });
  });

  it('tells a host that does not answer from an answer that is none', async () => {
    await expect(call('x')).rejects.toMatchObject({ code: 'unreachable' });
    replies = [{ status: 502, text: '<html>' }];
    await expect(call('x')).rejects.toMatchObject({ code: 'protocol', status: 502 });
    replies = [{ body: { hello: 1 } }];
    await expect(call('x')).rejects.toMatchObject({ code: 'protocol' });
  });

  it('follows a job until it ends', async () => {
    vi.useFakeTimers();
    replies = [
      { status: 202, body: { ok: true, data: { job: 'j1', op: 'plugin.install', state: 'running' } } },
      ok({
        job: 'j1',
        op: 'plugin.install',
        state: 'running',
        progress: { fraction: 0.5, text: 'half' },
        result: null,
      }),
      ok({
        job: 'j1',
        op: 'plugin.install',
        state: 'succeeded',
        progress: null,
        result: { ok: true, data: { n: 3 }, warnings: [] },
      }),
    ];
    const steps: unknown[] = [];
    const done = call('plugin.install', {}, { onProgress: (f, t) => steps.push([f, t]) });
    await vi.runAllTimersAsync();
    await expect(done).resolves.toEqual({ n: 3 });
    expect(steps).toEqual([[0.5, 'half']]);
    expect(asked[1]?.url).toMatch(/\/api\/v1\/jobs\/j1$/);
  });

  it('fails with what a job failed with', async () => {
    vi.useFakeTimers();
    replies = [
      { status: 202, body: { ok: true, data: { job: 'j1', op: 'x', state: 'running' } } },
      ok({
        job: 'j1',
        op: 'x',
        state: 'failed',
        result: { ok: false, data: null, error: { code: 'io', message: 'disk full' } },
      }),
    ];
    const done = call('x');
    const expected = expect(done).rejects.toMatchObject({ code: 'io', message: 'disk full' });
    await vi.runAllTimersAsync();
    await expected;
  });

  it('gives the job itself when it is to run in the background', async () => {
    replies = [{ status: 202, body: { ok: true, data: { job: 'j1' } } }];
    await expect(call('x', {}, { background: true })).resolves.toEqual({ job: 'j1' });
    expect((asked[0]?.init.headers as Record<string, string>).Prefer).toBe('respond-async');
  });
});
