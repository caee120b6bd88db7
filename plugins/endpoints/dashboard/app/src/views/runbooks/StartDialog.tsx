// Starting a runbook: its parameters, then the plan that will be run, then the run. SPDX-License-Identifier: MIT
import { useState } from 'react';
import { asError } from '@/api/hooks';
import { call, type ApiError } from '@/api/rest';
import { Dialog } from '@/ui/Dialog';
import { ErrorNote } from '@/ui/Empty';
import { SelectField, TextField } from '@/ui/Field';
import { useHere } from '@/ui/here';
import { tell, tellError } from '@/ui/Toast';
import { Steps } from './Steps';
import { paramsOf, said, type Param, type Run, type RunbookInfo, type RunbookPlan } from './types';

type Values = Readonly<Record<string, string>>;

function ParamField({ param: p, value, onChange }: { param: Param; value: string; onChange: (v: string) => void }) {
  const choices = p.choices ?? (p.type === 'bool' || p.type === 'boolean' ? ['true', 'false'] : null);
  if (choices)
    return (
      <SelectField
        label={p.name}
        help={p.help}
        value={value}
        required={p.required}
        onChange={(e) => onChange(e.target.value)}
      >
        {!(p.required && value) && <option value="">–</option>}
        {choices.map((c) => (
          <option key={c}>{c}</option>
        ))}
      </SelectField>
    );
  return (
    <TextField
      label={p.name}
      help={p.help}
      value={value}
      required={p.required}
      onChange={(e) => onChange(e.target.value)}
    />
  );
}

export function StartDialog({
  info,
  onClose,
  onStarted,
}: {
  info: RunbookInfo;
  onClose: () => void;
  onStarted: (run: string) => void;
}) {
  const params = paramsOf(info);
  const [values, setValues] = useState<Values>(() =>
    Object.fromEntries(
      params.map((p) => [p.name, p.default === undefined || p.default === null ? '' : String(p.default)]),
    ),
  );
  const [plan, setPlan] = useState<RunbookPlan | null>(null);
  const [words, setWords] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const here = useHere();
  const given = {
    name: info.name,
    param: Object.fromEntries(Object.entries(values).filter(([, v]) => v !== '')),
  };
  const grave = plan?.steps.map((s) => s.confirm).find((c): c is string => typeof c === 'string');

  const attempt = async (what: () => Promise<void>) => {
    setBusy(true);
    setError(null);
    try {
      await what();
    } catch (e) {
      if (!here.current) tellError(asError(e));
      setError(asError(e));
    }
    setBusy(false);
  };
  const makePlan = () =>
    attempt(async () => setPlan(await call<RunbookPlan>('runbook.run', { ...given, dry_run: true })));
  const start = () =>
    attempt(async () => {
      const run = await call<Run>('runbook.run', {
        ...given,
        plan: plan?.plan,
        detach: true,
        ...(grave ? { confirm: words } : {}),
      });
      tell(`${info.title ?? info.name} runs`);
      if (here.current) onStarted(run.run);
    });

  const ready = !plan || (plan.available && plan.steps.length > 0 && (!grave || words === grave));
  return (
    <Dialog
      title={info.title ?? info.name}
      onClose={onClose}
      onSubmit={ready ? () => void (plan ? start() : makePlan()) : undefined}
      submit={plan ? 'Run these steps' : 'Show the plan'}
      danger={plan?.steps.some((s) => s.destructive)}
      busy={busy}
      wide
    >
      {error && <ErrorNote error={error} />}
      {!plan && info.summary && <p>{info.summary}</p>}
      {!plan &&
        params.map((p) => (
          <ParamField
            key={p.name}
            param={p}
            value={values[p.name] ?? ''}
            onChange={(v) => setValues((old) => ({ ...old, [p.name]: v }))}
          />
        ))}
      {plan && (
        <>
          {[...(plan.warnings ?? []), ...(plan.findings ?? [])].map((w, i) => (
            <p key={i} className="note warning">
              {said(w)}
            </p>
          ))}
          {!plan.available && <p className="note critical">Some of it is not available on this host.</p>}
          <Steps steps={plan.steps} />
          {grave && (
            <TextField
              label={`To go on, write: ${grave}`}
              value={words}
              autoComplete="off"
              onChange={(e) => setWords(e.target.value)}
            />
          )}
        </>
      )}
    </Dialog>
  );
}
