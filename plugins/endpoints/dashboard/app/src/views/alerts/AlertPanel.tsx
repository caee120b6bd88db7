// One alert: what it says, what can be done, why it fires, what has happened since. SPDX-License-Identifier: MIT
import { useState } from 'react';
import { useCan, useHealth, useQuery } from '@/api/hooks';
import { serviceOf } from '@/api/state';
import type { Alert } from '@/api/types';
import { shortActor } from '@/app/actor';
import { formatPlace, href } from '@/app/router';
import { Aside } from '@/ui/Aside';
import { Button } from '@/ui/Button';
import { Answer, Empty } from '@/ui/Empty';
import { Facts } from '@/ui/Layout';
import { Badge, State, toneOf } from '@/ui/State';
import { Ago, Clock } from '@/ui/Time';
import { useCommand } from '@/ui/Toast';
import { AckDialog, AssignDialog } from './AckDialog';
import { matchersOf } from './matchers';
import { assigneeOf, Linked } from './parts';
import { SilenceDialog } from './SilenceDialog';
import { Timeline } from './Timeline';
import { Why } from './Why';
import './alerts.css';

export function AlertPanel({ id, alert, onClose }: { id: string; alert: Alert | undefined; onClose: () => void }) {
  // it may have ended since the address was copied
  const shown = useQuery<Alert>(alert ? null : 'alert.show', { id });
  if (alert) return <Panel alert={alert} onClose={onClose} />;
  if (shown.data) return <Panel alert={shown.data} onClose={onClose} />;
  return (
    <Aside title="Alert" subtitle={<span className="mono">{id}</span>} onClose={onClose}>
      {shown.error?.code === 'not_found' ? (
        <Empty icon="search" title="There is no such alert">
          Alerts that have ended are forgotten after a while; the history keeps what happened.
        </Empty>
      ) : (
        <Answer query={shown}>{() => null}</Answer>
      )}
    </Aside>
  );
}

function Panel({ alert: a, onClose }: { alert: Alert; onClose: () => void }) {
  const can = useCan();
  const [open, setOpen] = useState<'ack' | 'silence' | 'assign' | null>(null);
  const unack = useCommand('alert.unack', () => 'The alert is open again');
  const unassign = useCommand('alert.unassign', () => 'The alert is assigned to nobody');
  const firing = a.state === 'firing';
  const close = () => setOpen(null);
  const assignee = assigneeOf(a);
  const service = serviceOf(a, useHealth().checks);
  const labels = Object.entries(a.labels ?? {});
  const annotations = Object.entries(a.annotations ?? {});

  return (
    <Aside
      title={a.rule}
      subtitle={
        <>
          <State state={firing ? a.severity : 'resolved'} />
          <Badge tone={toneOf(a.status)}>{a.status}</Badge>
          <span>
            {firing ? 'for ' : 'began '}
            <Ago time={a.starts_at} suffix={firing ? '' : ' ago'} />
          </span>
        </>
      }
      tools={
        firing && (can('alert.ack') || can('alert.silence')) ? (
          <>
            {!a.acknowledged && can('alert.ack') && (
              <Button small kind="primary" icon="check" onClick={() => setOpen('ack')}>
                Acknowledge
              </Button>
            )}
            {a.acknowledged && can('alert.unack') && (
              <Button small busy={unack.busy} onClick={() => void unack.run({ id: a.id })}>
                Take back
              </Button>
            )}
            {can('alert.silence') && (
              <Button small icon="mute" onClick={() => setOpen('silence')}>
                Silence
              </Button>
            )}
            {can('alert.assign') && (
              <Button small icon="user" onClick={() => setOpen('assign')}>
                {assignee ? 'Reassign' : 'Assign'}
              </Button>
            )}
            {assignee && can('alert.unassign') && (
              <Button small kind="ghost" busy={unassign.busy} onClick={() => void unassign.run({ id: a.id })}>
                Unassign
              </Button>
            )}
          </>
        ) : null
      }
      onClose={onClose}
    >
      <section>
        <p className="says bad">{a.message || a.title}</p>
        {a.acknowledged && (
          <p className="ack-note">
            <b title={a.acknowledged.by}>{shortActor(a.acknowledged.by)}</b> looks after it since{' '}
            <Clock time={a.acknowledged.at} />
            {a.acknowledged.comment ? <>: {a.acknowledged.comment}</> : '.'}
          </p>
        )}
        {assignee && (
          <p className="ack-note">
            Assigned to <b>{assignee}</b>.
          </p>
        )}
      </section>
      <Why alert={a} />
      <section>
        <h3>What happened</h3>
        <Timeline alert={a} />
      </section>
      <section>
        <h3>Facts</h3>
        <Facts
          items={[
            [
              'On',
              service ? <a href={`#${formatPlace('/services', { sel: service })}`}>{a.entity}</a> : a.entity,
            ],
            ['Category', a.category],
            ['Began', <Clock key="b" time={a.starts_at} />],
            ['Ended', a.ends_at ? <Clock time={a.ends_at} /> : null],
            ['Told', a.told?.length ? a.told.join(', ') : 'nobody'],
            ['Last told', a.notified_at ? <Clock time={a.notified_at} /> : null],
            ['Id', <code key="i">{a.id}</code>],
            ...annotations.map(([k, v]) => [k, <Linked key={k} text={String(v)} />] as const),
          ]}
        />
        {labels.length > 0 && (
          <p className="labels">
            {labels.map(([k, v]) => (
              <Badge key={k} title={`${k}=${v}`}>
                {k}={v}
              </Badge>
            ))}
          </p>
        )}
        <p>
          <a href={href('/alerts', { tab: 'history', q: a.rule })}>All that happened to {a.rule}</a>
        </p>
      </section>
      {open === 'ack' && <AckDialog alert={a} onClose={close} />}
      {open === 'assign' && <AssignDialog alert={a} onClose={close} />}
      {open === 'silence' && <SilenceDialog matchers={matchersOf(a)} onClose={close} />}
    </Aside>
  );
}
