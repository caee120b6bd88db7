// Sorting and finding in lists of rows. SPDX-License-Identifier: MIT

export interface Sort {
  key: string;
  down: boolean;
}

type Value = string | number | null | undefined;

const natural = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** What has no value comes last, whatever the direction. */
export function compareValues(a: Value, b: Value, down: boolean): number {
  const none = (v: Value) => v === null || v === undefined || v === '';
  if (none(a) || none(b)) return none(a) === none(b) ? 0 : none(a) ? 1 : -1;
  const order = typeof a === 'number' && typeof b === 'number' ? a - b : natural.compare(String(a), String(b));
  return down ? -order : order;
}

/** A stable copy in this order; the list itself when there is none. */
export function sortRows<T>(
  rows: readonly T[],
  sort: Sort | null,
  columns: readonly { key: string; sort?: (row: T) => Value }[],
): readonly T[] {
  const by = sort && columns.find((c) => c.key === sort.key)?.sort;
  if (!sort || !by) return rows;
  return rows
    .map((row) => [by(row), row] as const)
    .sort((a, b) => compareValues(a[0], b[0], sort.down))
    .map((pair) => pair[1]);
}

/** Upwards, downwards, not at all. */
export function toggleSort(sort: Sort | null, key: string): Sort | null {
  if (sort?.key !== key) return { key, down: false };
  return sort.down ? null : { key, down: true };
}

/** In the address: "name" or "-name". */
export const parseSort = (text: string): Sort | null =>
  text ? { key: text.replace(/^-/, ''), down: text.startsWith('-') } : null;
export const formatSort = (sort: Sort | null): string | null => (sort ? `${sort.down ? '-' : ''}${sort.key}` : null);

/** True when every word of the query is somewhere in the text, capitals or not. */
export function finder(query: string): (text: string) => boolean {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return () => true;
  return (text) => {
    const t = text.toLowerCase();
    return words.every((w) => t.includes(w));
  };
}

export function countBy<T>(rows: readonly T[], key: (row: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(key(row), (counts.get(key(row)) ?? 0) + 1);
  return counts;
}

export function scrollInto(box: HTMLElement | null, at: number, rowHeight: number, head: number): void {
  if (!box) return;
  const top = at * rowHeight;
  const room = box.clientHeight - head;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + rowHeight > box.scrollTop + room) box.scrollTop = top + rowHeight - room;
}
