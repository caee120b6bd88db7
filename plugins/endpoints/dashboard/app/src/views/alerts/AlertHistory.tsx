// What has happened to alerts, newest first. SPDX-License-Identifier: MIT
import { useMemo, type ReactNode } from 'react';
import { keysOf } from '@/api/feed';
import { useAlerts, useQuery } from '@/api/hooks';
import type { AlertEntry } from '@/api/types';
import { shortActor } from '@/app/actor';
import { href, useListParam, useParam } from '@/app/router';
import { Empty, ErrorNote, Loading } from '@/ui/Empty';
import { Facets, Search } from '@/ui/Field';
import { View } from '@/ui/Layout';
import { countBy, finder } from '@/ui/rows';
import { Badge, toneOf, type Tone } from '@/ui/State';
import { Table, type Column } from '@/ui/Table';
import { isolate } from '@/ui/text';
import { Clock } from '@/ui/Time';

export const EVENT_TONES: Record<string, Tone> = {
  firing: 'critical',
  resolved: 'ok',
  acknowledged: 'info',
  unacknowledged: 'warning',
  silenced: 'muted',
  notified: 'muted',
  failed: 'critical',
  escalated: 'critical',
  assigned: 'info',
};

const COLUMNS: readonly Column<AlertEntry>[] = [
  { key: 'time', title: 'Time', width: '118px', render: (e) => <Clock time={e.time} /> },
  {
    key: 'event',
    title: 'What',
    width: '116px',
    render: (e) => <Badge tone={EVENT_TONES[e.event] ?? 'muted'}>{e.event}</Badge>,
  },
  {
    key: 'severity',
    title: 'Severity',
    width: '84px',
    render: (e) => (e.severity ? <span className={`tone-${toneOf(e.severity)} toned`}>{e.severity}</span> : ''),
    hide: 'phone',
  },
  {
    key: 'rule',
    title: 'Rule',
    width: 'minmax(110px, 1fr)',
    render: (e) => <a href={href('/alerts', { sel: e.alert })}>{e.rule ?? e.alert}</a>,
  },
  {
    key: 'text',
    title: 'Details',
    width: 'minmax(100px, 2fr)',
    render: (e) => <span className="sub-cell">{entryText(e)}</span>,
    hide: 'phone',
  },
];

export function entryText(e: AlertEntry): string {
  const parts = [
    e.entity && isolate(e.entity),
    e.message && isolate(e.message),
    e.channel ? `through ${e.channel}${e.attempts && e.attempts > 1 ? `, attempt ${e.attempts}` : ''}` : null,
    e.by ? `by ${shortActor(e.by)}` : null,
  ];
  return parts.filter(Boolean).join(' · ');
}

/** On a phone. */
function card(e: AlertEntry) {
  return (
    <>
      <span className="card-line">
        <Badge tone={EVENT_TONES[e.event] ?? 'muted'}>{e.event}</Badge>
        <a className="grow" href={href('/alerts', { sel: e.alert })}>
          {e.rule ?? e.alert}
        </a>
        <Clock time={e.time} />
      </span>
      <span className="card-text">{entryText(e)}</span>
    </>
  );
}

const LIMIT = 1000;
/** The host's own is a day, after which it would look as if nothing had ever happened. */
const SINCE = '30d';
const nameOf = (e: AlertEntry): string => `${e.time} ${e.event} ${e.alert} ${e.channel ?? ''}`;

export function AlertHistory({ tabs }: { tabs: ReactNode }) {
  const [query, setQuery] = useParam('q');
  const [events, setEvents] = useListParam('event');
  const { alerts } = useAlerts();
  // as many may fire as before, and yet others, or somebody looks after one
  const turn = useMemo(() => alerts.map((a) => `${a.id} ${a.status}`).join(), [alerts]);
  const history = useQuery<AlertEntry[]>(
    'alert.history',
    { limit: LIMIT, since: SINCE },
    { on: [turn], every: 30_000 },
  );
  const all = history.data;
  const found = useMemo(() => {
    const matches = finder(query);
    return (all ?? []).filter((e) =>
      matches(`${e.rule ?? ''} ${e.entity ?? ''} ${e.message ?? ''} ${e.channel ?? ''} ${e.by ?? ''} ${e.alert}`),
    );
  }, [all, query]);
  const counts = useMemo(() => countBy(found, (e) => e.event), [found]);
  const rows = useMemo(() => (events.size ? found.filter((e) => events.has(e.event)) : found), [found, events]);
  const keys = useMemo(() => keysOf(rows, nameOf), [rows]);
  return (
    <View
      title="Alerts"
      fill
      tools={
        <>
          {tabs}
          <Search value={query} onChange={(v) => setQuery(v)} label="Search the history" />
          <Facets
            label="What happened"
            value={events}
            onChange={setEvents}
            options={[...new Set([...counts.keys(), ...events])].map((e) => ({
              value: e,
              label: e,
              count: counts.get(e) ?? 0,
            }))}
          />
        </>
      }
    >
      {history.error && <ErrorNote error={history.error} retry={history.reload} />}
      {!all ? (
        !history.error && <Loading lines={10} />
      ) : (
        <Table
          label="History of alerts"
          columns={COLUMNS}
          rows={rows}
          rowKey={(e) => keys.get(e) ?? nameOf(e)}
          card={card}
          cardHeight={70}
          order="latest first"
          empty={<Empty icon="search" title={all.length ? 'Nothing matches' : 'No alert has fired in 30 days'} />}
        />
      )}
    </View>
  );
}
