// An alert in one line, for other views. SPDX-License-Identifier: MIT
import { memo } from 'react';
import type { Alert } from '@/api/types';
import { href } from '@/app/router';
import { State } from '@/ui/State';
import { Ago } from '@/ui/Time';
import './alerts.css';

export const AlertLine = memo(function AlertLine({ alert: a }: { alert: Alert }) {
  return (
    <li>
      <a className="alert-line" href={href('/alerts', { sel: a.id })}>
        <State state={a.severity} />
        <span className="alert-line-text">
          <b>{a.rule}</b> {a.message}
        </span>
        <span className="muted">
          {a.status === 'firing' ? '' : `${a.status}, `}
          <Ago time={a.starts_at} />
        </span>
      </a>
    </li>
  );
});
