// What is going on, at a glance: the checks, what wants attention, the machine, what changed. SPDX-License-Identifier: MIT
import { useMemo } from 'react';
import { useAlerts, useCan, useHealth } from '@/api/hooks';
import { go, formatPlace, href } from '@/app/router';
import { Empty, Loading } from '@/ui/Empty';
import { Card, View } from '@/ui/Layout';
import { StateIcon, toneOf, type Tone } from '@/ui/State';
import { Attention } from './Attention';
import { CheckMap } from './CheckMap';
import { CheckTiles } from './CheckTiles';
import { AgentStrip, Changes } from './Changes';
import { Machine } from './Machine';
import './overview.css';

const ORDER = ['critical', 'warning', 'unknown', 'unreachable', 'pending', 'ok'] as const;

/** Up to so many checks have names on the overview. */
const FEW = 48;

export default function Overview() {
  const health = useHealth();
  const { alerts, ready } = useAlerts();
  const can = useCan();
  const open = useMemo(() => alerts.filter((a) => a.status === 'firing'), [alerts]);

  return (
    <View title="Overview" quiet>
      {!health.ready ? (
        <Loading lines={10} />
      ) : (
        <div className="overview">
          <Headline />
          <div className="ov-left">
            <Card
              title={`${health.checks.length} ${health.checks.length === 1 ? 'check' : 'checks'}`}
              tools={<StateCounts />}
            >
              {health.checks.length === 0 ? (
                <Empty icon="services" title="Nothing is checked yet">
                  Add collectors to the configuration: `openclaw config edit`, then `openclaw reload`.
                </Empty>
              ) : health.checks.length <= FEW ? (
                <CheckTiles checks={health.checks} />
              ) : (
                <CheckMap checks={health.checks} onPick={(service) => go(formatPlace('/services', { sel: service }))} />
              )}
            </Card>
            <Machine resources={health.resources} />
            <Card title="Latest changes">
              <Changes />
            </Card>
          </div>
          <div className="ov-right">
            <Card className="ov-attention" title="Wants attention" tools={<a href={href('/alerts')}>All alerts</a>}>
              {ready ? <Attention alerts={open} mayAck={can('alert.ack')} /> : <Loading />}
            </Card>
            {health.agents.length > 0 && (
              <Card title="Agents" tools={<a href={href('/agents')}>All agents</a>}>
                <AgentStrip agents={health.agents} />
              </Card>
            )}
          </div>
        </div>
      )}
    </View>
  );
}

const WORDS: Record<string, [Tone, string]> = {
  healthy: ['ok', 'All is well'],
  degraded: ['warning', 'Degraded'],
  warning: ['warning', 'Warning'],
  critical: ['critical', 'Critical'],
};

const plural = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

/** One sentence that says it all. */
function Headline() {
  const { summary, checks, resources } = useHealth();
  const { alerts } = useAlerts();
  if (!summary) return null;
  const [tone, word] = WORDS[summary.overallStatus] ?? ['unknown', summary.overallStatus];
  const failing = checks.filter((c) => c.state !== 'ok' && c.state !== 'pending').length;
  const acknowledged = alerts.filter((a) => a.status === 'acknowledged').length;
  const parts = [
    failing ? `${failing} of ${plural(checks.length, 'check')} not well` : `${plural(checks.length, 'check')} well`,
    summary.totalAgents ? `${summary.healthyAgents} of ${plural(summary.totalAgents, 'agent')} active` : null,
    summary.criticalAlerts || summary.warningAlerts
      ? `${plural(summary.criticalAlerts, 'critical alert')}, ${plural(summary.warningAlerts, 'warning')}`
      : 'no alerts',
    acknowledged ? `${acknowledged} looked after` : null,
  ];
  return (
    <div className={`headline tone-${tone}`}>
      <span className="headline-mark">
        <StateIcon tone={tone} />
      </span>
      <p className="headline-word">{word}</p>
      <p className="headline-text">{parts.filter(Boolean).join(' · ')}</p>
      {resources.system?.hostname && <p className="headline-host mono">{resources.system.hostname}</p>}
    </div>
  );
}

function StateCounts() {
  const { checks } = useHealth();
  const counts = useMemo(() => {
    const n = new Map<string, number>();
    for (const c of checks) n.set(c.state, (n.get(c.state) ?? 0) + 1);
    return ORDER.map((s) => [s, n.get(s) ?? 0] as const).filter(([, count]) => count > 0);
  }, [checks]);
  return (
    <ul className="state-counts">
      {counts.map(([state, n]) => (
        <li key={state}>
          <a className={`tone-${toneOf(state)}`} href={href('/services', { state })}>
            <StateIcon tone={toneOf(state)} />
            <span className="num">{n}</span> {state}
          </a>
        </li>
      ))}
    </ul>
  );
}
