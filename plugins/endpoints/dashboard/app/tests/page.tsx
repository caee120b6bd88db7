// A page for tests of components: a host that answers when the test says so, a socket, what is drawn. SPDX-License-Identifier: MIT
import { act, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { vi } from 'vitest';
import { live } from '../src/api/hooks';
import { FakeSocket } from './socket';

/** What jsdom does not have. */
export const media = () => ({
  matches: false,
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
});
export class NoSize {
  observe(): void {}
  disconnect(): void {}
}

/** One request that waits for its answer. */
export interface Asked {
  op: string;
  params: Record<string, unknown>;
  aborted: () => boolean;
  /** Answers, and waits until that is drawn. */
  answer: (data: unknown) => Promise<void>;
  fail: (code: string, message: string) => Promise<void>;
  /** A page that a proxy has put in the place of the answer. */
  page: (status: number) => Promise<void>;
}

export const asked: Asked[] = [];
export const askedOf = (op: string): Asked[] => asked.filter((a) => a.op === op);

let seen = true;
let ends: (() => void)[] = [];

function fetchOf(url: string, init: RequestInit): Promise<Response> {
  return new Promise((resolve, reject) => {
    const answer = (text: string, status = 200) => act(async () => resolve(new Response(text, { status })));
    const reply = (value: object) => answer(JSON.stringify(value));
    init.signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
    asked.push({
      op: new URL(url).pathname.replace(/^\/api\/(v1\/)?/, '').replace(/\//g, '.'),
      params: JSON.parse((init.body as string | undefined) ?? '{}') as Record<string, unknown>,
      aborted: () => init.signal?.aborted ?? false,
      answer: (data) => reply({ ok: true, data }),
      fail: (code, message) => reply({ ok: false, data: null, error: { code, message } }),
      page: (status) => answer('<html>', status),
    });
  });
}

export function beginPage(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  vi.stubGlobal('fetch', fetchOf);
  vi.stubGlobal('WebSocket', FakeSocket);
  vi.stubGlobal('requestAnimationFrame', () => 0); // frames come late: what is to be shown is shown without one
  vi.stubGlobal('cancelAnimationFrame', () => undefined);
  vi.spyOn(document, 'visibilityState', 'get').mockImplementation(() => (seen ? 'visible' : 'hidden'));
  FakeSocket.all = [];
  asked.length = 0;
  seen = true;
}

export async function endPage(): Promise<void> {
  await act(async () => {
    live.stop();
    ends.forEach((end) => end());
  });
  await pass(250); // what is to be shown is gone, too
  ends = [];
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
}

/** Draws it until the page ends; `redraw` with another element, `remove` when it is to go before. */
export async function draw(element: ReactNode) {
  const box = document.createElement('div');
  document.body.append(box);
  const root = createRoot(box);
  const redraw = (next: ReactNode) => act(async () => root.render(next));
  const remove = () => {
    root.unmount();
    box.remove();
  };
  ends.push(remove);
  await redraw(element);
  return { box, redraw, remove: () => act(async () => root.unmount()) };
}

/** The live connection is there. */
export const connect = (): Promise<void> =>
  act(async () => {
    live.start();
    FakeSocket.last.hello();
  });

export const pass = (ms: number): Promise<void> =>
  act(async () => {
    await vi.advanceTimersByTimeAsync(ms);
  });

/** What the host tells over the live connection, shown. */
export async function tell(...frames: object[]): Promise<void> {
  await act(async () => frames.forEach((f) => FakeSocket.last.tell(f)));
  await pass(250);
}

export const look = (yes: boolean): Promise<void> =>
  act(async () => {
    seen = yes;
    document.dispatchEvent(new Event('visibilitychange'));
  });
