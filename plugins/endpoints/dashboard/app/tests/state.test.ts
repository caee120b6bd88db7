// Snapshots and deltas. SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import {
  alertsFromSnapshot,
  applyAlerts,
  applyHealth,
  checkOfService,
  fromSnapshot,
  hostTime,
  joinJobs,
  merge,
  NO_ALERTS,
  NO_HEALTH,
  serviceOf,
} from '../src/api/state';
import type { Alert, Check, Job, Service, Snapshot } from '../src/api/types';

const check = (service: string, more: Partial<Check> = {}): Check => ({
  service,
  instance: service,
  target: '',
  plugin: 'http',
  state: 'ok',
  hard: true,
  attempt: 0,
  max_attempts: 3,
  flapping: false,
  maintenance: false,
  score: 1,
  since: '2026-01-01T00:00:00Z',
  checked: '2026-01-01T00:00:00Z',
  response_ms: 5,
  output: 'fine',
  ...more,
});
const service = (id: string, more: Partial<Service> = {}): Service => ({
  id,
  name: id,
  type: 'http',
  status: 'healthy',
  state: 'ok',
  responseTime: 5,
  error: null,
  details: {},
  ...more,
});
const snapshot = (checks: Check[], services: Service[] = []): Snapshot => ({
  timestamp: 't0',
  agents: [],
  services,
  checks,
  summary: { overallStatus: 'healthy' } as Snapshot['summary'],
});
const alert = (id: string, more: Partial<Alert> = {}): Alert =>
  ({ id, severity: 'warning', starts_at: '2026-01-01T00:00:00Z', status: 'firing', ...more }) as Alert;

describe('health', () => {
  it('sorts by name and keeps a service that is no check', () => {
    const s = fromSnapshot(
      snapshot(
        [check('b'), check('a')],
        [service('a'), service('c/d', { status: 'error', state: undefined, error: 'gone' })],
      ),
    );
    expect(s.checks.map((c) => c.service)).toEqual(['a', 'b', 'c/d']);
    expect(s.checks[2]).toMatchObject({ instance: 'c', target: 'd', state: 'critical', output: 'gone' });
  });

  it('replaces what changed and keeps the rest as it was', () => {
    const s = fromSnapshot(snapshot([check('a'), check('b'), check('c')]));
    const t = applyHealth(s, { timestamp: 't1', checks: [check('b', { state: 'critical' })] });
    expect(t.timestamp).toBe('t1');
    expect(t.checks[1]?.state).toBe('critical');
    expect(t.checks[0]).toBe(s.checks[0]);
    expect(t.checks[2]).toBe(s.checks[2]);
    expect(s.checks[1]?.state).toBe('ok');
  });

  it('adds in order, drops what was removed, and forgets its details', () => {
    const s = fromSnapshot(snapshot([check('a'), check('c')], [service('c', { details: { v: 1 } })]));
    expect(s.details.get('c')).toEqual({ v: 1 });
    const t = applyHealth(s, { checks: [check('b')], removed: ['c'] });
    expect(t.checks.map((c) => c.service)).toEqual(['a', 'b']);
    expect(t.details.has('c')).toBe(false);
  });

  it('brings a check up to date from a service alone', () => {
    const s = fromSnapshot(snapshot([check('a')]));
    const t = applyHealth(s, {
      services: [service('a', { status: 'error', state: 'critical', responseTime: null, error: 'refused' })],
    });
    expect(t.checks[0]).toMatchObject({
      state: 'critical',
      output: 'refused',
      response_ms: null,
      since: null,
      plugin: 'http',
    });
  });

  it('keeps since while the state stays', () => {
    expect(checkOfService(service('a', { responseTime: 9 }), check('a'))).toMatchObject({
      since: '2026-01-01T00:00:00Z',
      response_ms: 9,
      output: 'fine',
    });
  });

  it('joins resources by part', () => {
    const s = {
      ...fromSnapshot(snapshot([])),
      resources: { cpu: { system: { usage: 1 } }, memory: { system: { usage: 2 } } },
    };
    const t = applyHealth(s, { resources: { cpu: { system: { usage: 7 } } } });
    expect(t.resources).toEqual({ cpu: { system: { usage: 7 } }, memory: { system: { usage: 2 } } });
  });

  it('says nothing changed by giving the same list', () => {
    const list = [check('a')];
    expect(
      merge(
        list,
        [],
        new Set(),
        (c) => c.service,
        () => 0,
      ),
    ).toBe(list);
    expect(
      merge(
        list,
        [],
        new Set(['x']),
        (c) => c.service,
        () => 0,
      ),
    ).toBe(list);
  });

  it('takes a delta of 5000 checks well within a frame or two', () => {
    const names = Array.from({ length: 5000 }, (_, i) => `s${String(i).padStart(5, '0')}`);
    const s = fromSnapshot(snapshot(names.map((n) => check(n))));
    const changed = names.filter((_, i) => i % 50 === 0).map((n) => check(n, { response_ms: 1 }));
    const begin = performance.now();
    for (let i = 0; i < 10; i++) applyHealth(s, { checks: changed });
    expect((performance.now() - begin) / 10).toBeLessThan(100); // 3 where nothing else runs;
  });
});

describe('alerts', () => {
  it('puts the gravest first, then the newest', () => {
    const s = alertsFromSnapshot([
      alert('a'),
      alert('b', { severity: 'critical' }),
      alert('c', { starts_at: '2026-01-02T00:00:00Z' }),
    ]);
    expect(s.alerts.map((a) => a.id)).toEqual(['b', 'c', 'a']);
  });

  it('moves an alert that became graver, adds and removes', () => {
    let s = alertsFromSnapshot([alert('a'), alert('b', { starts_at: '2026-01-02T00:00:00Z' })]);
    s = applyAlerts(s, { changed: [alert('a', { severity: 'critical' }), alert('n')], removed: ['b'] });
    expect(s.alerts.map((a) => a.id)).toEqual(['a', 'n']);
  });

  it('knows how many more fire', () => {
    let s = alertsFromSnapshot([alert('a')], 5);
    s = applyAlerts(s, { changed: [], removed: [], left_out: 6 });
    expect(s).toMatchObject({ leftOut: 6, alerts: [{ id: 'a' }] });
    expect(applyAlerts(s, { changed: [alert('b')] }).leftOut).toBe(6);
  });

  it('gives the same state for an empty delta', () => {
    const s = alertsFromSnapshot([alert('a')]);
    expect(applyAlerts(s, { changed: [], removed: [] })).toBe(s);
    expect(applyAlerts(NO_ALERTS, {}).ready).toBe(true);
  });
});

describe('jobs', () => {
  const at = (minutes: number): string => new Date(minutes * 60_000).toISOString();
  const job = (name: string, started: number, finished?: number): Job => ({
    job: name,
    op: 'x',
    state: finished === undefined ? 'running' : 'succeeded',
    started: at(started),
    finished: finished === undefined ? null : at(finished),
  });
  const names = (jobs: readonly Job[]) => jobs.map((j) => j.job);

  it('stand the latest first, each as it was told last', () => {
    const jobs = joinJobs([job('b', 2, 3)], [job('a', 1), job('b', 2)], 3 * 60_000);
    expect(names(jobs)).toEqual(['b', 'a']);
    expect(jobs[0]?.state).toBe('succeeded');
  });

  it('are forgotten ten minutes after their end, as the host does, and while they run never', () => {
    const known = [job('long', 0), job('old', 1, 2), job('new', 3, 4)];
    expect(names(joinJobs([], known, 11.5 * 60_000))).toEqual(['new', 'old', 'long']);
    expect(names(joinJobs([], known, 12 * 60_000))).toEqual(['new', 'long']);
    expect(names(joinJobs([], known, 600 * 60_000))).toEqual(['long']);
  });

  it('are forgotten by the clock of the host, which tells it with its health', () => {
    expect(hostTime(fromSnapshot({ ...snapshot([]), timestamp: at(1) }))).toBe(60_000);
    expect(hostTime(NO_HEALTH)).toBe(0);
    expect(names(joinJobs([job('a', 0, 1)], [], hostTime(NO_HEALTH)))).toEqual(['a']); // as long as it is not known
  });

  it('are never more than the host keeps', () => {
    let jobs: readonly Job[] = [];
    for (let i = 0; i < 2000; i++) jobs = joinJobs([job(`j${i}`, i / 1000, i / 1000)], jobs, 60_000);
    expect(jobs).toHaveLength(512);
    expect(jobs[0]?.job).toBe('j1999');
  });
});

describe('the service of an alert', () => {
  it('is one that there is', () => {
    const checks = [check('web/page', { instance: 'web', target: 'page' }), check('db')];
    const of = (instance: string | null, target: string | null) => serviceOf({ instance, target } as Alert, checks);
    expect(of('web', 'page')).toBe('web/page');
    expect(of('db', null)).toBe('db');
    expect(of('cost', null)).toBeNull(); // a budget
    expect(of('node-1:9100', null)).toBeNull(); // posted by somebody else
    expect(of(null, null)).toBeNull();
  });
});
