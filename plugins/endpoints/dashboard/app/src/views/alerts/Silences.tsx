// The silences in force: what they cover, until when, who said so and why. SPDX-License-Identifier: MIT
import { useCallback, useMemo, useState, type ReactNode } from 'react';
import { useAlerts, useCan, type Query } from '@/api/hooks';
import type { Silence } from '@/api/types';
import { shortActor } from '@/app/actor';
import { formatDuration, toMs, useNow } from '@/app/time';
import { Button, ConfirmButton } from '@/ui/Button';
import { Empty, ErrorNote, Loading } from '@/ui/Empty';
import { View } from '@/ui/Layout';
import { Badge } from '@/ui/State';
import { Table, type Column } from '@/ui/Table';
import { useCommand } from '@/ui/Toast';
import { SilenceDialog } from './SilenceDialog';

function Left({ ends, starts, suffix = '' }: { ends: string; starts: string; suffix?: string }) {
  const now = useNow();
  const begin = toMs(starts) ?? 0;
  if (begin > now) return <span className="num">in {formatDuration(begin - now)}</span>;
  const left = (toMs(ends) ?? 0) - now;
  return <span className="num">{left > 0 ? `${formatDuration(left)}${suffix}` : 'over'}</span>;
}

const keyOf = (s: Silence): string => s.id;

export function Silences({ tabs, silences }: { tabs: ReactNode; silences: Query<Silence[]> }) {
  const can = useCan();
  const { alerts } = useAlerts();
  const [adding, setAdding] = useState(false);
  const expire = useCommand('alert.unsilence', () => 'The silence is over');
  const mayEnd = can('alert.unsilence');
  const { reload, data } = silences;
  const { run } = expire;
  /** On a phone. */
  const card = useCallback(
    (s: Silence) => (
      <>
        <span className="matcher-list">
          {s.matchers.map((m) => (
            <Badge key={m} tone="accent" title={m}>
              {m}
            </Badge>
          ))}
        </span>
        <span className="card-line">
          <span className="grow muted">
            {s.comment || 'no reason given'}, by {shortActor(s.created_by)}
          </span>
        </span>
        <span className="card-line">
          <span className="grow muted">
            <Left ends={s.ends} starts={s.starts} suffix=" left" />
          </span>
          {mayEnd && (
            <ConfirmButton
              small
              question="Really?"
              aria-label={`End the silence ${s.matchers.join(', ')}`}
              onConfirm={() => void run({ id: s.id }).then(reload)}
            >
              End
            </ConfirmButton>
          )}
        </span>
      </>
    ),
    [mayEnd, run, reload],
  );
  const columns = useMemo<readonly Column<Silence>[]>(
    () => [
      {
        key: 'matchers',
        title: 'Silences',
        width: 'minmax(160px, 3fr)',
        render: (s) => (
          <span className="matcher-list">
            {s.matchers.map((m) => (
              <Badge key={m} tone="accent" title={m}>
                {m}
              </Badge>
            ))}
          </span>
        ),
      },
      {
        key: 'covers',
        title: 'Alerts',
        width: '64px',
        align: 'right',
        render: (s) => alerts.filter((a) => a.silenced_by === s.id).length,
        hide: 'phone',
      },
      {
        key: 'left',
        title: 'Left',
        width: '92px',
        align: 'right',
        render: (s) => <Left ends={s.ends} starts={s.starts} />,
        sort: (s) => toMs(s.ends),
      },
      { key: 'comment', title: 'Why', width: 'minmax(120px, 1.5fr)', render: (s) => s.comment, hide: 'phone' },
      {
        key: 'by',
        title: 'By',
        width: 'minmax(100px, 0.8fr)',
        render: (s) => (
          <span className="muted" title={s.created_by}>
            {shortActor(s.created_by)}
          </span>
        ),
        sort: (s) => s.created_by,
        hide: 'tablet',
      },
      ...(mayEnd
        ? [
            {
              key: 'end',
              title: 'End',
              quiet: true,
              width: '92px',
              align: 'right' as const,
              render: (s: Silence) => (
                <ConfirmButton
                  small
                  question="Really?"
                  aria-label={`End the silence ${s.matchers.join(', ')}`}
                  onConfirm={() => void run({ id: s.id }).then(reload)}
                >
                  End
                </ConfirmButton>
              ),
            },
          ]
        : []),
    ],
    [alerts, mayEnd, run, reload],
  );
  return (
    <View
      title="Alerts"
      fill
      tools={tabs}
      actions={
        can('alert.silence') && (
          <Button icon="plus" onClick={() => setAdding(true)}>
            New silence
          </Button>
        )
      }
    >
      {silences.error && <ErrorNote error={silences.error} retry={reload} />}
      {!data ? (
        !silences.error && <Loading />
      ) : (
        <Table
          label="Silences"
          columns={columns}
          rows={data}
          rowKey={keyOf}
          rowHeight={42}
          card={card}
          cardHeight={92}
          order="as they come"
          empty={
            <Empty icon="mute" title="Nothing is silenced">
              Silences keep known trouble from telling people again and again.
            </Empty>
          }
        />
      )}
      {adding && (
        <SilenceDialog
          matchers={[]}
          onClose={() => {
            setAdding(false);
            reload();
          }}
        />
      )}
    </View>
  );
}
