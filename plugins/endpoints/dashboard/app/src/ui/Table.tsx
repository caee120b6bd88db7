// Lists of anything from one row to many thousand: only the rows in sight are drawn. SPDX-License-Identifier: MIT
import {
  memo,
  useCallback,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
} from 'react';
import { whenIdle } from '@/app/idle';
import { Icon } from './Icon';
import { formatSort, parseSort, scrollInto, sortRows, toggleSort, type Sort } from './rows';

export type { Sort } from './rows';

export interface Column<T> {
  key: string;
  title: string;
  /** A track of the grid: "120px", "minmax(160px, 2fr)". */
  width: string;
  render: (row: T) => ReactNode;
  /** What it is sorted by; without it the column is not sortable. */
  sort?: (row: T) => string | number | null | undefined;
  align?: 'right';
  /** The track in a window as narrow as a phone's. */
  phone?: string;
  /** Not drawn in narrower windows. */
  hide?: 'phone' | 'tablet';
  /** The heading is only read, not shown. */
  quiet?: boolean;
}

export interface TableProps<T> {
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  selected?: string | null;
  onSelect?: (row: T) => void;
  sort?: Sort | null;
  onSort?: (sort: Sort | null) => void;
  /** Keys of rows that are ticked; with `onTicked` each row has a box. */
  ticked?: ReadonlySet<string>;
  onTicked?: (keys: ReadonlySet<string>) => void;
  empty?: ReactNode;
  rowHeight?: number;
  /** As high as its rows instead of filling what holds it: for short lists. */
  fit?: boolean;
  rowClass?: (row: T) => string;
  /** On a phone a row is this instead of cells beside each other: what one needs to know, in a few lines. */
  card?: (row: T) => ReactNode;
  cardHeight?: number;
  /** What the order is called when it is sorted by no column, or by `orderKey`. */
  order?: string;
  orderKey?: string;
}

/** Drawn before and after what is in sight, once there is time for it. */
const OVERSCAN = 10;
/** Up to so many cards need no order to choose. */
const FEW = 7;

export function Table<T>(props: TableProps<T>) {
  const { columns, rowKey, onSelect, onSort, ticked, onTicked, fit } = props;
  const [ownSort, setOwnSort] = useState<Sort | null>(null);
  const sort = onSort ? (props.sort ?? null) : ownSort;
  const setSort = onSort ?? setOwnSort;
  const rows = useMemo(() => sortRows(props.rows, sort, columns), [props.rows, sort?.key, sort?.down, columns]);
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const [cursor, setCursor] = useState(-1);
  const { shown, phone } = useColumns(columns);
  const card = phone ? props.card : undefined;
  const cards = useMemo<readonly Column<T>[] | null>(
    () => (card ? [{ key: 'card', title: props.label, width: 'minmax(0, 1fr)', render: card }] : null),
    [card, props.label],
  );
  const drawn = cards ?? shown;
  const rowHeight = cards ? (props.cardHeight ?? 62) : (props.rowHeight ?? 36);
  const head = cards ? 40 : 32;
  // at first no more than a window can show: a row drawn and laid out for nothing is time that a person waits
  const [range, setRange] = useState<[number, number]>(() => [0, Math.ceil(window.innerHeight / rowHeight)]);
  const orders = (rows.length > FEW || !!onTicked) && columns.some((c) => c.sort);

  const measure = useCallback(() => {
    const el = box.current;
    if (!el) return;
    const from = Math.max(0, Math.floor(el.scrollTop / rowHeight) - OVERSCAN);
    const to = Math.ceil((el.scrollTop + el.clientHeight) / rowHeight) + OVERSCAN;
    setRange((r) => (r[0] === from && r[1] === to ? r : [from, to]));
  }, [rowHeight]);
  // measured when the first picture has been shown: asked before, the browser would have to lay everything out for the answer
  useEffect(() => {
    if (fit || !box.current) return undefined;
    let first: (() => void) | null = null;
    const watch = new ResizeObserver(() => {
      if (first) measure();
      else first = whenIdle([measure], 200);
    });
    watch.observe(box.current);
    return () => {
      watch.disconnect();
      first?.();
    };
  }, [fit, measure]);

  const selectedAt = useMemo(
    () => (props.selected ? rows.findIndex((r) => rowKey(r) === props.selected) : -1),
    [props.selected, rows, rowKey],
  );
  useEffect(() => {
    if (selectedAt >= 0) {
      setCursor(selectedAt);
      scrollInto(box.current, selectedAt, rowHeight, head);
    }
    // only when another one is chosen, not when it moves
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [props.selected]);

  const move = (to: number) => {
    const at = Math.max(0, Math.min(rows.length - 1, to));
    setCursor(at);
    scrollInto(box.current, at, rowHeight, head);
  };
  const tick = (key: string) => {
    if (!onTicked || !ticked) return;
    const next = new Set(ticked);
    if (!next.delete(key)) next.add(key);
    onTicked(next);
  };
  const onKeyDown = (e: KeyboardEvent) => {
    if (e.target !== box.current) return;
    const page = Math.max(1, Math.floor((box.current.clientHeight - head) / rowHeight) - 1);
    const row = rows[cursor];
    const steps: Record<string, number> = {
      ArrowDown: cursor + 1,
      ArrowUp: cursor - 1,
      j: cursor + 1,
      k: cursor - 1,
      PageDown: cursor + page,
      PageUp: cursor - page,
      Home: 0,
      End: rows.length - 1,
    };
    const to = steps[e.key];
    if (to !== undefined && !e.ctrlKey && !e.metaKey) move(to);
    else if (e.key === 'Enter' && row && onSelect) onSelect(row);
    else if ((e.key === ' ' || e.key === 'x') && row && onTicked) tick(rowKey(row));
    else return;
    e.preventDefault();
  };

  const tracks = (onTicked ? '34px ' : '') + drawn.map((c) => (phone && c.phone) || c.width).join(' ');
  const from = fit ? 0 : Math.min(range[0], Math.max(0, rows.length - 1));
  const to = fit ? rows.length : Math.min(rows.length, range[1]);
  const allTicked = !!ticked && rows.length > 0 && rows.every((r) => ticked.has(rowKey(r)));
  const latest = useRef({ onSelect, tick, setCursor });
  latest.current = { onSelect, tick, setCursor };
  const pick = useCallback((row: T, at: number) => {
    latest.current.setCursor(at);
    latest.current.onSelect?.(row);
  }, []);
  const tickRow = useCallback((key: string) => latest.current.tick(key), []);

  return (
    <div
      ref={box}
      className={`table${fit ? ' fit' : ''}${onSelect ? ' picks' : ''}${cards ? ' cards' : ''}`}
      role="grid"
      aria-label={props.label}
      aria-rowcount={rows.length + 1}
      aria-colcount={drawn.length + (onTicked ? 1 : 0)}
      aria-multiselectable={onTicked ? true : undefined}
      aria-activedescendant={cursor >= from && cursor < to ? `${id}r${cursor}` : undefined}
      tabIndex={0}
      onScroll={fit ? undefined : measure}
      onKeyDown={onKeyDown}
      onFocus={(e) => e.target === box.current && cursor < 0 && rows.length > 0 && setCursor(Math.max(0, selectedAt))}
      style={{ '--tracks': tracks, '--row': `${rowHeight}px` } as React.CSSProperties}
    >
      <div role="rowgroup" className={cards && !onTicked && !orders ? 'thead hidden' : 'thead'}>
        <div role="row" aria-rowindex={1} className="tr">
          {onTicked && (
            <div role="columnheader" className="th tick">
              <input
                type="checkbox"
                aria-label="Select all rows"
                checked={allTicked}
                ref={(el) => {
                  if (el) el.indeterminate = !allTicked && !!ticked?.size;
                }}
                onChange={() => onTicked(allTicked ? new Set() : new Set(rows.map(rowKey)))}
              />
            </div>
          )}
          {cards ? (
            <div role="columnheader" className="th">
              {orders ? (
                <SortSelect
                  columns={columns}
                  sort={sort}
                  order={props.order}
                  orderKey={props.orderKey}
                  onSort={setSort}
                  label={props.label}
                />
              ) : (
                <span className="hidden">{props.label}</span>
              )}
            </div>
          ) : (
            shown.map((c) => <Head key={c.key} column={c} sort={sort} onSort={setSort} />)
          )}
        </div>
      </div>
      {rows.length === 0 ? (
        <div role="rowgroup" className="table-empty">
          <div role="row">
            <div role="gridcell">{props.empty ?? 'Nothing here.'}</div>
          </div>
        </div>
      ) : (
        <div role="rowgroup" className="tbody" style={fit ? undefined : { height: rows.length * rowHeight }}>
          {rows.slice(from, to).map((row, i) => {
            const key = rowKey(row);
            const at = from + i;
            return (
              <Row<T>
                key={key}
                id={`${id}r${at}`}
                row={row}
                rowId={key}
                at={at}
                top={fit ? null : at * rowHeight}
                columns={drawn}
                selected={key === props.selected}
                active={at === cursor}
                ticked={ticked ? ticked.has(key) : null}
                className={props.rowClass?.(row) ?? ''}
                onPick={pick}
                onTick={tickRow}
              />
            );
          })}
        </div>
      )}
    </div>
  );
}

function Head<T>({
  column: c,
  sort,
  onSort,
}: {
  column: Column<T>;
  sort: Sort | null;
  onSort: (s: Sort | null) => void;
}) {
  const on = sort?.key === c.key;
  const order = on ? (sort.down ? 'descending' : 'ascending') : 'none';
  return (
    <div
      role="columnheader"
      aria-sort={c.sort ? order : undefined}
      className={`th${c.align ? ' right' : ''}${on ? ' on' : ''}`}
    >
      {c.sort ? (
        <button type="button" onClick={() => onSort(toggleSort(sort, c.key))}>
          <span className={c.quiet ? 'hidden' : ''}>{c.title}</span>
          {on && <Icon name={sort.down ? 'down' : 'up'} size={12} />}
        </button>
      ) : (
        <span className={c.quiet ? 'hidden' : ''}>{c.title}</span>
      )}
    </div>
  );
}

/** Cards have no headings to press: the order is chosen from a list. */
function SortSelect<T>({
  columns,
  sort,
  order = 'as they come',
  orderKey = '',
  onSort,
  label,
}: {
  columns: readonly Column<T>[];
  sort: Sort | null;
  order?: string;
  orderKey?: string;
  onSort: (s: Sort | null) => void;
  label: string;
}) {
  const sortable = columns.filter((c) => c.sort && c.title);
  return (
    <select
      className="sort-select"
      aria-label={`Order of ${label}`}
      value={formatSort(sort) ?? orderKey}
      onChange={(e) => onSort(parseSort(e.target.value))}
    >
      <option value={orderKey}>Order: {order}</option>
      {sortable.flatMap((c) => [
        c.key !== orderKey && (
          <option key={c.key} value={c.key}>
            {c.title} ↑
          </option>
        ),
        <option key={`-${c.key}`} value={`-${c.key}`}>
          {c.title} ↓
        </option>,
      ])}
    </select>
  );
}

interface RowProps<T> {
  id: string;
  row: T;
  rowId: string;
  at: number;
  top: number | null;
  columns: readonly Column<T>[];
  selected: boolean;
  active: boolean;
  ticked: boolean | null;
  className: string;
  onPick: (row: T, at: number) => void;
  onTick: (key: string) => void;
}

const Row = memo(function Row<T>({
  id,
  row,
  rowId,
  at,
  top,
  columns,
  selected,
  active,
  ticked,
  className,
  onPick,
  onTick,
}: RowProps<T>) {
  return (
    <div
      id={id}
      role="row"
      aria-rowindex={at + 2}
      aria-selected={ticked ?? selected}
      data-key={rowId}
      className={`tr${selected ? ' selected' : ''}${active ? ' active' : ''}${className ? ` ${className}` : ''}`}
      style={top === null ? undefined : { transform: `translateY(${top}px)` }}
      onClick={(e) => {
        if ((e.target as HTMLElement).closest('a,button,input,label')) return;
        onPick(row, at);
      }}
    >
      {ticked !== null && (
        <div role="gridcell" className="td tick">
          <input type="checkbox" aria-label={`Select ${rowId}`} checked={ticked} onChange={() => onTick(rowId)} />
        </div>
      )}
      {columns.map((c) => (
        <div key={c.key} role="gridcell" className={`td${c.align ? ' right num' : ''}`}>
          {c.render(row)}
        </div>
      ))}
    </div>
  );
}) as <T>(props: RowProps<T>) => JSX.Element;

/** The columns that this width of window has room for. */
function useColumns<T>(columns: readonly Column<T>[]): { shown: readonly Column<T>[]; phone: boolean } {
  const phone = useMedia('(max-width: 640px)');
  const tablet = useMedia('(max-width: 1080px)');
  const shown = useMemo(
    () => columns.filter((c) => !(c.hide === 'phone' && phone) && !(c.hide === 'tablet' && tablet)),
    [columns, phone, tablet],
  );
  return { shown, phone };
}

export function useMedia(query: string): boolean {
  const list = useMemo(() => window.matchMedia(query), [query]);
  const [on, setOn] = useState(list.matches);
  useEffect(() => {
    const change = () => setOn(list.matches);
    change();
    list.addEventListener('change', change);
    return () => list.removeEventListener('change', change);
  }, [list]);
  return on;
}
