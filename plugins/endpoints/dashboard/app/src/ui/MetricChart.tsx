// Charts over stored samples, kept up to date by new ones. SPDX-License-Identifier: MIT
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useQuery, useSamples } from '@/api/hooks';
import type { MetricsAnswer, Point, Sample, Series } from '@/api/types';
import { formatterOf, type Format } from '@/app/time';
import { Button } from './Button';
import { Chart, type ChartSeries, type Threshold } from './Chart';
import { ErrorNote, Loading } from './Empty';
import { Segmented } from './Field';
import { metricParams, SPANS, stepOf, type Range, type RangeControl, type Span } from './range';

export function RangePicker({ range }: { range: RangeControl }) {
  return (
    <div className="range">
      <Segmented<Span | 'part'>
        label="Range of time"
        value={range.span ?? 'part'}
        options={(Object.keys(SPANS) as Span[]).map((s) => ({ value: s, label: s }))}
        onChange={(s) => s !== 'part' && range.set(s)}
      />
      {!range.span && (
        <Button small icon="reset" onClick={range.reset}>
          Up to now
        </Button>
      )}
    </div>
  );
}

export interface MetricQuery {
  selector: string;
  aggregation?: string;
  label?: (s: Series) => string;
  /** For counters that are shown as they are and gauges: false when new samples mean something else than points. */
  live?: boolean;
}

const MOST_LIVE = 24;

/** Series of one selector in a range. The answer is asked anew as time goes on, single samples are added between. */
export function useMetric(query: MetricQuery | null, range: Range) {
  // while it ends now, the question stays the same and is repeated
  const turn = range.span ? Math.floor(range.to / Math.max(10_000, stepOf(range))) : 0;
  const params = metricParams(query?.selector ?? '', range, query?.aggregation);
  // nothing is added while nobody looks: what came then is asked for
  const [gaps, setGaps] = useState(0);
  const missed = useRef(false);
  const answer = useQuery<MetricsAnswer>(query ? 'metrics.query' : null, params, { on: [turn, gaps] });
  const [extra, setExtra] = useState<ReadonlyMap<string, readonly Point[]>>(new Map());
  useEffect(() => setExtra(new Map()), [answer.data]);
  const adds =
    !!query && query.live !== false && !!range.span && !['rate', 'increase'].includes(query.aggregation ?? 'avg');
  const known = useRef<ReadonlySet<string>>(new Set());
  known.current = useMemo(() => new Set(answer.data?.series.map((s) => s.series)), [answer.data]);
  const shown = useRef(range);
  shown.current = range;
  const onSamples = useCallback((samples: readonly Sample[]) => {
    const mine = samples.filter((s) => known.current.has(s.series));
    if (mine.length === 0) return;
    if (document.visibilityState === 'hidden') missed.current = true;
    else setExtra((old) => added(old, mine, shown.current));
  }, []);
  useEffect(() => {
    const look = () => {
      if (document.visibilityState === 'hidden' || !missed.current) return;
      missed.current = false;
      setGaps((n) => n + 1);
    };
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);
  const wanted = useMemo(() => (adds ? [...known.current].slice(0, MOST_LIVE) : []), [adds, answer.data]);
  useSamples(wanted, onSamples);
  const series = useMemo(
    () => (answer.data?.series ?? []).map((s) => ({ ...s, points: join(s.points, extra.get(s.series)) })),
    [answer.data, extra],
  );
  return {
    series,
    known: answer.data !== undefined,
    error: answer.error,
    loading: answer.loading && !answer.error,
    reload: answer.reload,
  };
}

/** Points that are nearer to each other than this share of a step look like one. */
const FINEST = 8;

/** What came since, with new samples: no more than fit into the range, however long no answer comes. */
export function added(
  extra: ReadonlyMap<string, readonly Point[]>,
  samples: readonly Sample[],
  range: Range,
): ReadonlyMap<string, readonly Point[]> {
  const apart = stepOf(range) / FINEST;
  const next = new Map(extra);
  for (const s of samples) {
    const points = (next.get(s.series) ?? []).filter((p) => p[0] >= range.from);
    const last = points[points.length - 1]?.[0] ?? -Infinity;
    const before = points[points.length - 2]?.[0] ?? -Infinity;
    if (s.t <= last) continue; // it was told before
    next.set(s.series, [...(last - before < apart ? points.slice(0, -1) : points), [s.t, s.v]]);
  }
  return next;
}

/** Points of the store, then what came since. */
export function join(points: readonly Point[], extra: readonly Point[] | undefined): readonly Point[] {
  if (!extra?.length) return points;
  const end = points[points.length - 1]?.[0] ?? -Infinity;
  const later = extra.filter((p) => p[0] > end);
  return later.length ? [...points, ...later] : points;
}

export function MetricChart({
  label,
  query,
  range,
  height,
  thresholds,
  min,
  max,
  area,
  steps,
  sync,
  format,
  legend,
}: {
  label: string;
  query: MetricQuery;
  range: RangeControl;
  height?: number;
  thresholds?: readonly Threshold[];
  min?: number;
  max?: number;
  area?: boolean;
  steps?: boolean;
  sync?: string;
  format?: Format;
  legend?: boolean;
}) {
  const { series, known, error, loading, reload } = useMetric(query, range);
  const lines = useMemo<ChartSeries[]>(
    () =>
      series.map((s) => ({
        key: s.series,
        label: query.label?.(s) ?? labelOf(s),
        points: s.points,
        area: area && series.length === 1,
        steps,
      })),
    // the label's function is written anew each time it is drawn
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [series, area, steps],
  );
  const write = useMemo(() => format ?? formatterOf(query.selector.replace(/\{.*$/, '')), [format, query.selector]);
  if (error && !known) return <ErrorNote error={error} retry={reload} />;
  if (loading)
    return (
      <div className="chart-wait" style={{ height: height ?? 180 }}>
        <Loading lines={3} />
      </div>
    );
  return (
    <>
      {error && <ErrorNote error={error} retry={reload} title="Not up to date" />}
      <Chart
        label={label}
        series={lines}
        from={range.from}
        to={range.to}
        height={height}
        thresholds={thresholds}
        min={min}
        max={max}
        onZoom={range.zoom}
        onReset={range.reset}
        sync={sync}
        format={write}
        legend={legend}
      />
    </>
  );
}

/** What tells a series from its neighbours: its labels without those that say where it comes from. */
export function labelOf(s: { name: string; labels: Record<string, string> }): string {
  const rest = Object.entries(s.labels).filter(([k]) => k !== 'instance' && k !== 'target');
  return rest.length
    ? rest.map(([, v]) => v).join(' ')
    : (s.labels.target ?? s.name.replace(/^[^.]*\./, '').replace(/_/g, ' '));
}
