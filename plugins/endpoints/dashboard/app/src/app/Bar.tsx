// The bar above each view: what is going on, whether it is live, search, theme, person. SPDX-License-Identifier: MIT
import { memo, useEffect, useRef, useState } from 'react';
import { live, useLink, useSession, useSummary } from '@/api/hooks';
import { logout } from '@/api/rest';
import { Button } from '@/ui/Button';
import { Icon } from '@/ui/Icon';
import { StateIcon, type Tone } from '@/ui/State';
import { shortActor } from './actor';
import { href, usePath } from './router';
import { isDark, toggleTheme, useThemeTurn } from './theme';

export const Bar = memo(function Bar({
  title,
  onPalette,
  onHelp,
  onMenu,
  menu,
}: {
  title: string;
  onPalette: () => void;
  onHelp: () => void;
  onMenu: () => void;
  menu: boolean;
}) {
  return (
    <header className="bar">
      <Button
        kind="ghost"
        icon="menu"
        className="menu-button"
        aria-label="Menu"
        aria-expanded={menu}
        onClick={onMenu}
      />
      <span className="bar-title" aria-hidden="true">
        {title}
      </span>
      <Overall />
      <span className="grow" />
      <button type="button" className="palette-button" onClick={onPalette} aria-keyshortcuts="Control+K">
        <Icon name="search" size={14} />
        <span>Search or jump to</span>
        <kbd>Ctrl K</kbd>
      </button>
      <LinkState />
      <ThemeButton />
      <Button
        kind="ghost"
        icon="help"
        aria-label="Keyboard shortcuts"
        title="Keyboard shortcuts (?)"
        className="help-button"
        onClick={onHelp}
      />
      <Person />
    </header>
  );
});

const WORDS: Record<string, [Tone, string]> = {
  healthy: ['ok', 'All is well'],
  degraded: ['warning', 'Degraded'],
  warning: ['warning', 'Warning'],
  critical: ['critical', 'Critical'],
};

function Overall() {
  const summary = useSummary();
  const path = usePath();
  if (!summary || path === '/') return null; // the overview says it larger
  const [tone, word] = WORDS[summary.overallStatus] ?? ['unknown', summary.overallStatus];
  const { criticalAlerts: c, warningAlerts: w } = summary;
  return (
    <a className={`overall tone-${tone}`} href={href('/alerts')}>
      <StateIcon tone={tone} />
      <span>{word}</span>
      {(c > 0 || w > 0) && (
        <span className="overall-counts num">
          {c > 0 && `${c} critical`}
          {c > 0 && w > 0 && ' · '}
          {w > 0 && `${w} warning`}
          <span className="hidden"> alerts</span>
        </span>
      )}
    </a>
  );
}

const LINK: Record<string, [Tone, string, string]> = {
  live: ['ok', 'Live', 'Changes are shown as they happen'],
  connecting: ['pending', 'Connecting', 'The live connection is being made'],
  polling: ['warning', 'Polling', 'The live connection is lost; figures are asked for every ten seconds'],
  lost: ['critical', 'Disconnected', 'What you see may be old'],
};

function LinkState() {
  const link = useLink();
  const [tone, word, title] = LINK[link.state] ?? ['unknown', link.state, ''];
  return (
    <span className={`link tone-${tone}`} role="status" title={title}>
      <StateIcon tone={tone} />
      <span className="link-text">{word}</span>
      {link.state === 'lost' && (
        <Button small kind="ghost" icon="refresh" aria-label="Connect now" onClick={live.hurry} />
      )}
    </span>
  );
}

function ThemeButton() {
  useThemeTurn();
  const dark = isDark();
  return (
    <Button
      kind="ghost"
      icon={dark ? 'sun' : 'moon'}
      aria-label={dark ? 'Light theme' : 'Dark theme'}
      title={dark ? 'Light theme' : 'Dark theme'}
      onClick={toggleTheme}
    />
  );
}

function Person() {
  const session = useSession();
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return undefined;
    const close = (e: Event) => {
      if (e instanceof KeyboardEvent ? e.key === 'Escape' : !box.current?.contains(e.target as Node)) setOpen(false);
    };
    window.addEventListener('mousedown', close);
    window.addEventListener('keydown', close);
    return () => {
      window.removeEventListener('mousedown', close);
      window.removeEventListener('keydown', close);
    };
  }, [open]);
  if (!session) return null;
  const name = session.by ?? shortActor(session.actor);
  return (
    <div className="person" ref={box}>
      <Button
        kind="ghost"
        icon="user"
        aria-label={`You: ${name}, ${session.role}`}
        title={`${name} (${session.role})`}
        aria-expanded={open}
        aria-haspopup="true"
        onClick={() => setOpen(!open)}
      />
      {open && (
        <div className="popover" role="group" aria-label="You">
          <p className="popover-name">{name}</p>
          <p className="muted">
            {session.role}
            {session.anonymous ? ', not logged in' : ''}
          </p>
          {session.anonymous ? (
            <a className="button" href="login">
              Log in
            </a>
          ) : (
            <Button icon="out" onClick={() => void logout()}>
              Log out
            </Button>
          )}
        </div>
      )}
    </div>
  );
}
