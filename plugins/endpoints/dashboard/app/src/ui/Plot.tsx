// The drawing itself: uPlot, in the colours of the theme. Loaded when the first chart is shown. SPDX-License-Identifier: MIT
import { useEffect, useRef, type MutableRefObject } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import './chart.css';
import { useThemeTurn } from '@/app/theme';
import { formatBytes, formatRate, type Format } from '@/app/time';
import type { ChartProps, ChartSeries, PlotHandle, Threshold } from './Chart';

interface Props extends ChartProps {
  height: number;
  format: Format;
  handle?: MutableRefObject<PlotHandle | null>;
}

/** One column of times for all series: a time at which one of them has nothing is a null, which gaps of others bridge. */
export function align(series: readonly ChartSeries[]): uPlot.AlignedData {
  if (series.length === 0) return [[]];
  const only = series[0];
  if (series.length === 1 && only) return [only.points.map((p) => p[0] / 1000), only.points.map((p) => p[1])];
  const same = series.every(
    (s) => s.points.length === only?.points.length && s.points.every((p, i) => p[0] === only.points[i]?.[0]),
  );
  if (same && only) return [only.points.map((p) => p[0] / 1000), ...series.map((s) => s.points.map((p) => p[1]))];
  const times = [...new Set(series.flatMap((s) => s.points.map((p) => p[0])))].sort((a, b) => a - b);
  const at = new Map(times.map((t, i) => [t, i]));
  return [
    times.map((t) => t / 1000),
    ...series.map((s) => {
      const column: (number | null | undefined)[] = new Array<undefined>(times.length).fill(undefined);
      for (const [t, v] of s.points) column[at.get(t) as number] = v;
      return column;
    }),
  ];
}

/** Steps of an axis of bytes. */
const BINARY = Array.from({ length: 50 }, (_, i) => 2 ** i);

const css = (el: Element, name: string): string => getComputedStyle(el).getPropertyValue(name).trim();

function options(el: HTMLElement, p: Props, zoomed: (from: number, to: number) => void): uPlot.Options {
  const line = css(el, '--line');
  const text = css(el, '--text-3');
  const font = '11px system-ui, sans-serif';
  const axis: uPlot.Axis = { stroke: text, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  return {
    width: Math.max(40, el.clientWidth),
    height: p.height,
    padding: p.spark ? [2, 0, 2, 0] : [8, 8, 0, 0],
    legend: { show: false },
    cursor: p.spark
      ? { show: false }
      : {
          points: { size: 6 },
          drag: { x: !!p.onZoom, y: false, setScale: false },
          ...(p.sync ? { sync: { key: p.sync } } : {}),
        },
    select: { show: !p.spark, left: 0, top: 0, width: 0, height: 0 },
    scales: {
      x: { time: true, range: () => [p.from / 1000, p.to / 1000] },
      y: { range: (_u, low, high) => rangeOf(low, high, p) },
    },
    axes: p.spark
      ? [{ show: false }, { show: false }]
      : [
          { ...axis, space: 70, size: 26, ...timeAxis(p) },
          {
            ...axis,
            size: 58,
            space: 34,
            ...(p.format === formatBytes || p.format === formatRate ? { incrs: BINARY } : {}),
            values: (_u, splits, _axis, _space, step) => splits.map((v) => p.format(v, step)),
          },
        ],
    series: [{}, ...p.series.map((s) => seriesOf(el, s, p.spark))],
    hooks: {
      setSelect: [
        (u) => {
          if (u.select.width > 4)
            zoomed(u.posToVal(u.select.left, 'x') * 1000, u.posToVal(u.select.left + u.select.width, 'x') * 1000);
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
      draw: [(u) => p.thresholds?.forEach((t) => drawThreshold(u, el, t))],
    },
  };
}

function timeAxis(p: Props): Partial<uPlot.Axis> {
  const span = p.to - p.from;
  const pad = (n: number) => String(n).padStart(2, '0');
  return {
    values: (_u, splits) =>
      splits.map((s) => {
        const d = new Date(s * 1000);
        if (span > 3 * 86_400_000) return `${pad(d.getMonth() + 1)}-${pad(d.getDate())}`;
        const clock = `${pad(d.getHours())}:${pad(d.getMinutes())}`;
        return span < 10 * 60_000 ? `${clock}:${pad(d.getSeconds())}` : clock;
      }),
  };
}

function rangeOf(low: number | null, high: number | null, p: Props): [number, number] {
  let a = Math.min(low ?? 0, p.min ?? Infinity);
  let b = Math.max(high ?? 1, p.max ?? -Infinity);
  for (const t of p.thresholds ?? []) {
    // a limit far above what is measured would press the line flat
    if (t.value <= b + (b - a) * 1.5) b = Math.max(b, t.value);
  }
  if (a > 0 && a < b * 0.6) a = 0;
  if (a === b) {
    b = a === 0 ? 1 : a + Math.abs(a) * 0.1;
    if (a > 0) a = Math.max(0, a - a * 0.1);
  }
  return [a, b + (p.max !== undefined && b <= p.max ? 0 : (b - a) * 0.06)];
}

function seriesOf(el: Element, s: ChartSeries, spark?: boolean): uPlot.Series {
  const color = css(el, `--c${s.color ?? 1}`);
  return {
    label: s.label,
    stroke: color,
    width: 1.5,
    ...(s.area || spark ? { fill: `${color}22` } : {}),
    ...(s.steps && uPlot.paths.stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
    points: { show: s.points.length === 1, size: 5 },
    spanGaps: true,
  };
}

function drawThreshold(u: uPlot, el: Element, t: Threshold): void {
  const y = u.valToPos(t.value, 'y', true);
  if (y < u.bbox.top || y > u.bbox.top + u.bbox.height) return;
  const ctx = u.ctx;
  ctx.save();
  ctx.strokeStyle = css(el, `--${t.tone}`);
  ctx.fillStyle = ctx.strokeStyle;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(u.bbox.left, y);
  ctx.lineTo(u.bbox.left + u.bbox.width, y);
  ctx.stroke();
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = 'right';
  ctx.fillText(t.label, u.bbox.left + u.bbox.width - 4, y - 4 * devicePixelRatio);
  ctx.restore();
}

export default function Plot(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const tip = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const turn = useThemeTurn();
  // what needs a new chart; new points and a new range do not
  const shape = JSON.stringify([
    props.series.map((s) => [s.key, s.label, s.color, s.area, s.steps, s.points.length === 1]),
    !!props.onZoom,
    props.sync,
    turn,
    props.height,
  ]);

  useEffect(() => {
    const el = box.current;
    if (!el) return undefined;
    const live = new Proxy(props, { get: (_t, key) => latest.current[key as keyof Props] });
    const opts = options(el, live, (a, b) => latest.current.onZoom?.(a, b));
    if (!props.spark) opts.hooks = { ...opts.hooks, setCursor: [(u) => showTip(u, tip.current, latest.current)] };
    const u = new uPlot(opts, align(props.series), el);
    plot.current = u;
    if (props.handle) {
      props.handle.current = {
        at: () => (u.cursor.left !== undefined && u.cursor.left >= 0 ? u.posToVal(u.cursor.left, 'x') * 1000 : null),
        step: (by) => {
          const count = u.data[0].length;
          const at = Math.max(0, Math.min(count - 1, (u.cursor.idx ?? (by > 0 ? -1 : count)) + by));
          const t = u.data[0][at];
          if (t !== undefined) u.setCursor({ left: u.valToPos(t, 'x'), top: u.over.clientHeight / 2 });
        },
      };
    }
    const watch = new ResizeObserver(() =>
      u.setSize({ width: Math.max(40, el.clientWidth), height: latest.current.height }),
    );
    watch.observe(el);
    return () => {
      watch.disconnect();
      u.destroy();
      plot.current = null;
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [shape]);

  useEffect(() => {
    plot.current?.setData(align(props.series));
  }, [props.series, props.from, props.to, props.thresholds]);

  return (
    <>
      <div ref={box} className="plot" />
      {!props.spark && <div ref={tip} className="tip" aria-hidden="true" />}
    </>
  );
}

/** Written by hand, outside of React: it moves with the mouse. Text only. */
function showTip(u: uPlot, tip: HTMLDivElement | null, p: Props): void {
  if (!tip) return;
  const idx = u.cursor.idx;
  const t = idx === null || idx === undefined ? undefined : u.data[0][idx];
  if (t === undefined || (u.cursor.left ?? -1) < 0) {
    tip.classList.remove('on');
    return;
  }
  tip.replaceChildren();
  const head = document.createElement('div');
  head.className = 'tip-time num';
  head.textContent = new Date(t * 1000).toLocaleString(undefined, { hour12: false });
  tip.append(head);
  p.series.forEach((s, i) => {
    const v = u.data[i + 1]?.[idx as number];
    if (v === undefined) return;
    const row = document.createElement('div');
    const swatch = document.createElement('span');
    swatch.className = `swatch c${s.color ?? 1}`;
    const value = document.createElement('b');
    value.className = 'num';
    value.textContent = p.format(v);
    const name = document.createElement('bdi');
    name.textContent = s.label;
    row.append(swatch, name, value);
    tip.append(row);
  });
  const left = (u.cursor.left ?? 0) + u.bbox.left / devicePixelRatio;
  const right = left > u.width / 2;
  tip.style.left = right ? '' : `${left + 14}px`;
  tip.style.right = right ? `${u.width - left + 14}px` : '';
  tip.classList.add('on');
}
