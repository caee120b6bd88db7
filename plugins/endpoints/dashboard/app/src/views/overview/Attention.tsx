// Alerts that nobody looks after yet, gravest first. SPDX-License-Identifier: MIT
import { memo } from 'react';
import type { Alert } from '@/api/types';
import { href } from '@/app/router';
import { Button } from '@/ui/Button';
import { Empty } from '@/ui/Empty';
import { StateIcon, toneOf } from '@/ui/State';
import { Ago } from '@/ui/Time';
import { isolate } from '@/ui/text';
import { useCommand } from '@/ui/Toast';
import { placeOf } from '../alerts/parts';

const MOST = 7;

export function Attention({ alerts, mayAck }: { alerts: readonly Alert[]; mayAck: boolean }) {
  if (alerts.length === 0) {
    return <Empty title="Nothing does">Firing alerts that nobody has acknowledged appear here.</Empty>;
  }
  return (
    <>
      <ul className="attention">
        {alerts.slice(0, MOST).map((a) => (
          <AttentionRow key={a.id} alert={a} mayAck={mayAck} />
        ))}
      </ul>
      {alerts.length > MOST && (
        <p className="attention-more">
          <a href={href('/alerts', { status: 'firing' })}>{alerts.length - MOST} more</a>
        </p>
      )}
    </>
  );
}

const AttentionRow = memo(function AttentionRow({ alert: a, mayAck }: { alert: Alert; mayAck: boolean }) {
  const ack = useCommand('alert.ack', () => `${isolate(a.rule)} on ${isolate(a.entity)} is acknowledged`);
  return (
    <li>
      <a href={href('/alerts', { sel: a.id })}>
        <span className="attention-head">
          <StateIcon tone={toneOf(a.severity)} label={a.severity} />
          <b>{a.message || a.title}</b>
        </span>
        <span className="attention-where">
          <span title={`${a.rule} on ${a.entity}`}>
            {a.rule} · <bdi>{placeOf(a)}</bdi>
          </span>
          <Ago time={a.starts_at} />
        </span>
      </a>
      {mayAck && (
        <Button
          small
          busy={ack.busy}
          aria-label={`Ack ${a.rule} on ${a.entity}`}
          title="Acknowledge"
          onClick={() => void ack.run({ id: a.id })}
        >
          Ack
        </Button>
      )}
    </li>
  );
});
