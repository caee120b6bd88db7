// Who may come in: tokens, and browsers that are signed in. SPDX-License-Identifier: MIT
import { useMemo, useState, type ReactNode } from 'react';
import { useAction, useCan, useQuery, useSession, useTopic } from '@/api/hooks';
import type { Role } from '@/api/types';
import { useActorNames } from '@/app/actor';
import { formatDuration, toMs, useNow } from '@/app/time';
import { Button, ConfirmButton } from '@/ui/Button';
import { Dialog } from '@/ui/Dialog';
import { Answer, Empty } from '@/ui/Empty';
import { SelectField, TextField } from '@/ui/Field';
import { Card } from '@/ui/Layout';
import { Badge } from '@/ui/State';
import { Table, type Column } from '@/ui/Table';
import { Ago, Day } from '@/ui/Time';
import { tell, useCommand } from '@/ui/Toast';

interface Token {
  id: string;
  name: string;
  role: Role;
  state?: string;
  by?: string | null;
  created: string | null;
  expires: string | null;
  used: string | null;
}
interface Session {
  id: string;
  role: Role;
  peer: string | null;
  by?: string | null;
  used: string | null;
  expires: string | null;
}

/** Who comes and goes is told at once; when somebody was last here is asked for. */
const EVERY = { every: 30_000 };

export function Access() {
  const can = useCan();
  return (
    <>
      {can('token.list') && <Tokens />}
      {can('session.list') && <Sessions />}
      {!can('token.list') && !can('session.list') && (
        <p className="muted">Tokens and sessions are for administrators.</p>
      )}
    </>
  );
}

/** On a phone: two lines, and what can be done beside them. */
function Two({ first, second, tools }: { first: ReactNode; second: ReactNode; tools: ReactNode }) {
  return (
    <span className="two">
      <span>
        <span className="card-line">
          <span className="grow">{first}</span>
        </span>
        <span className="card-line">
          <span className="grow muted">{second}</span>
        </span>
      </span>
      {tools}
    </span>
  );
}

/** Until when a token is good, or that it is so no more. */
function GoodUntil({ token }: { token: Token }) {
  if (token.state === 'expired') {
    return (
      <span>
        <Badge tone="critical">expired</Badge> <Day time={token.expires} />
      </span>
    );
  }
  return token.expires ? <Day time={token.expires} /> : <>until revoked</>;
}

function Tokens() {
  const can = useCan();
  const list = useQuery<Token[]>('token.list', {}, EVERY);
  useTopic('events:access.*', list.reload);
  const nameOf = useActorNames();
  const revoke = useCommand('token.revoke', () => 'The token is revoked');
  const [making, setMaking] = useState(false);
  const columns = useMemo<readonly Column<Token>[]>(
    () => [
      {
        key: 'name',
        title: 'Token',
        width: 'minmax(120px, 1fr)',
        render: (t) => <span title={t.name}>{t.name}</span>,
        sort: (t) => t.name,
      },
      { key: 'role', title: 'Role', width: '110px', render: (t) => <Badge>{t.role}</Badge>, sort: (t) => t.role },
      {
        key: 'used',
        title: 'Last used',
        width: '120px',
        render: (t) => (t.used ? <Ago time={t.used} suffix=" ago" /> : 'never'),
        sort: (t) => t.used,
        hide: 'phone',
      },
      {
        key: 'expires',
        title: 'Good until',
        width: '150px',
        render: (t) => <GoodUntil token={t} />,
        sort: (t) => t.expires,
        hide: 'phone',
      },
      {
        key: 'by',
        title: 'Made by',
        width: 'minmax(100px, 1fr)',
        render: (t) => <span title={t.by ?? ''}>{t.by ? nameOf(t.by) : '–'}</span>,
        hide: 'tablet',
      },
      {
        key: 'do',
        title: 'Actions',
        quiet: true,
        width: '120px',
        render: (t) =>
          can('token.revoke') && (
            <ConfirmButton
              small
              aria-label={`Revoke ${t.name}`}
              onConfirm={() => void revoke.run({ token: t.id }).then(list.reload)}
            >
              Revoke
            </ConfirmButton>
          ),
      },
    ],
    [can, revoke.run, list.reload, nameOf],
  );
  return (
    <Card
      title="Tokens"
      tools={
        can('token.create') && (
          <Button icon="plus" onClick={() => setMaking(true)}>
            Make a token
          </Button>
        )
      }
    >
      <Answer query={list} lines={2}>
        {(rows) =>
          rows.length ? (
            <Table
              fit
              label="Tokens"
              columns={columns}
              rows={rows}
              rowKey={(t) => t.id}
              card={(t) => (
                <Two
                  first={<b className="main-cell">{t.name}</b>}
                  second={
                    <>
                      {t.role}, <GoodUntil token={t} />
                    </>
                  }
                  tools={columns[columns.length - 1]?.render(t)}
                />
              )}
              cardHeight={60}
            />
          ) : (
            <Empty icon="user" title="No token yet">
              Programs sign in with tokens: Prometheus, Grafana, scripts.
            </Empty>
          )
        }
      </Answer>
      {making && (
        <NewToken
          onClose={() => {
            setMaking(false);
            list.reload();
          }}
        />
      )}
    </Card>
  );
}

/** The token is shown once: the host keeps only its hash. */
function NewToken({ onClose }: { onClose: () => void }) {
  const create = useAction<{ token: string; name: string }>('token.create');
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [expires, setExpires] = useState('90d');
  const [made, setMade] = useState<string | null>(null);
  const submit = async () => {
    const d = await create.run({ name, role, expires });
    if (d) setMade(d.token);
  };
  const copy = () => {
    navigator.clipboard?.writeText(made ?? '').then(
      () => tell('Copied'),
      () => tell('The browser did not let us copy it', 'critical'),
    );
  };
  if (made) {
    return (
      <Dialog title="The new token" onClose={onClose}>
        <p>It is shown this once: the host keeps only its hash.</p>
        <pre className="code secret" tabIndex={0} aria-label="The token">
          {made}
        </pre>
        <Button icon="link" onClick={copy}>
          Copy
        </Button>
      </Dialog>
    );
  }
  return (
    <Dialog title="Make a token" onClose={onClose} onSubmit={() => void submit()} submit="Make it" busy={create.busy}>
      <TextField
        label="Name"
        data-autofocus
        required
        value={name}
        onChange={(e) => setName(e.target.value)}
        help="What it is for; it stands in the audit trail."
        error={create.error?.message}
      />
      <SelectField label="Role" value={role} onChange={(e) => setRole(e.target.value as Role)}>
        <option value="viewer">viewer: looks</option>
        <option value="operator">operator: acts on alerts and checks</option>
        <option value="admin">admin: everything</option>
      </SelectField>
      <TextField
        label="Good for"
        value={expires}
        onChange={(e) => setExpires(e.target.value)}
        help="A duration such as 90d; 0 is until it is revoked."
      />
    </Dialog>
  );
}

/** A session ends within hours or days: how long is left says more than when. */
function Until({ time }: { time: string | null }) {
  const now = useNow();
  const ms = toMs(time);
  return ms === null ? <>–</> : <span title={time ?? ''}>{formatDuration(ms - now)} more</span>;
}

function Sessions() {
  const can = useCan();
  const list = useQuery<Session[]>('session.list', {}, EVERY);
  useTopic('events:access.*', list.reload);
  const me = useSession();
  const mine = me?.actor.replace(/^session:/, '');
  const revoke = useCommand('session.revoke', () => 'Signed out');
  const columns = useMemo<readonly Column<Session>[]>(
    () => [
      {
        key: 'by',
        title: 'Whose',
        width: 'minmax(130px, 1.4fr)',
        render: (s) => (
          <>
            <span className="main-cell" title={s.id}>
              {s.by ?? 'session'}
            </span>{' '}
            {s.id === mine && <Badge tone="accent">this browser</Badge>}
          </>
        ),
        sort: (s) => s.by,
      },
      {
        key: 'peer',
        title: 'From',
        width: 'minmax(90px, 1fr)',
        render: (s) => s.peer ?? '–',
        sort: (s) => s.peer,
        hide: 'phone',
      },
      { key: 'role', title: 'Role', width: '110px', render: (s) => <Badge>{s.role}</Badge>, sort: (s) => s.role },
      {
        key: 'used',
        title: 'Last used',
        width: '120px',
        render: (s) => <Ago time={s.used} suffix=" ago" />,
        sort: (s) => s.used,
        hide: 'phone',
      },
      {
        key: 'expires',
        title: 'Good for',
        width: '130px',
        render: (s) => <Until time={s.expires} />,
        sort: (s) => s.expires,
        hide: 'phone',
      },
      {
        key: 'do',
        title: 'Actions',
        quiet: true,
        width: '120px',
        render: (s) =>
          can('session.revoke') && (
            <ConfirmButton
              small
              aria-label={s.id === mine ? 'Sign out this browser' : `Sign out ${s.by ?? 'session'} ${s.id.slice(-4)}`}
              onConfirm={() => void revoke.run({ id: s.id }).then(list.reload)}
            >
              Sign out
            </ConfirmButton>
          ),
      },
    ],
    [can, revoke.run, list.reload, mine],
  );
  return (
    <Card title="Signed in">
      <Answer query={list} lines={2}>
        {(rows) =>
          rows.length ? (
            <Table
              fit
              label="Sessions"
              columns={columns}
              rows={rows}
              rowKey={(s) => s.id}
              card={(s) => (
                <Two
                  first={columns[0]?.render(s)}
                  second={
                    <>
                      {s.role} from {s.peer ?? 'somewhere'}, <Until time={s.expires} />
                    </>
                  }
                  tools={columns[columns.length - 1]?.render(s)}
                />
              )}
              cardHeight={60}
            />
          ) : (
            <p className="muted card-pad">No browser is signed in.</p>
          )
        }
      </Answer>
    </Card>
  );
}
