// A change that is shown before it is made: the plan, the consent, then this plan and no other. SPDX-License-Identifier: MIT
import { useEffect, useState } from 'react';
import { asError } from '@/api/hooks';
import { ApiError, call } from '@/api/rest';
import { formatBytes } from '@/app/time';
import { Dialog } from '@/ui/Dialog';
import { ErrorNote, Loading } from '@/ui/Empty';
import { useHere } from '@/ui/here';
import { Badge } from '@/ui/State';
import { tell, tellError } from '@/ui/Toast';
import { warningText, type Plan, type PlanAction } from './types';

const VERBS: Record<string, string> = {
  install: 'Installed',
  uninstall: 'Removed',
  remove: 'Removed',
  update: 'Updated',
  rollback: 'Rolled back',
};

export interface Change {
  op: string;
  params: object;
  title: string;
  submit: string;
  danger?: boolean;
}

export function PlanDialog({ change, onClose, onDone }: { change: Change; onClose: () => void; onDone: () => void }) {
  const [plan, setPlan] = useState<Plan | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const [progress, setProgress] = useState('');
  const [turn, setTurn] = useState(0);
  const here = useHere();

  useEffect(() => {
    const abort = new AbortController();
    setPlan(null);
    setError(null);
    call<Plan>(
      change.op,
      { ...change.params, dry_run: true },
      { signal: abort.signal, onProgress: (_, text) => setProgress(text) },
    )
      .then(setPlan)
      .catch((e: unknown) => !abort.signal.aborted && setError(asError(e)));
    return () => abort.abort();
  }, [change, turn]);

  const consent = plan?.consent === 'needed';
  const go = async () => {
    if (!plan) return;
    setBusy(true);
    setError(null);
    setProgress('');
    try {
      await call(
        change.op,
        { ...change.params, plan: plan.plan, ...(consent ? { accept_permissions: plan.surface } : {}) },
        { onProgress: (_, text) => setProgress(text) },
      );
      tell(`${VERBS[change.op.split('.').pop() ?? ''] ?? 'Done'}: ${plan.actions.map((a) => a.name).join(', ')}`);
      if (here.current) onDone();
    } catch (e) {
      if (!here.current) tellError(asError(e)); // it goes on when the dialogue is closed
      setError(asError(e));
      setBusy(false);
    }
  };

  const nothing = plan?.actions.length === 0;
  return (
    <Dialog
      title={change.title}
      onClose={onClose}
      onSubmit={plan && !nothing ? () => void go() : undefined}
      submit={consent ? `Grant and ${change.submit.toLowerCase()}` : change.submit}
      danger={change.danger}
      busy={busy}
      wide
    >
      {error && <ErrorNote error={error} retry={() => setTurn((t) => t + 1)} />}
      {!plan && !error && <Loading lines={3} label={progress || 'Making the plan'} />}
      {plan && <PlanView plan={plan} />}
      {busy && progress && (
        <p className="muted" role="status">
          {progress}
        </p>
      )}
    </Dialog>
  );
}

function PlanView({ plan }: { plan: Plan }) {
  if (plan.actions.length === 0) return <p>Nothing is to be done.</p>;
  return (
    <div className="plan">
      <ul className="plan-actions">
        {plan.actions.map((a, i) => (
          <ActionLine key={i} action={a} />
        ))}
      </ul>
      {!!plan.permissions?.length && (
        <>
          <h3>Permissions</h3>
          <ul className="plan-permissions">
            {plan.permissions.map((p) => (
              <li key={p.permission}>
                <code>{p.permission}</code> {p.why === 'new' && <Badge tone="warning">new</Badge>}
                {p.why === 'gone' && <Badge>no longer</Badge>}
              </li>
            ))}
          </ul>
          {plan.consent === 'needed' && (
            <p>The plugin can do all of this once it runs. Nothing is granted until you agree.</p>
          )}
        </>
      )}
      {plan.warnings?.map((w, i) => (
        <p key={i} className="note warning">
          {warningText(w)}
        </p>
      ))}
    </div>
  );
}

function ActionLine({ action: a }: { action: PlanAction }) {
  const told = [a.source, a.trust, a.tier, a.size ? formatBytes(a.size) : null].filter(Boolean).join(', ');
  return (
    <li>
      <Badge
        tone={
          a.do === 'install' || a.do === 'enable' ? 'ok' : a.do === 'remove' || a.do === 'purge' ? 'critical' : 'info'
        }
      >
        {a.do}
      </Badge>{' '}
      <strong>{a.id ?? a.name}</strong> {a.version}
      {a.from ? ` (from ${a.from})` : ''} <span className="muted">{told}</span>
    </li>
  );
}
