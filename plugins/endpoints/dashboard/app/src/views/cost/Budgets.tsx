// Budgets: how much of each is used, how fast, and changing them. SPDX-License-Identifier: MIT
import { useMemo, useState } from 'react';
import { useAction, useCan, useQuery, useSamples, useTopic } from '@/api/hooks';
import { formatPercent } from '@/app/time';
import { Button, ConfirmButton } from '@/ui/Button';
import { Dialog } from '@/ui/Dialog';
import { Answer } from '@/ui/Empty';
import { SelectField, TextField } from '@/ui/Field';
import { Card, Meter } from '@/ui/Layout';
import { State, type Tone } from '@/ui/State';
import { Table, type Column } from '@/ui/Table';
import { useCommand } from '@/ui/Toast';
import { count, dollars, type Budget } from './types';

const TONES: Record<string, Tone> = { ok: 'ok', soft: 'warning', hard: 'critical' };
/** What the host calls soft and hard, as one would say it. */
const stateText = (b: Budget): string =>
  b.state === 'soft' ? `above ${b.soft_percent} %` : b.state === 'hard' ? 'used up' : b.state === 'ok' ? 'within' : b.state;
const amount = (b: Budget, n: number | null): string => (b.unit === 'dollars' ? dollars(n) : count(n));
const who = (b: Budget): string => (b.agent === 'global' ? 'Everybody' : b.agent);

/** A call was paid for: budgets are used further. */
const USED = ['cost.budget_used_percent'];

export function Budgets() {
  const can = useCan();
  const list = useQuery<Budget[]>('cost.budget.list', {}, { every: 15_000 });
  useSamples(USED, list.reload);
  useTopic('events:budget.*', list.reload);
  useTopic('events:config.*', list.reload);
  const remove = useCommand('cost.budget.remove', () => 'The budget is removed');
  const [editing, setEditing] = useState<Partial<Budget> | null>(null);
  const columns = useMemo<readonly Column<Budget>[]>(
    () => [
      {
        key: 'agent',
        title: 'Whose',
        width: 'minmax(110px, 1fr)',
        render: (b) => <span title={b.agent}>{who(b)}</span>,
        sort: (b) => b.agent,
      },
      { key: 'period', title: 'Period', width: '90px', render: (b) => b.period, sort: (b) => b.period },
      {
        key: 'state',
        title: 'State',
        width: '116px',
        render: (b) => <State state={b.state} tone={TONES[b.state]} text={stateText(b)} />,
        sort: (b) => b.used_percent,
      },
      {
        key: 'used',
        title: 'Used',
        width: 'minmax(150px, 1fr)',
        render: (b) => (
          <Meter
            value={b.used_percent}
            label={`${who(b)}, ${b.period}`}
            text={b.used_percent === null ? 'unknown' : formatPercent(b.used_percent)}
            warn={b.soft_percent}
            crit={100}
          />
        ),
        sort: (b) => b.used_percent,
        hide: 'phone',
      },
      {
        key: 'limit',
        title: 'Of',
        width: '170px',
        align: 'right',
        render: (b) => `${amount(b, b.used)} of ${amount(b, b.limit)}`,
        sort: (b) => b.limit,
        hide: 'phone',
      },
      {
        key: 'pace',
        title: 'Pace',
        width: '80px',
        align: 'right',
        render: (b) => (b.pace_6h === null ? 'unknown' : `${b.pace_6h.toFixed(1)}×`),
        sort: (b) => b.pace_6h,
        hide: 'tablet',
      },
      {
        key: 'do',
        title: 'Actions',
        quiet: true,
        width: '170px',
        hide: 'phone',
        render: (b) => (
          <>
            {can('cost.budget.set') && (
              <Button small aria-label={`Change the ${b.period} budget of ${who(b)}`} onClick={() => setEditing(b)}>
                Change
              </Button>
            )}{' '}
            {can('cost.budget.remove') && b.origin === 'set' && (
              <ConfirmButton
                small
                aria-label={`Remove the ${b.period} budget of ${who(b)}`}
                onConfirm={() => void remove.run({ agent: b.agent, period: b.period, unit: b.unit }).then(list.reload)}
              >
                Remove
              </ConfirmButton>
            )}
          </>
        ),
      },
    ],
    [can, remove.run, list.reload],
  );
  return (
    <Card
      title="Budgets"
      tools={
        can('cost.budget.set') && (
          <Button small icon="plus" onClick={() => setEditing({})}>
            Set a budget
          </Button>
        )
      }
    >
      <Answer query={list} lines={2}>
        {(rows) =>
          rows.length ? (
            <Table fit label="Budgets" columns={columns} rows={rows} rowKey={(b) => b.id} />
          ) : (
            <p className="muted card-pad">No budget is set: nothing warns when spending grows.</p>
          )
        }
      </Answer>
      {editing && (
        <BudgetDialog
          budget={editing}
          onClose={() => setEditing(null)}
          onDone={() => {
            setEditing(null);
            list.reload();
          }}
        />
      )}
    </Card>
  );
}

function BudgetDialog({
  budget,
  onClose,
  onDone,
}: {
  budget: Partial<Budget>;
  onClose: () => void;
  onDone: () => void;
}) {
  const set = useAction('cost.budget.set');
  const [agent, setAgent] = useState(budget.agent ?? 'global');
  const [period, setPeriod] = useState<string>(budget.period ?? 'daily');
  const [unit, setUnit] = useState<string>(budget.unit ?? 'dollars');
  const [limit, setLimit] = useState(budget.limit?.toString() ?? '');
  const save = async () => {
    if ((await set.run({ agent, period, unit, limit: Number(limit) })) !== undefined) onDone();
  };
  return (
    <Dialog title="Set a budget" onClose={onClose} onSubmit={() => void save()} busy={set.busy}>
      <TextField
        label="Agent"
        value={agent}
        required
        onChange={(e) => setAgent(e.target.value)}
        help="global is everybody together."
      />
      <SelectField label="Period" value={period} onChange={(e) => setPeriod(e.target.value)}>
        <option value="daily">daily</option>
        <option value="monthly">monthly</option>
      </SelectField>
      <SelectField label="Unit" value={unit} onChange={(e) => setUnit(e.target.value)}>
        <option value="dollars">dollars</option>
        <option value="tokens">tokens</option>
      </SelectField>
      <TextField
        label="Limit"
        type="number"
        min="0"
        step="any"
        required
        data-autofocus
        value={limit}
        onChange={(e) => setLimit(e.target.value)}
        error={set.error?.message}
      />
    </Dialog>
  );
}
