// A time, an age: exact on hover, correct without being touched. SPDX-License-Identifier: MIT
import { memo } from 'react';
import { formatClock, formatDay, formatDuration, formatFull, toMs, useNow, useToday } from '@/app/time';

/** How long ago, counting. */
export const Ago = memo(function Ago({
  time,
  suffix = '',
}: {
  time: string | number | null | undefined;
  suffix?: string;
}) {
  const now = useNow();
  const ms = toMs(time);
  if (ms === null) return <span className="muted">–</span>;
  return (
    <time dateTime={new Date(ms).toISOString()} title={formatFull(ms)} className="num">
      {formatDuration(now - ms)}
      {suffix}
    </time>
  );
});

/** The time of day, with the date when it is another day. */
export const Clock = memo(function Clock({ time }: { time: string | number | null | undefined }) {
  useToday();
  const ms = toMs(time);
  if (ms === null) return <span className="muted">–</span>;
  return (
    <time dateTime={new Date(ms).toISOString()} title={formatFull(ms)} className="num">
      {formatClock(ms)}
    </time>
  );
});

/** The day alone, always with its year: for what is months away. */
export const Day = memo(function Day({ time }: { time: string | number | null | undefined }) {
  const ms = toMs(time);
  if (ms === null) return <span className="muted">–</span>;
  return (
    <time dateTime={new Date(ms).toISOString()} title={formatFull(ms)} className="num">
      {formatDay(ms)}
    </time>
  );
});
