// The command palette: views, services, agents, alerts and commands by a few letters. SPDX-License-Identifier: MIT
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { alertsSlice, healthSlice } from '@/api/hooks';
import { logout } from '@/api/rest';
import { Icon, type IconName } from '@/ui/Icon';
import { isolate } from '@/ui/text';
import { State } from '@/ui/State';
import type { ViewDef } from '@/views';
import { rankMatch } from './fuzzy';
import { formatPlace, go } from './router';
import { setTheme, toggleTheme } from './theme';

interface Item {
  id: string;
  kind: string;
  title: string;
  more?: string;
  icon: IconName;
  state?: string;
  /** Also found by these. */
  words?: string;
  run: () => void;
}

const MOST = 40;

function collect(views: readonly ViewDef[], onHelp: () => void): Item[] {
  const has = new Set(views.map((v) => v.path));
  const items: Item[] = views.map((v) => ({
    id: `v${v.path}`,
    kind: 'View',
    title: v.title,
    words: v.words,
    icon: v.icon,
    more: `g ${v.key}`,
    run: () => go(v.path),
  }));
  items.push(
    {
      id: 'c1',
      kind: 'Command',
      title: 'Switch between light and dark',
      words: 'theme',
      icon: 'moon',
      run: toggleTheme,
    },
    { id: 'c2', kind: 'Command', title: 'Theme as the system says', icon: 'sun', run: () => setTheme('system') },
    { id: 'c3', kind: 'Command', title: 'Keyboard shortcuts', words: 'help keys', icon: 'help', run: onHelp },
    { id: 'c4', kind: 'Command', title: 'Log out', icon: 'out', run: () => void logout() },
  );
  if (has.has('/alerts')) {
    for (const a of alertsSlice.get().alerts) {
      items.push({
        id: `a${a.id}`,
        kind: 'Alert',
        title: `${isolate(a.rule)} on ${isolate(a.entity)}`,
        more: a.message,
        words: a.id,
        icon: 'alerts',
        state: a.severity,
        run: () => go(formatPlace('/alerts', { sel: a.id })),
      });
    }
  }
  if (has.has('/agents')) {
    for (const a of healthSlice.get().agents) {
      items.push({
        id: `g${a.id}`,
        kind: 'Agent',
        title: a.name,
        more: a.role,
        icon: 'agents',
        state: a.status,
        run: () => go(formatPlace('/agents', { sel: a.id })),
      });
    }
  }
  if (has.has('/services')) {
    for (const c of healthSlice.get().checks) {
      items.push({
        id: `s${c.service}`,
        kind: 'Service',
        title: c.service,
        more: c.output,
        words: c.plugin,
        icon: 'services',
        state: c.state,
        run: () => go(formatPlace('/services', { sel: c.service })),
      });
    }
  }
  return items;
}

function find(items: readonly Item[], query: string): Item[] {
  if (!query.trim()) return items.slice(0, MOST);
  const ranked: { item: Item; rank: number }[] = [];
  for (const item of items) {
    const rank = Math.max(rankMatch(query, item.title), item.words ? rankMatch(query, item.words) - 20 : 0);
    if (rank > 0) ranked.push({ item, rank });
  }
  return ranked
    .sort((a, b) => b.rank - a.rank)
    .slice(0, MOST)
    .map((r) => r.item);
}

export default function Palette({
  views,
  onClose,
  onHelp,
}: {
  views: readonly ViewDef[];
  onClose: () => void;
  onHelp: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const id = useId();
  const [query, setQuery] = useState('');
  const [at, setAt] = useState(0);
  const items = useMemo(() => collect(views, onHelp), [views, onHelp]);
  const found = useMemo(() => find(items, query), [items, query]);

  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const d = dialog.current;
    if (d && !d.open) d.showModal();
    return () => {
      d?.close();
      if (before?.isConnected) before.focus();
    };
  }, []);
  useEffect(() => {
    // newer browsers answer with a promise, which is no way to clean up
    void list.current?.children[at]?.scrollIntoView({ block: 'nearest' });
  }, [at, found]);

  const run = (item: Item | undefined) => {
    if (!item) return;
    onClose();
    // after the focus went back: the view may want it
    setTimeout(item.run, 0);
  };
  const onKeyDown = (e: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    const step = steps[e.key];
    if (step !== undefined) setAt((n) => (found.length ? (n + step + found.length * 8) % found.length : 0));
    else if (e.key === 'Enter') run(found[at]);
    else return;
    e.preventDefault();
  };

  return (
    <dialog
      ref={dialog}
      className="palette"
      aria-label="Search or jump to"
      onCancel={(e) => {
        e.preventDefault();
        onClose();
      }}
      onMouseDown={(e) => e.target === dialog.current && onClose()}
    >
      <div className="palette-input">
        <Icon name="search" />
        <input
          role="combobox"
          aria-expanded="true"
          aria-controls={id}
          aria-activedescendant={found[at] ? `${id}-${at}` : undefined}
          aria-label="Search views, services, agents and alerts"
          aria-autocomplete="list"
          placeholder="Views, services, agents, alerts, commands"
          value={query}
          spellCheck={false}
          autoFocus
          onChange={(e) => {
            setQuery(e.target.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
        <kbd>Esc</kbd>
      </div>
      <ul ref={list} id={id} role="listbox" aria-label="Found">
        {found.map((item, i) => (
          <li
            key={item.id}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === at}
            onMouseMove={() => setAt(i)}
            onClick={() => run(item)}
          >
            <Icon name={item.icon} />
            <span className="palette-title">{item.title}</span>
            <span className="palette-more">{item.state ? <State state={item.state} /> : item.more}</span>
            <span className="palette-kind">{item.kind}</span>
          </li>
        ))}
      </ul>
      {found.length === 0 && (
        <p className="palette-none" role="status">
          Nothing is named like that.
        </p>
      )}
    </dialog>
  );
}
