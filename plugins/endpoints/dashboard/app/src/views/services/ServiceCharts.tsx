// Charts of what a check has measured: the response time first, then the rest. SPDX-License-Identifier: MIT
import { useMemo, useState } from 'react';
import { useQuery } from '@/api/hooks';
import { selector } from '@/api/selector';
import type { Check, SeriesInfo } from '@/api/types';
import { Button } from '@/ui/Button';
import { ErrorNote, Loading } from '@/ui/Empty';
import { MetricChart } from '@/ui/MetricChart';
import type { RangeControl } from '@/ui/range';

const FIRST = 3;
/** Each chart is a question to the host: not dozens at once. */
const STEP = 6;

/** Names of metrics in the order in which people want them; states, which the bar above shows, are left out. */
export function order(series: readonly SeriesInfo[], target: string): string[] {
  const rank = (name: string): number =>
    /response_ms$/.test(name) ? 0 : /latency|_ms$/.test(name) ? 1 : /percent$/.test(name) ? 2 : 3;
  const names = new Set<string>();
  for (const s of series) {
    if ((s.labels.target ?? '') !== target || /(^|\.)(up|health_score)$/.test(s.name) || s.kind === 'text') continue;
    names.add(s.name);
  }
  return [...names].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

export function ServiceCharts({ check: c, range }: { check: Check; range: RangeControl }) {
  const [count, setCount] = useState(FIRST);
  const list = useQuery<SeriesInfo[]>(
    'metrics.list',
    { selector: selector('*', { instance: c.instance, target: c.target }) },
    { every: 60_000 },
  );
  const names = useMemo(() => order(list.data ?? [], c.target), [list.data, c.target]);
  if (list.error && !list.data) return <ErrorNote error={list.error} retry={list.reload} />;
  if (list.loading) return <Loading lines={3} />;
  if (names.length === 0) return null;
  const shown = names.slice(0, count);
  const left = names.length - shown.length;
  return (
    <div className="service-charts">
      {shown.map((name, i) => (
        <div key={name}>
          <h3>{title(name)}</h3>
          <MetricChart
            label={`${title(name)} of ${c.service}`}
            query={{ selector: selector(name, { instance: c.instance, target: c.target }) }}
            range={range}
            height={i === 0 ? 150 : 110}
            min={0}
            area
            sync={`service ${c.service}`}
          />
        </div>
      ))}
      {left > 0 && (
        <Button small kind="ghost" icon="down" onClick={() => setCount(count + STEP)}>
          {left} more {left === 1 ? 'chart' : 'charts'}
        </Button>
      )}
    </div>
  );
}

/** "http.response_ms" -> "Response" */
function title(name: string): string {
  const dot = name.indexOf('.');
  const text = name
    .slice(dot + 1)
    .replace(/_(ms|bytes|seconds|percent|total)$/, '')
    .replace(/_/g, ' ');
  return text
    .replace(/\b(cpu|tls|dns|tcp|http|fds|io)\b/g, (w) => w.toUpperCase())
    .replace(/^[a-z]/, (c) => c.toUpperCase());
}
