// The alerts that fire (and on request those that have ended), to search, filter, tick and act upon. SPDX-License-Identifier: MIT
import { useCallback, useMemo, useState, type ReactNode } from 'react';
import { useAlerts, useCan, useQuery } from '@/api/hooks';
import type { Alert } from '@/api/types';
import { setParams, useListParam, useParam } from '@/app/router';
import { toMs } from '@/app/time';
import { Button } from '@/ui/Button';
import { Empty, Loading } from '@/ui/Empty';
import { Facets, Search } from '@/ui/Field';
import { View } from '@/ui/Layout';
import { countBy, finder, formatSort, parseSort } from '@/ui/rows';
import { Badge, State, toneOf } from '@/ui/State';
import { Table, type Column } from '@/ui/Table';
import { Ago } from '@/ui/Time';
import { AlertPanel } from './AlertPanel';
import { Chosen } from './Chosen';
import { assigneeOf, placeOf } from './parts';

const SEVERITIES = ['critical', 'warning', 'info'] as const;
const STATUSES = ['firing', 'acknowledged', 'silenced', 'suppressed', 'resolved'] as const;
const GRAVITY: Record<string, number> = { critical: 0, warning: 1, info: 2 };
const NONE: readonly Alert[] = [];

const keyOf = (a: Alert): string => a.id;
const fade = (a: Alert): string => (a.status === 'firing' ? '' : 'faded');

const COLUMNS: readonly Column<Alert>[] = [
  {
    key: 'severity',
    title: 'Severity',
    width: '94px',
    render: (a) => <State state={a.severity} />,
    sort: (a) => GRAVITY[a.severity] ?? 9,
  },
  {
    key: 'rule',
    title: 'Rule',
    width: 'minmax(110px, 0.9fr)',
    render: (a) => <span className="main-cell">{a.rule}</span>,
    sort: (a) => a.rule,
  },
  {
    key: 'entity',
    title: 'On',
    width: 'minmax(100px, 0.9fr)',
    render: (a) => <span title={a.entity}>{placeOf(a)}</span>,
    sort: (a) => a.entity,
  },
  {
    key: 'message',
    title: 'Says',
    width: 'minmax(100px, 1.6fr)',
    render: (a) => (
      <span className="sub-cell" title={a.message}>
        {a.message}
      </span>
    ),
  },
  {
    key: 'status',
    title: 'Status',
    width: '128px',
    render: (a) => <Status alert={a} />,
    sort: (a) => a.status,
  },
  {
    key: 'for',
    title: 'For',
    width: '88px',
    align: 'right',
    render: (a) => <Ago time={a.starts_at} />,
    sort: (a) => -(toMs(a.starts_at) ?? 0),
  },
];
const NARROW = COLUMNS.filter((c) => ['severity', 'rule', 'entity', 'for'].includes(c.key));

/** On a phone: how grave, which rule, since when; then what it says and where. */
function card(a: Alert) {
  return (
    <>
      <span className="card-line">
        <State state={a.severity} />
        <b className="grow main-cell">{a.rule}</b>
        {a.status !== 'firing' && <Badge tone={toneOf(a.status)}>{a.status}</Badge>}
        <Ago time={a.starts_at} />
      </span>
      <span className="card-text">{a.message || a.title}</span>
      <span className="card-line">
        <span className="grow muted">{placeOf(a)}</span>
      </span>
    </>
  );
}

function Status({ alert: a }: { alert: Alert }) {
  const who = assigneeOf(a);
  return (
    <>
      {a.status === 'firing' ? (
        <span className="muted">firing</span>
      ) : (
        <Badge tone={toneOf(a.status)}>{a.status}</Badge>
      )}
      {who && <span className="sub-cell"> {who}</span>}
    </>
  );
}

export function AlertList({ tabs }: { tabs: ReactNode }) {
  const { alerts: firing, leftOut, ready } = useAlerts();
  const [query, setQuery] = useParam('q');
  const [severities, setSeverities] = useListParam('severity');
  const [statuses, setStatuses] = useListParam('status');
  const [sortText, setSort] = useParam('sort');
  const [selected, select] = useParam('sel', '', true);
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const can = useCan();
  const withEnded = statuses.has('resolved');
  const fires = useMemo(() => new Set(withEnded ? firing.map(keyOf) : []), [firing, withEnded]);
  // as many may fire as before, and yet others
  const ended = useQuery<Alert[]>(withEnded ? 'alert.list' : null, { state: 'resolved' }, { on: [[...fires].join()] });

  const all = useMemo(
    () =>
      // one that fires anew has the name that it had before
      withEnded && ended.data?.length ? [...firing, ...ended.data.filter((a) => !fires.has(a.id))] : firing,
    [firing, ended.data, withEnded, fires],
  );
  const found = useMemo(() => {
    const matches = finder(query);
    return query
      ? all.filter((a) => matches(`${a.rule} ${a.entity} ${a.message} ${a.id} ${Object.values(a.labels).join(' ')}`))
      : all;
  }, [all, query]);
  const bySeverity = useMemo(
    () => (severities.size ? found.filter((a) => severities.has(a.severity)) : found),
    [found, severities],
  );
  const rows = useMemo(
    () => (statuses.size ? bySeverity.filter((a) => statuses.has(a.status)) : bySeverity),
    [bySeverity, statuses],
  );
  const sort = useMemo(() => parseSort(sortText), [sortText]);
  const severityCounts = useMemo(() => countBy(found, (a) => a.severity), [found]);
  const statusCounts = useMemo(() => countBy(bySeverity, (a) => a.status), [bySeverity]);
  const filtered = query !== '' || severities.size > 0 || statuses.size > 0;
  const mayTick = can('alert.ack');
  const chosen = useMemo(() => (ticked.size ? rows.filter((a) => ticked.has(a.id)) : NONE), [rows, ticked]);
  const untick = useCallback(() => setTicked(new Set()), []);

  return (
    <View
      title="Alerts"
      fill
      tools={
        <>
          {tabs}
          <Search value={query} onChange={(v) => setQuery(v)} label="Search alerts" />
          <Facets
            label="Severity"
            value={severities}
            onChange={setSeverities}
            options={SEVERITIES.filter((s) => severityCounts.has(s) || severities.has(s)).map((s) => ({
              value: s,
              label: s,
              count: severityCounts.get(s) ?? 0,
              tone: toneOf(s),
            }))}
          />
          <Facets
            label="Status"
            value={statuses}
            onChange={setStatuses}
            options={STATUSES.filter((s) => s === 'resolved' || statusCounts.has(s) || statuses.has(s)).map((s) => ({
              value: s,
              label: s,
              count: s === 'resolved' && !statuses.has(s) ? undefined : (statusCounts.get(s) ?? 0),
            }))}
          />
          {filtered && (
            <Button
              small
              kind="ghost"
              icon="close"
              onClick={() => setParams({ q: null, severity: null, status: null })}
            >
              Clear
            </Button>
          )}
        </>
      }
      aside={
        selected ? (
          <AlertPanel
            key={selected}
            id={selected}
            alert={all.find((a) => a.id === selected || a.id.startsWith(selected))}
            onClose={() => select(null)}
          />
        ) : null
      }
    >
      <Chosen alerts={chosen} done={untick} />
      {leftOut > 0 && (
        <p className="muted">
          {leftOut} more fire and are not listed here, none of them graver. <code>openclaw alert list --limit</code> has
          them.
        </p>
      )}
      {!ready ? (
        <Loading lines={10} />
      ) : (
        <Table
          label="Alerts"
          columns={selected ? NARROW : COLUMNS}
          rows={rows}
          rowKey={keyOf}
          rowClass={fade}
          card={card}
          cardHeight={86}
          order="gravest first"
          selected={selected || null}
          onSelect={(a) => select(a.id === selected ? null : a.id)}
          ticked={mayTick ? ticked : undefined}
          onTicked={mayTick ? setTicked : undefined}
          sort={sort}
          onSort={(s) => setSort(formatSort(s))}
          empty={
            filtered ? (
              <Empty icon="search" title="Nothing matches">
                {all.length === 0
                  ? 'No alert fires at all.'
                  : `None of the ${all.length} alerts has what the filters ask for.`}
              </Empty>
            ) : (
              <Empty title="No alert fires">When a rule's condition holds, it is shown here at once.</Empty>
            )
          }
        />
      )}
    </View>
  );
}
