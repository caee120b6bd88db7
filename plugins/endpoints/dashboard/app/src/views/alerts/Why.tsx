// Why an alert fires: the rule, the figure, since when, and whom it was told. SPDX-License-Identifier: MIT
import { useMemo, type ReactNode } from 'react';
import { useOps, useQuery } from '@/api/hooks';
import { selector } from '@/api/selector';
import type { Alert, Rule } from '@/api/types';
import { href } from '@/app/router';
import { formatDuration, formatterOf, toMs } from '@/app/time';
import { MetricChart, RangePicker } from '@/ui/MetricChart';
import { useRange } from '@/ui/range';
import { Ago, Clock } from '@/ui/Time';
import type { Threshold } from '@/ui/Chart';
import { Linked } from './parts';
import { conditionOf, limitKey } from './why';

function Step({ n, title, children }: { n: number; title: string; children: ReactNode }) {
  return (
    <li>
      <span className="why-n num" aria-hidden="true">
        {n}
      </span>
      <div>
        <b>{title}</b>
        <div className="why-text">{children}</div>
      </div>
    </li>
  );
}

function valueText(a: Alert): string {
  if (typeof a.value === 'number') return formatterOf(a.metric)(a.value);
  return a.value === null || a.value === undefined ? 'nothing' : String(a.value);
}

export function Why({ alert: a }: { alert: Alert }) {
  const ops = useOps();
  // asked for by name only when there is one of that name: what another system sent has no rule here
  const rules = useQuery<Rule[]>(ops?.has('rules.list') ? 'rules.list' : null);
  const ours = rules.data?.some((r) => r.name === a.rule);
  const rule = useQuery<Rule>(ours && ops?.has('rules.show') ? 'rules.show' : null, { name: a.rule });
  const known = rule.data;
  const outside = ours === false;
  const source = a.annotations?.generatorURL ?? a.labels?.generatorURL ?? null;
  const ended = toMs(a.ends_at);
  return (
    <section>
      <h3>Why</h3>
      <ol className="why">
        {known ? (
          <Step n={1} title="The rule says">
            <code className="why-expr">{known.expr}</code>
            {known.for && known.for !== '0' && <> for {known.for}</>}
            {known.file && (
              <span className="muted">
                {' '}
                ({known.file === 'built in' ? 'a rule that comes with the host' : `${known.file}, line ${known.line}`})
              </span>
            )}
            {known.problem && <span className="tone-critical toned"> {known.problem}</span>}
          </Step>
        ) : outside ? (
          <Step n={1} title="It came from outside">
            No rule of this host is named <bdi>{a.rule}</bdi>: another system sent it.{' '}
            {source && <Linked text={source} />}
          </Step>
        ) : null}
        {a.metric && (
          <Step n={known || outside ? 2 : 1} title="Measured">
            <code>{a.metric}</code> was <b>{valueText(a)}</b>
            {a.reason && a.reason !== 'condition met' ? (
              <span className="muted">
                {' '}
                (<bdi>{a.reason}</bdi>)
              </span>
            ) : null}
          </Step>
        )}
        <Step n={(known || outside ? 2 : 1) + (a.metric ? 1 : 0)} title={a.state === 'firing' ? 'It holds' : 'It held'}>
          since <Clock time={a.starts_at} />, for{' '}
          {ended === null ? <Ago time={a.starts_at} /> : formatDuration(ended - (toMs(a.starts_at) ?? ended))}
        </Step>
        <Step n={(known || outside ? 3 : 2) + (a.metric ? 1 : 0)} title="Told">
          <Told alert={a} />
        </Step>
      </ol>
      {a.metric && typeof a.value === 'number' && <WhyChart alert={a} rule={known} />}
    </section>
  );
}

function Told({ alert: a }: { alert: Alert }) {
  if (a.silenced_by) {
    return (
      <>
        nobody: <a href={href('/alerts', { tab: 'silences' })}>a silence</a> covers it
      </>
    );
  }
  const names = a.told?.length ? a.told.join(', ') : null;
  return (
    <>
      {names ? `${names}, ${a.notifications === 1 ? 'once' : `${a.notifications} times`}` : 'nobody yet'}
      {a.acknowledged && a.state === 'firing' && '; no more while it is acknowledged'}
    </>
  );
}

function WhyChart({ alert: a, rule }: { alert: Alert; rule: Rule | undefined }) {
  const range = useRange('1h');
  const condition = useMemo(() => (rule ? conditionOf(rule.expr, a.metric) : null), [rule, a.metric]);
  const key = limitKey(condition);
  const figure = useQuery<{ value: unknown }>(key ? 'config.get' : null, { key: key ?? '' });
  const limit =
    typeof condition?.limit === 'number'
      ? condition.limit
      : typeof figure.data?.value === 'number'
        ? figure.data.value
        : null;
  const thresholds = useMemo<Threshold[]>(
    () =>
      limit === null
        ? []
        : [
            {
              value: limit,
              label: `${condition?.op ?? ''} ${formatterOf(a.metric)(limit)}`,
              tone: a.severity === 'critical' ? 'critical' : 'warning',
            },
          ],
    [limit, condition?.op, a.metric, a.severity],
  );
  const labels = useMemo(() => Object.fromEntries(Object.entries(a.labels ?? {}).filter(([, v]) => v)), [a.labels]);
  return (
    <div className="why-chart">
      <RangePicker range={range} />
      <MetricChart
        label={`${a.metric} of ${a.entity}`}
        query={{ selector: selector(a.metric, labels) }}
        range={range}
        height={150}
        thresholds={thresholds}
        min={0}
        area
      />
    </div>
  );
}
