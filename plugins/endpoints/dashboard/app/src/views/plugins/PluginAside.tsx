// Everything about one plugin: how it fares, what it may do, what it says. SPDX-License-Identifier: MIT
import { useState } from 'react';
import { useCan, useQuery, useTopic } from '@/api/hooks';
import type { LogLine } from '@/api/types';
import { formatBytes, formatDuration, formatMs } from '@/app/time';
import { Aside } from '@/ui/Aside';
import { Button } from '@/ui/Button';
import { Answer } from '@/ui/Empty';
import { Segmented } from '@/ui/Field';
import { Facts } from '@/ui/Layout';
import { Badge, State } from '@/ui/State';
import { Ago } from '@/ui/Time';
import { useCommand } from '@/ui/Toast';
import { LogLines } from '../logs/LogLines';
import { stateOfPlugin, toneOfPlugin, type Instance, type PluginInfo, type PluginRow } from './types';
import type { Change } from './PlanDialog';

type Tab = 'about' | 'rights' | 'logs';
const TABS: { value: Tab; label: string }[] = [
  { value: 'about', label: 'About' },
  { value: 'rights', label: 'Permissions' },
  { value: 'logs', label: 'Log' },
];

interface Receipts {
  ok: boolean;
  receipts: { instance: string; ok: boolean; to: { generation: number }; message: string | null }[];
}

export function PluginAside({
  row,
  onClose,
  onChanged,
  onPlan,
}: {
  row: PluginRow;
  onClose: () => void;
  onChanged: () => void;
  onPlan: (c: Change) => void;
}) {
  const [tab, setTab] = useState<Tab>('about');
  return (
    <Aside
      title={row.name}
      subtitle={
        <>
          <State state={stateOfPlugin(row)} tone={toneOfPlugin(row)} />{' '}
          <span className="muted">
            {row.kind} {row.version}
          </span>
        </>
      }
      tools={<Tools row={row} onChanged={onChanged} onPlan={onPlan} />}
      onClose={onClose}
    >
      <div className="stack plugin-about">
        <p>{row.summary}</p>
        {row.error && (
          <div className="note critical">
            <p className="note-text">{row.error}</p>
          </div>
        )}
        <Segmented label="About this plugin" value={tab} options={TABS} onChange={setTab} />
        {tab === 'about' && <About row={row} />}
        {tab === 'rights' && <Rights row={row} />}
        {tab === 'logs' && <Logs name={row.name} />}
      </div>
    </Aside>
  );
}

function Tools({ row, onChanged, onPlan }: { row: PluginRow; onChanged: () => void; onPlan: (c: Change) => void }) {
  const can = useCan();
  const reload = useCommand<Receipts>('plugin.reload', (d) =>
    d.ok
      ? `${row.name} runs as generation ${d.receipts[0]?.to.generation ?? 1}`
      : { failure: `${row.name} was not switched: ${d.receipts.find((r) => !r.ok)?.message ?? 'see its log'}` },
  );
  const enable = useCommand('plugin.enable', () => `${row.name} is enabled`);
  const disable = useCommand('plugin.disable', () => `${row.name} is disabled`);
  const installed = row.installed.source !== 'bundled';
  const off = row.state === 'disabled';
  const act = async (c: { run: (p: object) => Promise<unknown> }, params: object) => {
    if ((await c.run(params)) !== undefined) onChanged();
  };
  return (
    <>
      {row.running && can('plugin.reload') && (
        <Button small icon="refresh" busy={reload.busy} onClick={() => void act(reload, { name: row.name })}>
          Reload
        </Button>
      )}
      {installed && !off && can('plugin.disable') && (
        <Button small icon="stop" busy={disable.busy} onClick={() => void act(disable, { names: [row.name] })}>
          Disable
        </Button>
      )}
      {installed && off && can('plugin.enable') && (
        <Button small icon="play" busy={enable.busy} onClick={() => void act(enable, { names: [row.name] })}>
          Enable
        </Button>
      )}
      {installed && can('plugin.update') && (
        <Button
          small
          icon="download"
          onClick={() =>
            onPlan({
              op: 'plugin.update',
              params: { names: [row.name] },
              title: `Update ${row.name}`,
              submit: 'Update',
            })
          }
        >
          Update
        </Button>
      )}
      {installed && can('plugin.uninstall') && (
        <Button
          small
          kind="danger"
          onClick={() =>
            onPlan({
              op: 'plugin.uninstall',
              params: { names: [row.name] },
              title: `Remove ${row.name}`,
              submit: 'Remove',
              danger: true,
            })
          }
        >
          Remove
        </Button>
      )}
    </>
  );
}

/** Asked anew when the list says something else of it, and when packages change: that may be what it is granted. */
function useInfo(row: PluginRow) {
  const info = useQuery<PluginInfo>('plugin.info', { name: row.name }, { on: [row] });
  useTopic('events:packages.*', info.reload);
  return info;
}

function About({ row }: { row: PluginRow }) {
  const { name } = row;
  const info = useInfo(row);
  const status = useQuery<Instance[]>('plugin.status', { name }, { every: 5000 });
  return (
    <>
      <Answer query={info}>
        {(d) => (
          <>
            {!!d.left_out?.length && <LeftOut operations={d.left_out} />}
            <Facts
              items={[
                ['Source', d.installed.source],
                ['Trust', d.installed.trust],
                ['Installed', d.provenance?.installed ? <Ago time={d.provenance.installed} suffix=" ago" /> : null],
                ['Size', d.provenance?.size ? formatBytes(d.provenance.size) : null],
                [
                  'Runs',
                  d.tier === 'inproc'
                    ? "in the daemon's process"
                    : d.tier === 'sandbox'
                      ? 'in a sandbox'
                      : 'in a process of its own',
                ],
                ['License', d.manifest?.license],
                ['Author', d.manifest?.author],
                ['Folder', d.dir && <code>{d.dir}</code>],
                [
                  'Digest',
                  d.installed.digest && <code title={d.installed.digest}>{d.installed.digest.slice(0, 16)}…</code>,
                ],
                ['Metrics', d.manifest?.metrics?.map((m) => m.name).join(', ')],
              ]}
            />
          </>
        )}
      </Answer>
      <h3>Instances</h3>
      <Answer query={status}>
        {(list) =>
          list.length === 0 ? (
            <p className="muted">None runs.</p>
          ) : (
            <>
              {list.map((i) => (
                <InstanceFacts key={`${i.owner ?? ''}${i.instance}`} instance={i} />
              ))}
            </>
          )
        }
      </Answer>
    </>
  );
}

function LeftOut({ operations }: { operations: NonNullable<PluginInfo['left_out']> }) {
  return (
    <div className="note warning" role="status">
      <p className="note-text">Operations of it that are left out; the rest of the plugin works.</p>
      <ul>
        {operations.map((o, i) => (
          <li key={i}>
            {o.operation && <code>{o.operation}</code>} {o.reason}
          </li>
        ))}
      </ul>
    </div>
  );
}

function InstanceFacts({ instance: i }: { instance: Instance }) {
  return (
    <section className="instance" aria-label={i.instance}>
      <p>
        <State state={i.state} text={`${i.instance}: ${i.state}`} />
      </p>
      <Facts
        items={[
          ['Generation', i.generation],
          ['Up for', formatDuration(i.uptime_ms)],
          ['Calls', `${i.calls}, ${i.failures} failed, ${i.timeouts} timed out`],
          ['Time', `${formatMs(i.p50_ms)} median, ${formatMs(i.p99_ms)} at p99`],
          ['Restarts', i.restarts || null],
          ['Last error', i.last_error],
        ]}
      />
    </section>
  );
}

function Rights({ row }: { row: PluginRow }) {
  const info = useInfo(row);
  return (
    <Answer query={info}>
      {(d) => (
        <>
          {d.tier === 'inproc' && (
            <p className="note info">
              It came with the host and runs in its process: what it asks for is shown, not enforced.
            </p>
          )}
          {!d.rights?.length ? (
            <p className="muted">It asks for nothing.</p>
          ) : (
            <ul className="plan-permissions">
              {d.rights.map((r, i) => (
                <li key={i}>
                  <code>{r.permission}</code> {r.granted === false && <Badge tone="warning">not granted</Badge>}
                  {(r.note ?? r.enforced) && <span className="muted"> {r.note ?? `held by ${r.enforced}`}</span>}
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </Answer>
  );
}

function Logs({ name }: { name: string }) {
  const logs = useQuery<LogLine[]>('plugin.logs', { name, lines: 200 }, { every: 5000 });
  return (
    <Answer query={logs}>
      {(lines) =>
        lines.length === 0 ? <p className="muted">It has said nothing.</p> : <LogLines lines={[...lines].reverse()} />
      }
    </Answer>
  );
}
