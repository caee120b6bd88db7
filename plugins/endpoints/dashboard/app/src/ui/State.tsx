// How a state looks: a shape, a word and a colour, in this order of importance. SPDX-License-Identifier: MIT
import { memo, type ReactNode } from 'react';

export type Tone = 'ok' | 'warning' | 'critical' | 'unknown' | 'pending' | 'muted' | 'info' | 'accent';

const TONES: Record<string, Tone> = {
  ok: 'ok',
  healthy: 'ok',
  active: 'ok',
  ready: 'ok',
  done: 'ok',
  resolved: 'ok',
  succeeded: 'ok',
  loaded: 'ok',
  enabled: 'ok',
  inactive: 'muted',
  warning: 'warning',
  degraded: 'warning',
  busy: 'info',
  idle: 'ok',
  running: 'info',
  queued: 'pending',
  critical: 'critical',
  error: 'critical',
  failed: 'critical',
  crashed: 'critical',
  firing: 'critical',
  unknown: 'unknown',
  unreachable: 'unknown',
  offline: 'critical',
  cancelled: 'muted',
  disabled: 'muted',
  pending: 'pending',
  starting: 'pending',
  maintenance: 'muted',
  info: 'info',
  debug: 'muted',
  acknowledged: 'info',
  silenced: 'muted',
  suppressed: 'muted',
  on: 'ok',
  missed: 'warning',
  failing: 'critical',
  unavailable: 'muted',
  skipped: 'muted',
  interrupted: 'warning',
  waiting: 'pending',
  executing: 'info',
  completed: 'ok',
  approved: 'ok',
  passed: 'ok',
  rejected: 'critical',
  vetoed: 'critical',
  withdrawn: 'muted',
  undone: 'warning',
  submission: 'pending',
  review: 'info',
  deliberation: 'info',
  vote: 'info',
  declaration: 'info',
};

export const toneOf = (state: string): Tone => TONES[state] ?? 'unknown';

/** 12 by 12; each tone has a shape of its own, so that no one needs to see colours. */
const SHAPES: Record<Tone, ReactNode> = {
  ok: <path d="M2 6.3L4.8 9 10 3.3" fill="none" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round" />,
  warning: <path className="fill" d="M6 1.3L11.3 10.7H.7z" strokeWidth="1" strokeLinejoin="round" />,
  critical: (
    <path
      className="fill"
      d="M3.7.8h4.6l2.9 2.9v4.6l-2.9 2.9H3.7L.8 8.3V3.7z"
      strokeWidth=".6"
      strokeLinejoin="round"
    />
  ),
  unknown: (
    <path
      d="M3.7 4c.2-1.3 1.1-2 2.3-2 1.3 0 2.2.8 2.2 1.9C8.2 5.5 6 5.5 6 7.2M6 10h.01"
      fill="none"
      strokeWidth="1.8"
      strokeLinecap="round"
    />
  ),
  pending: <circle cx="6" cy="6" r="4.3" fill="none" strokeWidth="1.6" strokeDasharray="2 2.2" />,
  muted: <path d="M2.5 6h7" fill="none" strokeWidth="2" strokeLinecap="round" />,
  info: <circle cx="6" cy="6" r="3.6" className="fill" strokeWidth="1" />,
  accent: <circle cx="6" cy="6" r="3.6" className="fill" strokeWidth="1" />,
};

export const StateIcon = memo(function StateIcon({ tone, label }: { tone: Tone; label?: string }) {
  return (
    <svg
      className={`state-icon tone-${tone}`}
      width="12"
      height="12"
      viewBox="0 0 12 12"
      role={label ? 'img' : undefined}
      aria-label={label}
      aria-hidden={label ? undefined : true}
    >
      {SHAPES[tone]}
    </svg>
  );
});

/** Shape and word. */
export const State = memo(function State({ state, text, tone }: { state: string; text?: string; tone?: Tone }) {
  const t = tone ?? toneOf(state);
  return (
    <span className={`state tone-${t}`}>
      <StateIcon tone={t} />
      <span className="state-text">{text ?? state}</span>
    </span>
  );
});

/** A word in a frame: a label, a role, a tier. */
export const Badge = memo(function Badge({
  children,
  tone = 'muted',
  title,
}: {
  children: ReactNode;
  tone?: Tone;
  title?: string;
}) {
  return (
    <span className={`badge tone-${tone}`} title={title}>
      {children}
    </span>
  );
});
