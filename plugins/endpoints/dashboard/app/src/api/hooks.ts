// What views use: live topics, operations and their answers, the session. SPDX-License-Identifier: MIT
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Live, type TopicMessage } from './live';
import { repeat } from './repeat';
import { ApiError, call, fetchSession, get, type CallOptions } from './rest';
import { alertsFromSnapshot, applyAlerts, applyHealth, fromSnapshot, NO_ALERTS, NO_HEALTH, prepend } from './state';
import type { AlertsState, HealthState } from './state';
import { Slice, useSelect, useSlice } from './store';
import type { Alert, HealthDelta, Job, OpInfo, Role, Sample, Session, Snapshot } from './types';
import { ROLES } from './types';

export const live = new Live({
  onRefused: () => {
    fetchSession().catch(() => undefined); // goes to the login when the session is over
  },
});
export const healthSlice = new Slice<HealthState>(NO_HEALTH);
export const alertsSlice = new Slice<AlertsState>(NO_ALERTS);
export const jobsSlice = new Slice<{ ready: boolean; jobs: readonly Job[] }>({ ready: false, jobs: [] });
export const sessionSlice = new Slice<Session | null>(null);
/** The operations that this host has; null while it is not known. */
export const opsSlice = new Slice<ReadonlyMap<string, OpInfo> | null>(null);

// ---- health and alerts: always watched by the shell ----

function onHealth(m: TopicMessage): void {
  if (m.kind === 'snapshot') healthSlice.set(fromSnapshot(m.data as Snapshot));
  else if (m.kind === 'delta') healthSlice.set(applyHealth(healthSlice.get(), m.data as HealthDelta));
}

function onAlerts(m: TopicMessage): void {
  if (m.kind === 'snapshot') alertsSlice.set(alertsFromSnapshot((m.data as { alerts: Alert[] }).alerts ?? []));
  else if (m.kind === 'delta')
    alertsSlice.set(applyAlerts(alertsSlice.get(), m.data as { changed?: Alert[]; removed?: string[] }));
}

/** While the live connection is lost the same figures come by asking, at a slower pace. */
async function poll(): Promise<void> {
  const [health, alerts] = await Promise.all([call<Snapshot>('health.check'), call<Alert[]>('alert.list')]);
  healthSlice.set(fromSnapshot(health));
  alertsSlice.set(alertsFromSnapshot(alerts));
}

const POLL_MS = 10_000;

/** Begins everything that lives as long as the page. Returns how to end it. */
export function startData(): () => void {
  const ends = [live.watch('health', onHealth), live.watch('alerts', onAlerts)];
  live.start();
  let busy = false;
  const timer = setInterval(() => {
    const state = live.link.get().state;
    if (busy || (state !== 'lost' && state !== 'polling') || document.visibilityState === 'hidden') return;
    busy = true;
    poll()
      .then(() => live.polled(true))
      .catch(() => live.polled(false))
      .finally(() => {
        busy = false;
      });
  }, POLL_MS);
  return () => {
    clearInterval(timer);
    ends.forEach((end) => end());
    live.stop();
  };
}

/** Who we are and what the host can do; throws what hinders it. */
export async function loadSession(): Promise<void> {
  sessionSlice.set(await fetchSession());
  const list = await get<OpInfo[]>('api/v1');
  opsSlice.set(new Map(list.map((o) => [o.name, o])));
}

export const useHealth = (): HealthState => useSlice(healthSlice);
export const useSummary = () => useSelect(healthSlice, (h) => h.summary);
export const useAlerts = (): AlertsState => useSlice(alertsSlice);
export const useLink = () => useSlice(live.link);
export const useSession = (): Session | null => useSlice(sessionSlice);
export const useOps = () => useSlice(opsSlice);

export const rank = (role: Role): number => ROLES.indexOf(role);

/** Whether the person may use this operation: it exists and the role suffices. */
export function useCan(): (op: string) => boolean {
  const session = useSession();
  const ops = useOps();
  return useCallback(
    (op: string) => {
      const info = ops?.get(op);
      return !!session && !!info && rank(session.role) >= rank(info.role);
    },
    [session, ops],
  );
}

// ---- other topics ----

/** Hands each message of a topic to `handler` while the component is there. */
export function useTopic(
  name: string | null,
  handler: (message: TopicMessage) => void,
  selectors?: readonly string[],
): void {
  const latest = useRef(handler);
  latest.current = handler;
  const key = selectors?.join('\n') ?? '';
  useEffect(() => {
    if (!name) return undefined;
    return live.watch(name, (m) => latest.current(m), key ? key.split('\n') : []);
  }, [name, key]);
}

/** The newest items of a topic that only tells (logs, messages, events:...), newest first. */
export function useStream<T>(name: string | null, limit = 500): { items: readonly T[]; ready: boolean } {
  const [state, setState] = useState<{ items: readonly T[]; ready: boolean }>({ items: [], ready: false });
  useTopic(name, (m) => {
    const items = itemsOf<T>(m);
    if (m.kind === 'snapshot') setState({ items: prepend([], items, limit), ready: true });
    else setState((s) => ({ items: prepend(s.items, items, limit), ready: true }));
  });
  return state;
}

function itemsOf<T>(m: TopicMessage): T[] {
  if (m.kind === 'event') return [m as unknown as T];
  if (Array.isArray(m.data)) return m.data as T[];
  if (m.data && typeof m.data === 'object') {
    const list = Object.values(m.data).find(Array.isArray);
    if (list) return list as T[];
    if (Object.keys(m.data).length) return [m.data as T];
  }
  return [];
}

/** New samples of series as they come, without drawing anything anew. */
export function useSamples(selectors: readonly string[], onSamples: (samples: readonly Sample[]) => void): void {
  useTopic(
    selectors.length ? 'samples' : null,
    (m) => {
      if (m.kind !== 'event') onSamples(((m.data as { samples?: Sample[] } | null)?.samples ?? []) as Sample[]);
    },
    selectors,
  );
}

export function useJobs(): { ready: boolean; jobs: readonly Job[] } {
  useTopic('jobs', (m) => {
    const d = m.data as { jobs?: Job[]; changed?: Job[]; removed?: string[] } | Job[];
    const rows = Array.isArray(d) ? d : (d.jobs ?? d.changed ?? []);
    const gone = new Set(Array.isArray(d) ? [] : (d.removed ?? []));
    const old = m.kind === 'snapshot' ? [] : jobsSlice.get().jobs;
    const fresh = new Set(rows.map((r) => r.job));
    jobsSlice.set({ ready: true, jobs: [...rows, ...old.filter((r) => !fresh.has(r.job) && !gone.has(r.job))] });
  });
  return useSlice(jobsSlice);
}

// ---- operations ----

export interface Query<T> {
  data: T | undefined;
  error: ApiError | null;
  /** True while nothing can be shown yet. */
  loading: boolean;
  /** True while an answer is on its way. */
  busy: boolean;
  reload: () => void;
}

const cache = new Map<string, unknown>();
const CACHE_MAX = 200;
/** What is shown from before is asked anew after so many milliseconds. */
const KNOWN_FOR = 250;

function remember(key: string, data: unknown): void {
  cache.delete(key);
  cache.set(key, data);
  if (cache.size > CACHE_MAX) cache.delete(cache.keys().next().value as string);
}

/** Asks now what useQuery will ask later, which then has something to show at once. */
export async function askAhead(op: string, params: object): Promise<void> {
  remember(`${op} ${JSON.stringify(params)}`, await call(op, params));
}

export interface QueryOptions {
  /** Ask again after this many milliseconds: not while the page is hidden, and at once when it is shown again. */
  every?: number;
  /** Ask again when one of these is another value. */
  on?: readonly unknown[];
}

/** The answer of an operation; `op` null asks nothing. What was known before is shown while a new answer is on its way. */
export function useQuery<T>(op: string | null, params: object = {}, options: QueryOptions = {}): Query<T> {
  const key = op ? `${op} ${JSON.stringify(params)}` : '';
  const [state, setState] = useState<{ key: string; data: T | undefined; error: ApiError | null; busy: boolean }>(
    () => ({
      key,
      data: cache.get(key) as T | undefined,
      error: null,
      busy: !!op,
    }),
  );
  const [turn, setTurn] = useState(0);
  const reload = useCallback(() => setTurn((t) => t + 1), []);
  const onKey = JSON.stringify(options.on ?? []);

  useEffect(() => {
    if (!op) return undefined;
    const abort = new AbortController();
    setState((s) => ({
      key,
      data: s.key === key ? s.data : (cache.get(key) as T | undefined),
      error: s.key === key ? s.error : null,
      busy: true,
    }));
    const ask = () =>
      void call<T>(op, params, { signal: abort.signal })
        .then((data) => {
          remember(key, data);
          setState({ key, data, error: null, busy: false });
        })
        .catch((e: unknown) => {
          if (abort.signal.aborted) return;
          setState((s) => ({ ...s, error: asError(e), busy: false }));
        });
    // what is known is shown first: a view with many questions would hold up its own picture, and one who passes through asks nothing
    const timer = turn === 0 && cache.has(key) ? setTimeout(ask, KNOWN_FOR) : ask();
    return () => {
      clearTimeout(timer ?? undefined);
      abort.abort();
    };
    // params are in the key
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key, turn, onKey]);

  useEffect(() => {
    if (!op || !options.every) return undefined;
    return repeat(reload, options.every);
  }, [op, options.every, reload]);

  const mine = state.key === key;
  const data = mine ? state.data : (cache.get(key) as T | undefined);
  return useMemo(
    () => ({
      data,
      error: mine ? state.error : null,
      busy: state.busy,
      loading: !!op && data === undefined && !(mine && state.error),
      reload,
    }),
    [data, mine, state.error, state.busy, op, reload],
  );
}

export function asError(e: unknown): ApiError {
  return e instanceof ApiError
    ? e
    : new ApiError({ code: 'internal', message: e instanceof Error ? e.message : String(e) });
}

/** Runs an operation when asked to; `run` resolves to undefined when it failed (the failure is in `error`). */
export function useAction<T = unknown>(
  op: string,
): {
  run: (params?: object, options?: CallOptions) => Promise<T | undefined>;
  busy: boolean;
  error: ApiError | null;
  clear: () => void;
} {
  const [state, setState] = useState<{ busy: boolean; error: ApiError | null }>({ busy: false, error: null });
  const here = useRef(true);
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);
  const run = useCallback(
    async (params: object = {}, options: CallOptions = {}) => {
      setState({ busy: true, error: null });
      try {
        const data = await call<T>(op, params, options);
        if (here.current) setState({ busy: false, error: null });
        return data;
      } catch (e) {
        if (here.current) setState({ busy: false, error: asError(e) });
        return undefined;
      }
    },
    [op],
  );
  const clear = useCallback(() => setState({ busy: false, error: null }), []);
  return { run, busy: state.busy, error: state.error, clear };
}
