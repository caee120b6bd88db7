// Light, dark, or as the system says. SPDX-License-Identifier: MIT
import { Slice, useSlice } from '@/api/store';

export type Theme = 'system' | 'light' | 'dark';
const KEY = 'openclaw.theme';

function stored(): Theme {
  try {
    const t = localStorage.getItem(KEY);
    return t === 'light' || t === 'dark' ? t : 'system';
  } catch {
    return 'system';
  }
}

const theme = new Slice<Theme>(stored());
/** Counts changes of what is painted: charts take their colours anew. */
export const themeTurn = new Slice(0);

const media = window.matchMedia('(prefers-color-scheme: dark)');
media.addEventListener('change', () => themeTurn.set(themeTurn.get() + 1));

export const isDark = (): boolean => (theme.get() === 'system' ? media.matches : theme.get() === 'dark');

export function setTheme(t: Theme): void {
  try {
    if (t === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, t);
  } catch {
    // it then lasts as long as the page
  }
  if (t === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = t;
  theme.set(t);
  themeTurn.set(themeTurn.get() + 1);
}

export function toggleTheme(): void {
  setTheme(isDark() ? 'light' : 'dark');
}

export const useTheme = (): Theme => useSlice(theme);
export const useThemeTurn = (): number => useSlice(themeTurn);
