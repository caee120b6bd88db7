// Plugins: what is there, what runs, how it fares. SPDX-License-Identifier: MIT
import './plugins.css';
import { useMemo, useState } from 'react';
import { useCan, useQuery, useTopic } from '@/api/hooks';
import { useListParam, useParam } from '@/app/router';
import { Button } from '@/ui/Button';
import { Answer, Empty } from '@/ui/Empty';
import { Facets, Search } from '@/ui/Field';
import { View } from '@/ui/Layout';
import { countBy, finder } from '@/ui/rows';
import { Badge, State } from '@/ui/State';
import { Table, type Column } from '@/ui/Table';
import { InstallDialog } from './InstallDialog';
import { PlanDialog, type Change } from './PlanDialog';
import { PluginAside } from './PluginAside';
import { stateOfPlugin, toneOfPlugin, type PluginRow } from './types';

const COLUMNS: readonly Column<PluginRow>[] = [
  {
    key: 'name',
    title: 'Plugin',
    width: 'minmax(140px, 1fr)',
    render: (p) => <span title={p.name}>{p.name}</span>,
    sort: (p) => p.name,
  },
  {
    key: 'state',
    title: 'State',
    width: '120px',
    render: (p) => <State state={stateOfPlugin(p)} tone={toneOfPlugin(p)} />,
    sort: stateOfPlugin,
  },
  { key: 'kind', title: 'Kind', width: '110px', render: (p) => p.kind, sort: (p) => p.kind, hide: 'phone' },
  {
    key: 'version',
    title: 'Version',
    width: '90px',
    render: (p) => p.version ?? '–',
    sort: (p) => p.version,
    hide: 'phone',
  },
  {
    key: 'instances',
    title: 'Instances',
    width: '90px',
    align: 'right',
    render: (p) => p.running?.instances ?? 0,
    sort: (p) => p.running?.instances ?? 0,
    hide: 'tablet',
  },
  {
    key: 'source',
    title: 'Source',
    width: '140px',
    render: (p) =>
      p.installed.source === 'bundled' ? (
        <Badge>bundled</Badge>
      ) : (
        <span title={p.installed.source}>{p.installed.source}</span>
      ),
    sort: (p) => p.installed.source,
    hide: 'tablet',
  },
  {
    key: 'summary',
    title: 'What it does',
    width: 'minmax(200px, 3fr)',
    render: (p) => <span title={p.error ?? p.summary}>{p.error ?? p.summary}</span>,
    hide: 'tablet',
  },
];

/** On a phone. */
function card(p: PluginRow) {
  return (
    <>
      <span className="card-line">
        <b className="grow main-cell">{p.name}</b>
        <State state={stateOfPlugin(p)} tone={toneOfPlugin(p)} />
      </span>
      <span className="card-line">
        <span className="grow muted">{p.error ?? p.summary}</span>
      </span>
    </>
  );
}

/** Beside the panel there is room for what tells plugins apart. */
const NARROW = COLUMNS.slice(0, 3);

export default function Plugins() {
  const can = useCan();
  const list = useQuery<PluginRow[]>('plugin.list', {}, { every: 15_000 });
  const [query, setQuery] = useParam('q');
  const [kinds, setKinds] = useListParam('kind');
  const [selected, select] = useParam('sel', '', true);
  const [change, setChange] = useState<Change | null>(null);
  const [installing, setInstalling] = useState(false);
  useTopic('events:plugin.*', list.reload);
  useTopic('events:packages.*', list.reload);

  const rows = list.data ?? [];
  const shown = useMemo(() => {
    const match = finder(query);
    return rows.filter((p) => (kinds.size === 0 || kinds.has(p.kind)) && match(`${p.name} ${p.summary} ${p.kind}`));
  }, [rows, query, kinds]);
  const counts = useMemo(() => [...countBy(rows, (p) => p.kind)].sort(), [rows]);
  const row = rows.find((p) => p.name === selected);
  return (
    <View
      title="Plugins"
      fill
      tools={
        <>
          <Search label="Find plugins" value={query} onChange={setQuery} />
          <Facets
            label="Kind"
            value={kinds}
            onChange={setKinds}
            options={counts.map(([value, count]) => ({ value, label: value, count }))}
          />
        </>
      }
      actions={
        <>
          {can('plugin.rollback') && (
            <Button
              icon="reset"
              title="Back to the plugins as they were before the last change"
              onClick={() =>
                setChange({
                  op: 'plugin.rollback',
                  params: {},
                  title: 'Roll back the last change of plugins',
                  submit: 'Roll back',
                })
              }
            >
              Roll back
            </Button>
          )}
          {can('plugin.install') && (
            <Button icon="plus" kind="primary" onClick={() => setInstalling(true)}>
              Install
            </Button>
          )}
        </>
      }
      aside={
        row && (
          <PluginAside
            key={row.name}
            row={row}
            onClose={() => select(null)}
            onChanged={list.reload}
            onPlan={setChange}
          />
        )
      }
    >
      <Answer query={list} lines={8}>
        {() => (
          <Table
            label="Plugins"
            columns={row ? NARROW : COLUMNS}
            rows={shown}
            rowKey={(p) => p.name}
            selected={selected}
            onSelect={(p) => select(p.name)}
            card={card}
            cardHeight={56}
            order="by name"
            empty={<Empty title="No plugin is like this" />}
          />
        )}
      </Answer>
      {installing && (
        <InstallDialog
          onClose={() => setInstalling(false)}
          onPlan={(c) => {
            setInstalling(false);
            setChange(c);
          }}
        />
      )}
      {change && (
        <PlanDialog
          change={change}
          onClose={() => setChange(null)}
          onDone={() => {
            setChange(null);
            list.reload();
          }}
        />
      )}
    </View>
  );
}
