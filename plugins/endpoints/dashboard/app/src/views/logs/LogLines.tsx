// Lines of a log, as text and nothing but text. SPDX-License-Identifier: MIT
import './logs.css';
import { memo } from 'react';
import type { LogLine } from '@/api/types';
import { Clock } from '@/ui/Time';
import { State, type Tone } from '@/ui/State';

const TONES: Record<string, Tone> = { error: 'critical', warn: 'warning', info: 'info', debug: 'muted' };

export function dataText(data: unknown): string {
  if (data === null || data === undefined) return '';
  if (typeof data !== 'object') return String(data);
  return Object.entries(data)
    .map(([k, v]) => `${k}=${typeof v === 'string' ? v : JSON.stringify(v)}`)
    .join(' ');
}

export const levelTone = (level: string): Tone => TONES[level] ?? 'unknown';

export const LogRow = memo(function LogRow({ line }: { line: LogLine }) {
  const data = dataText(line.data);
  return (
    <li className={`log-line tone-${levelTone(line.level)}`}>
      <Clock time={line.time} />
      <State state={line.level} tone={levelTone(line.level)} />
      <span className="log-text">
        <bdi>{line.message}</bdi> {data && <span className="muted">{data}</span>}
      </span>
    </li>
  );
});

export function LogLines({ lines }: { lines: readonly LogLine[] }) {
  return (
    <ol className="log-lines">
      {lines.map((l, i) => (
        <LogRow key={`${l.time}${i}`} line={l} />
      ))}
    </ol>
  );
}
