// What others do, and what fails, is seen: views with a host that the test plays. SPDX-License-Identifier: MIT
import { act } from 'react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { alertsSlice, opsSlice, sessionSlice } from '../src/api/hooks';
import { alertsFromSnapshot } from '../src/api/state';
import type { Alert, OpInfo, Session } from '../src/api/types';
import { asked, askedOf, beginPage, connect, draw, endPage, look, media, NoSize, pass, tell } from './page';

vi.stubGlobal('matchMedia', media);
const { default: Cost } = await import('../src/views/cost/Cost');
const { default: Deliberation } = await import('../src/views/deliberation/Deliberation');
const { ProposalAside } = await import('../src/views/deliberation/ProposalAside');
const { ScheduleAside } = await import('../src/views/jobs/Schedules');
const { Changes } = await import('../src/views/overview/Changes');
const { PlanDialog } = await import('../src/views/plugins/PlanDialog');
const { PluginAside } = await import('../src/views/plugins/PluginAside');
const { default: Runbooks } = await import('../src/views/runbooks/Runbooks');
const { AlertHistory } = await import('../src/views/alerts/AlertHistory');
const { Chosen } = await import('../src/views/alerts/Chosen');
const { Timeline } = await import('../src/views/alerts/Timeline');
const { go } = await import('../src/app/router');
const { MetricChart } = await import('../src/ui/MetricChart');
const { Clock } = await import('../src/ui/Time');
const { Toasts } = await import('../src/ui/Toast');

beforeEach(() => {
  beginPage();
  vi.stubGlobal('matchMedia', media);
  vi.stubGlobal('ResizeObserver', NoSize);
  vi.stubGlobal('IntersectionObserver', NoSize);
  HTMLDialogElement.prototype.showModal = () => undefined;
  HTMLDialogElement.prototype.close = () => undefined;
  sessionSlice.set({ role: 'admin', actor: 'a' } as Session);
});
afterEach(async () => {
  await pass(12_000); // notes are gone
  await endPage();
});

const may = (...ops: string[]) =>
  opsSlice.set(new Map(ops.map((name) => [name, { name, role: 'viewer', summary: '', flags: [] } as OpInfo])));
const event = (topic: string, data: object = {}) => tell({ type: 'event', event: 50, topic, time: 1, data });
const press = (box: HTMLElement, text: string) =>
  act(async () => [...box.querySelectorAll('button')].find((b) => b.textContent?.includes(text))?.click());
const nothing = () => undefined;

it('a comment on a proposal that is decided', async () => {
  await draw(<ProposalAside id="p" onClose={nothing} />);
  await connect();
  await askedOf('governance.show')[0]?.answer({ id: 'p', stage: 'approved', voters: [], missing: [] });
  await event('governance.comment');
  expect(askedOf('governance.show')).toHaveLength(2);
});

it('why nobody can say who decides', async () => {
  const { box } = await draw(<Deliberation />);
  await askedOf('governance.status')[0]?.fail('failed', 'the ledger is torn');
  expect(box.textContent).toContain('the ledger is torn');
});

it('a step of a run, though the list of runs stays as it is', async () => {
  go('/runbooks?run=r');
  await draw(<Runbooks />);
  await connect();
  await askedOf('runbook.status')[0]?.answer({ run: 'r', state: 'running', steps: [] });
  await event('runbook.step');
  expect(askedOf('runbook.status')).toHaveLength(2);
});

it('the end of a run of a schedule', async () => {
  const schedule = (state: string) => ({ name: 's', status: 'ready', last: { run: '1', state } }) as never;
  const { redraw } = await draw(<ScheduleAside schedule={schedule('running')} onClose={nothing} />);
  await askedOf('cron.history')[0]?.answer([]);
  await redraw(<ScheduleAside schedule={schedule('ok')} onClose={nothing} />);
  expect(askedOf('cron.history')).toHaveLength(2);
});

it('that a plugin was not switched, as a failure; what of it is left out; and its new version', async () => {
  may('plugin.reload');
  const row = (version: string) =>
    ({ name: 'p', version, running: { state: 'up' }, installed: { source: 'bundled' } }) as never;
  const aside = (version: string) => (
    <>
      <PluginAside row={row(version)} onClose={nothing} onChanged={nothing} onPlan={nothing} />
      <Toasts />
    </>
  );
  const { box, redraw } = await draw(aside('1'));
  await press(box, 'Reload');
  await askedOf('plugin.reload')[0]?.answer({ ok: false, receipts: [{ ok: false, message: 'it crashed' }] });
  expect(box.querySelector('.toast.tone-critical')?.textContent).toContain('it crashed');
  await askedOf('plugin.info')[0]?.answer({
    installed: {},
    left_out: [{ operation: 'p.x', reason: 'operations[1].view: expected "record"' }],
  });
  expect(box.querySelector('.note.warning')?.textContent).toContain('p.x operations[1].view: expected');
  await redraw(aside('2'));
  expect(askedOf('plugin.info')).toHaveLength(2);
});

it('that a change failed after its dialogue was closed', async () => {
  const { box } = await draw(<Toasts />);
  const change = { op: 'plugin.install', params: {}, title: 'Install', submit: 'Install' };
  const dialog = await draw(<PlanDialog change={change} onClose={nothing} onDone={nothing} />);
  await asked[0]?.answer({ actions: [{ do: 'install', name: 'x' }], plan: 'p' });
  await act(async () => dialog.box.querySelector('form')?.requestSubmit());
  await dialog.remove();
  await asked[1]?.fail('failed', 'its signature is wrong');
  expect(box.textContent).toContain('its signature is wrong');
});

it('what was not done when one leaves while much is done', async () => {
  const { box } = await draw(<Toasts />);
  const alerts = Array.from({ length: 9 }, (_, i) => ({ id: `${i}`, state: 'firing' }) as Alert);
  const bar = await draw(<Chosen alerts={alerts} done={nothing} />);
  await press(bar.box, 'Acknowledge');
  await bar.remove();
  for (const a of [...asked]) await a.answer({});
  expect(box.textContent).toContain('6 alerts acknowledged');
  expect(box.textContent).toContain('3 alerts not acknowledged');
});

it('a change of state, and only those of the service that is looked at', async () => {
  await draw(<Changes service="a" />);
  await connect();
  await askedOf('health.history')[0]?.answer([]);
  await event('health.changed', { service: 'b' });
  expect(askedOf('health.history')).toHaveLength(1);
  await event('health.changed', { service: 'a' });
  expect(askedOf('health.history')).toHaveLength(2);
});

it('what happened to an alert since it began, however long ago; and who takes one on', async () => {
  const alert = (id: string, status: string) => ({ id, status, starts_at: '2026-01-01T00:00:00Z' }) as Alert;
  await draw(<Timeline alert={alert('a', 'firing')} />);
  expect(asked[0]?.params.since).toBe('2025-12-31T23:59:00.000Z');
  alertsSlice.set(alertsFromSnapshot([alert('a', 'firing')]));
  await draw(<AlertHistory tabs={null} />);
  await asked[1]?.answer([]);
  await act(async () => alertsSlice.set(alertsFromSnapshot([alert('a', 'acknowledged')])));
  expect(asked).toHaveLength(3);
});

it('why there is no forecast, and why there are no charts', async () => {
  const { box } = await draw(<Cost />);
  await askedOf('cost.summary')[0]?.answer({ dollars: 1, requests: 0, failed: 0, sources: [] });
  await askedOf('cost.forecast')[0]?.fail('failed', 'too few days');
  for (const list of askedOf('metrics.list')) await list.fail('failed', 'the store is closed');
  expect(box.textContent).toContain('too few days');
  expect(box.textContent).not.toContain('…');
  expect(box.textContent).toContain('the store is closed');
});

it('that a chart is old, beside what it showed', async () => {
  const range = (to: number) => ({
    from: to - 3_600_000,
    to,
    span: '1h' as const,
    set: nothing,
    zoom: nothing,
    reset: nothing,
  });
  const chart = (to: number) => <MetricChart label="Load" query={{ selector: 'load' }} range={range(to)} />;
  const to = Math.ceil(Date.now() / 60_000) * 60_000;
  const { box, redraw } = await draw(chart(to));
  await asked[0]?.answer({ series: [{ series: 'load', name: 'load', labels: {}, points: [[to, 1]] }] });
  await redraw(chart(to + 60_000));
  await asked[1]?.fail('unreachable', 'the host does not answer');
  expect(box.textContent).toContain('Not up to date');
  expect(box.querySelector('.chart')).not.toBeNull();
});

it('of which day a time is, after midnight', async () => {
  vi.setSystemTime(new Date(2026, 5, 1, 23, 59, 59));
  await look(true);
  const { box } = await draw(<Clock time={new Date(2026, 5, 1, 12, 0, 0).getTime()} />);
  expect(box.textContent).toBe('12:00:00');
  vi.setSystemTime(new Date(2026, 5, 2, 0, 0, 1));
  await look(true);
  expect(box.textContent).toBe('06-01 12:00:00');
});
