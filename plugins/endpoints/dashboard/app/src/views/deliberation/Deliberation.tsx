// Proposals and votes: what waits for a decision, who said what, how it was decided and what came of it. SPDX-License-Identifier: MIT
import './deliberation.css';
import { useMemo } from 'react';
import { useQuery, useTopic } from '@/api/hooks';
import { shortActor } from '@/app/actor';
import { useParam } from '@/app/router';
import { formatDuration, toMs } from '@/app/time';
import { Answer, Empty } from '@/ui/Empty';
import { Search, Segmented } from '@/ui/Field';
import { View } from '@/ui/Layout';
import { finder } from '@/ui/rows';
import { Badge, State, type Tone } from '@/ui/State';
import { Table, type Column } from '@/ui/Table';
import { Ago } from '@/ui/Time';
import { ProposalAside } from './ProposalAside';
import type { Governance, Proposal } from './types';

const COLUMNS: readonly Column<Proposal>[] = [
  {
    key: 'title',
    title: 'Proposal',
    width: 'minmax(180px, 2fr)',
    render: (p) => <span title={`${p.title} (${p.id})`}>{p.title}</span>,
    sort: (p) => p.title,
  },
  {
    key: 'category',
    title: 'Category',
    width: '110px',
    render: (p) => p.category,
    sort: (p) => p.category,
    hide: 'phone',
  },
  { key: 'stage', title: 'Stage', width: '130px', render: (p) => <State state={p.stage} />, sort: (p) => p.stage },
  { key: 'votes', title: 'Votes', width: 'minmax(130px, 1fr)', render: (p) => p.votes, hide: 'tablet' },
  {
    key: 'left',
    title: 'Time left',
    width: '100px',
    align: 'right',
    render: (p) => (p.left_ms === null ? '–' : formatDuration(p.left_ms)),
    sort: (p) => p.left_ms,
    hide: 'phone',
  },
  {
    key: 'execution',
    title: 'Execution',
    width: '120px',
    render: (p) => (p.execution ? <State state={p.execution} /> : '–'),
    sort: (p) => p.execution,
    hide: 'tablet',
  },
  {
    key: 'submitted',
    title: 'Submitted',
    width: '110px',
    render: (p) => <Ago time={p.submitted} suffix=" ago" />,
    sort: (p) => toMs(p.submitted),
    hide: 'phone',
  },
];

/** Beside the panel there is less room. */
const NARROW = COLUMNS.filter((c) => ['title', 'stage', 'left'].includes(c.key));

/** On a phone. */
function card(p: Proposal) {
  return (
    <>
      <span className="card-line">
        <b className="grow main-cell">{p.title}</b>
        <State state={p.stage} />
      </span>
      <span className="card-line">
        <span className="grow muted">
          {p.votes || p.category}
          {p.left_ms !== null && `, ${formatDuration(p.left_ms)} left`}
        </span>
      </span>
    </>
  );
}

const WHICH = [
  { value: 'open', label: 'Open' },
  { value: 'all', label: 'All' },
] as const;

export default function Deliberation() {
  const [which, setWhich] = useParam('which', 'open');
  const [query, setQuery] = useParam('q');
  const [selected, select] = useParam('sel', '', true);
  const status = useQuery<Governance>('governance.status', {}, { every: 15_000 });
  const list = useQuery<Proposal[]>('governance.list', which === 'all' ? { all: true } : {}, { every: 15_000 });
  useTopic('events:governance.*', () => {
    list.reload();
    status.reload();
  });
  const shown = useMemo(() => {
    const match = finder(query);
    return (list.data ?? []).filter((p) => match(`${p.title} ${p.id} ${p.category} ${p.stage} ${p.submitter}`));
  }, [list.data, query]);
  return (
    <View
      title="Deliberation"
      fill
      tools={
        <>
          <Search label="Find proposals" value={query} onChange={setQuery} />
          <Segmented label="Which proposals" value={which} options={WHICH} onChange={setWhich} />
        </>
      }
      aside={selected && <ProposalAside key={selected} id={selected} onClose={() => select(null)} />}
    >
      <Answer query={status} lines={1}>
        {(s) => <Members status={s} />}
      </Answer>
      <Answer query={list} lines={6}>
        {() => (
          <Table
            label="Proposals"
            columns={selected ? NARROW : COLUMNS}
            rows={shown}
            rowKey={(p) => p.id}
            selected={selected}
            onSelect={(p) => select(p.id)}
            card={card}
            cardHeight={62}
            order="latest first"
            empty={
              <Empty title={which === 'all' ? 'Nothing has been proposed yet' : 'Nothing waits for a decision'}>
                `openclaw governance propose` begins one; operations that need approval begin their own.
              </Empty>
            }
          />
        )}
      </Answer>
    </View>
  );
}

/** A member counts when it can sign: one without a key is no "ok", however well it is. */
function memberState(m: Governance['members'][number]): { state: string; tone: Tone; why: string | null } {
  if (!m.key) return { state: 'no key', tone: 'muted', why: 'no key' };
  return m.reachable
    ? { state: 'ok', tone: 'ok', why: null }
    : { state: 'unreachable', tone: 'warning', why: 'not heard of' };
}

/** Who decides, and whether they can be reached. */
function Members({ status: s }: { status: Governance }) {
  const keyless = s.members.filter((m) => !m.key);
  return (
    <ul className="members" aria-label="Members">
      <li>
        <State
          state={s.ready ? 'ready' : 'not ready'}
          tone={s.ready ? 'ok' : 'warning'}
          text={s.ready ? 'ready to decide' : `cannot decide yet: ${s.why ?? 'it is not set up'}`}
        />{' '}
        {s.mode !== 'standard' && <Badge tone="warning">{s.mode}</Badge>}
        {s.emergency ? <Badge tone="critical">emergency</Badge> : null}
      </li>
      {keyless.length === s.members.length && keyless.length > 0 ? (
        <li className="muted">
          None of the {keyless.length} members ({keyless.map((m) => m.member).join(', ')}) has a key:{' '}
          <code>openclaw governance keys create MEMBER FILE</code> makes one.
        </li>
      ) : (
        s.members.map((m) => {
          const { state, tone, why } = memberState(m);
          return (
            <li key={m.member} title={m.roles.join(', ')}>
              <State state={state} tone={tone} text={shortActor(m.member)} />
              {why && <span className="muted"> {why}</span>}
            </li>
          );
        })
      )}
    </ul>
  );
}
