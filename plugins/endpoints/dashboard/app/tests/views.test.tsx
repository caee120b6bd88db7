// Whole views with a host that the test plays. SPDX-License-Identifier: MIT
import { act } from 'react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { alertsSlice, healthSlice } from '../src/api/hooks';
import { alertsFromSnapshot, NO_HEALTH } from '../src/api/state';
import type { Alert, Job } from '../src/api/types';
import { asked, askedOf, beginPage, connect, draw, endPage, media, NoSize, tell } from './page';

vi.stubGlobal('matchMedia', media);
const { go } = await import('../src/app/router');
const { AlertList } = await import('../src/views/alerts/AlertList');
const { Budgets } = await import('../src/views/cost/Budgets');
const { default: Jobs } = await import('../src/views/jobs/Jobs');

beforeEach(() => {
  beginPage();
  vi.stubGlobal('matchMedia', media);
  vi.stubGlobal('ResizeObserver', NoSize);
});
afterEach(endPage);

const keys = (box: HTMLElement, table: string) =>
  [...box.querySelectorAll(`[aria-label="${table}"] [data-key]`)].map((r) => r.getAttribute('data-key'));

it('alerts that have ended are asked anew when another one fires, and stand once', async () => {
  const alert = (id: string, status = 'firing') =>
    ({
      id,
      status,
      rule: id,
      severity: 'warning',
      starts_at: id,
      entity: id,
      labels: {},
      annotations: {},
    }) as unknown as Alert;
  const fire = (...ids: string[]) => act(async () => alertsSlice.set(alertsFromSnapshot(ids.map((id) => alert(id)))));
  go('/alerts?status=firing,resolved');
  await fire('a', 'b');
  const { box } = await draw(<AlertList tabs={null} />);
  await askedOf('alert.list')[0]?.answer([alert('z', 'resolved')]);
  await fire('a', 'c'); // b has ended
  expect(askedOf('alert.list')).toHaveLength(2);
  await askedOf('alert.list')[1]?.answer([alert('b', 'resolved'), alert('z', 'resolved')]);
  await fire('b', 'a', 'c'); // b fires again
  expect(keys(box, 'Alerts').sort()).toEqual(['a', 'b', 'c', 'z']);
});

it.each([
  ['as the host', 0],
  ['an hour ahead', 3_600_000],
  ['an hour behind', -3_600_000],
])('of many jobs those in sight are drawn, not what the host has forgotten, with a clock %s', async (_, ahead) => {
  const { box } = await draw(<Jobs />);
  await connect();
  const began = Date.now() - ahead;
  const hostSays = (ms: number) =>
    act(async () => healthSlice.set({ ...NO_HEALTH, timestamp: new Date(began + ms).toISOString() }));
  await hostSays(1000);
  const job = (n: number): Job => ({
    job: `j${n}`,
    op: 'x',
    state: 'succeeded',
    started: new Date(began + n).toISOString(),
    finished: new Date(began + n).toISOString(),
  });
  await tell({ type: 'snapshot', topic: 'jobs', data: { jobs: [job(1), job(2)] } });
  expect(keys(box, 'Jobs')).toEqual(['j2', 'j1']);
  await tell({ type: 'delta', topic: 'jobs', data: { changed: Array.from({ length: 300 }, (_, n) => job(n)) } });
  expect(box.querySelector('[aria-label="Jobs"]')?.getAttribute('aria-rowcount')).toBe('301');
  expect(keys(box, 'Jobs').length).toBeLessThan(100);
  await hostSays(9 * 60_000);
  expect(keys(box, 'Jobs')).not.toEqual([]);
  await hostSays(12 * 60_000);
  expect(keys(box, 'Jobs')).toEqual([]);
});

it('budgets are asked anew when one is used, not when anything is measured', async () => {
  await draw(<Budgets />);
  await connect();
  await askedOf('cost.budget.list')[0]?.answer([]);
  const sample = (series: string) =>
    tell({ type: 'delta', topic: 'samples', data: { samples: [{ series, t: 1, v: 1 }] } });
  await sample('system.load1');
  expect(asked).toHaveLength(1);
  await sample('cost.budget_used_percent{agent="a"}');
  await sample('cost.budget_used_percent{agent="a"}');
  expect(asked.map((a) => [a.op, a.aborted()])).toEqual([
    ['cost.budget.list', false],
    ['cost.budget.list', false],
  ]);
});
