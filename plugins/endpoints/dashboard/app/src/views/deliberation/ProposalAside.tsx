// One proposal: what it asks for, who voted how, what was said. SPDX-License-Identifier: MIT
import { useQuery, useTopic } from '@/api/hooks';
import { Aside } from '@/ui/Aside';
import { Answer } from '@/ui/Empty';
import { Facts } from '@/ui/Layout';
import { State, type Tone } from '@/ui/State';
import { Ago, Clock } from '@/ui/Time';
import { dataText } from '../logs/LogLines';
import { Changes } from './Changes';
import type { ProposalDetail, Said, Voter } from './types';

const TONES: Record<string, Tone> = { yes: 'ok', no: 'critical', abstain: 'muted', missing: 'pending' };

export function ProposalAside({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useQuery<ProposalDetail>('governance.show', { proposal: id }, { every: 15_000 });
  useTopic('events:governance.*', query.reload);
  const p = query.data;
  return (
    <Aside title={p?.title ?? id} subtitle={p && <State state={p.stage} />} onClose={onClose}>
      <Answer query={query}>{(detail) => <Detail proposal={detail} />}</Answer>
    </Aside>
  );
}

function Detail({ proposal: p }: { proposal: ProposalDetail }) {
  const op = p.op?.name ?? p.op?.op;
  return (
    <div className="stack">
      {p.reason && <p className="note">{p.reason}</p>}
      <Facts
        items={[
          ['Proposal', <code>{p.id}</code>],
          ['Category', p.category],
          ['By', p.submitter],
          ['Submitted', <Ago time={p.submitted} suffix=" ago" />],
          ['Deadline', <Clock time={p.deadline} />],
          ['Tally', p.tally_text ?? p.votes],
          ...(p.missing.length ? ([['Missing', p.missing.join(', ')]] as const) : []),
          ...(p.execution ? ([['Execution', <State state={p.execution} />]] as const) : []),
        ]}
      />
      <div>
        <h3>Votes</h3>
        <ul className="voters">
          {p.voters.map((v) => (
            <Vote key={v.member} vote={v} />
          ))}
        </ul>
      </div>
      {p.plan?.changes && <Changes changes={p.plan.changes} />}
      {op && <Operation name={op} params={p.op?.params ?? {}} />}
      <Text title="What" text={p.description} />
      <Text title="Why" text={p.justification} />
      <Text title="Impact" text={p.impact_assessment} />
      <Text title="Way back" text={p.rollback_plan} />
      <Talk title="Vetoes" said={p.vetoes} />
      <Talk title="Discussion" said={p.comments} />
    </div>
  );
}

/** A text of several lines, such as a policy, is read line by line. */
const isLong = (value: unknown): value is string => typeof value === 'string' && value.includes('\n');

function Operation({ name, params }: { name: string; params: Record<string, unknown> }) {
  const all = Object.entries(params);
  const brief = Object.fromEntries(all.map(([k, v]) => [k, isLong(v) ? '(below)' : v]));
  return (
    <div>
      <h3>Runs when approved</h3>
      <p>
        <code>{name}</code>
      </p>
      <pre tabIndex={0}>{dataText(brief)}</pre>
      {all.map(([key, value]) =>
        isLong(value) ? (
          <div key={key} className="long-text">
            <code>{key}</code>
            <pre tabIndex={0} role="region" aria-label={`${key} of ${name}`}>
              {value}
            </pre>
          </div>
        ) : null,
      )}
    </div>
  );
}

function Vote({ vote: v }: { vote: Voter }) {
  return (
    <li>
      <div className="vote">
        <span className="voter">{v.member}</span>
        <State
          state={v.vote}
          tone={TONES[v.vote] ?? 'unknown'}
          text={v.delegated ? `${v.vote}, by its delegate` : v.vote}
        />
        <span className="muted">{v.at && <Ago time={v.at} suffix=" ago" />}</span>
        {v.index !== null && <span className="muted num">entry {v.index} of the ledger</span>}
      </div>
      {v.reason && <div className="said muted">{v.reason}</div>}
    </li>
  );
}

function Text({ title, text }: { title: string; text?: string }) {
  if (!text) return null;
  return (
    <div>
      <h3>{title}</h3>
      <p className="said">{text}</p>
    </div>
  );
}

function Talk({ title, said }: { title: string; said?: readonly Said[] }) {
  if (!Array.isArray(said) || said.length === 0) return null;
  return (
    <div>
      <h3>{title}</h3>
      <ul className="voters">
        {said.map((s, i) => (
          <li key={i}>
            <span className="voter">{s.by ?? s.member}</span> {s.at ? <Ago time={s.at} suffix=" ago" /> : null}
            <div className="said">{[s.condition, s.word, s.text].filter(Boolean).join(': ')}</div>
          </li>
        ))}
      </ul>
    </div>
  );
}
