// What changed last, and the agents in one line each. SPDX-License-Identifier: MIT
import { memo } from 'react';
import { useQuery, useTopic } from '@/api/hooks';
import type { Agent, HealthChange } from '@/api/types';
import { href } from '@/app/router';
import { Answer, Empty } from '@/ui/Empty';
import { StateIcon, toneOf } from '@/ui/State';
import { Ago, Clock } from '@/ui/Time';

export function Changes({ service, limit = 9 }: { service?: string; limit?: number }) {
  const history = useQuery<HealthChange[]>(
    'health.history',
    { ...(service ? { service } : {}), limit },
    { every: 60_000 },
  );
  useTopic('events:health.changed', (m) => {
    const of = m.kind === 'event' ? (m.data as { service?: string }).service : undefined;
    if (!service || of === undefined || of === service) history.reload();
  });
  return (
    <Answer query={history} lines={6}>
      {(rows) =>
        rows.length === 0 ? (
          <Empty title="Nothing has changed in 24 hours">Each change of a state is kept and shown here.</Empty>
        ) : (
          <ul className="changes">
            {rows.map((h) => (
              <Change key={`${h.service}${h.at}${h.to}${h.hard}`} change={h} named={!service} />
            ))}
          </ul>
        )
      }
    </Answer>
  );
}

const Change = memo(function Change({ change: h, named }: { change: HealthChange; named: boolean }) {
  return (
    <li className={`tone-${toneOf(h.to)}`}>
      <Clock time={h.at} />
      <span className="changes-states">
        {h.from === h.to ? <span /> : <StateIcon tone={toneOf(h.from)} label={`from ${h.from}`} />}
        {h.from !== h.to && <span aria-hidden="true">→</span>}
        <StateIcon tone={toneOf(h.to)} label={h.from === h.to ? `still ${h.to}` : `to ${h.to}`} />
      </span>
      <span className="changes-what">
        {named ? <a href={href('/services', { sel: h.service })}>{h.service}</a> : <b>{h.to}</b>}{' '}
        <span className="muted">
          <bdi>{h.output}</bdi>
          {h.from === h.to ? ' (confirmed)' : h.hard ? '' : ' (not confirmed yet)'}
          {h.maintenance ? ' (maintenance)' : ''}
        </span>
      </span>
    </li>
  );
});

export function AgentStrip({ agents }: { agents: readonly Agent[] }) {
  return (
    <ul className="agent-strip">
      {agents.map((a) => (
        <AgentChip key={a.id} agent={a} />
      ))}
    </ul>
  );
}

const AgentChip = memo(function AgentChip({ agent: a }: { agent: Agent }) {
  return (
    <li>
      <a href={href('/agents', { sel: a.id })} className={`tone-${toneOf(a.status)}`}>
        <StateIcon tone={toneOf(a.status)} />
        <span className="agent-name">{a.name}</span>
        <span className="agent-status">{a.status}</span>
        <span className="agent-task">{a.currentTask || a.role || a.model || ''}</span>
        <span className="muted">
          <Ago time={a.lastHeartbeat} />
        </span>
      </a>
    </li>
  );
});
