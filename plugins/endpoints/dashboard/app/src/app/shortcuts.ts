// Keys: "/" searches, Ctrl-K opens the palette, "g" and a letter goes to a view, "?" helps. SPDX-License-Identifier: MIT
import { useEffect, useRef } from 'react';
import type { ViewDef } from '@/views';
import { go } from './router';
import { toggleTheme } from './theme';

const typing = (el: EventTarget | null): boolean =>
  el instanceof HTMLElement &&
  (el.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName)) &&
  !(el instanceof HTMLInputElement && /^(checkbox|radio)$/.test(el.type));

export function useShortcuts(views: readonly ViewDef[], onPalette: () => void, onHelp: () => void): void {
  const latest = useRef({ views, onPalette, onHelp });
  latest.current = { views, onPalette, onHelp };
  useEffect(() => {
    let armed = 0;
    const onKey = (e: KeyboardEvent) => {
      const now = latest.current;
      if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === 'k') {
        e.preventDefault();
        now.onPalette();
        return;
      }
      if (e.ctrlKey || e.metaKey || e.altKey || typing(e.target) || document.querySelector('dialog[open]')) return;
      if (armed && Date.now() - armed < 1500) {
        armed = 0;
        const view = now.views.find((v) => v.key === e.key);
        if (view) {
          e.preventDefault();
          go(view.path);
        }
        return;
      }
      armed = 0;
      if (e.key === 'g') armed = Date.now();
      else if (e.key === '/') {
        const search = document.querySelector<HTMLInputElement>('[data-search]');
        e.preventDefault();
        if (search) search.select();
        else now.onPalette();
      } else if (e.key === '?') now.onHelp();
      else if (e.key === 't') toggleTheme();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}
