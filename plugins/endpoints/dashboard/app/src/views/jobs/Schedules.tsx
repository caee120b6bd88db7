// Operations that run by themselves at their times: when, what became of it, turned on and off. SPDX-License-Identifier: MIT
import { useCan, useQuery, useTopic } from '@/api/hooks';
import { useParam } from '@/app/router';
import { formatMs, toMs } from '@/app/time';
import { Aside } from '@/ui/Aside';
import { Button } from '@/ui/Button';
import { Answer, Empty } from '@/ui/Empty';
import { Card, Facts } from '@/ui/Layout';
import { State } from '@/ui/State';
import { Table, type Column } from '@/ui/Table';
import { Ago, Clock } from '@/ui/Time';
import { useCommand } from '@/ui/Toast';

interface Run {
  run?: string;
  at?: string;
  state?: string;
  took_ms?: number | null;
  message?: string | null;
}

export interface Schedule {
  name: string;
  when: string;
  zone: string;
  op: string;
  enabled: boolean;
  status: string;
  reason: string | null;
  next: string | null;
  next_clock: string | null;
  last: Run | null;
  role: string;
  origin: string;
  comment: string | null;
}

const COLUMNS: readonly Column<Schedule>[] = [
  {
    key: 'name',
    title: 'Schedule',
    width: 'minmax(130px, 1fr)',
    render: (s) => (
      <span className="main-cell" title={s.comment ?? s.name}>
        {s.name}
      </span>
    ),
    sort: (s) => s.name,
  },
  { key: 'status', title: 'State', width: '130px', render: (s) => <State state={s.status} />, sort: (s) => s.status },
  {
    key: 'when',
    title: 'When',
    width: 'minmax(120px, 1fr)',
    render: (s) => <span title={`${s.when} (${s.zone})`}>{s.when}</span>,
    sort: (s) => s.when,
    hide: 'phone',
  },
  {
    key: 'op',
    title: 'Operation',
    width: 'minmax(120px, 1fr)',
    render: (s) => <code>{s.op}</code>,
    sort: (s) => s.op,
    hide: 'tablet',
  },
  {
    key: 'next',
    title: 'Next',
    width: '130px',
    render: (s) => (s.next ? <Clock time={s.next} /> : <span title={s.reason ?? ''}>–</span>),
    sort: (s) => (s.next ? toMs(s.next) : null),
  },
  {
    key: 'last',
    title: 'Last',
    width: '110px',
    render: (s) => (s.last?.at ? <Ago time={s.last.at} suffix=" ago" /> : '–'),
    sort: (s) => (s.last?.at ? toMs(s.last.at) : null),
    hide: 'phone',
  },
  {
    key: 'result',
    title: 'Result',
    width: '110px',
    render: (s) => (s.last?.state ? <State state={s.last.state} /> : '–'),
    sort: (s) => s.last?.state,
    hide: 'tablet',
  },
];

export function useSchedules() {
  const can = useCan();
  const list = useQuery<Schedule[]>(can('cron.list') ? 'cron.list' : null, {}, { every: 10_000 });
  useTopic('events:cron.*', list.reload);
  const [selected, select] = useParam('schedule', '', true);
  return { list, selected, select, chosen: list.data?.find((s) => s.name === selected), there: can('cron.list') };
}

/** Beside the panel there is less room. */
const NARROW = COLUMNS.filter((c) => ['name', 'status', 'next'].includes(c.key));

/** What cannot run here is not what one looks for. */
const ableFirst = (rows: readonly Schedule[]): readonly Schedule[] => [
  ...rows.filter((s) => s.status !== 'unavailable'),
  ...rows.filter((s) => s.status === 'unavailable'),
];

/** On a phone. */
function card(s: Schedule) {
  return (
    <>
      <span className="card-line">
        <span className="grow main-cell">{s.name}</span>
        <State state={s.status} />
      </span>
      <span className="card-line">
        <span className="grow muted">{s.when}</span>
        {s.next && (
          <span className="muted">
            next <Clock time={s.next} />
          </span>
        )}
      </span>
    </>
  );
}

export function Schedules({ of }: { of: ReturnType<typeof useSchedules> }) {
  return (
    <Card title="Schedules">
      <Answer query={of.list}>
        {(rows) => (
          <Table
            fit
            label="Schedules"
            columns={of.chosen ? NARROW : COLUMNS}
            rows={ableFirst(rows)}
            rowKey={(s) => s.name}
            rowClass={(s) => (s.status === 'unavailable' ? 'faded' : '')}
            card={card}
            cardHeight={60}
            selected={of.selected}
            onSelect={(s) => of.select(s.name)}
            empty={<Empty title="Nothing runs by itself">`openclaw cron add` makes a schedule.</Empty>}
          />
        )}
      </Answer>
    </Card>
  );
}

export function ScheduleAside({ schedule: s, onClose }: { schedule: Schedule; onClose: () => void }) {
  const can = useCan();
  const able = s.status !== 'unavailable';
  const history = useQuery<Run[]>('cron.history', { name: s.name, limit: 20 }, { on: [s.last, s.status] });
  const run = useCommand('cron.run', () => `${s.name} runs`);
  const turn = useCommand(s.enabled ? 'cron.disable' : 'cron.enable', () =>
    s.enabled ? `${s.name} is turned off` : `${s.name} is turned on`,
  );
  return (
    <Aside
      title={s.name}
      subtitle={<State state={s.status} />}
      onClose={onClose}
      tools={
        <>
          {able && can('cron.run') && (
            <Button small icon="play" busy={run.busy} onClick={() => void run.run({ name: s.name })}>
              Run now
            </Button>
          )}
          {able && can('cron.enable') && (
            <Button small busy={turn.busy} onClick={() => void turn.run({ name: s.name })}>
              {s.enabled ? 'Turn off' : 'Turn on'}
            </Button>
          )}
        </>
      }
    >
      <div className="stack">
        {s.reason && (
          <p className={`note${able ? ' warning' : ''}`}>
            {able
              ? s.reason
              : `It cannot run here: ${s.reason}. It begins by itself once a plugin brings the operation.`}
          </p>
        )}
        <Facts
          items={[
            ['When', s.when],
            ['Zone', s.zone],
            ['Operation', <code>{s.op}</code>],
            ['Next', s.next_clock ?? '–'],
            ['As', s.role],
            ['From', s.origin],
          ]}
        />
        <h3>Runs</h3>
        <Answer query={history}>
          {(runs) =>
            runs.length === 0 ? (
              <p className="muted">It has not run yet.</p>
            ) : (
              <ul className="runs">
                {runs.map((r, i) => (
                  <li key={r.run ?? i}>
                    <State state={r.state ?? 'unknown'} /> <Ago time={r.at} suffix=" ago" />{' '}
                    <span className="muted num">{formatMs(r.took_ms)}</span>
                    {r.message && <span className="muted"> {r.message}</span>}
                  </li>
                ))}
              </ul>
            )
          }
        </Answer>
      </div>
    </Aside>
  );
}
