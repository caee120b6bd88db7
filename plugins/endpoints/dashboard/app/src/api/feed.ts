// Lists that only grow: what came before by asking, what comes by the live connection; the latest first. SPDX-License-Identifier: MIT
import { useMemo, useRef, useState } from 'react';
import { live, useTopic, type Query } from './hooks';

const NONE: readonly never[] = [];

/** The live rows, then those of the answer that are not among them; `idOf` may be the same for rows that stand there twice. */
export function joinFeed<T>(fresh: readonly T[], past: readonly T[], idOf: (row: T) => string): readonly T[] {
  if (fresh.length === 0) return past;
  const told = new Map<string, number>();
  for (const row of fresh) told.set(idOf(row), (told.get(idOf(row)) ?? 0) + 1);
  const older = past.filter((row) => {
    const left = told.get(idOf(row)) ?? 0;
    if (left > 0) told.set(idOf(row), left - 1);
    return left === 0;
  });
  return [...fresh, ...older];
}

/** Names for rows: one that another row has, too, is numbered, from the oldest on, so that it stays when newer ones come. */
export function keysOf<T>(rows: readonly T[], nameOf: (row: T) => string): ReadonlyMap<T, string> {
  const seen = new Map<string, number>();
  const keys = new Map<T, string>();
  for (const row of [...rows].reverse()) {
    const name = nameOf(row);
    const n = (seen.get(name) ?? 0) + 1;
    seen.set(name, n);
    keys.set(row, n === 1 ? name : `${name}#${n}`);
  }
  return keys;
}

/**
 * `rowsOf` reads rows, the latest first, from what the topic tells and what `past` answers; when it is another function it
 * begins anew. A snapshot is the beginning, or says that something was missed: then it is the latest that there is, and what
 * was before is asked again.
 */
export function useFeed<T>(
  topic: string,
  past: Query<unknown>,
  rowsOf: (data: unknown) => readonly T[],
  idOf: (row: T) => string,
  most: number,
): readonly T[] {
  const [told, setTold] = useState<{ by: typeof rowsOf; rows: readonly T[] }>({ by: rowsOf, rows: [] });
  // then what is asked reaches as far as the first snapshot
  const together = useRef(live.link.get().state === 'live');
  useTopic(topic, (m) => {
    if (m.kind === 'snapshot') {
      setTold({ by: rowsOf, rows: rowsOf(m.data) });
      if (together.current) together.current = false;
      else if (!past.busy) past.reload();
    } else if (m.kind === 'delta') {
      const rows = rowsOf(m.data);
      if (rows.length)
        setTold((l) => ({ by: rowsOf, rows: [...rows, ...(l.by === rowsOf ? l.rows : [])].slice(0, most) }));
    }
  });
  const fresh = told.by === rowsOf ? told.rows : NONE;
  const older = useMemo(() => rowsOf(past.data), [past.data, rowsOf]);
  return useMemo(() => joinFeed(fresh, older, idOf), [fresh, older, idOf]);
}
