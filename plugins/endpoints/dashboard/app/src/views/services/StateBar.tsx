// The states of a check over a range of time as one bar, with the share of time in which it was well. SPDX-License-Identifier: MIT
import { useMemo } from 'react';
import { useQuery } from '@/api/hooks';
import type { CheckState, HealthChange } from '@/api/types';
import { formatClock, formatDuration } from '@/app/time';
import { Answer } from '@/ui/Empty';
import type { Range } from '@/ui/range';
import { toneOf } from '@/ui/State';

export interface Span {
  from: number;
  to: number;
  state: CheckState | null;
}

/** Changes, newest first, as spans that fill the range; before the first known change the state it came from. */
export function spansOf(
  changes: readonly HealthChange[],
  now: CheckState,
  range: { from: number; to: number },
  whole: boolean,
): Span[] {
  const spans: Span[] = [];
  let end = range.to;
  let state: CheckState | null = now;
  for (const c of changes) {
    if (c.from === c.to) continue; // it was confirmed
    if (c.at < end) {
      const from = Math.max(c.at, range.from);
      if (from < range.to && end > from) spans.unshift({ from, to: end, state: c.to });
      end = Math.min(end, from);
    }
    state = c.from;
    if (c.at <= range.from) break;
  }
  if (end > range.from)
    spans.unshift({
      from: range.from,
      to: end,
      state: whole || spans.length ? (state === 'pending' ? null : state) : now,
    });
  return spans;
}

/** Of the time of which something is known; null when nothing is. */
export function availability(spans: readonly Span[]): number | null {
  let known = 0;
  let up = 0;
  for (const s of spans) {
    if (s.state === null || s.state === 'pending' || s.state === 'unknown' || s.state === 'unreachable') continue;
    known += s.to - s.from;
    if (s.state !== 'critical') up += s.to - s.from;
  }
  return known > 0 ? (up / known) * 100 : null;
}

const LIMIT = 500;

const MINUTE_MS = 60_000;

export function StateBar({ service, state, range }: { service: string; state: CheckState; range: Range }) {
  // while it ends now, the question stays the same and is repeated
  const since = range.span ?? new Date(range.from).toISOString();
  const turn = range.span ? Math.floor(range.to / MINUTE_MS) : 0;
  const history = useQuery<HealthChange[]>('health.history', { service, since, limit: LIMIT }, { on: [state, turn] });
  return (
    <Answer query={history} lines={1}>
      {(changes) => <Bar changes={changes} state={state} range={range} />}
    </Answer>
  );
}

function Bar({ changes, state, range }: { changes: readonly HealthChange[]; state: CheckState; range: Range }) {
  const spans = useMemo(() => spansOf(changes, state, range, changes.length < LIMIT), [changes, state, range]);
  const share = availability(spans);
  const width = range.to - range.from;
  const words =
    spans.length > 12
      ? `${spans.length} changes`
      : spans.map((s) => `${s.state ?? 'not known'} for ${formatDuration(s.to - s.from)}`).join(', ');
  return (
    <div className="state-bar-box">
      <div className="state-bar" role="img" aria-label={`States in this range: ${words}`}>
        {spans.map((s) => (
          <span
            key={s.from}
            className={s.state ? `tone-${toneOf(s.state)} s-${toneOf(s.state)}` : 'none'}
            style={{ width: `${((s.to - s.from) / width) * 100}%` }}
            title={`${s.state ?? 'not known'}, ${formatClock(s.from)} to ${formatClock(s.to)} (${formatDuration(s.to - s.from)})`}
          />
        ))}
      </div>
      <span className="num muted">{share === null ? '' : `${share >= 99.995 ? '100' : share.toFixed(2)} % up`}</span>
    </div>
  );
}
