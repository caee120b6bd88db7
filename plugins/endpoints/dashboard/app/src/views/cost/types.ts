// What the operations about cost answer. Null is unknown, never zero. SPDX-License-Identifier: MIT
import { digitsOf, formatNumber, formatPercent, type Format } from '@/app/time';

export interface Sum {
  dollars: number | null;
  estimated_dollars: number | null;
  reported_dollars: number | null;
  requests: number | null;
  failed: number | null;
  tokens: number | null;
  input_tokens: number | null;
  output_tokens: number | null;
  estimated: boolean;
}
export interface Group extends Sum {
  name: string;
  share_percent: number | null;
}
export interface Budget {
  id: string;
  agent: string;
  period: 'daily' | 'monthly';
  unit: 'dollars' | 'tokens';
  limit: number;
  used: number | null;
  remaining: number | null;
  used_percent: number | null;
  soft_percent: number;
  state: string;
  pace_1h: number | null;
  pace_6h: number | null;
  origin: string;
}
export interface Source {
  source: string;
  state: 'ok' | 'lost' | 'unknown';
  last_figures: string | null;
  endpoints: Record<string, { state?: string } | string> | null;
}
export interface Summary extends Sum {
  from: string;
  to: string;
  time_zone: string;
  state: 'known' | 'unknown';
  efficiency: Record<string, number | null>;
  sources: Source[];
}
export interface Forecast {
  spent_today: number | null;
  forecast_today: number | null;
  spent_this_month: number | null;
  forecast_this_month: number | null;
  dollars_per_hour_1h: number | null;
  dollars_per_hour_6h: number | null;
  average_day: number | null;
  full_days: number;
  method: string;
}

export const dollars: Format = (n, step) => {
  if (n === null || n === undefined) return 'unknown';
  if (step === undefined && n !== 0 && Math.abs(n) < 0.01) return `$${n.toPrecision(2)}`;
  const digits = step === undefined ? 2 : Math.max(2, digitsOf(step));
  return `$${n.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
};

/** A figure of requests or tokens. */
export const count = (n: number | null | undefined): string =>
  n === null || n === undefined ? 'unknown' : formatNumber(n);

/** A share: unknown when what it is made of is; nothing when there is nothing to share. */
export const failedText = (s: Sum): string =>
  s.requests === null || s.failed === null ? 'unknown' : formatPercent(errorPercent(s));

export const errorPercent = (s: Sum): number | null =>
  s.requests === null || s.failed === null || s.requests === 0 ? null : (100 * s.failed) / s.requests;
