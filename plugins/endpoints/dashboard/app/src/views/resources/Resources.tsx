// The machine: processor, memory, disks, network, containers; now and over time. SPDX-License-Identifier: MIT
import { useMemo } from 'react';
import { useHealth } from '@/api/hooks';
import type { Interface, Partition, Resources as Machine, Series } from '@/api/types';
import { useParam } from '@/app/router';
import { formatBytes, formatDuration, formatNumber, formatPercent, formatRate } from '@/app/time';
import { Empty, Loading } from '@/ui/Empty';
import { Segmented } from '@/ui/Field';
import { Card, Meter, View } from '@/ui/Layout';
import { MetricChart, RangePicker } from '@/ui/MetricChart';
import { useRange, type RangeControl } from '@/ui/range';
import { Table, type Column } from '@/ui/Table';
import './resources.css';

const SYNC = 'resources';
const by = (label: string) => (s: Series) => s.labels[label] ?? s.name;

export default function Resources() {
  const { resources: r, ready } = useHealth();
  const range = useRange('1h');
  const system = r.system;
  return (
    <View
      title="Resources"
      tools={
        <>
          <span className="muted grow">{system ? hostLine(system) : ''}</span>
          <RangePicker range={range} />
        </>
      }
    >
      {!ready ? (
        <Loading lines={12} />
      ) : r.cpu?.system?.usage === undefined && r.memory?.system?.usage === undefined ? (
        <Empty icon="resources" title="The machine is not measured">
          Add the collector `system` to the configuration, then `openclaw reload`.
        </Empty>
      ) : (
        <div className="resources">
          <Cpu machine={r} range={range} />
          <Memory machine={r} range={range} />
          <Disks machine={r} range={range} />
          <Network machine={r} range={range} />
          {r.containers && r.containers.length > 0 && <Containers machine={r} />}
        </div>
      )}
    </View>
  );
}

function hostLine(s: NonNullable<Machine['system']>): string {
  return [
    s.hostname,
    [s.platform, s.kernel, s.arch].filter(Boolean).join(' '),
    s.uptime === undefined ? null : `up ${formatDuration(s.uptime * 1000)}`,
  ]
    .filter(Boolean)
    .join(' · ');
}

function Cpu({ machine, range }: { machine: Machine; range: RangeControl }) {
  const cpu = machine.cpu?.system;
  const [what, setWhat] = useParam('cpu', 'total');
  const cores = cpu?.perCore ?? [];
  return (
    <Card
      title={
        <>
          Processor <Now value={formatPercent(cpu?.usage)} />
        </>
      }
      tools={
        <Segmented
          label="What of the processor"
          value={what}
          onChange={setWhat}
          options={[
            { value: 'total', label: 'total' },
            { value: 'cores', label: `${cores.length} cores` },
            { value: 'load', label: 'load' },
          ]}
        />
      }
    >
      <div className="card-pad">
        {what === 'load' ? (
          <MetricChart
            label="Load"
            query={{ selector: 'system.load*', label: (s) => s.name.replace('system.load', '') + ' min' }}
            range={range}
            min={0}
            sync={SYNC}
          />
        ) : what === 'cores' ? (
          <MetricChart
            label="Processor by core"
            query={{ selector: 'system.core_percent', label: (s) => `core ${s.labels.core ?? ''}` }}
            range={range}
            min={0}
            max={100}
            sync={SYNC}
            legend={cores.length <= 16}
          />
        ) : (
          <MetricChart
            label="Processor"
            query={{ selector: 'system.cpu_percent' }}
            range={range}
            min={0}
            max={100}
            area
            sync={SYNC}
          />
        )}
        {cores.length > 1 && (
          <div className={`cores${cores.length > FEW_CORES ? ' many' : ''}`} role="list" aria-label="Cores">
            {cores.map((c) => (
              <div role="listitem" key={c.name} title={`core ${c.name}: ${formatPercent(c.usage)}`}>
                <span className="core-name num">{cores.length > FEW_CORES ? c.name : `Core ${c.name}`}</span>
                <Meter
                  value={c.usage}
                  label={`Core ${c.name}`}
                  text={cores.length > FEW_CORES ? undefined : formatPercent(c.usage)}
                  tone="accent"
                />
              </div>
            ))}
          </div>
        )}
      </div>
    </Card>
  );
}

/** Up to so many are told with their figures. */
const FEW_CORES = 16;

function Now({ value }: { value: string }) {
  return <span className="now num">{value}</span>;
}

function Memory({ machine, range }: { machine: Machine; range: RangeControl }) {
  const m = machine.memory?.system;
  const d = m?.details ?? {};
  const swap =
    typeof d.swapTotal === 'number' && d.swapTotal > 0 && typeof d.swapFree === 'number'
      ? d.swapTotal - d.swapFree
      : null;
  return (
    <Card
      title={
        <>
          Memory <Now value={formatPercent(m?.usage)} />
        </>
      }
      tools={
        <span className="muted num">
          {formatBytes(m?.used)} of {formatBytes(m?.total)}
        </span>
      }
    >
      <div className="card-pad">
        <MetricChart
          label="Memory"
          query={{ selector: 'system.memory_percent' }}
          range={range}
          min={0}
          max={100}
          area
          sync={SYNC}
        />
        <dl className="parts">
          {(
            [
              ['Available', m?.free],
              ['Cached', d.cached],
              ['Buffers', d.buffers],
              ['Swap used', swap],
            ] as const
          ).map(([name, value]) =>
            typeof value === 'number' ? (
              <div key={name}>
                <dt>{name}</dt>
                <dd className="num">{formatBytes(value)}</dd>
              </div>
            ) : null,
          )}
        </dl>
      </div>
    </Card>
  );
}

const PARTITIONS: readonly Column<Partition>[] = [
  {
    key: 'mount',
    title: 'Mount',
    width: 'minmax(80px, 1.2fr)',
    render: (p) => <span className="mono">{p.mount}</span>,
    sort: (p) => p.mount,
  },
  {
    key: 'usage',
    title: 'Used',
    width: 'minmax(120px, 1.3fr)',
    render: (p) => <Meter value={p.usage} label={`${p.mount} used`} text={formatPercent(p.usage)} />,
    sort: (p) => p.usage,
  },
  {
    key: 'free',
    title: 'Free',
    width: '84px',
    align: 'right',
    render: (p) => formatBytes(p.available),
    sort: (p) => p.available,
  },
  {
    key: 'size',
    title: 'Size',
    width: '84px',
    align: 'right',
    render: (p) => formatBytes(p.size),
    sort: (p) => p.size,
    hide: 'phone',
  },
];
const mountOf = (p: Partition): string => p.mount;

function Disks({ machine, range }: { machine: Machine; range: RangeControl }) {
  const partitions = machine.disk?.system?.partitions ?? [];
  return (
    <Card
      title={
        <>
          Disks <Now value={formatPercent(machine.disk?.system?.usage)} />
        </>
      }
    >
      <div className="card-pad">
        <MetricChart
          label="Disks"
          query={{ selector: 'system.disk_percent', label: by('mount') }}
          range={range}
          min={0}
          max={100}
          sync={SYNC}
          legend={partitions.length > 1}
        />
      </div>
      {partitions.length > 0 && (
        <Table label="Partitions" columns={PARTITIONS} rows={partitions} rowKey={mountOf} fit rowHeight={34} />
      )}
    </Card>
  );
}

const INTERFACES: readonly Column<Interface>[] = [
  {
    key: 'name',
    title: 'Interface',
    width: 'minmax(80px, 1fr)',
    render: (i) => <span className="mono">{i.name}</span>,
    sort: (i) => i.name,
  },
  {
    key: 'rx',
    title: 'Received',
    width: '92px',
    align: 'right',
    render: (i) => formatBytes(i.rxBytes),
    sort: (i) => i.rxBytes,
  },
  {
    key: 'tx',
    title: 'Sent',
    width: '92px',
    align: 'right',
    render: (i) => formatBytes(i.txBytes),
    sort: (i) => i.txBytes,
  },
  {
    key: 'errors',
    title: 'Errors',
    width: '64px',
    align: 'right',
    render: (i) => formatNumber((i.rxErrors ?? 0) + (i.txErrors ?? 0)),
    sort: (i) => (i.rxErrors ?? 0) + (i.txErrors ?? 0),
    hide: 'phone',
  },
  {
    key: 'dropped',
    title: 'Dropped',
    width: '72px',
    align: 'right',
    render: (i) => formatNumber((i.rxDropped ?? 0) + (i.txDropped ?? 0)),
    sort: (i) => (i.rxDropped ?? 0) + (i.txDropped ?? 0),
    hide: 'phone',
  },
];
const nameOf = (i: { name: string }): string => i.name;

function Network({ machine, range }: { machine: Machine; range: RangeControl }) {
  const net = machine.network?.system;
  const [way, setWay] = useParam('net', 'rx');
  const interfaces = net?.interfaces ?? [];
  return (
    <Card
      title={
        <>
          Network <Now value={`${formatRate(net?.rxBytesPerSec)} in, ${formatRate(net?.txBytesPerSec)} out`} />
        </>
      }
      tools={
        <Segmented
          label="Direction"
          value={way}
          onChange={setWay}
          options={[
            { value: 'rx', label: 'in' },
            { value: 'tx', label: 'out' },
          ]}
        />
      }
    >
      <div className="card-pad">
        <MetricChart
          label={way === 'tx' ? 'Sent' : 'Received'}
          query={{ selector: `system.network_${way === 'tx' ? 'tx' : 'rx'}_bytes_per_second`, label: by('interface') }}
          range={range}
          min={0}
          sync={SYNC}
          legend={interfaces.length > 1}
        />
      </div>
      {interfaces.length > 0 && (
        <Table label="Interfaces" columns={INTERFACES} rows={interfaces} rowKey={nameOf} fit rowHeight={34} />
      )}
    </Card>
  );
}

type Container = NonNullable<Machine['containers']>[number];
const CONTAINERS: readonly Column<Container>[] = [
  {
    key: 'name',
    title: 'Container',
    width: 'minmax(120px, 1.4fr)',
    render: (c) => <span className="main-cell">{c.name}</span>,
    sort: (c) => c.name,
  },
  {
    key: 'cpu',
    title: 'Processor',
    width: 'minmax(110px, 1fr)',
    render: (c) => <Meter value={c.cpuUsage} label={`${c.name} processor`} text={formatPercent(c.cpuUsage)} />,
    sort: (c) => c.cpuUsage,
  },
  {
    key: 'memory',
    title: 'Memory',
    width: 'minmax(110px, 1fr)',
    render: (c) => (
      <Meter value={c.memoryUsage?.percent} label={`${c.name} memory`} text={formatBytes(c.memoryUsage?.used)} />
    ),
    sort: (c) => c.memoryUsage?.used,
    hide: 'phone',
  },
];

function Containers({ machine }: { machine: Machine }) {
  const rows = useMemo(() => machine.containers ?? [], [machine.containers]);
  return (
    <Card title="Containers" className="wide">
      <Table label="Containers" columns={CONTAINERS} rows={rows} rowKey={nameOf} fit />
    </Card>
  );
}
