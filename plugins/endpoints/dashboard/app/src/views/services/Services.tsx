// Everything that is checked: a list to search and to filter, and what is known about each. SPDX-License-Identifier: MIT
import { useMemo } from 'react';
import { useHealth } from '@/api/hooks';
import type { Check } from '@/api/types';
import { setParams, useListParam, useParam } from '@/app/router';
import { formatMs, toMs } from '@/app/time';
import { Button } from '@/ui/Button';
import { Empty, Loading } from '@/ui/Empty';
import { Facets, Search } from '@/ui/Field';
import { View } from '@/ui/Layout';
import { countBy, finder, formatSort, parseSort } from '@/ui/rows';
import { Badge, State, toneOf } from '@/ui/State';
import { Table, type Column } from '@/ui/Table';
import { Ago } from '@/ui/Time';
import { ServicePanel } from './ServicePanel';

const STATES = ['critical', 'warning', 'unknown', 'unreachable', 'pending', 'ok'] as const;
const GRAVITY: Record<string, number> = { critical: 0, unreachable: 1, warning: 2, unknown: 3, pending: 4, ok: 5 };

const keyOf = (c: Check): string => c.service;

const COLUMNS: readonly Column<Check>[] = [
  {
    key: 'state',
    title: 'State',
    width: '112px',
    render: (c) => <State state={c.state} />,
    sort: (c) => GRAVITY[c.state] ?? 9,
  },
  {
    key: 'service',
    title: 'Service',
    width: 'minmax(130px, 1.3fr)',
    render: (c) => <Name check={c} />,
    sort: (c) => c.service,
  },
  {
    key: 'output',
    title: 'Says',
    width: 'minmax(100px, 2fr)',
    render: (c) => (
      <span className="sub-cell" title={c.output}>
        {c.output}
      </span>
    ),
  },
  {
    key: 'response',
    title: 'Response',
    width: '84px',
    align: 'right',
    render: (c) => formatMs(c.response_ms),
    sort: (c) => c.response_ms,
  },
  {
    key: 'since',
    title: 'For',
    width: '92px',
    align: 'right',
    render: (c) => <Ago time={c.since} />,
    sort: (c) => (c.since ? -(toMs(c.since) ?? 0) : null),
  },
  {
    key: 'checked',
    title: 'Checked',
    width: '84px',
    align: 'right',
    render: (c) => <Ago time={c.checked} />,
    sort: (c) => toMs(c.checked),
    hide: 'tablet',
  },
  {
    key: 'plugin',
    title: 'Plugin',
    width: '92px',
    render: (c) => <span className="muted">{c.plugin}</span>,
    sort: (c) => c.plugin,
    hide: 'tablet',
  },
];
/** On a phone: the state, which, since when; then what it says. */
function card(c: Check) {
  return (
    <>
      <span className="card-line">
        <State state={c.state} />
        <span className="grow">
          <Name check={c} />
        </span>
        <Ago time={c.since} />
      </span>
      <span className="card-line">
        <span className="grow muted">{c.output || '–'}</span>
      </span>
    </>
  );
}

/** Beside an open panel there is less room. */
const NARROW = COLUMNS.filter((c) => ['state', 'service', 'response', 'since'].includes(c.key));

function Name({ check: c }: { check: Check }) {
  return (
    <>
      <span className="main-cell">{c.service}</span>
      {c.maintenance && (
        <>
          {' '}
          <Badge>maintenance</Badge>
        </>
      )}
      {c.flapping && (
        <>
          {' '}
          <Badge tone="warning">flapping</Badge>
        </>
      )}
      {!c.hard && c.state !== 'ok' && c.state !== 'pending' && (
        <>
          {' '}
          <Badge title="Not confirmed: it is checked again">
            {c.attempt}/{c.max_attempts}
          </Badge>
        </>
      )}
    </>
  );
}

export default function Services() {
  const { checks, ready } = useHealth();
  const [query, setQuery] = useParam('q');
  const [states, setStates] = useListParam('state');
  const [plugins, setPlugins] = useListParam('plugin');
  const [sortText, setSort] = useParam('sort', 'state'); // the worst first: nobody looks for what is bad
  const [selected, select] = useParam('sel', '', true);

  const found = useMemo(() => {
    const matches = finder(query);
    return query ? checks.filter((c) => matches(`${c.service} ${c.plugin} ${c.output}`)) : checks;
  }, [checks, query]);
  const ofPlugin = useMemo(() => (plugins.size ? found.filter((c) => plugins.has(c.plugin)) : found), [found, plugins]);
  const rows = useMemo(
    () => (states.size ? ofPlugin.filter((c) => states.has(c.state)) : ofPlugin),
    [ofPlugin, states],
  );
  const stateCounts = useMemo(() => countBy(ofPlugin, (c) => c.state), [ofPlugin]);
  const pluginCounts = useMemo(() => countBy(found, (c) => c.plugin), [found]);
  const sort = useMemo(() => parseSort(sortText), [sortText]);
  const check = useMemo(() => (selected ? checks.find((c) => c.service === selected) : undefined), [checks, selected]);
  const filtered = query !== '' || states.size > 0 || plugins.size > 0;

  return (
    <View
      title="Services"
      fill
      tools={
        <>
          <Search value={query} onChange={(v) => setQuery(v)} label="Search services" />
          <Facets
            label="State"
            value={states}
            onChange={setStates}
            options={STATES.filter((s) => stateCounts.has(s) || states.has(s)).map((s) => ({
              value: s,
              label: s,
              count: stateCounts.get(s) ?? 0,
              tone: toneOf(s),
            }))}
          />
          {(pluginCounts.size > 1 || plugins.size > 0) && (
            <select
              className="input select"
              aria-label="Plugin"
              value={[...plugins][0] ?? ''}
              onChange={(e) => setPlugins(new Set(e.target.value ? [e.target.value] : []))}
            >
              <option value="">All plugins</option>
              {[...pluginCounts].sort().map(([p, n]) => (
                <option key={p} value={p}>
                  {p} ({n})
                </option>
              ))}
            </select>
          )}
          {filtered && (
            <Button small kind="ghost" icon="close" onClick={() => setParams({ q: null, state: null, plugin: null })}>
              Clear
            </Button>
          )}
        </>
      }
      aside={
        selected ? <ServicePanel key={selected} name={selected} check={check} onClose={() => select(null)} /> : null
      }
    >
      {!ready ? (
        <Loading lines={12} />
      ) : (
        <Table
          label="Services"
          columns={selected ? NARROW : COLUMNS}
          rows={rows}
          rowKey={keyOf}
          selected={selected || null}
          onSelect={(c) => select(c.service === selected ? null : c.service)}
          sort={sort}
          onSort={(s) => setSort(formatSort(s))}
          card={card}
          cardHeight={56}
          order="worst first"
          orderKey="state"
          empty={
            filtered ? (
              <Empty icon="search" title="Nothing matches">
                None of the {checks.length} checks has what the filters ask for.
              </Empty>
            ) : (
              <Empty icon="services" title="Nothing is checked yet">
                Add collectors to the configuration, then `openclaw reload`.
              </Empty>
            )
          }
        />
      )}
    </View>
  );
}
