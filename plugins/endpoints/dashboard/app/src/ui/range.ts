// The range of time that charts show; in the address as "range=6h" or "range=FROM-TO" (milliseconds). SPDX-License-Identifier: MIT
import { useCallback, useEffect, useMemo, useState } from 'react';
import { repeat } from '@/api/repeat';
import { useParam } from '@/app/router';

export const SPANS = {
  '15m': 900_000,
  '1h': 3_600_000,
  '6h': 21_600_000,
  '24h': 86_400_000,
  '7d': 604_800_000,
  '30d': 2_592_000_000,
} as const;
export type Span = keyof typeof SPANS;

export interface Range {
  from: number;
  to: number;
  /** The span up to now, or null: a part of the past. */
  span: Span | null;
}

export function parseRange(text: string, now: number, fallback: Span = '1h'): Range {
  const part = /^(\d{10,15})-(\d{10,15})$/.exec(text);
  if (part) {
    const from = Number(part[1]);
    const to = Number(part[2]);
    if (to > from) return { from, to, span: null };
  }
  const span = text in SPANS ? (text as Span) : fallback;
  return { from: now - SPANS[span], to: now, span };
}

/** How far apart points are so that about 240 fit. */
export const stepOf = (range: { from: number; to: number }): number =>
  Math.max(1, Math.ceil((range.to - range.from) / 240_000)) * 1000;

/** What is asked of the store for a chart of this range. */
export const metricParams = (selector: string, range: Range, aggregation = 'avg') => ({
  selector,
  since: range.span ?? new Date(range.from).toISOString(),
  until: range.span ? 'now' : new Date(range.to).toISOString(),
  step: `${stepOf(range) / 1000}s`,
  aggregation,
  allow_empty: true, // a host that has just started has no samples yet
});

export interface RangeControl extends Range {
  set: (span: Span) => void;
  zoom: (from: number, to: number) => void;
  reset: () => void;
}

/** The range of this view, moving with time while it ends now. */
export function useRange(fallback: Span = '1h', name = 'range'): RangeControl {
  const [text, setText] = useParam(name, fallback);
  const [now, setNow] = useState(() => Date.now());
  const span = parseRange(text, now, fallback).span;
  useEffect(() => {
    setNow(Date.now());
    if (!span) return undefined;
    const every = Math.min(30_000, Math.max(1000, SPANS[span] / 600));
    return repeat(() => setNow(Date.now()), every);
  }, [span, text]);
  const set = useCallback((s: Span) => setText(s), [setText]);
  const zoom = useCallback(
    (from: number, to: number) => {
      if (to - from >= 5000) setText(`${Math.round(from)}-${Math.round(Math.min(to, Date.now()))}`);
    },
    [setText],
  );
  const reset = useCallback(() => setText(null), [setText]);
  return useMemo(
    () => ({ ...parseRange(text, now, fallback), set, zoom, reset }),
    [text, now, fallback, set, zoom, reset],
  );
}
