// A chart over time: lines, thresholds, zoom by mouse, touch and keys; what it shows is also said in words. SPDX-License-Identifier: MIT
import { memo, Suspense, useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { whenIdle } from '@/app/idle';
import { formatClock, formatNumber, type Format } from '@/app/time';
import type { Point } from '@/api/types';
import { later } from './later';

export interface ChartSeries {
  key: string;
  label: string;
  points: readonly Point[];
  /** 1 to 8: a colour of the palette. Without it, its place in the list. */
  color?: number;
  /** Filled down to zero. */
  area?: boolean;
  /** Steps instead of slopes: states, counts. */
  steps?: boolean;
}
export interface Threshold {
  value: number;
  label: string;
  tone: 'warning' | 'critical' | 'info';
}
export interface ChartProps {
  label: string;
  series: readonly ChartSeries[];
  /** What the axis shows, in milliseconds. */
  from: number;
  to: number;
  format?: Format;
  height?: number;
  thresholds?: readonly Threshold[];
  /** The axis never shows less than this. */
  min?: number;
  max?: number;
  /** A part was chosen; without it the chart cannot be zoomed. */
  onZoom?: (from: number, to: number) => void;
  onReset?: () => void;
  /** Charts with the same key share their cursor. */
  sync?: string;
  legend?: boolean;
  /** Neither axes nor cursor: beside a figure. */
  spark?: boolean;
}

const plotCode = later(() => import('./Plot'));
export const loadPlot = plotCode.load;

export interface PlotHandle {
  step: (by: number) => void;
  at: () => number | null;
}

const due = new Set<() => void>();
let drawing = false;

/** One chart after another, each when there is time: a page of them would hold up what people do. Returns how to withdraw. */
function inTurn(draw: () => void): () => void {
  due.add(draw);
  const turn = () => {
    const next = due.values().next().value;
    if (next) {
      due.delete(next);
      next();
    }
    drawing = due.size > 0;
    if (drawing) whenIdle([turn], 50);
  };
  if (!drawing) whenIdle([turn], 50);
  drawing = true;
  return () => due.delete(draw);
}

/** True from when the element comes near what is seen: a page of charts need not draw them all at once. */
function useNear(): [React.RefObject<HTMLDivElement>, boolean] {
  const ref = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(false);
  useEffect(() => {
    if (near || !ref.current) return undefined;
    let withdraw: (() => void) | null = null;
    const watch = new IntersectionObserver(
      (seen) => {
        if (!withdraw && seen.some((s) => s.isIntersecting)) withdraw = inTurn(() => setNear(true));
      },
      { rootMargin: '200px' },
    );
    watch.observe(ref.current);
    return () => {
      watch.disconnect();
      withdraw?.();
    };
  }, [near]);
  return [ref, near];
}

export const Chart = memo(function Chart(props: ChartProps) {
  const {
    series,
    from,
    to,
    format = formatNumber,
    height = 180,
    onZoom,
    onReset,
    legend = series.length > 1,
    spark,
  } = props;
  const plot = useRef<PlotHandle | null>(null);
  const [Plot] = useState(plotCode.pick);
  const [frame, near] = useNear();
  const id = useId();
  const [said, setSaid] = useState('');
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const words = useMemo(() => describe(series, format), [series, format]);
  const shown = useMemo(() => series.map((s, i) => ({ ...s, color: s.color ?? (i % 8) + 1 })), [series]);
  const visible = useMemo(() => shown.filter((s) => !hidden.has(s.key)), [shown, hidden]);

  const onKeyDown = (e: KeyboardEvent) => {
    if (e.target !== e.currentTarget || e.ctrlKey || e.metaKey) return;
    const span = to - from;
    const mid = plot.current?.at() ?? (from + to) / 2;
    if (e.key === 'ArrowLeft' || e.key === 'ArrowRight') {
      plot.current?.step((e.key === 'ArrowLeft' ? -1 : 1) * (e.shiftKey ? 10 : 1));
      const t = plot.current?.at();
      if (t)
        setSaid(`${formatClock(t)}: ${visible.map((s) => `${s.label} ${format(nearest(s.points, t))}`).join(', ')}`);
    } else if ((e.key === '+' || e.key === '=') && onZoom) onZoom(mid - span / 4, mid + span / 4);
    else if (e.key === '-' && onZoom) onZoom(from - span / 2, Math.min(Date.now(), to + span / 2));
    else if (e.key === '0' && onReset) onReset();
    else return;
    e.preventDefault();
  };

  if (spark) {
    return (
      <div className="chart spark" role="img" aria-label={`${props.label}: ${words}`} style={{ height }}>
        <Suspense fallback={null}>
          <Plot {...props} series={visible} height={height} format={format} />
        </Suspense>
      </div>
    );
  }
  return (
    <figure className="chart" aria-labelledby={`${id}l`}>
      <figcaption id={`${id}l`} className="hidden">
        {props.label}. {words}
        {onZoom ? ' Arrow keys read values, plus and minus zoom, 0 goes back.' : ''}
      </figcaption>
      {legend && (
        <ul className="legend">
          {shown.map((s) => (
            <li key={s.key}>
              <button
                type="button"
                aria-pressed={!hidden.has(s.key)}
                onClick={() => {
                  const next = new Set(hidden);
                  if (!next.delete(s.key)) next.add(s.key);
                  setHidden(next);
                }}
              >
                <span className={`swatch c${s.color}`} />
                <span className="legend-name">{s.label}</span>
                <span className="num">{format(last(s.points))}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      <div
        ref={frame}
        className="chart-plot"
        style={{ height }}
        tabIndex={0}
        role="application"
        aria-roledescription="chart"
        aria-labelledby={`${id}l`}
        onKeyDown={onKeyDown}
        onDoubleClick={onReset}
      >
        {near && (
          <Suspense fallback={null}>
            <Plot {...props} series={visible} height={height} format={format} handle={plot} />
          </Suspense>
        )}
        {series.every((s) => s.points.length === 0) && <p className="chart-none">No samples in this range.</p>}
      </div>
      <p className="hidden" aria-live="polite">
        {said}
      </p>
    </figure>
  );
});

const last = (points: readonly Point[]): number | null => points[points.length - 1]?.[1] ?? null;

function nearest(points: readonly Point[], t: number): number | null {
  let best: Point | undefined;
  for (const p of points) if (!best || Math.abs(p[0] - t) < Math.abs(best[0] - t)) best = p;
  return best?.[1] ?? null;
}

/** "cpu: now 3 %, from 0.2 % to 40 %" */
export function describe(series: readonly ChartSeries[], format: Format): string {
  const parts = series.slice(0, 8).map((s) => {
    const values = s.points.map((p) => p[1]).filter((v): v is number => v !== null);
    if (values.length === 0) return `${s.label}: no samples`;
    let min = values[0] as number;
    let max = min;
    for (const v of values) {
      if (v < min) min = v;
      if (v > max) max = v;
    }
    return `${s.label}: now ${format(values[values.length - 1])}, between ${format(min)} and ${format(max)}`;
  });
  return parts.join('. ') + (series.length > 8 ? `. And ${series.length - 8} more` : '');
}
