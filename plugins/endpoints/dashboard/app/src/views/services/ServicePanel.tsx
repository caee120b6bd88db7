// All that is known about one check: its state and words, its history in bars and charts, its alerts. SPDX-License-Identifier: MIT
import { useMemo, useState } from 'react';
import { useAlerts, useCan, useHealth } from '@/api/hooks';
import type { Check } from '@/api/types';
import { href } from '@/app/router';
import { formatMs } from '@/app/time';
import { Aside } from '@/ui/Aside';
import { Button } from '@/ui/Button';
import { Empty, Loading } from '@/ui/Empty';
import { Facts } from '@/ui/Layout';
import { RangePicker } from '@/ui/MetricChart';
import { useRange } from '@/ui/range';
import { Badge, State } from '@/ui/State';
import { Ago, Clock } from '@/ui/Time';
import { useCommand } from '@/ui/Toast';
import { AlertLine } from '@/views/alerts/AlertLine';
import { equals } from '@/views/alerts/matchers';
import { SilenceDialog } from '@/views/alerts/SilenceDialog';
import { Changes } from '@/views/overview/Changes';
import { ServiceCharts } from './ServiceCharts';
import { StateBar } from './StateBar';
import './services.css';

export function ServicePanel({
  name,
  check: c,
  onClose,
}: {
  name: string;
  check: Check | undefined;
  onClose: () => void;
}) {
  const { ready, details } = useHealth();
  const can = useCan();
  const run = useCommand('collector.run', () => `${c?.instance ?? name} was asked`);
  const [silencing, setSilencing] = useState(false);
  const range = useRange('1h');

  if (!c) {
    return (
      <Aside title={name} onClose={onClose}>
        {ready ? (
          <Empty icon="search" title="There is no such check">
            It may have been removed from the configuration.
          </Empty>
        ) : (
          <Loading />
        )}
      </Aside>
    );
  }
  const detail = details.get(c.service);
  return (
    <Aside
      title={c.service}
      subtitle={
        <>
          <State state={c.state} />
          {c.since && (
            <span>
              for <Ago time={c.since} />
            </span>
          )}
          {c.maintenance && <Badge>maintenance</Badge>}
          {c.flapping && <Badge tone="warning">flapping</Badge>}
        </>
      }
      tools={
        can('collector.run') || can('alert.silence') ? (
          <>
            {can('collector.run') && (
              <Button small icon="refresh" busy={run.busy} onClick={() => void run.run({ name: c.instance })}>
                Check now
              </Button>
            )}
            {can('alert.silence') && (
              <Button small icon="mute" onClick={() => setSilencing(true)}>
                Silence
              </Button>
            )}
          </>
        ) : null
      }
      onClose={onClose}
    >
      {c.output && (
        <section>
          <p className={`says${c.state === 'ok' ? '' : ' bad'}`}>{c.output}</p>
        </section>
      )}
      <section className="panel-time">
        <div className="panel-range">
          <RangePicker range={range} />
        </div>
        <StateBar service={c.service} state={c.state} range={range} />
        <ServiceCharts check={c} range={range} />
      </section>
      <OpenAlerts check={c} />
      <section>
        <h3>Facts</h3>
        <Facts
          items={[
            ['Plugin', c.plugin],
            ['Instance', c.instance],
            ['Target', c.target],
            ['Response', c.response_ms === null ? null : formatMs(c.response_ms)],
            [
              'Checked',
              c.checked ? (
                <>
                  <Clock time={c.checked} />, <Ago time={c.checked} suffix=" ago" />
                </>
              ) : null,
            ],
            ['Since', c.since ? <Clock time={c.since} /> : null],
            [
              'Confirmed',
              c.state === 'ok' || c.state === 'pending'
                ? null
                : c.hard
                  ? 'yes'
                  : `no: attempt ${c.attempt} of ${c.max_attempts}`,
            ],
            ['Health score', c.score === null ? null : c.score.toFixed(2)],
            ...Object.entries(detail ?? {}).map(([k, v]) => [words(k), show(v)] as const),
          ]}
        />
      </section>
      <section>
        <h3>Changes</h3>
        <Changes service={c.service} limit={12} />
      </section>
      {silencing && (
        <SilenceDialog
          matchers={[equals('instance', c.instance), ...(c.target ? [equals('target', c.target)] : [])]}
          onClose={() => setSilencing(false)}
        />
      )}
    </Aside>
  );
}

/** "activeConnections" -> "Active connections" */
const words = (key: string): string => {
  const text = key
    .replace(/_/g, ' ')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
};

function show(v: unknown): string | null {
  if (v === null || v === undefined || typeof v === 'string') return (v as string | null) ?? null;
  return typeof v === 'object' ? JSON.stringify(v) : String(v);
}

function OpenAlerts({ check: c }: { check: Check }) {
  const { alerts } = useAlerts();
  const mine = useMemo(
    () => alerts.filter((a) => a.instance === c.instance && (!c.target || a.target === c.target)),
    [alerts, c.instance, c.target],
  );
  if (mine.length === 0) return null;
  return (
    <section>
      <h3>Alerts</h3>
      <ul className="plain-list">
        {mine.slice(0, 10).map((a) => (
          <AlertLine key={a.id} alert={a} />
        ))}
      </ul>
      {mine.length > 10 && <a href={href('/alerts', { q: c.service })}>{mine.length - 10} more</a>}
    </section>
  );
}
