// LiteLLM: what was spent, by whom, how fast requests are and how many fail, and where it leads. SPDX-License-Identifier: MIT
import { useMemo, type ReactNode } from 'react';
import { useQuery } from '@/api/hooks';
import type { SeriesInfo } from '@/api/types';
import { useParam } from '@/app/router';
import { formatMs, formatPercent, type Format } from '@/app/time';
import { Answer, ErrorNote } from '@/ui/Empty';
import { Segmented } from '@/ui/Field';
import { Card, View } from '@/ui/Layout';
import { MetricChart, RangePicker, type MetricQuery } from '@/ui/MetricChart';
import { useRange, type RangeControl } from '@/ui/range';
import { Badge, State } from '@/ui/State';
import { Table, type Column } from '@/ui/Table';
import { Ago } from '@/ui/Time';
import { Budgets } from './Budgets';
import {
  count,
  dollars,
  errorPercent,
  failedText,
  type Forecast,
  type Group,
  type Source,
  type Summary,
} from './types';
import './cost.css';

const PERIODS = [
  { value: 'today', label: 'Today' },
  { value: 'week', label: 'This week' },
  { value: 'month', label: 'This month' },
] as const;
const DIMENSIONS = [
  { value: 'model', label: 'Model' },
  { value: 'agent', label: 'Agent' },
  { value: 'key', label: 'Key' },
  { value: 'provider', label: 'Provider' },
  { value: 'day', label: 'Day' },
] as const;
const EVERY = { every: 15_000 };

export default function Cost() {
  const [period, setPeriod] = useParam('period', 'today');
  const range = useRange('24h');
  const summary = useQuery<Summary>('cost.summary', { period }, EVERY);
  return (
    <View title="LiteLLM">
      <div className="stack">
        <Part title="Spending">
          <Segmented label="Spending of" value={period} options={PERIODS} onChange={setPeriod} />
        </Part>
        <Answer query={summary} lines={3}>
          {(s) => <Figures summary={s} />}
        </Answer>
        <By period={period} />
        <Budgets />
        <Part title="Over time">
          <RangePicker range={range} />
        </Part>
        <Charts range={range} />
        {summary.data && <Sources sources={summary.data.sources} />}
      </div>
    </View>
  );
}

/** A heading with what governs everything below it. */
function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="cost-part">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** Only what the host has series of: a chart that can never show anything says less than none. */
function Charts({ range }: { range: RangeControl }) {
  const cost = useQuery<SeriesInfo[]>('metrics.list', { selector: 'cost.*' }, { every: 60_000 });
  const litellm = useQuery<SeriesInfo[]>('metrics.list', { selector: 'litellm.*' }, { every: 60_000 });
  const api = useQuery<SeriesInfo[]>('metrics.list', { selector: 'api.*' }, { every: 60_000 });
  const failed = [cost, litellm, api].find((q) => q.error && !q.data);
  const names = new Set([...(cost.data ?? []), ...(litellm.data ?? []), ...(api.data ?? [])].map((s) => s.name));
  const charts = CHARTS.filter((c) => c.series.some((n) => names.has(n)));
  return (
    <div className="cost-charts">
      {failed?.error && <ErrorNote error={failed.error} retry={failed.reload} />}
      {charts.map((c) => (
        <Card key={c.title} title={c.title}>
          <div className="card-pad">
            <MetricChart
              label={c.label}
              query={c.query}
              range={range}
              min={0}
              area={c.area}
              format={c.format}
              sync="cost"
            />
          </div>
        </Card>
      ))}
    </div>
  );
}

const CHARTS: readonly {
  title: string;
  label: string;
  series: readonly string[];
  query: MetricQuery;
  area?: boolean;
  format?: Format;
}[] = [
  {
    title: 'Spent today',
    label: 'Dollars spent today',
    series: ['cost.day_dollars'],
    query: { selector: 'cost.day_dollars' },
    area: true,
    format: dollars,
  },
  {
    title: 'Burn rate',
    label: 'Dollars an hour',
    series: ['cost.burn_dollars_per_hour'],
    query: { selector: 'cost.burn_dollars_per_hour', label: (s) => `over ${s.labels.window ?? ''}` },
    format: dollars,
  },
  {
    title: 'Latency',
    label: 'Time of a request, all models together',
    series: ['litellm.latency_p50_ms', 'litellm.latency_p95_ms', 'litellm.latency_p99_ms'],
    query: {
      selector: 'litellm.latency_p*{model=""}',
      label: (s) => s.name.replace(/^.*_(p\d+)_ms$/, '$1'),
    },
    format: formatMs,
  },
  {
    title: 'Errors',
    label: 'Failed requests',
    series: ['api.error_rate_percent'],
    query: { selector: 'api.error_rate_percent' },
  },
];

function Figure({ name, value, more }: { name: string; value: string; more?: string | null }) {
  return (
    <div className="cost-figure">
      <dt>{name}</dt>
      <dd className="num">{value}</dd>
      {more && <dd className="muted">{more}</dd>}
    </div>
  );
}

const known = (n: number | null | undefined): boolean => n !== null && n !== undefined;

function Figures({ summary: s }: { summary: Summary }) {
  const forecast = useQuery<Forecast>('cost.forecast', {}, EVERY);
  const f = forecast.data;
  const awaited = forecast.error ? 'unknown' : '…';
  const failed = errorPercent(s);
  return (
    <>
      {s.state === 'unknown' && (
        <p className="note warning">
          No collector has told any figures yet: what was spent is unknown, which is not zero.
        </p>
      )}
      {forecast.error && <ErrorNote error={forecast.error} retry={forecast.reload} title="No forecast" />}
      <dl className="cost-figures">
        <Figure
          name="Spent"
          value={dollars(s.dollars)}
          more={s.estimated ? `${dollars(s.estimated_dollars)} of it estimated: no price is known` : null}
        />
        <Figure
          name="Tokens"
          value={count(s.tokens)}
          more={s.tokens === null ? null : `${count(s.input_tokens)} in, ${count(s.output_tokens)} out`}
        />
        <Figure
          name="Requests"
          value={count(s.requests)}
          more={failed === null ? null : `${formatPercent(failed)} failed`}
        />
        <Figure
          name="Today will be"
          value={f ? dollars(f.forecast_today) : awaited}
          more={known(f?.dollars_per_hour_6h) ? `${dollars(f?.dollars_per_hour_6h)} an hour` : null}
        />
        <Figure
          name="This month will be"
          value={f ? dollars(f.forecast_this_month) : awaited}
          more={known(f?.spent_this_month) ? `${dollars(f?.spent_this_month)} so far` : null}
        />
      </dl>
    </>
  );
}

function By({ period }: { period: string }) {
  const [dimension, setDimension] = useParam('by', 'model');
  const list = useQuery<Group[]>('cost.by', { dimension, period }, EVERY);
  const columns = useMemo<readonly Column<Group>[]>(
    () => [
      {
        key: 'name',
        title: DIMENSIONS.find((d) => d.value === dimension)?.label ?? 'Name',
        width: 'minmax(130px, 2fr)',
        render: (g) => <span title={g.name}>{g.name}</span>,
        sort: (g) => g.name,
      },
      {
        key: 'dollars',
        title: 'Spent',
        width: '140px',
        align: 'right',
        render: (g) => (
          <>
            {dollars(g.dollars)}{' '}
            {g.estimated && (
              <Badge tone="warning" title="without a price: $1 and $3 a million tokens">
                estimate
              </Badge>
            )}
          </>
        ),
        sort: (g) => g.dollars,
      },
      {
        key: 'share',
        title: 'Share',
        width: '80px',
        align: 'right',
        render: (g) => (g.share_percent === null ? 'unknown' : formatPercent(g.share_percent)),
        sort: (g) => g.share_percent,
        hide: 'phone',
      },
      {
        key: 'requests',
        title: 'Requests',
        width: '100px',
        align: 'right',
        render: (g) => count(g.requests),
        sort: (g) => g.requests,
        hide: 'phone',
      },
      {
        key: 'failed',
        title: 'Failed',
        width: '90px',
        align: 'right',
        render: failedText,
        sort: errorPercent,
        hide: 'phone',
      },
      {
        key: 'input',
        title: 'Tokens in',
        width: '110px',
        align: 'right',
        render: (g) => count(g.input_tokens),
        sort: (g) => g.input_tokens,
        hide: 'tablet',
      },
      {
        key: 'output',
        title: 'Tokens out',
        width: '110px',
        align: 'right',
        render: (g) => count(g.output_tokens),
        sort: (g) => g.output_tokens,
        hide: 'tablet',
      },
    ],
    [dimension],
  );
  return (
    <Card
      title="Who spends"
      tools={<Segmented label="By" value={dimension} options={DIMENSIONS} onChange={setDimension} />}
    >
      <Answer query={list}>
        {(rows) =>
          rows.length ? (
            <Table fit label="Spending" columns={columns} rows={rows} rowKey={(g) => g.name} />
          ) : (
            <p className="muted card-pad">Nothing was spent in this time, as far as the collectors tell.</p>
          )
        }
      </Answer>
    </Card>
  );
}

function Sources({ sources }: { sources: readonly Source[] }) {
  if (sources.length === 0) return null;
  return (
    <Card title="Where the figures come from">
      <ul className="card-pad">
        {sources.map((s) => (
          <li key={s.source}>
            <State
              state={s.state}
              text={`${s.source}: ${s.state}`}
              tone={s.state === 'ok' ? 'ok' : s.state === 'lost' ? 'critical' : 'unknown'}
            />{' '}
            {s.last_figures && (
              <span className="muted">
                latest figures <Ago time={s.last_figures} suffix=" ago" />
              </span>
            )}{' '}
            {Object.entries(s.endpoints ?? {}).map(([name, e]) => {
              const state = typeof e === 'string' ? e : (e.state ?? 'unknown');
              return <Badge key={name} tone={state === 'ok' ? 'ok' : 'unknown'}>{`${name}: ${state}`}</Badge>;
            })}
          </li>
        ))}
      </ul>
    </Card>
  );
}
