// Procedures that run: what there is, what runs now, how runs went. SPDX-License-Identifier: MIT
import './runbooks.css';
import { useState } from 'react';
import { useCan, useQuery, useTopic } from '@/api/hooks';
import { shortActor } from '@/app/actor';
import { useParam } from '@/app/router';
import { formatMs, toMs } from '@/app/time';
import { Aside } from '@/ui/Aside';
import { Button } from '@/ui/Button';
import { Answer, Empty } from '@/ui/Empty';
import { Card, Facts, View } from '@/ui/Layout';
import { State } from '@/ui/State';
import { Table, type Column } from '@/ui/Table';
import { Ago } from '@/ui/Time';
import { useCommand } from '@/ui/Toast';
import { StartDialog } from './StartDialog';
import { Steps } from './Steps';
import { OPEN, type Run, type Runbook, type RunbookInfo } from './types';

const BOOKS: readonly Column<Runbook>[] = [
  {
    key: 'title',
    title: 'Runbook',
    width: 'minmax(160px, 1fr)',
    render: (b) => b.title ?? b.name,
    sort: (b) => b.name,
  },
  {
    key: 'severity',
    title: 'For what is',
    width: '130px',
    render: (b) => b.severity ?? '–',
    sort: (b) => b.severity,
  },
  { key: 'state', title: 'State', width: '110px', render: (b) => <State state={b.state} />, hide: 'phone' },
  {
    key: 'source',
    title: 'From',
    width: 'minmax(90px, 1fr)',
    render: (b) => <span title={b.error ?? b.source}>{b.error ?? b.source}</span>,
    hide: 'phone',
  },
];

const RUNS: readonly Column<Run>[] = [
  { key: 'runbook', title: 'Runbook', width: 'minmax(140px, 1fr)', render: (r) => r.runbook, sort: (r) => r.runbook },
  { key: 'state', title: 'State', width: '150px', render: (r) => <State state={r.state} />, sort: (r) => r.state },
  {
    key: 'by',
    title: 'Who',
    width: 'minmax(90px, 180px)',
    render: (r) => <span title={r.by}>{shortActor(r.by)}</span>,
    sort: (r) => r.by,
    hide: 'tablet',
  },
  {
    key: 'began',
    title: 'Begun',
    width: '110px',
    render: (r) => <Ago time={r.began} suffix=" ago" />,
    sort: (r) => toMs(r.began),
  },
  {
    key: 'took',
    title: 'Took',
    width: '90px',
    align: 'right',
    render: (r) => formatMs(r.took_ms),
    sort: (r) => r.took_ms,
    hide: 'phone',
  },
];

/** Beside the panel there is less room. */
const RUNS_NARROW = RUNS.filter((c) => ['runbook', 'state', 'took'].includes(c.key));
const BOOKS_NARROW = BOOKS.filter((c) => c.key !== 'source');

export default function Runbooks() {
  const books = useQuery<Runbook[]>('runbook.list', {}, { every: 60_000 });
  const runs = useQuery<Run[]>('runbook.history', {}, { every: 15_000 });
  const [book, setBook] = useParam('book', '', true);
  const [run, setRun] = useParam('run', '', true);
  useTopic('events:runbook.*', runs.reload);
  return (
    <View
      title="Runbooks"
      aside={
        run ? (
          <RunAside key={run} id={run} onClose={() => setRun(null)} />
        ) : book ? (
          <BookAside
            key={book}
            name={book}
            onClose={() => setBook(null)}
            onStarted={(id) => {
              runs.reload();
              setRun(id);
            }}
          />
        ) : null
      }
    >
      <div className="stack">
        <Card title="Runbooks">
          <Answer query={books}>
            {(rows) => (
              <Table
                fit
                label="Runbooks"
                columns={run || book ? BOOKS_NARROW : BOOKS}
                rows={rows}
                rowKey={(b) => b.name}
                selected={run ? null : book}
                onSelect={(b) => {
                  setRun(null);
                  setBook(b.name);
                }}
              />
            )}
          </Answer>
        </Card>
        <Card title="Runs">
          <Answer query={runs}>
            {(rows) => (
              <Table
                fit
                label="Runs"
                columns={run || book ? RUNS_NARROW : RUNS}
                rows={rows}
                rowKey={(r) => r.run}
                selected={run}
                onSelect={(r) => setRun(r.run)}
                empty={<Empty title="No runbook has been run yet" />}
              />
            )}
          </Answer>
        </Card>
      </div>
    </View>
  );
}

function BookAside({
  name,
  onClose,
  onStarted,
}: {
  name: string;
  onClose: () => void;
  onStarted: (run: string) => void;
}) {
  const can = useCan();
  const info = useQuery<RunbookInfo>('runbook.show', { name });
  const [starting, setStarting] = useState(false);
  return (
    <Aside
      title={info.data?.title ?? name}
      subtitle={info.data?.severity}
      onClose={onClose}
      tools={
        info.data?.state === 'ok' &&
        can('runbook.run') && (
          <Button small icon="play" onClick={() => setStarting(true)}>
            Run
          </Button>
        )
      }
    >
      <Answer query={info}>
        {(b) => (
          <div className="stack">
            {b.error && <p className="note critical">{b.error}</p>}
            <p>{b.summary}</p>
            <p className="muted">{b.description}</p>
            <details>
              <summary>The text that decides</summary>
              <pre tabIndex={0}>{b.text}</pre>
            </details>
            {starting && (
              <StartDialog
                info={b}
                onClose={() => setStarting(false)}
                onStarted={(id) => {
                  setStarting(false);
                  onStarted(id);
                }}
              />
            )}
          </div>
        )}
      </Answer>
    </Aside>
  );
}

function RunAside({ id, onClose }: { id: string; onClose: () => void }) {
  const can = useCan();
  const report = useQuery<Run>('runbook.status', { run: id }, { every: 15_000 });
  useTopic('events:runbook.*', report.reload);
  const resume = useCommand('runbook.resume', () => 'It goes on');
  const abort = useCommand('runbook.abort', () => 'It ends before its next step');
  const r = report.data;
  const again = r && ['failed', 'interrupted', 'unknown'].includes(r.state);
  return (
    <Aside
      title={r?.title ?? r?.runbook ?? id}
      subtitle={r && <State state={r.state} />}
      onClose={onClose}
      tools={
        <>
          {again && can('runbook.resume') && (
            <Button
              small
              icon="play"
              busy={resume.busy}
              onClick={() => void resume.run({ run: id, detach: true }).then(report.reload)}
            >
              Resume
            </Button>
          )}
          {r && OPEN.has(r.state) && can('runbook.abort') && (
            <Button small icon="stop" busy={abort.busy} onClick={() => void abort.run({ run: id }).then(report.reload)}>
              Abort
            </Button>
          )}
        </>
      }
    >
      <Answer query={report}>
        {(run) => (
          <div className="stack">
            {run.message && <p className={`note ${run.state === 'done' ? '' : 'warning'}`}>{run.message}</p>}
            <Facts
              items={[
                ['Run', <code>{run.run}</code>],
                ['Who', run.by],
                ['Begun', <Ago time={run.began} suffix=" ago" />],
                ['Took', formatMs(run.took_ms)],
              ]}
            />
            <Steps steps={run.steps ?? []} />
          </div>
        )}
      </Answer>
    </Aside>
  );
}
