// What views use: live topics, operations and their answers, the session. SPDX-License-Identifier: MIT
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Live, type TopicMessage } from './live';
import { askOneAtATime, repeat } from './repeat';
import { ApiError, call, fetchSession, get, isUnanswered, type CallOptions } from './rest';
import { chooser } from './selector';
import {
  alertsFromSnapshot,
  applyAlerts,
  applyHealth,
  fromSnapshot,
  hostTime,
  joinJobs,
  NO_ALERTS,
  NO_HEALTH,
} from './state';
import type { AlertsDelta, AlertsState, HealthState } from './state';
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
  if (m.kind === 'snapshot') {
    const { alerts, left_out } = m.data as { alerts: Alert[]; left_out?: number };
    alertsSlice.set(alertsFromSnapshot(alerts ?? [], left_out));
  } else if (m.kind === 'delta') alertsSlice.set(applyAlerts(alertsSlice.get(), m.data as AlertsDelta));
}

/** While the live connection is lost the same figures come by asking; an answer that comes after it is back is an old one. */
async function poll(signal: AbortSignal): Promise<void> {
  const ask = async <T>(op: string, set: (data: T) => void) => {
    const data = await call<T>(op, {}, { signal });
    if (!signal.aborted) set(data);
  };
  await Promise.all([
    ask<Snapshot>('health.check', (s) => healthSlice.set(fromSnapshot(s))),
    ask<Alert[]>('alert.list', (rows) => alertsSlice.set(alertsFromSnapshot(rows))),
  ]);
}

const POLL_MS = 10_000;

/** Begins everything that lives as long as the page. Returns how to end it. */
export function startData(): () => void {
  let asking: AbortController | null = null;
  const isLost = () => ['lost', 'polling'].includes(live.link.get().state);
  const timer = setInterval(() => {
    if (asking || !isLost() || document.visibilityState === 'hidden') return;
    const mine = new AbortController();
    asking = mine;
    poll(mine.signal)
      .then(() => live.polled(true))
      .catch(() => live.polled(false))
      .finally(() => {
        if (asking === mine) asking = null;
      });
  }, POLL_MS);
  const stopAsking = () => {
    asking?.abort();
    asking = null;
  };
  const ends = [
    live.link.subscribe(() => {
      if (!isLost()) stopAsking();
    }),
    live.watch('health', onHealth),
    live.watch('alerts', onAlerts),
  ];
  live.start();
  return () => {
    clearInterval(timer);
    ends.forEach((end) => end());
    stopAsking();
    live.stop();
  };
}

/** Who we are and what the host can do; throws what hinders it. */
export async function loadSession(): Promise<void> {
  sessionSlice.set(await fetchSession());
  const list = await get<OpInfo[]>('api/v1');
  opsSlice.set(new Map(list.map((o) => [o.name, o])));
}

const MINUTE_MS = 60_000;
export const useHealth = (): HealthState => useSlice(healthSlice);
/** The host's clock in whole minutes (ms): draws anew once in each. */
export const useHostMinute = (): number =>
  useSelect(healthSlice, (h) => Math.floor(hostTime(h) / MINUTE_MS) * MINUTE_MS);
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

/** New samples of series as they come, without drawing anything anew. */
export function useSamples(selectors: readonly string[], onSamples: (samples: readonly Sample[]) => void): void {
  const chosen = useMemo(() => chooser(selectors), [selectors]);
  useTopic(
    selectors.length ? 'samples' : null,
    (m) => {
      if (m.kind !== 'snapshot' && m.kind !== 'delta') return;
      // all who watch samples are told what any of them wants
      const mine = ((m.data as { samples?: Sample[] } | null)?.samples ?? []).filter((s) => chosen(s.series));
      if (mine.length) onSamples(mine);
    },
    selectors,
  );
}

export function useJobs(): { ready: boolean; jobs: readonly Job[] } {
  useTopic('jobs', (m) => {
    if (m.kind !== 'snapshot' && m.kind !== 'delta') return;
    const d = m.data as { jobs?: Job[]; changed?: Job[] };
    const old = m.kind === 'snapshot' ? [] : jobsSlice.get().jobs;
    jobsSlice.set({ ready: true, jobs: joinJobs(d.jobs ?? d.changed ?? [], old, hostTime(healthSlice.get())) });
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
/** A host that stops (it says so) or is gone: when it is back it is asked anew. */
const isAway = (e: ApiError): boolean => e.code === 'retry' || isUnanswered(e);
/** Such an answer that comes when the connection is back already is asked anew after so many milliseconds, and so often. */
const AGAIN_MS = 1500;
const MOST_AGAIN = 3;

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

/** Asks anew after a failure of a host that was away: when the connection is back, or soon where it is there all the time. */
function useAskedAnew(failure: ApiError | null, reload: () => void): void {
  const tries = useRef(0);
  useEffect(() => {
    if (!failure) {
      tries.current = 0;
      return undefined;
    }
    const isLive = () => live.link.get().state === 'live';
    const again = () => {
      if (!isLive()) return; // it is asked when the connection is back
      tries.current++;
      reload();
    };
    const timer = isLive() && tries.current < MOST_AGAIN ? setTimeout(again, AGAIN_MS) : undefined;
    const end = live.link.subscribe(() => {
      if (!isLive()) return;
      clearTimeout(timer);
      tries.current = 0;
      reload();
    });
    return () => {
      clearTimeout(timer);
      end();
    };
  }, [failure, reload]);
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
  const asker = useRef<(() => void) | null>(null);
  const reload = useCallback(() => asker.current?.(), []);
  const onKey = JSON.stringify(options.on ?? []);
  const asked = useRef(onKey);

  useEffect(() => {
    asked.current = onKey;
    if (!op) return undefined;
    const question = askOneAtATime((signal) => {
      setState((s) => ({
        key,
        data: s.key === key ? s.data : (cache.get(key) as T | undefined),
        error: s.key === key ? s.error : null,
        busy: true,
      }));
      return call<T>(op, params, { signal })
        .then((data) => {
          if (signal.aborted) return;
          remember(key, data);
          setState({ key, data, error: null, busy: false });
        })
        .catch((e: unknown) => {
          if (!signal.aborted) setState((s) => ({ ...s, error: asError(e), busy: false }));
        });
    });
    // what is known is shown first: a view with many questions would hold up its own picture, and one who passes through asks nothing
    const timer = cache.has(key) ? setTimeout(question.ask, KNOWN_FOR) : undefined;
    if (timer === undefined) question.ask();
    asker.current = () => {
      clearTimeout(timer);
      question.ask();
    };
    return () => {
      asker.current = null;
      clearTimeout(timer);
      question.end();
    };
    // params are in the key
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key]);

  useEffect(() => {
    if (asked.current !== onKey) reload();
    asked.current = onKey;
  }, [onKey, reload]);

  useEffect(() => {
    if (!op || !options.every) return undefined;
    return repeat(reload, options.every);
  }, [op, options.every, reload]);

  const mine = state.key === key;
  useAskedAnew(mine && state.error && isAway(state.error) ? state.error : null, reload);

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

/**
 * Runs an operation when asked to; `run` resolves to undefined when it failed (the failure is in `error`). `failed` is told of
 * the failure even if the component is gone by then.
 */
export function useAction<T = unknown>(
  op: string,
  failed?: (error: ApiError) => void,
): {
  run: (params?: object, options?: CallOptions) => Promise<T | undefined>;
  busy: boolean;
  error: ApiError | null;
  clear: () => void;
} {
  const [state, setState] = useState<{ busy: boolean; error: ApiError | null }>({ busy: false, error: null });
  const run = useCallback(
    async (params: object = {}, options: CallOptions = {}) => {
      setState({ busy: true, error: null });
      try {
        const data = await call<T>(op, params, options);
        setState({ busy: false, error: null });
        return data;
      } catch (e) {
        setState({ busy: false, error: asError(e) });
        failed?.(asError(e));
        return undefined;
      }
    },
    [op, failed],
  );
  const clear = useCallback(() => setState({ busy: false, error: null }), []);
  return { run, busy: state.busy, error: state.error, clear };
}
