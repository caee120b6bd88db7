// The machine in four figures, each with its last hour. SPDX-License-Identifier: MIT
import { memo, useEffect, useMemo, useState } from 'react';
import { repeat } from '@/api/repeat';
import type { Resources } from '@/api/types';
import { formatBytes, formatPercent, formatRate } from '@/app/time';
import { href } from '@/app/router';
import { Chart } from '@/ui/Chart';
import { useMetric } from '@/ui/MetricChart';
import { SPANS, type Range } from '@/ui/range';

const TURN_MS = 30_000;
/** Fewer points are no line. */
const FEWEST = 3;

/** The last hour, moving twice a minute. */
function useLastHour(): Range {
  const [to, setTo] = useState(() => Date.now());
  useEffect(() => repeat(() => setTo(Date.now()), TURN_MS), []);
  return useMemo(() => ({ from: to - SPANS['1h'], to, span: '1h' }), [to]);
}

export const Machine = memo(function Machine({ resources: r }: { resources: Resources }) {
  const range = useLastHour();
  const cpu = r.cpu?.system;
  const memory = r.memory?.system;
  const disk = r.disk?.system;
  const net = r.network?.system;
  if (cpu?.usage === undefined && memory?.usage === undefined) return null;
  const fullest = [...(disk?.partitions ?? [])].sort((a, b) => (b.usage ?? 0) - (a.usage ?? 0))[0];
  return (
    <div className="machine">
      <Figure
        title="CPU"
        value={formatPercent(cpu?.usage)}
        note={
          cpu?.load1 === undefined || cpu.load1 === null
            ? `${cpu?.cores ?? ''} cores`
            : `load ${cpu.load1.toFixed(2)}, ${cpu.cores} cores`
        }
        selector="system.cpu_percent"
        range={range}
        max={100}
        level={cpu?.usage}
      />
      <Figure
        title="Memory"
        value={formatPercent(memory?.usage)}
        note={`${formatBytes(memory?.used)} of ${formatBytes(memory?.total)}`}
        selector="system.memory_percent"
        range={range}
        max={100}
        level={memory?.usage}
      />
      <Figure
        title="Disk"
        value={formatPercent(fullest?.usage ?? disk?.usage)}
        note={fullest ? `${fullest.mount}, ${formatBytes(fullest.available)} left` : formatBytes(disk?.used)}
        selector={fullest ? `system.disk_percent{mount=${JSON.stringify(fullest.mount)}}` : 'system.disk_percent'}
        range={range}
        max={100}
        level={fullest?.usage ?? disk?.usage}
      />
      <Figure
        title="Network"
        value={`${formatRate(net?.rxBytesPerSec)}`}
        note={`in; ${formatRate(net?.txBytesPerSec)} out`}
        selector="system.network_rx_bytes_per_second"
        range={range}
        level={null}
      />
    </div>
  );
});

function Figure({
  title,
  value,
  note,
  selector,
  range,
  max,
  level,
}: {
  title: string;
  value: string;
  note: string;
  selector: string;
  range: Range;
  max?: number;
  level: number | null | undefined;
}) {
  const { series } = useMetric({ selector, live: false }, range);
  const first = useMemo(
    () =>
      series
        .slice(0, 1)
        .map((s) => ({ key: s.series, label: title, points: s.points.length < FEWEST ? [] : s.points })),
    [series, title],
  );
  const tone = typeof level !== 'number' ? '' : level >= 95 ? ' tone-critical' : level >= 80 ? ' tone-warning' : '';
  return (
    <a className={`card figure${tone}`} href={href('/resources')}>
      <span className="figure-title">{title}</span>
      <span className="figure-value num">{value}</span>
      <span className="figure-note">{note}</span>
      <Chart
        label={`${title}, last hour`}
        series={first}
        from={Math.max(range.from, first[0]?.points[0]?.[0] ?? range.from)}
        to={first[0]?.points.at(-1)?.[0] ?? range.to}
        min={0}
        max={max}
        height={34}
        spark
      />
    </a>
  );
}
