// Who changed what: the trail of operations that change something. SPDX-License-Identifier: MIT
import { useMemo } from 'react';
import { useQuery, useTopic } from '@/api/hooks';
import { useActorNames } from '@/app/actor';
import { useParam } from '@/app/router';
import { Aside } from '@/ui/Aside';
import { Answer, Empty } from '@/ui/Empty';
import { Search, Segmented } from '@/ui/Field';
import { Facts, View } from '@/ui/Layout';
import { finder } from '@/ui/rows';
import { State } from '@/ui/State';
import { Table, type Column } from '@/ui/Table';
import { Ago, Clock } from '@/ui/Time';
import { dataText } from '../logs/LogLines';

interface Entry {
  id: number;
  time: string;
  topic: string;
  data: { actor: string; op: string; role: number | string; code: string; params?: Record<string, unknown> };
}

const SPANS = [
  { value: '24h', label: 'Day' },
  { value: '7d', label: 'Week' },
  { value: '30d', label: 'Month' },
] as const;
const ROLES = ['viewer', 'operator', 'admin'];
const roleName = (r: number | string): string => (typeof r === 'number' ? (ROLES[r] ?? String(r)) : r);

const columnsOf = (nameOf: (actor: string) => string): readonly Column<Entry>[] => [
  { key: 'time', title: 'Time', width: '130px', render: (e) => <Clock time={e.time} />, sort: (e) => e.id },
  {
    key: 'actor',
    title: 'Who',
    width: 'minmax(120px, 1fr)',
    render: (e) => <span title={e.data.actor}>{nameOf(e.data.actor)}</span>,
    sort: (e) => nameOf(e.data.actor),
  },
  {
    key: 'op',
    title: 'What',
    width: 'minmax(140px, 1fr)',
    render: (e) => <code>{e.data.op}</code>,
    sort: (e) => e.data.op,
  },
  {
    key: 'code',
    title: 'Outcome',
    width: '120px',
    render: (e) => <State state={e.data.code} tone={e.data.code === 'ok' ? 'ok' : 'critical'} />,
    sort: (e) => e.data.code,
    hide: 'phone',
  },
  {
    key: 'params',
    title: 'With',
    width: 'minmax(200px, 3fr)',
    render: (e) => <span title={dataText(e.data.params)}>{dataText(e.data.params)}</span>,
    hide: 'tablet',
  },
];

export default function Audit() {
  const [since, setSince] = useParam('since', '24h');
  const [query, setQuery] = useParam('q');
  const [selected, select] = useParam('sel', '', true);
  const list = useQuery<Entry[]>('events.list', { topic: 'audit', since, limit: 1000 });
  useTopic('events:audit', list.reload);
  const nameOf = useActorNames();
  const columns = useMemo(() => columnsOf(nameOf), [nameOf]);
  const shown = useMemo(() => {
    const match = finder(query);
    return (list.data ?? []).filter((e) =>
      match(`${nameOf(e.data.actor)} ${e.data.actor} ${e.data.op} ${e.data.code} ${dataText(e.data.params)}`),
    );
  }, [list.data, query, nameOf]);
  const entry = list.data?.find((e) => String(e.id) === selected);
  return (
    <View
      title="Audit"
      fill
      tools={
        <>
          <Search label="Find entries" value={query} onChange={setQuery} />
          <Segmented label="Time" value={since} options={SPANS} onChange={setSince} />
        </>
      }
      aside={entry && <EntryAside entry={entry} who={nameOf(entry.data.actor)} onClose={() => select(null)} />}
    >
      <Answer query={list} lines={8}>
        {() => (
          <Table
            label="Audit trail"
            columns={columns}
            rows={shown}
            rowKey={(e) => String(e.id)}
            selected={selected}
            onSelect={(e) => select(String(e.id))}
            card={(e) => (
              <>
                <span className="card-line">
                  <code className="grow">{e.data.op}</code>
                  <State state={e.data.code} tone={e.data.code === 'ok' ? 'ok' : 'critical'} />
                </span>
                <span className="card-line">
                  <span className="grow muted">{nameOf(e.data.actor)}</span>
                  <Clock time={e.time} />
                </span>
              </>
            )}
            cardHeight={56}
            order="latest first"
            empty={<Empty title="Nobody has changed anything in this time" />}
          />
        )}
      </Answer>
    </View>
  );
}

function EntryAside({ entry: e, who, onClose }: { entry: Entry; who: string; onClose: () => void }) {
  return (
    <Aside
      title={e.data.op}
      subtitle={<State state={e.data.code} tone={e.data.code === 'ok' ? 'ok' : 'critical'} />}
      onClose={onClose}
    >
      <Facts
        items={[
          ['Who', <span title={e.data.actor}>{who}</span>],
          ['As', roleName(e.data.role)],
          [
            'When',
            <>
              <Clock time={e.time} /> (<Ago time={e.time} suffix=" ago" />)
            </>,
          ],
          ['Entry', e.id],
        ]}
      />
      <h3>Parameters</h3>
      <pre className="code">{JSON.stringify(e.data.params ?? {}, null, 2)}</pre>
    </Aside>
  );
}
