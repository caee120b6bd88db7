// What agents say to each other, as the bridge carries it. SPDX-License-Identifier: MIT
import { useMemo, useState } from 'react';
import { keysOf, useFeed } from '@/api/feed';
import { useQuery } from '@/api/hooks';
import type { Message } from '@/api/types';
import { useParam } from '@/app/router';
import { Aside } from '@/ui/Aside';
import { Button } from '@/ui/Button';
import { Answer, Empty } from '@/ui/Empty';
import { Search } from '@/ui/Field';
import { Facts, View } from '@/ui/Layout';
import { finder } from '@/ui/rows';
import { Badge } from '@/ui/State';
import { Table, type Column } from '@/ui/Table';
import { isolate } from '@/ui/text';
import { Ago, Clock } from '@/ui/Time';

const KEPT = 2000;

export const contentText = (content: unknown): string =>
  typeof content === 'string' ? content : content === undefined || content === null ? '' : JSON.stringify(content);

const COLUMNS: readonly Column<Message>[] = [
  { key: 'time', title: 'Time', width: '120px', render: (m) => <Clock time={m.time} />, sort: (m) => m.time },
  {
    key: 'from',
    title: 'From',
    width: 'minmax(80px, 1fr)',
    render: (m) => <span title={m.from}>{m.from || '–'}</span>,
    sort: (m) => m.from,
  },
  {
    key: 'to',
    title: 'To',
    width: 'minmax(80px, 1fr)',
    render: (m) => <span title={m.to}>{m.to || 'all'}</span>,
    sort: (m) => m.to,
    hide: 'phone',
  },
  {
    key: 'type',
    title: 'Kind',
    width: '120px',
    render: (m) => <Badge>{m.type}</Badge>,
    sort: (m) => m.type,
    hide: 'phone',
  },
  {
    key: 'channel',
    title: 'Channel',
    width: '160px',
    render: (m) => <span title={m.channel}>{m.channel}</span>,
    sort: (m) => m.channel,
    hide: 'tablet',
  },
  {
    key: 'content',
    title: 'Message',
    width: 'minmax(110px, 4fr)',
    render: (m) => <span title={contentText(m.content)}>{contentText(m.content)}</span>,
  },
];

/** On a phone. */
function card(m: Message) {
  return (
    <>
      <span className="card-line">
        <span className="grow">
          <b className="main-cell">{m.from || 'somebody'}</b> <span className="muted">to</span>{' '}
          <b className="main-cell">{m.to || 'all'}</b>
        </span>
        <Ago time={m.time} />
      </span>
      <span className="card-text">{contentText(m.content)}</span>
    </>
  );
}

const nameOf = (m: Message): string => m.id;
/** Agents name their messages themselves: two may have the same name. */
const idOf = (m: Message): string => `${m.id} ${m.time} ${m.from} ${m.channel}`;

function messagesOf(data: unknown): readonly Message[] {
  const d = data as Message[] | { messages?: Message[] } | undefined;
  return [...(Array.isArray(d) ? d : (d?.messages ?? []))].reverse();
}

export default function Messages() {
  const past = useQuery<Message[] | { messages: Message[] }>('message.list', { limit: 500 });
  const [query, setQuery] = useParam('q');
  const [selected, select] = useParam('sel', '', true);
  const [held, setHeld] = useState<readonly Message[] | null>(null);
  const all = useFeed('messages', past, messagesOf, idOf, KEPT);
  const rows = held ?? all;
  const keys = useMemo(() => keysOf(rows, nameOf), [rows]);
  const shown = useMemo(() => {
    const match = finder(query);
    return rows.filter((m) => match(`${m.from} ${m.to} ${m.type} ${m.channel} ${contentText(m.content)}`));
  }, [rows, query]);
  const one = rows.find((m) => keys.get(m) === selected);
  return (
    <View
      title="Agent messages"
      fill
      tools={
        <>
          <Search label="Find messages" value={query} onChange={setQuery} />
          <Button icon={held ? 'play' : 'stop'} aria-pressed={!!held} onClick={() => setHeld(held ? null : all)}>
            {held ? 'Go on' : 'Hold'}
          </Button>
        </>
      }
      aside={one && <MessageAside message={one} onClose={() => select(null)} />}
    >
      <Answer query={past} lines={8}>
        {() => (
          <Table
            label="Messages, the latest first"
            columns={COLUMNS}
            rows={shown}
            rowKey={(m) => keys.get(m) ?? m.id}
            card={card}
            cardHeight={70}
            order="latest first"
            selected={selected}
            onSelect={(m) => select(keys.get(m) ?? m.id)}
            empty={
              <Empty icon="messages" title="No message yet">
                The bridge shows what agents publish while this host listens.
              </Empty>
            }
          />
        )}
      </Answer>
    </View>
  );
}

function MessageAside({ message: m, onClose }: { message: Message; onClose: () => void }) {
  return (
    <Aside
      title={`${isolate(m.from) || 'Somebody'} to ${isolate(m.to) || 'all'}`}
      subtitle={<Badge>{m.type}</Badge>}
      onClose={onClose}
    >
      <Facts
        items={[
          ['Channel', m.channel],
          ['Time', <Clock time={m.time} />],
          ['Id', <code>{m.id}</code>],
        ]}
      />
      <pre className="code">{typeof m.content === 'string' ? m.content : JSON.stringify(m.content, null, 2)}</pre>
    </Aside>
  );
}
