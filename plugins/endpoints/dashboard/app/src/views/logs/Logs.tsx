// The daemon's log as it is written, and the lines before. SPDX-License-Identifier: MIT
import { useCallback, useMemo, useRef, useState } from 'react';
import { keysOf, useFeed } from '@/api/feed';
import { useQuery } from '@/api/hooks';
import type { LogLine } from '@/api/types';
import { useParam } from '@/app/router';
import { Button } from '@/ui/Button';
import { Answer, Empty } from '@/ui/Empty';
import { Search, Segmented } from '@/ui/Field';
import { Facts, View } from '@/ui/Layout';
import { Aside } from '@/ui/Aside';
import { finder } from '@/ui/rows';
import { State } from '@/ui/State';
import { Table, type Column } from '@/ui/Table';
import { Clock } from '@/ui/Time';
import { dataText, levelTone } from './LogLines';

interface Row extends LogLine {
  /** Lines have no names: what is said, and when. */
  id: string;
  text: string;
}

const KEPT = 5000;
const MOST_ASKED = 500;
const LEVELS = [
  { value: 'error', label: 'Errors' },
  { value: 'warn', label: 'Warnings' },
  { value: 'info', label: 'All' },
  { value: 'debug', label: 'Debug' },
] as const;
type Level = (typeof LEVELS)[number]['value'];
const GRAVITY: Record<string, number> = { error: 0, warn: 1, warning: 1, info: 2, debug: 3 };

const COLUMNS: readonly Column<Row>[] = [
  { key: 'time', title: 'Time', width: '120px', render: (l) => <Clock time={l.time} /> },
  { key: 'level', title: 'Level', width: '90px', render: (l) => <State state={l.level} tone={levelTone(l.level)} /> },
  {
    key: 'message',
    title: 'Message',
    width: 'minmax(240px, 1fr)',
    render: (l) => <span title={l.text}>{l.text}</span>,
  },
];

/** On a phone: as much of the line as three lines hold; the whole opens. */
function card(l: Row) {
  return (
    <>
      <span className="card-line">
        <State state={l.level} tone={levelTone(l.level)} />
        <span className="grow" />
        <Clock time={l.time} />
      </span>
      <span className="card-text log-card">{l.text}</span>
    </>
  );
}
const NARROW = COLUMNS.filter((c) => c.key !== 'level');

const idOf = (l: Row): string => l.id;

function linesOf(data: unknown): readonly Row[] {
  const d = data as LogLine[] | { lines?: LogLine[] } | undefined;
  const lines = Array.isArray(d) ? d : (d?.lines ?? []);
  return lines.map(toRow).reverse();
}

function toRow(l: LogLine): Row {
  const data = dataText(l.data);
  const text = data ? `${l.message} ${data}` : l.message;
  return { ...l, text, id: `${l.time} ${l.level} ${text}` };
}

/** The live connection tells lines of all levels. */
function useLines(level: Level) {
  const past = useQuery<LogLine[]>('logs', { level, lines: MOST_ASKED });
  const rowsOf = useCallback(
    (data: unknown) => linesOf(data).filter((l) => (GRAVITY[l.level] ?? 2) <= (GRAVITY[level] ?? 2)),
    [level],
  );
  return { past, rows: useFeed('logs', past, rowsOf, idOf, KEPT) };
}

function save(rows: readonly Row[]): void {
  const text = [...rows]
    .reverse()
    .map((l) => `${l.time} ${l.level.padEnd(5)} ${l.text}`)
    .join('\n');
  const url = URL.createObjectURL(new Blob([`${text}\n`], { type: 'text/plain' }));
  const a = document.createElement('a');
  a.href = url;
  a.download = 'openclawd.log';
  a.click();
  URL.revokeObjectURL(url);
}

export default function Logs() {
  const [level, setLevel] = useParam('level', 'info');
  const [query, setQuery] = useParam('q');
  const [paused, setPaused] = useState(false);
  const [chosen, choose] = useState<{ key: string; line: Row } | null>(null);
  const { past, rows } = useLines(level as Level);
  const held = useRef(rows);
  if (!paused) held.current = rows;
  const all = held.current;
  const keys = useMemo(() => keysOf(all, idOf), [all]);
  const shown = useMemo(() => {
    const match = finder(query);
    return all.filter((l) => match(l.text));
  }, [all, query]);
  return (
    <View
      title="Logs"
      fill
      tools={
        <>
          <Search label="Find lines" value={query} onChange={setQuery} />
          <Segmented label="Level" value={level as Level} options={LEVELS} onChange={setLevel} />
        </>
      }
      actions={
        <>
          <Button icon={paused ? 'play' : 'stop'} aria-pressed={paused} onClick={() => setPaused(!paused)}>
            {paused ? 'Go on' : 'Hold'}
          </Button>
          <Button icon="download" onClick={() => save(shown)}>
            Save
          </Button>
        </>
      }
      aside={chosen && <LineAside line={chosen.line} onClose={() => choose(null)} />}
    >
      <Answer query={past} lines={10}>
        {() => (
          <Table
            label="Log lines, the latest first"
            columns={chosen ? NARROW : COLUMNS}
            rows={shown}
            rowKey={(l) => keys.get(l) ?? l.id}
            rowHeight={28}
            selected={chosen?.key ?? null}
            onSelect={(line) => choose({ key: keys.get(line) ?? line.id, line })}
            card={card}
            cardHeight={80}
            order="latest first"
            empty={<Empty title={query ? 'No line has these words' : 'Nothing was logged'} />}
          />
        )}
      </Answer>
    </View>
  );
}

/** The whole of one line: what was said, and each value by its name. */
function LineAside({ line: l, onClose }: { line: Row; onClose: () => void }) {
  const data = l.data && typeof l.data === 'object' ? Object.entries(l.data) : [];
  return (
    <Aside
      title={l.message}
      subtitle={
        <>
          <State state={l.level} tone={levelTone(l.level)} />
          <Clock time={l.time} />
        </>
      }
      onClose={onClose}
    >
      {data.length > 0 ? (
        <Facts
          items={data.map(
            ([k, v]) => [k, <code key={k}>{typeof v === 'string' ? v : JSON.stringify(v)}</code>] as const,
          )}
        />
      ) : (
        <p className="muted">It says no more than this.</p>
      )}
    </Aside>
  );
}
