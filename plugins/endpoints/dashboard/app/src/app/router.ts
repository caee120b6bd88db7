// The view and everything chosen in it live in the address: "#/services?q=db&sel=main-db". SPDX-License-Identifier: MIT
import { useCallback, useMemo } from 'react';
import { Slice, useSelect, useSlice } from '@/api/store';

export interface Place {
  /** "/services" */
  path: string;
  params: URLSearchParams;
  /** The whole, as written after the '#'. */
  text: string;
}

export function parsePlace(hash: string): Place {
  const text = hash.replace(/^#/, '') || '/';
  const mark = text.indexOf('?');
  let path = mark < 0 ? text : text.slice(0, mark);
  if (!path.startsWith('/')) path = `/${path}`;
  if (path.length > 1) path = path.replace(/\/+$/, '') || '/';
  return { path, params: new URLSearchParams(mark < 0 ? '' : text.slice(mark + 1)), text };
}

export function formatPlace(
  path: string,
  params: URLSearchParams | Record<string, string | null | undefined> = {},
): string {
  const query = params instanceof URLSearchParams ? params : new URLSearchParams();
  if (!(params instanceof URLSearchParams)) {
    for (const [k, v] of Object.entries(params)) if (v !== null && v !== undefined && v !== '') query.set(k, v);
  }
  const tail = query.toString().replace(/%2F/g, '/').replace(/%3A/g, ':').replace(/%2C/g, ',');
  return tail ? `${path}?${tail}` : path;
}

export const place = new Slice<Place>(parsePlace(typeof location === 'undefined' ? '' : location.hash));

const refresh = (): void => place.set(parsePlace(location.hash));
if (typeof window !== 'undefined') {
  window.addEventListener('hashchange', refresh);
  window.addEventListener('popstate', refresh);
}

export function go(to: string, options: { replace?: boolean } = {}): void {
  const hash = `#${to}`;
  if (hash === location.hash) return;
  if (options.replace) history.replaceState(null, '', hash);
  else history.pushState(null, '', hash);
  refresh();
}

/** For <a href>: works with the middle button and without us. */
export const href = (path: string, params?: Record<string, string | null | undefined>): string =>
  `#${formatPlace(path, params)}`;

/** Sets parameters of the current place; null or the empty text removes one. */
export function setParams(
  changes: Record<string, string | null>,
  options: { replace?: boolean } = { replace: true },
): void {
  const now = place.get();
  const params = new URLSearchParams(now.params);
  for (const [k, v] of Object.entries(changes)) {
    if (v === null || v === '') params.delete(k);
    else params.set(k, v);
  }
  go(formatPlace(now.path, params), options);
}

export const usePlace = (): Place => useSlice(place);
export const usePath = (): string => useSelect(place, (p) => p.path);

/** One parameter of the address as a piece of state. A selection is worth a step of the history (`push`), a filter is not. */
export function useParam(name: string, fallback = '', push = false): [string, (value: string | null) => void] {
  const value = useSelect(place, (p) => p.params.get(name)) ?? fallback;
  const set = useCallback(
    (v: string | null) => setParams({ [name]: v === fallback ? null : v }, { replace: !push }),
    [name, fallback, push],
  );
  return [value, set];
}

/** A parameter that holds several words: "state=critical,warning". */
export function useListParam(name: string): [ReadonlySet<string>, (value: ReadonlySet<string>) => void] {
  const [text, setText] = useParam(name);
  const value = useMemo(() => new Set(text.split(',').filter(Boolean)), [text]);
  const set = useCallback((v: ReadonlySet<string>) => setText([...v].join(',')), [setText]);
  return [value, set];
}
