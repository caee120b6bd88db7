// The navigation: groups of views, with the counts that matter. SPDX-License-Identifier: MIT
import { memo } from 'react';
import { alertsSlice } from '@/api/hooks';
import { useSelect } from '@/api/store';
import { Icon } from '@/ui/Icon';
import { StateIcon } from '@/ui/State';
import type { ViewDef } from '@/views';
import { href } from './router';

/** If it fails now, the view says so when it is opened. */
const ahead = (v: ViewDef): void => void v.load().catch(() => undefined);

const GROUPS = ['Watch', 'Work', 'Host'] as const;

export const Nav = memo(function Nav({
  views,
  path,
  onClose,
}: {
  views: readonly ViewDef[];
  path: string;
  onClose: () => void;
}) {
  return (
    <nav className="nav" aria-label="Views">
      <a className="brand" href={href('/')} onClick={onClose}>
        <Claw />
        <span>openclaw</span>
      </a>
      {GROUPS.map((group) => {
        const mine = views.filter((v) => v.group === group);
        return mine.length === 0 ? null : (
          <div key={group} className="nav-group">
            <p className="nav-title" id={`nav-${group}`}>
              {group}
            </p>
            <ul aria-labelledby={`nav-${group}`}>
              {mine.map((v) => (
                <li key={v.path}>
                  <a
                    href={href(v.path)}
                    aria-current={v.path === path ? 'page' : undefined}
                    onClick={onClose}
                    onMouseEnter={() => ahead(v)}
                    onFocus={() => ahead(v)}
                    title={`${v.title} (g ${v.key})`}
                  >
                    <Icon name={v.icon} />
                    <span className="nav-label">{v.title}</span>
                    {v.path === '/alerts' && <AlertCount />}
                  </a>
                </li>
              ))}
            </ul>
          </div>
        );
      })}
    </nav>
  );
});

function AlertCount() {
  const critical = useSelect(
    alertsSlice,
    (s) => s.alerts.filter((a) => a.status === 'firing' && a.severity === 'critical').length,
  );
  const warning = useSelect(
    alertsSlice,
    (s) => s.alerts.filter((a) => a.status === 'firing' && a.severity === 'warning').length,
  );
  if (!critical && !warning) return null;
  const tone = critical ? 'critical' : 'warning';
  return (
    <span className={`nav-count tone-${tone} num`}>
      <StateIcon tone={tone} />
      {critical || warning}
      <span className="hidden"> {tone} alerts are firing</span>
    </span>
  );
}

function Claw() {
  return (
    <svg className="claw" width="20" height="20" viewBox="0 0 32 32" aria-hidden="true">
      <path
        d="M9 26C5 18 6 9 12 5c-1 6 0 11 2 14M16 27c-1-8 0-15 5-20 0 6 0 10 1 13M23 26c0-6 1-11 5-15 0 5 0 10-3 13"
        fill="none"
        stroke="currentColor"
        strokeWidth="3"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
