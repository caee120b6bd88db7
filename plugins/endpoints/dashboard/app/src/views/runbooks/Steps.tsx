// The steps of a plan or of a run, in their order. SPDX-License-Identifier: MIT
import { formatMs } from '@/app/time';
import { Badge, State } from '@/ui/State';
import type { Step } from './types';

export function Steps({ steps }: { steps: readonly Step[] }) {
  if (steps.length === 0) return <p className="muted">Nothing is to be done.</p>;
  return (
    <ol className="steps">
      {steps.map((s) => (
        <li key={s.id}>
          <span className="step-title">{s.title}</span> {s.state && <State state={s.state} />}{' '}
          {s.took_ms ? <span className="muted num">{formatMs(s.took_ms)}</span> : null}
          {s.destructive && !s.state && <Badge tone="warning">destructive</Badge>}{' '}
          {s.available === false && <Badge tone="critical">not available on this host</Badge>}
          <div className="muted">
            <code>{s.op}</code> {s.message}
          </div>
        </li>
      ))}
    </ol>
  );
}
