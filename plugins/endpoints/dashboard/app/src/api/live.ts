// The live connection: subscriptions, snapshots and deltas, reconnecting. SPDX-License-Identifier: MIT
import { apiUrl, ApiError } from './rest';
import { matches } from './selector';
import { FrameBatch, Slice } from './store';
import type { ErrorInfo } from './types';

export type LinkState = 'connecting' | 'live' | 'polling' | 'lost';

export interface Link {
  state: LinkState;
  /** When this state began (ms). */
  since: number;
  /** When the next attempt is due (ms), while lost. */
  retryAt: number | null;
  attempt: number;
  version: string | null;
}

interface Frame {
  type: string;
  topic?: string;
  event?: number;
  data?: unknown;
  id?: number;
  ok?: boolean;
  error?: ErrorInfo | null;
  [more: string]: unknown;
}

export type TopicMessage =
  | { kind: 'snapshot'; data: unknown }
  | { kind: 'delta'; data: unknown }
  /** Something was missed. A snapshot follows, but for events, of which there is none: what they told of is to be asked anew. */
  | { kind: 'resync' }
  | { kind: 'event'; event: number; topic: string; time: number; data: unknown };
type Handler = (message: TopicMessage) => void;

/** What the host takes in one subscription. */
const MOST_SELECTORS = 256;
const LONGEST_SELECTOR = 512;

/** A series whose labels are too long is watched by its name alone. */
const bounded = (s: string): string =>
  new TextEncoder().encode(s).length > LONGEST_SELECTOR ? (s.split('{')[0] ?? s) : s;

/** Of events there are no snapshots: after a resync they go on with the next one. */
const isEvents = (topic: string): boolean => topic.startsWith('events:');

interface Topic {
  users: number;
  /**
   * Known is what the host told of up to the last event that we saw: it need only tell the rest. Of what is stale something
   * was missed, and the snapshot that makes up for it has not come yet: the event numbers of other topics say nothing of it.
   */
  state: 'new' | 'known' | 'stale';
  handlers: Set<Handler>;
  selectors: Map<string, number>;
}

interface Pending {
  resolve: (data: unknown) => void;
  reject: (error: Error) => void;
  onRow?: (row: unknown) => void;
  onProgress?: (fraction: number | null, text: string) => void;
}

export interface LiveOptions {
  url?: string;
  /** For tests. */
  socket?: (url: string, protocol: string) => WebSocket;
  /** Asked when a connection could not be made: an expired session goes to the login. */
  onRefused?: () => void;
  random?: () => number;
  frame?: (run: () => void) => { ask(): void };
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const PING_MS = 15_000;
const SILENCE_MS = 25_000;
/** Frames that may wait to be shown: a page that cannot keep up forgets them, and takes everything anew. */
const MOST_WAITING = 5000;

/** How long to wait before the n-th attempt (n from 1): doubling, with up to a half less so that pages do not come together. */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt - 1, 10));
  return Math.round(full * (1 - random() / 2));
}

export class Live {
  readonly link = new Slice<Link>({ state: 'connecting', since: Date.now(), retryAt: null, attempt: 0, version: null });

  private socket: WebSocket | null = null;
  private topics = new Map<string, Topic>();
  private pending = new Map<number, Pending>();
  private inbox: Frame[] = [];
  private behind = false;
  private batch: { ask(): void };
  private nextId = 1;
  private lastEvent: number | null = null;
  private heardAt = 0;
  private retryTimer: ReturnType<typeof setTimeout> | null = null;
  private pingTimer: ReturnType<typeof setInterval> | null = null;
  private stopped = true;

  constructor(private readonly options: LiveOptions = {}) {
    const run = () => this.flush();
    this.batch = options.frame ? options.frame(run) : new FrameBatch(run);
  }

  start(): void {
    if (!this.stopped) return;
    this.stopped = false;
    window.addEventListener('online', this.hurry);
    document.addEventListener('visibilitychange', this.hurry);
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    window.removeEventListener('online', this.hurry);
    document.removeEventListener('visibilitychange', this.hurry);
    if (this.retryTimer) clearTimeout(this.retryTimer);
    this.drop();
    this.become('connecting', { attempt: 0 });
  }

  /** Try now instead of when the next attempt is due. */
  readonly hurry = (): void => {
    if (this.stopped || this.socket || document.visibilityState === 'hidden') return;
    if (this.retryTimer) clearTimeout(this.retryTimer);
    this.connect();
  };

  /** While lost, somebody else may keep the figures fresh. */
  polled(works: boolean): void {
    const link = this.link.get();
    if (link.state === 'lost' && works) this.link.set({ ...link, state: 'polling' });
    if (link.state === 'polling' && !works) this.link.set({ ...link, state: 'lost' });
  }

  /** Watches a topic until the function that is returned is called. `selectors` narrow the topic `samples`. */
  watch(name: string, handler: Handler, selectors: readonly string[] = []): () => void {
    let topic = this.topics.get(name);
    if (!topic) {
      topic = { users: 0, state: 'new', handlers: new Set(), selectors: new Map() };
      this.topics.set(name, topic);
    }
    const entry = topic;
    entry.users++;
    entry.handlers.add(handler);
    let fresh = entry.users === 1;
    for (const s of selectors) {
      const n = entry.selectors.get(s) ?? 0;
      entry.selectors.set(s, n + 1);
      if (n === 0) fresh = true;
    }
    if (fresh) this.subscribe([name]);
    return () => {
      entry.users--;
      entry.handlers.delete(handler);
      for (const s of selectors) {
        const n = (entry.selectors.get(s) ?? 1) - 1;
        if (n > 0) entry.selectors.set(s, n);
        else entry.selectors.delete(s);
      }
      if (entry.users > 0) return;
      this.topics.delete(name);
      this.send({ type: 'unsubscribe', topics: [name] });
    };
  }

  /** An operation over this connection: for those that tell rows. */
  call<T>(
    op: string,
    params: object = {},
    options: {
      signal?: AbortSignal;
      onRow?: (row: unknown) => void;
      onProgress?: (f: number | null, t: string) => void;
    } = {},
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const id = this.nextId++;
      if (!this.send({ type: 'call', id, op, params })) {
        reject(new ApiError({ code: 'unreachable', message: 'the connection is lost' }));
        return;
      }
      this.pending.set(id, {
        resolve: resolve as (d: unknown) => void,
        reject,
        onRow: options.onRow,
        onProgress: options.onProgress,
      });
      options.signal?.addEventListener('abort', () => {
        if (this.pending.delete(id)) this.send({ type: 'cancel', id });
        reject(new DOMException('aborted', 'AbortError'));
      });
    });
  }

  // ---- the connection ----

  private connect(): void {
    const url = this.options.url ?? apiUrl('ws').replace(/^http/, 'ws');
    const make = this.options.socket ?? ((u: string, p: string) => new WebSocket(u, p));
    const link = this.link.get();
    if (link.state !== 'polling' && link.state !== 'lost') this.become('connecting');
    const socket = make(url, 'openclaw.v1');
    this.socket = socket;
    socket.onmessage = (e) => this.receive(e);
    socket.onclose = (e) => {
      if (socket === this.socket) this.lost(e.code);
    };
    socket.onerror = () => {
      // a close follows
    };
  }

  private become(state: LinkState, more: Partial<Link> = {}): void {
    const link = this.link.get();
    this.link.set({ ...link, retryAt: null, ...more, state, since: link.state === state ? link.since : Date.now() });
  }

  private opened(frame: Frame): void {
    const event = typeof frame.event === 'number' ? frame.event : null;
    // a host that began anew counts from the start
    if (this.lastEvent === null || (event !== null && event < this.lastEvent)) this.forget();
    this.become('live', { attempt: 0, version: typeof frame.version === 'string' ? frame.version : null });
    this.pingTimer = setInterval(() => this.beat(), PING_MS);
    const names = [...this.topics.keys()];
    const known = names.filter((n) => this.topics.get(n)?.state === 'known');
    const unknown = names.filter((n) => !known.includes(n));
    if (known.length) this.subscribe(known, this.lastEvent);
    if (unknown.length) this.subscribe(unknown);
    this.lastEvent ??= event;
  }

  /** What was told before does not count any more: snapshots will follow, and who listens to events asks anew. */
  private forget(): void {
    this.lastEvent = null;
    this.inbox = [];
    for (const [name, topic] of this.topics) {
      if (topic.state === 'new') continue;
      topic.state = 'stale';
      this.inbox.push({ type: 'resync', topic: name });
    }
    this.batch.ask();
  }

  private beat(): void {
    if (Date.now() - this.heardAt > SILENCE_MS) this.lost(0);
    else this.send({ type: 'ping' });
  }

  private drop(): void {
    if (this.pingTimer) clearInterval(this.pingTimer);
    this.pingTimer = null;
    const socket = this.socket;
    this.socket = null;
    if (socket && socket.readyState <= 1) socket.close();
    for (const p of this.pending.values())
      p.reject(new ApiError({ code: 'unreachable', message: 'the connection was lost' }));
    this.pending.clear();
  }

  private lost(code: number): void {
    this.drop();
    if (this.stopped) return;
    const attempt = this.link.get().attempt + 1;
    const wait = backoff(attempt, this.options.random);
    const state = this.link.get().state === 'polling' ? 'polling' : 'lost';
    this.become(state, { attempt, retryAt: Date.now() + wait });
    this.retryTimer = setTimeout(() => this.connect(), wait);
    if (attempt === 1 || code === 1008) this.options.onRefused?.();
  }

  private send(frame: object): boolean {
    if (!this.socket || this.socket.readyState !== 1) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** With `since` the host tells what was missed, where it still can, instead of the whole. */
  private subscribe(names: readonly string[], since: number | null = null): void {
    const selectors = new Set<string>();
    for (const n of names) for (const s of this.topics.get(n)?.selectors.keys() ?? []) selectors.add(s);
    const sent = this.send({
      type: 'subscribe',
      topics: names,
      ...(selectors.size ? { selectors: [...selectors].map(bounded).slice(0, MOST_SELECTORS) } : {}),
      ...(since !== null ? { since } : {}),
    });
    if (!sent) return;
    for (const n of names) {
      const topic = this.topics.get(n);
      if (topic && isEvents(n)) topic.state = 'known'; // there is no snapshot to wait for
    }
  }

  // ---- what arrives ----

  private receive(e: MessageEvent): void {
    this.heardAt = Date.now();
    let frame: Frame;
    try {
      frame = JSON.parse(String(e.data)) as Frame;
    } catch {
      return; // not ours
    }
    if (frame.type === 'hello') this.opened(frame);
    else if (frame.type === 'row' || frame.type === 'progress' || frame.type === 'result') this.answer(frame);
    else if (frame.type === 'snapshot' || frame.type === 'delta' || frame.type === 'event' || frame.type === 'resync') {
      this.keep(frame);
    }
  }

  private keep(frame: Frame): void {
    if (this.inbox.length >= MOST_WAITING) this.behind = true;
    if (this.behind) {
      this.inbox = []; // taken anew as soon as there is time for it
      return;
    }
    if (typeof frame.event === 'number') this.lastEvent = Math.max(this.lastEvent ?? 0, frame.event);
    const topic = frame.topic === undefined ? undefined : this.topics.get(frame.topic);
    if (topic && frame.type === 'snapshot') topic.state = 'known';
    if (topic && frame.type === 'resync' && !isEvents(frame.topic as string)) topic.state = 'stale';
    this.inbox.push(frame);
    this.batch.ask();
  }

  private answer(frame: Frame): void {
    const call = frame.id === undefined ? undefined : this.pending.get(frame.id);
    if (!call) return;
    if (frame.type === 'row') call.onRow?.(frame.row ?? frame.data);
    else if (frame.type === 'progress') {
      call.onProgress?.(typeof frame.fraction === 'number' ? frame.fraction : null, String(frame.text ?? ''));
    } else {
      this.pending.delete(frame.id as number);
      if (frame.ok) call.resolve(frame.data);
      else call.reject(new ApiError(frame.error ?? { code: 'protocol', message: 'the call failed' }));
    }
  }

  /** Everything that came since the last frame. */
  private flush(): void {
    if (this.behind) {
      this.behind = false;
      this.forget();
      this.subscribe([...this.topics.keys()]);
    }
    const frames = this.inbox;
    this.inbox = [];
    for (const f of frames) {
      if (!f.topic) continue;
      if (f.type === 'event') this.deliverEvent(f);
      else if (f.type === 'resync') this.deliver(f.topic, { kind: 'resync' });
      else this.deliver(f.topic, { kind: f.type === 'snapshot' ? 'snapshot' : 'delta', data: f.data });
    }
  }

  private deliver(name: string, message: TopicMessage): void {
    for (const h of [...(this.topics.get(name)?.handlers ?? [])]) h(message);
  }

  private deliverEvent(f: Frame): void {
    const message: TopicMessage = {
      kind: 'event',
      event: f.event ?? 0,
      topic: f.topic as string,
      time: typeof f.time === 'number' ? f.time : Date.now(),
      data: f.data,
    };
    for (const [name, topic] of this.topics) {
      if (!isEvents(name) || !matches(name.slice(7), message.topic)) continue;
      for (const h of [...topic.handlers]) h(message);
    }
  }
}
