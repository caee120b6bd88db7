// Every check as one cell, from one to many thousand; failures stand out by colour and by shape. SPDX-License-Identifier: MIT
import { useCallback, useEffect, useMemo, useRef, useState, type MouseEvent } from 'react';
import type { Check, CheckState } from '@/api/types';
import { useThemeTurn } from '@/app/theme';
import { State, toneOf } from '@/ui/State';

interface Grid {
  columns: number;
  rows: number;
  cell: number;
  gap: number;
}

/** Cells as large as the place allows, between 6 and 22 pixels. */
export function layout(count: number, width: number, most: number): Grid {
  for (let cell = 22; cell > 6; cell--) {
    const gap = cell > 12 ? 3 : 2;
    const columns = Math.max(1, Math.floor((width + gap) / (cell + gap)));
    const rows = Math.ceil(count / columns);
    if (rows * (cell + gap) - gap <= most) return { columns, rows, cell, gap };
  }
  const columns = Math.max(1, Math.floor((width + 1) / 7));
  return { columns, rows: Math.ceil(count / columns), cell: 6, gap: 1 };
}

const MOST_HEIGHT = 208;

export function CheckMap({ checks, onPick }: { checks: readonly Check[]; onPick: (service: string) => void }) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const [over, setOver] = useState<{ at: number; x: number; y: number } | null>(null);
  const turn = useThemeTurn();
  const grid = useMemo(() => (width ? layout(checks.length, width, MOST_HEIGHT) : null), [checks.length, width]);

  useEffect(() => {
    const el = box.current;
    if (!el) return undefined;
    const watch = new ResizeObserver(() => setWidth(el.clientWidth));
    watch.observe(el);
    setWidth(el.clientWidth);
    return () => watch.disconnect();
  }, []);

  // what is drawn depends on states alone: a new response time draws nothing
  const states = useMemo(
    () => checks.map((c) => (c.maintenance ? 'm' : c.state[0] + (c.state === 'unreachable' ? 'r' : ''))).join(''),
    [checks],
  );
  useEffect(() => {
    if (canvas.current && grid) draw(canvas.current, checks, grid);
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [states, grid, turn]);

  const find = useCallback(
    (e: MouseEvent): number => {
      if (!grid) return -1;
      const r = (e.currentTarget as HTMLElement).getBoundingClientRect();
      const pitch = grid.cell + grid.gap;
      const column = Math.floor((e.clientX - r.left) / pitch);
      const at = Math.floor((e.clientY - r.top) / pitch) * grid.columns + column;
      return column < grid.columns && at < checks.length ? at : -1;
    },
    [grid, checks.length],
  );
  const hovered = over ? checks[over.at] : undefined;
  const bad = checks.filter((c) => c.state !== 'ok').length;

  return (
    <div className="map" ref={box}>
      <canvas
        ref={canvas}
        role="img"
        aria-label={`A map of ${checks.length} checks, ${bad} of them not well. The view Services lists them.`}
        onMouseMove={(e) => {
          const at = find(e);
          setOver(at < 0 ? null : { at, x: e.nativeEvent.offsetX, y: e.nativeEvent.offsetY });
        }}
        onMouseLeave={() => setOver(null)}
        onClick={(e) => {
          const check = checks[find(e)];
          if (check) onPick(check.service);
        }}
      />
      {hovered && over && (
        <div
          className="map-tip"
          aria-hidden="true"
          style={
            over.x > width / 2
              ? { right: width - over.x + 12, top: over.y + 16 }
              : { left: over.x + 12, top: over.y + 16 }
          }
        >
          <b>{hovered.service}</b>
          <State state={hovered.maintenance ? 'maintenance' : hovered.state} />
          <span className="muted">{hovered.output}</span>
        </div>
      )}
    </div>
  );
}

const FILL: Record<CheckState, string> = {
  ok: '--ok-cell',
  warning: '--warning-fill',
  critical: '--critical-fill',
  unknown: '--unknown-fill',
  unreachable: '--unknown-fill',
  pending: '--line-2',
};

function draw(canvas: HTMLCanvasElement, checks: readonly Check[], g: Grid): void {
  const ratio = window.devicePixelRatio || 1;
  const pitch = g.cell + g.gap;
  const w = g.columns * pitch;
  const h = g.rows * pitch;
  canvas.width = w * ratio;
  canvas.height = h * ratio;
  canvas.style.width = `${w}px`;
  canvas.style.height = `${h}px`;
  const ctx = canvas.getContext('2d');
  if (!ctx) return;
  ctx.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  // one path for all cells that look alike: thousands of single ones take too long
  const groups = new Map<string, { looks: Looks; fill: string; at: number[] }>();
  checks.forEach((c, i) => {
    const looks = looksOf(c);
    const key = `${looks} ${FILL[c.state]}`;
    const group = groups.get(key);
    if (group) group.at.push(i);
    else groups.set(key, { looks, fill: color(FILL[c.state]), at: [i] });
  });
  const mark = color('--surface');
  for (const group of groups.values()) drawGroup(ctx, g, group, mark);
}

type Looks = 'ok' | 'critical' | 'warning' | 'hollow' | 'dot';

function looksOf(c: Check): Looks {
  if (c.maintenance) return 'dot';
  const tone = toneOf(c.state);
  return tone === 'ok' || tone === 'critical' || tone === 'warning' ? tone : 'hollow';
}

/** Well: a flat square. Critical: a cross in it. Warning: a bar. What is not known is hollow, maintenance a dot. */
function drawGroup(
  ctx: CanvasRenderingContext2D,
  g: Grid,
  group: { looks: Looks; fill: string; at: number[] },
  mark: string,
): void {
  const { cell: s } = g;
  const pitch = s + g.gap;
  const round = s > 8 && typeof ctx.roundRect === 'function';
  const each = (fn: (x: number, y: number) => void) => {
    for (const i of group.at) fn((i % g.columns) * pitch, Math.floor(i / g.columns) * pitch);
  };
  ctx.fillStyle = group.fill;
  ctx.strokeStyle = group.fill;
  ctx.lineWidth = s > 12 ? 2 : 1.5;
  ctx.beginPath();
  if (group.looks === 'hollow') {
    each((x, y) => ctx.rect(x + 1, y + 1, s - 2, s - 2));
    ctx.stroke();
    return;
  }
  each((x, y) => {
    if (group.looks === 'dot') {
      ctx.moveTo(x + s * 0.75, y + s / 2);
      ctx.arc(x + s / 2, y + s / 2, s / 4, 0, 7);
    } else if (round) ctx.roundRect(x, y, s, s, s > 14 ? 3 : 2);
    else ctx.rect(x, y, s, s);
  });
  ctx.fill();
  if (s < 8 || group.looks === 'ok' || group.looks === 'dot') return;
  const a = s * 0.3;
  ctx.strokeStyle = mark;
  ctx.beginPath();
  each((x, y) => {
    if (group.looks === 'critical') {
      ctx.moveTo(x + a, y + a);
      ctx.lineTo(x + s - a, y + s - a);
      ctx.moveTo(x + s - a, y + a);
      ctx.lineTo(x + a, y + s - a);
    } else {
      ctx.moveTo(x + a, y + s / 2);
      ctx.lineTo(x + s - a, y + s / 2);
    }
  });
  ctx.stroke();
}
