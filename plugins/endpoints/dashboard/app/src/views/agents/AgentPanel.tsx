// One agent: what it does, its figures over time, its alerts. SPDX-License-Identifier: MIT
import { useMemo, useState } from 'react';
import { useAlerts, useCan, useHealth } from '@/api/hooks';
import type { Agent } from '@/api/types';
import { formatBytes, formatDuration, formatNumber } from '@/app/time';
import { Aside } from '@/ui/Aside';
import { Button } from '@/ui/Button';
import { Empty, Loading } from '@/ui/Empty';
import { Facts } from '@/ui/Layout';
import { RangePicker } from '@/ui/MetricChart';
import { useRange } from '@/ui/range';
import { State } from '@/ui/State';
import { Ago, Clock } from '@/ui/Time';
import { AlertLine } from '@/views/alerts/AlertLine';
import { equals } from '@/views/alerts/matchers';
import { SilenceDialog } from '@/views/alerts/SilenceDialog';
import { Changes } from '@/views/overview/Changes';
import { ServiceCharts } from '@/views/services/ServiceCharts';
import { StateBar } from '@/views/services/StateBar';
import '@/views/services/services.css';

const SHOWN = new Set([
  'id',
  'name',
  'status',
  'role',
  'emoji',
  'lastHeartbeat',
  'heartbeatAge',
  'currentTask',
  'model',
  'tokenUsage',
  'memoryUsage',
  'uptime',
  'error',
  'target',
  'service',
  'instance',
]);

export function AgentPanel({ id, agent: a, onClose }: { id: string; agent: Agent | undefined; onClose: () => void }) {
  const { ready, checks } = useHealth();
  const { alerts } = useAlerts();
  const can = useCan();
  const range = useRange('1h');
  const [silencing, setSilencing] = useState(false);
  const check = useMemo(
    () => checks.find((c) => c.target === id && c.plugin === 'agent') ?? checks.find((c) => c.target === id),
    [checks, id],
  );
  const mine = useMemo(() => alerts.filter((x) => x.target === id || x.labels?.agent === id), [alerts, id]);
  if (!a) {
    return (
      <Aside title={id} onClose={onClose}>
        {ready ? (
          <Empty icon="search" title="There is no such agent">
            It may have left, or its collector was removed.
          </Empty>
        ) : (
          <Loading />
        )}
      </Aside>
    );
  }
  const more = Object.entries(a).filter(
    ([k, v]) => !SHOWN.has(k) && (typeof v === 'string' || typeof v === 'number' || typeof v === 'boolean'),
  );
  return (
    <Aside
      title={a.name}
      subtitle={
        <>
          <State state={a.status} />
          {a.role && <span>{a.role}</span>}
        </>
      }
      tools={
        can('alert.silence') ? (
          <Button small icon="mute" onClick={() => setSilencing(true)}>
            Silence
          </Button>
        ) : null
      }
      onClose={onClose}
    >
      {(a.error || a.currentTask) && (
        <section>
          <p className={`says${a.error ? ' bad' : ''}`}>{a.error ?? a.currentTask}</p>
        </section>
      )}
      {check && (
        <section>
          <div className="panel-range">
            <RangePicker range={range} />
          </div>
          <StateBar service={check.service} state={check.state} range={range} />
          <ServiceCharts check={check} range={range} />
        </section>
      )}
      {mine.length > 0 && (
        <section>
          <h3>Alerts</h3>
          <ul className="plain-list">
            {mine.slice(0, 10).map((x) => (
              <AlertLine key={x.id} alert={x} />
            ))}
          </ul>
        </section>
      )}
      <section>
        <h3>Facts</h3>
        <Facts
          items={[
            ['Model', a.model ? <code>{a.model}</code> : null],
            [
              'Heartbeat',
              a.lastHeartbeat ? (
                <>
                  <Clock time={a.lastHeartbeat} />, <Ago time={a.lastHeartbeat} suffix=" ago" />
                </>
              ) : null,
            ],
            [
              'Tokens',
              typeof a.tokenUsage?.session === 'number' || typeof a.tokenUsage?.daily === 'number'
                ? `${formatNumber(a.tokenUsage?.session)} in this session, ${formatNumber(a.tokenUsage?.daily)} today`
                : null,
            ],
            ['Memory', typeof a.memoryUsage === 'number' ? formatBytes(a.memoryUsage) : null],
            ['Up for', typeof a.uptime === 'number' ? formatDuration(a.uptime * 1000) : null],
            ['Check', check ? check.service : null],
            ...more.map(([k, v]) => [k, String(v)] as const),
          ]}
        />
      </section>
      {check && (
        <section>
          <h3>Changes</h3>
          <Changes service={check.service} limit={10} />
        </section>
      )}
      {silencing && (
        <SilenceDialog
          matchers={check ? [equals('instance', check.instance), equals('target', id)] : [equals('target', id)]}
          onClose={() => setSilencing(false)}
        />
      )}
    </Aside>
  );
}
