// What has happened to one alert. SPDX-License-Identifier: MIT
import { useMemo } from 'react';
import { useQuery } from '@/api/hooks';
import type { Alert, AlertEntry } from '@/api/types';
import { toMs } from '@/app/time';
import { Answer } from '@/ui/Empty';
import { StateIcon } from '@/ui/State';
import { Clock } from '@/ui/Time';
import { entryText, EVENT_TONES } from './AlertHistory';

const LIMIT = 1000;
const MOST = 30;
const BEFORE_MS = 60_000;

export function Timeline({ alert: a }: { alert: Alert }) {
  const began = toMs(a.starts_at);
  const history = useQuery<AlertEntry[]>(
    'alert.history',
    // without a time the host tells of the last day
    { limit: LIMIT, ...(began === null ? {} : { since: new Date(began - BEFORE_MS).toISOString() }) },
    { on: [a.status, a.notifications, a.severity] },
  );
  const mine = useMemo(() => history.data?.filter((e) => e.alert === a.id).slice(0, MOST), [history.data, a.id]);
  return (
    <Answer query={{ ...history, data: mine }} lines={3}>
      {(rows) =>
        rows.length === 0 ? (
          <p className="muted">The history no longer reaches back to it.</p>
        ) : (
          <ol className="timeline">
            {rows.map((e, i) => (
              <li key={`${e.time}${e.event}${e.channel ?? ''}${i}`}>
                <Clock time={e.time} />
                <StateIcon tone={EVENT_TONES[e.event] ?? 'muted'} />
                <span>
                  <b>{e.event}</b>{' '}
                  <span className="muted">
                    {entryText({ ...e, entity: undefined, message: e.event === 'firing' ? e.message : undefined })}
                  </span>
                </span>
              </li>
            ))}
          </ol>
        )
      }
    </Answer>
  );
}
