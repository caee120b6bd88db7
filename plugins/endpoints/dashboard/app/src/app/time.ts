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

/** Writes a value. `step` is how far the next mark of an axis is: as many digits as tell the two apart. */
export type Format = (v: number | null | undefined, step?: number) => string;

/** How many digits behind the point tell multiples of `step` apart: one for 0.5, two for 0.25, which is no tenth. */
export function digitsOf(step: number): number {
  if (step >= 1 || step <= 0) return step % 1 ? 1 : 0;
  const first = Math.min(6, Math.ceil(-Math.log10(step) - 1e-9));
  const scaled = step * 10 ** first;
  return first < 6 && Math.abs(scaled - 2.5) < 1e-6 ? first + 1 : first;
}

/** `usual` digits behind the point; below one, two that say something, for what is not zero is not written as zero. */
function fixed(v: number, usual: number, step?: number): string {
  if (step !== undefined) return v.toFixed(digitsOf(step));
  const small = v !== 0 && Math.abs(v) < 1;
  return small ? String(Number(v.toPrecision(2))) : v.toFixed(usual);
}

/** A duration of a minute or more on an axis: "1.5 min", "36 h", "10 d". */
function formatMark(ms: number, step: number): string {
  const [unit, name] = ms < 7_200_000 ? [60_000, 'min'] : ms < 172_800_000 ? [3_600_000, 'h'] : [86_400_000, 'd'];
  return `${(ms / unit).toFixed(Math.min(2, digitsOf(step / unit)))} ${name}`;
}

export function formatMs(ms: number | null | undefined, step?: number): string {
  if (ms === null || ms === undefined) return '–';
  if (ms < 1000) return `${fixed(ms, ms < 10 && ms % 1 ? 1 : 0, step)} ms`;
  if (ms >= 60_000) return step === undefined ? formatDuration(ms) : formatMark(ms, step);
  const s = ms / 1000;
  const usual = ms < 10_000 ? 2 : 1;
  return `${fixed(s, Number.isInteger(s) ? 0 : usual, step && step / 1000)} s`;
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

export function formatBytes(n: number | null | undefined, step?: number): string {
  if (n === null || n === undefined) return '–';
  let v = Math.abs(n);
  let i = 0;
  while (v >= 1024 && i < UNITS.length - 1) {
    v /= 1024;
    i++;
  }
  const text = fixed(v, i === 0 || v >= 100 ? 0 : 1, step && step / 1024 ** i);
  return `${n < 0 ? '-' : ''}${text} ${UNITS[i]}`;
}

export const formatRate: Format = (n, step) => (n === null || n === undefined ? '–' : `${formatBytes(n, step)}/s`);

export const formatPercent: Format = (n, step) =>
  n === null || n === undefined ? '–' : `${fixed(n, Math.abs(n) < 10 && n % 1 ? 1 : 0, step)} %`;

/** 1234567 -> "1.23 M"; small numbers with as many digits as they need. */
export function formatNumber(n: number | null | undefined, step?: number): string {
  if (n === null || n === undefined || Number.isNaN(n)) return '–';
  const a = Math.abs(n);
  if (a >= 1e9) return `${fixed(n / 1e9, 2, step && step / 1e9)} G`;
  if (a >= 1e6) return `${fixed(n / 1e6, 2, step && step / 1e6)} M`;
  if (a >= 1e4) return `${fixed(n / 1e3, 1, step && step / 1e3)} k`;
  if (step !== undefined || Number.isInteger(n)) return fixed(n, 0, step);
  return a >= 1 && a < 100 ? n.toFixed(2).replace(/0$/, '') : fixed(n, 0);
}

/** How to write values of a metric, by the ending of its name. */
export function formatterOf(name: string): Format {
  if (/percent$/.test(name)) return formatPercent;
  if (/bytes_per_second$/.test(name)) return formatRate;
  if (/bytes(_total)?$/.test(name)) return formatBytes;
  if (/_ms$/.test(name)) return formatMs;
  if (/seconds$/.test(name)) return (v, step) => (v === null || v === undefined ? '–' : formatMs(v * 1000, step && step * 1000));
  return formatNumber;
}
