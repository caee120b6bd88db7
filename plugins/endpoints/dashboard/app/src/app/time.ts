// Times and amounts as people read them; one clock for all that shows an age. SPDX-License-Identifier: MIT
import { Slice, useSelect, useSlice } from '@/api/store';

const clock = new Slice(Date.now());
setInterval(() => document.visibilityState === 'visible' && clock.set(Date.now()), 1000);
document.addEventListener('visibilitychange', () => clock.set(Date.now()));

/** Now, in whole seconds of which each draws anew whoever uses it: for small components only. */
export const useNow = (): number => useSlice(clock);

/** What changes at midnight: times of day are then of another day. */
export const useToday = (): string => useSelect(clock, (now) => new Date(now).toDateString());

export const toMs = (t: string | number | null | undefined): number | null => {
  if (t === null || t === undefined || t === '') return null;
  const ms = typeof t === 'number' ? t : Date.parse(t);
  return Number.isFinite(ms) ? ms : null;
};

/** "12 s", "5 min", "3 h 20 min", "4 d" */
export function formatDuration(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  const m = Math.floor(s / 60);
  if (m < 60) return `${m} min`;
  const h = Math.floor(m / 60);
  if (h < 24) return h < 10 && m % 60 ? `${h} h ${m % 60} min` : `${h} h`;
  const d = Math.floor(h / 24);
  return d < 10 && h % 24 ? `${d} d ${h % 24} h` : `${d} d`;
}

export function formatMs(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–';
  if (ms < 1000) return `${ms < 10 && ms % 1 ? ms.toFixed(1) : Math.round(ms)} ms`;
  if (ms >= 60_000) return formatDuration(ms);
  const s = ms / 1000;
  return `${Number.isInteger(s) ? s : s.toFixed(ms < 10_000 ? 2 : 1)} s`;
}

const pad = (n: number): string => String(n).padStart(2, '0');

/** "14:03:22", with the day when it is another one: "11-21 14:03:22", and with the year: "2025-11-21 14:03:22" */
export function formatClock(t: number, now = Date.now()): string {
  const d = new Date(t);
  const time = `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
  const today = new Date(now);
  if (today.toDateString() === d.toDateString()) return time;
  const day = `${pad(d.getMonth() + 1)}-${pad(d.getDate())}`;
  return today.getFullYear() === d.getFullYear() ? `${day} ${time}` : `${d.getFullYear()}-${day} ${time}`;
}

/** "2027-02-21" */
export const formatDay = (t: number): string => {
  const d = new Date(t);
  return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}`;
};

export const formatFull = (t: number): string => {
  const d = new Date(t);
  return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())} ${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
};

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

export function formatBytes(n: number | null | undefined): string {
  if (n === null || n === undefined) return '–';
  let v = Math.abs(n);
  let i = 0;
  while (v >= 1024 && i < UNITS.length - 1) {
    v /= 1024;
    i++;
  }
  const text = i === 0 || v >= 100 ? v.toFixed(0) : v.toFixed(1);
  return `${n < 0 ? '-' : ''}${text} ${UNITS[i]}`;
}

export const formatRate = (n: number | null | undefined): string =>
  n === null || n === undefined ? '–' : `${formatBytes(n)}/s`;

export const formatPercent = (n: number | null | undefined): string =>
  n === null || n === undefined ? '–' : `${Math.abs(n) < 10 && !Number.isInteger(n) ? n.toFixed(1) : Math.round(n)} %`;

/** 1234567 -> "1.23 M"; small numbers with as many digits as they need. */
export function formatNumber(n: number | null | undefined): string {
  if (n === null || n === undefined || Number.isNaN(n)) return '–';
  const a = Math.abs(n);
  if (a >= 1e9) return `${(n / 1e9).toFixed(2)} G`;
  if (a >= 1e6) return `${(n / 1e6).toFixed(2)} M`;
  if (a >= 1e4) return `${(n / 1e3).toFixed(1)} k`;
  if (Number.isInteger(n)) return String(n);
  return a >= 100 ? n.toFixed(0) : a >= 1 ? n.toFixed(2).replace(/0$/, '') : n.toPrecision(2);
}

/** How to write values of a metric, by the ending of its name. */
export function formatterOf(name: string): (v: number | null | undefined) => string {
  if (/percent$/.test(name)) return formatPercent;
  if (/bytes_per_second$/.test(name)) return formatRate;
  if (/bytes(_total)?$/.test(name)) return formatBytes;
  if (/_ms$/.test(name)) return formatMs;
  if (/seconds$/.test(name)) return (v) => (v === null || v === undefined ? '–' : formatMs(v * 1000));
  return formatNumber;
}
