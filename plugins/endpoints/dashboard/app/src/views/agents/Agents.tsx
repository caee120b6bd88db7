// The agents: who is there, what each is doing, on which model, at what cost in tokens. SPDX-License-Identifier: MIT
import { useMemo } from 'react';
import { useHealth } from '@/api/hooks';
import type { Agent } from '@/api/types';
import { setParams, useListParam, useParam } from '@/app/router';
import { formatNumber, toMs } from '@/app/time';
import { Button } from '@/ui/Button';
import { Empty, Loading } from '@/ui/Empty';
import { Facets, Search } from '@/ui/Field';
import { View } from '@/ui/Layout';
import { countBy, finder, formatSort, parseSort } from '@/ui/rows';
import { State, toneOf } from '@/ui/State';
import { Table, type Column } from '@/ui/Table';
import { Ago } from '@/ui/Time';
import { AgentPanel } from './AgentPanel';

const GRAVITY: Record<string, number> = { error: 0, offline: 1, unknown: 2, busy: 3, active: 4, idle: 5 };
const keyOf = (a: Agent): string => a.id;

const COLUMNS: readonly Column<Agent>[] = [
  {
    key: 'status',
    title: 'Status',
    width: '100px',
    render: (a) => <State state={a.status} />,
    sort: (a) => GRAVITY[a.status] ?? 9,
  },
  {
    key: 'name',
    title: 'Agent',
    width: 'minmax(100px, 1fr)',
    render: (a) => <span className="main-cell">{a.name}</span>,
    sort: (a) => a.name,
  },
  {
    key: 'role',
    title: 'Role',
    width: 'minmax(90px, 1fr)',
    render: (a) => a.role ?? '',
    sort: (a) => a.role,
  },
  {
    key: 'task',
    title: 'Doing',
    width: 'minmax(100px, 1.7fr)',
    render: (a) => (
      <span className="sub-cell" title={a.error ?? a.currentTask ?? ''}>
        {a.error ?? a.currentTask ?? ''}
      </span>
    ),
  },
  {
    key: 'model',
    title: 'Model',
    width: 'minmax(90px, 1fr)',
    render: (a) => <span className="mono">{a.model ?? ''}</span>,
    sort: (a) => a.model,
    hide: 'tablet',
  },
  {
    key: 'tokens',
    title: 'Tokens today',
    width: '100px',
    align: 'right',
    render: (a) => (typeof a.tokenUsage?.daily === 'number' ? formatNumber(a.tokenUsage.daily) : '–'),
    sort: (a) => a.tokenUsage?.daily,
    hide: 'tablet',
  },
  {
    key: 'heartbeat',
    title: 'Heard of',
    width: '92px',
    align: 'right',
    render: (a) => <Ago time={a.lastHeartbeat} />,
    sort: (a) => -(toMs(a.lastHeartbeat) ?? 0),
  },
];
/** On a phone: how it is, who, heard of when; then what it does. */
function card(a: Agent) {
  return (
    <>
      <span className="card-line">
        <State state={a.status} />
        <span className="grow main-cell">{a.name}</span>
        <Ago time={a.lastHeartbeat} />
      </span>
      <span className="card-text">
        {a.error ?? a.currentTask ?? <span className="muted">doing nothing it tells of</span>}
      </span>
    </>
  );
}

const NARROW = COLUMNS.filter((c) => ['status', 'name', 'role', 'heartbeat'].includes(c.key));

export default function Agents() {
  const { agents, ready } = useHealth();
  const [query, setQuery] = useParam('q');
  const [statuses, setStatuses] = useListParam('status');
  const [sortText, setSort] = useParam('sort', 'status'); // the worst first
  const [selected, select] = useParam('sel', '', true);
  const found = useMemo(() => {
    const matches = finder(query);
    return agents.filter((a) => matches(`${a.name} ${a.role ?? ''} ${a.currentTask ?? ''} ${a.model ?? ''}`));
  }, [agents, query]);
  const counts = useMemo(() => countBy(found, (a) => a.status), [found]);
  const rows = useMemo(() => (statuses.size ? found.filter((a) => statuses.has(a.status)) : found), [found, statuses]);
  const sort = useMemo(() => parseSort(sortText), [sortText]);
  const filtered = query !== '' || statuses.size > 0;
  return (
    <View
      title="Agents"
      fill
      tools={
        <>
          <Search value={query} onChange={(v) => setQuery(v)} label="Search agents" />
          <Facets
            label="Status"
            value={statuses}
            onChange={setStatuses}
            options={[...new Set([...counts.keys(), ...statuses])]
              .sort((a, b) => (GRAVITY[a] ?? 9) - (GRAVITY[b] ?? 9))
              .map((s) => ({ value: s, label: s, count: counts.get(s) ?? 0, tone: toneOf(s) }))}
          />
          {filtered && (
            <Button small kind="ghost" icon="close" onClick={() => setParams({ q: null, status: null })}>
              Clear
            </Button>
          )}
        </>
      }
      aside={
        selected ? (
          <AgentPanel
            key={selected}
            id={selected}
            agent={agents.find((a) => a.id === selected)}
            onClose={() => select(null)}
          />
        ) : null
      }
    >
      {!ready ? (
        <Loading lines={11} />
      ) : (
        <Table
          label="Agents"
          columns={selected ? NARROW : COLUMNS}
          rows={rows}
          rowKey={keyOf}
          selected={selected || null}
          onSelect={(a) => select(a.id === selected ? null : a.id)}
          sort={sort}
          onSort={(s) => setSort(formatSort(s))}
          card={card}
          cardHeight={70}
          order="worst first"
          orderKey="status"
          empty={
            filtered ? (
              <Empty icon="search" title="Nothing matches">
                None of the {agents.length} agents has what the filters ask for.
              </Empty>
            ) : (
              <Empty icon="agents" title="No agent is watched">
                The collectors `agent` and `gateway` find agents; `openclaw plugin info agent` says how to set them up.
              </Empty>
            )
          }
        />
      )}
    </View>
  );
}
