// What the host does now and regularly: schedules, jobs of operations, and the collectors. SPDX-License-Identifier: MIT
import './jobs.css';
import { useEffect, useMemo, useState } from 'react';
import { asError, useCan, useHostMinute, useJobs, useLink, useQuery } from '@/api/hooks';
import { repeat } from '@/api/repeat';
import { cancelJob, get } from '@/api/rest';
import { joinJobs } from '@/api/state';
import type { Job } from '@/api/types';
import { formatDuration, formatMs, formatPercent, toMs } from '@/app/time';
import { shortActor } from '@/app/actor';
import { useParam } from '@/app/router';
import { Button } from '@/ui/Button';
import { Answer, Empty } from '@/ui/Empty';
import { Search } from '@/ui/Field';
import { Card, Meter, View } from '@/ui/Layout';
import { finder } from '@/ui/rows';
import { State } from '@/ui/State';
import { Table, type Column } from '@/ui/Table';
import { Ago } from '@/ui/Time';
import { tell, tellError, useCommand } from '@/ui/Toast';
import { ScheduleAside, Schedules, useSchedules } from './Schedules';

interface Collector {
  instance: string;
  plugin: string;
  state: string;
  interval_ms: number;
  deadline_ms: number;
  calls: number;
  failures: number;
  timeouts: number;
  missed_slots: number;
  samples: number;
  last_ms: number | null;
  p50_ms: number | null;
  p99_ms: number | null;
  last_error: string | null;
}

/** Up to so many are all shown; more of them scroll. */
const FEW = 40;

const RUNNING = new Set(['running', 'queued', 'started', 'pending']);

/** A share from 0 to 1, and what is being done; `progress` is a number or tells both. */
function progressOf(j: Job): { fraction: number | null; text: string } {
  const p = j.progress as unknown as number | { fraction?: number | null; text?: string | null } | null | undefined;
  const own = typeof j.text === 'string' ? j.text : '';
  if (typeof p === 'number') return { fraction: p, text: own };
  return { fraction: p?.fraction ?? null, text: p?.text ?? own };
}

function Progress({ job }: { job: Job }) {
  const { fraction, text } = progressOf(job);
  if (RUNNING.has(job.state) && fraction !== null)
    return (
      <Meter
        value={fraction * 100}
        label={`Progress of ${job.op}`}
        text={formatPercent(fraction * 100)}
        warn={101}
        crit={101}
      />
    );
  return <span title={text}>{text}</span>;
}

const ASK_MS = 10_000;

/** What is told live, and what the host says when it is asked: without the live connection that is all there is. */
function useAllJobs(): readonly Job[] {
  const told = useJobs();
  const { state } = useLink();
  const now = useHostMinute();
  const [asked, setAsked] = useState<readonly Job[]>([]);
  useEffect(() => {
    const ask = () => {
      get<Job[]>('api/v1/jobs')
        .then(setAsked)
        .catch(() => undefined); // the line above the view says that the host does not answer
    };
    ask();
    return state === 'live' ? undefined : repeat(ask, ASK_MS);
  }, [state]);
  return useMemo(
    () => (state === 'live' ? joinJobs(told.jobs, asked, now) : joinJobs(asked, told.jobs, now)),
    [told.jobs, asked, state, now],
  );
}

function Cancel({ job }: { job: Job }) {
  const [busy, setBusy] = useState(false);
  const cancel = () => {
    setBusy(true);
    cancelJob(job.job)
      .then(() => tell(`${job.op} is being cancelled`))
      .catch((e: unknown) => tellError(asError(e)))
      .finally(() => setBusy(false));
  };
  return (
    <Button small icon="stop" busy={busy} aria-label={`Cancel ${job.op}`} onClick={cancel}>
      Cancel
    </Button>
  );
}

const JOB_COLUMNS: readonly Column<Job>[] = [
  { key: 'op', title: 'Operation', width: 'minmax(140px, 1fr)', render: (j) => <code>{j.op}</code>, sort: (j) => j.op },
  { key: 'state', title: 'State', width: '120px', render: (j) => <State state={j.state} />, sort: (j) => j.state },
  {
    key: 'progress',
    title: 'Progress',
    width: 'minmax(120px, 1fr)',
    render: (j) => <Progress job={j} />,
    hide: 'phone',
  },
  {
    key: 'actor',
    title: 'Who',
    width: 'minmax(100px, 200px)',
    render: (j) => <span title={j.actor}>{j.actor ? shortActor(j.actor) : '–'}</span>,
    sort: (j) => j.actor,
    hide: 'tablet',
  },
  {
    key: 'started',
    title: 'Begun',
    width: '110px',
    render: (j) => <Ago time={j.started} suffix=" ago" />,
    sort: (j) => toMs(j.started),
  },
  {
    key: 'do',
    title: 'Actions',
    quiet: true,
    width: '110px',
    render: (j) => RUNNING.has(j.state) && <Cancel job={j} />,
  },
];

const COLLECTOR_COLUMNS: readonly Column<Collector>[] = [
  {
    key: 'instance',
    title: 'Collector',
    width: 'minmax(140px, 1fr)',
    render: (c) => <span title={`${c.instance} (${c.plugin})`}>{c.instance}</span>,
    sort: (c) => c.instance,
  },
  { key: 'state', title: 'State', width: '110px', render: (c) => <State state={c.state} />, sort: (c) => c.state },
  {
    key: 'interval',
    title: 'Every',
    width: '90px',
    align: 'right',
    render: (c) => formatDuration(c.interval_ms),
    sort: (c) => c.interval_ms,
  },
  {
    key: 'p50',
    title: 'Takes',
    width: '90px',
    align: 'right',
    render: (c) => formatMs(c.p50_ms),
    sort: (c) => c.p50_ms,
  },
  {
    key: 'p99',
    title: 'p99',
    width: '80px',
    align: 'right',
    render: (c) => formatMs(c.p99_ms),
    sort: (c) => c.p99_ms,
    hide: 'tablet',
  },
  {
    key: 'calls',
    title: 'Calls',
    width: '80px',
    align: 'right',
    render: (c) => c.calls,
    sort: (c) => c.calls,
    hide: 'tablet',
  },
  {
    key: 'failures',
    title: 'Failed',
    width: '70px',
    align: 'right',
    render: (c) => c.failures + c.timeouts,
    sort: (c) => c.failures + c.timeouts,
    hide: 'phone',
  },
  {
    key: 'missed',
    title: 'Missed',
    width: '70px',
    align: 'right',
    render: (c) => c.missed_slots,
    sort: (c) => c.missed_slots,
    hide: 'tablet',
  },
  {
    key: 'error',
    title: 'Last error',
    width: 'minmax(80px, 2fr)',
    render: (c) => <span title={c.last_error ?? ''}>{c.last_error ?? ''}</span>,
    hide: 'tablet',
  },
  { key: 'run', title: 'Actions', quiet: true, width: '80px', render: (c) => <RunNow collector={c} />, hide: 'phone' },
];

function RunNow({ collector: c }: { collector: Collector }) {
  const can = useCan();
  const run = useCommand('collector.run', () => `${c.instance} has run`);
  if (!can('collector.run')) return null;
  return (
    <Button
      small
      icon="play"
      busy={run.busy}
      aria-label={`Run ${c.instance} now`}
      onClick={() => void run.run({ name: c.instance })}
    >
      Run
    </Button>
  );
}

/** Beside the panel there is less room. */
const COLLECTORS_NARROW = COLLECTOR_COLUMNS.filter((c) =>
  ['instance', 'state', 'interval', 'p50', 'run'].includes(c.key),
);

/** On a phone: which, how it is; then how often, and running it. */
function collectorCard(c: Collector) {
  return (
    <>
      <span className="card-line">
        <span className="grow main-cell">{c.instance}</span>
        <State state={c.state} />
      </span>
      <span className="card-line">
        <span className="grow muted">
          every {formatDuration(c.interval_ms)}, takes {formatMs(c.p50_ms)}
          {c.failures + c.timeouts > 0 && `, ${c.failures + c.timeouts} failed`}
        </span>
        <RunNow collector={c} />
      </span>
    </>
  );
}

function jobCard(j: Job) {
  return (
    <>
      <span className="card-line">
        <code className="grow">{j.op}</code>
        <State state={j.state} />
      </span>
      <span className="card-line">
        <span className="grow muted">
          begun <Ago time={j.started} suffix=" ago" />
        </span>
        {RUNNING.has(j.state) && <Cancel job={j} />}
      </span>
    </>
  );
}

export default function Jobs() {
  const jobs = useAllJobs();
  const schedules = useSchedules();
  const collectors = useQuery<Collector[]>('collector.list', {}, { every: 5000 });
  const [query, setQuery] = useParam('q');
  const shown = useMemo(() => {
    const match = finder(query);
    return (collectors.data ?? []).filter((c) => match(`${c.instance} ${c.plugin} ${c.state}`));
  }, [collectors.data, query]);
  return (
    <View
      title="Cron and jobs"
      aside={
        schedules.chosen && (
          <ScheduleAside
            key={schedules.chosen.name}
            schedule={schedules.chosen}
            onClose={() => schedules.select(null)}
          />
        )
      }
    >
      <div className="stack">
        {schedules.there && <Schedules of={schedules} />}
        <Card title="Jobs">
          {jobs.length === 0 ? (
            <p className="muted card-pad">
              No operation runs in the background. Those that take longer than a moment appear here.
            </p>
          ) : (
            <div className={jobs.length > FEW ? 'jobs-many' : undefined}>
              <Table
                fit={jobs.length <= FEW}
                label="Jobs"
                columns={JOB_COLUMNS}
                rows={jobs}
                rowKey={(j) => j.job}
                card={jobCard}
                cardHeight={68}
                order="latest first"
              />
            </div>
          )}
        </Card>
        <Card
          title="Schedule of the collectors"
          tools={<Search label="Find collectors" value={query} onChange={setQuery} />}
        >
          <Answer query={collectors}>
            {() => (
              <div className={shown.length > FEW ? 'jobs-many' : undefined}>
                <Table
                  fit={shown.length <= FEW}
                  label="Collectors"
                  columns={schedules.chosen ? COLLECTORS_NARROW : COLLECTOR_COLUMNS}
                  rows={shown}
                  rowKey={(c) => c.instance}
                  card={collectorCard}
                  cardHeight={72}
                  empty={<Empty title="No collector is like this" />}
                />
              </div>
            )}
          </Answer>
        </Card>
      </div>
    </View>
  );
}
