// How snapshots and deltas become what views show: pure functions. SPDX-License-Identifier: MIT
import type { Agent, Alert, Check, CheckState, HealthDelta, Job, Resources, Service, Snapshot, Summary } from './types';

export interface HealthState {
  /** False until the first snapshot is there. */
  ready: boolean;
  timestamp: string | null;
  /** Sorted by name. */
  checks: readonly Check[];
  agents: readonly Agent[];
  resources: Resources;
  summary: Summary | null;
  /** What services measure beside their state, by name. */
  details: ReadonlyMap<string, Record<string, unknown>>;
}

export const NO_HEALTH: HealthState = {
  ready: false,
  timestamp: null,
  checks: [],
  agents: [],
  resources: {},
  summary: null,
  details: new Map(),
};

const byService = (a: Check, b: Check): number => (a.service < b.service ? -1 : a.service > b.service ? 1 : 0);
const byId = (a: Agent, b: Agent): number => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

const STATE_OF: Record<string, CheckState> = {
  healthy: 'ok',
  degraded: 'warning',
  error: 'critical',
  unknown: 'unknown',
};

/** A service entry says less than a check does; where the check is known it only brings it up to date. */
export function checkOfService(s: Service, known?: Check): Check {
  const state = s.state ?? STATE_OF[s.status] ?? 'unknown';
  const slash = s.id.indexOf('/');
  const base: Check = known ?? {
    service: s.id,
    instance: slash < 0 ? s.id : s.id.slice(0, slash),
    target: slash < 0 ? '' : s.id.slice(slash + 1),
    plugin: s.type,
    state,
    hard: true,
    attempt: 0,
    max_attempts: 0,
    flapping: false,
    maintenance: false,
    score: null,
    since: null,
    checked: null,
    response_ms: s.responseTime,
    output: s.error ?? '',
  };
  if (!known) return base;
  return {
    ...base,
    state,
    response_ms: s.responseTime,
    output: s.error ?? (state === base.state ? base.output : ''),
    since: state === base.state ? base.since : null,
  };
}

/** The service that an alert is about, if there is one: what others post, and budgets, have none. */
export function serviceOf(alert: Pick<Alert, 'instance' | 'target'>, checks: readonly Check[]): string | null {
  const name = alert.target ? `${alert.instance}/${alert.target}` : alert.instance;
  return name && checks.some((c) => c.service === name) ? name : null;
}

/** The host's clock when it told this (ms); 0 while it has told nothing. A browser's clock may be another one. */
export const hostTime = (h: HealthState): number => Date.parse(h.timestamp ?? '') || 0;

function detailsOf(services: readonly Service[]): Map<string, Record<string, unknown>> {
  const details = new Map<string, Record<string, unknown>>();
  for (const s of services) if (s.details && Object.keys(s.details).length) details.set(s.id, s.details);
  return details;
}

export function fromSnapshot(s: Snapshot): HealthState {
  const checks = new Map<string, Check>();
  for (const c of s.checks ?? []) checks.set(c.service, c);
  for (const service of s.services ?? []) {
    if (!checks.has(service.id)) checks.set(service.id, checkOfService(service));
  }
  return {
    ready: true,
    timestamp: s.timestamp,
    checks: [...checks.values()].sort(byService),
    agents: [...(s.agents ?? [])].sort(byId),
    resources: s.resources ?? {},
    summary: s.summary ?? null,
    details: detailsOf(s.services ?? []),
  };
}

/** Replaces by key, adds what is new, drops what was removed; the same array when nothing changed. */
export function merge<T>(
  list: readonly T[],
  changed: readonly T[],
  removed: ReadonlySet<string>,
  key: (item: T) => string,
  order: (a: T, b: T) => number,
): readonly T[] {
  if (changed.length === 0 && removed.size === 0) return list;
  const incoming = new Map(changed.map((item) => [key(item), item]));
  let touched = false;
  const result: T[] = [];
  for (const item of list) {
    const k = key(item);
    const next = incoming.get(k);
    if (next !== undefined) {
      incoming.delete(k);
      result.push(next);
      touched = true;
    } else if (removed.has(k)) {
      touched = true;
    } else {
      result.push(item);
    }
  }
  if (incoming.size > 0) {
    result.push(...incoming.values());
    result.sort(order);
    touched = true;
  }
  return touched ? result : list;
}

export function applyHealth(state: HealthState, d: HealthDelta): HealthState {
  const removed = new Set(d.removed ?? []);
  const changed = new Map<string, Check>();
  for (const c of d.checks ?? []) changed.set(c.service, c);
  const services = d.services ?? [];
  if (services.some((s) => !changed.has(s.id))) {
    const known = new Map(state.checks.map((c) => [c.service, c]));
    for (const s of services) if (!changed.has(s.id)) changed.set(s.id, checkOfService(s, known.get(s.id)));
  }
  let details = state.details;
  if (services.length || removed.size) {
    details = new Map([...details, ...detailsOf(services)].filter(([k]) => !removed.has(k)));
  }
  return {
    ready: true,
    timestamp: d.timestamp ?? state.timestamp,
    checks: merge(state.checks, [...changed.values()], removed, (c) => c.service, byService),
    agents: merge(state.agents, d.agents ?? [], removed, (a) => a.id, byId),
    resources: d.resources ? { ...state.resources, ...d.resources } : state.resources,
    summary: d.summary ?? state.summary,
    details,
  };
}

export interface AlertsState {
  ready: boolean;
  /** Gravest first, then newest first. */
  alerts: readonly Alert[];
  /** So many more fire than are told, none of them graver. */
  leftOut: number;
}
export const NO_ALERTS: AlertsState = { ready: false, alerts: [], leftOut: 0 };

const GRAVITY: Record<string, number> = { critical: 0, warning: 1, info: 2 };

export function byGravity(a: Alert, b: Alert): number {
  return (
    (GRAVITY[a.severity] ?? 3) - (GRAVITY[b.severity] ?? 3) ||
    (a.starts_at < b.starts_at ? 1 : a.starts_at > b.starts_at ? -1 : 0) ||
    (a.id < b.id ? -1 : 1)
  );
}

export function alertsFromSnapshot(rows: readonly Alert[], leftOut = 0): AlertsState {
  return { ready: true, alerts: [...rows].sort(byGravity), leftOut };
}

export interface AlertsDelta {
  changed?: Alert[];
  removed?: string[];
  left_out?: number;
}

export function applyAlerts(state: AlertsState, d: AlertsDelta): AlertsState {
  const merged = merge(state.alerts, d.changed ?? [], new Set(d.removed ?? []), (a) => a.id, byGravity);
  const leftOut = d.left_out ?? state.leftOut;
  if (merged === state.alerts && leftOut === state.leftOut && state.ready) return state;
  return { ready: true, alerts: [...merged].sort(byGravity), leftOut };
}

/** The host forgets a job so long after its end; so many may run, and as many have ended. */
const JOB_KEPT_MS = 600_000;
const MOST_JOBS = 512;
const byStart = (a: Job, b: Job): number => {
  const [s, t] = [a.started ?? '', b.started ?? ''];
  return s < t ? 1 : s > t ? -1 : 0;
};

/** What is told of jobs, and what was known before of others, the latest first, without what is forgotten at `now` (host time). */
export function joinJobs(told: readonly Job[], known: readonly Job[], now: number): readonly Job[] {
  const fresh = new Set(told.map((j) => j.job));
  const over = (j: Job): boolean => !!j.finished && now - Date.parse(j.finished) >= JOB_KEPT_MS;
  return [...told, ...known.filter((j) => !fresh.has(j.job))]
    .filter((j) => !over(j))
    .sort(byStart)
    .slice(0, MOST_JOBS);
}
