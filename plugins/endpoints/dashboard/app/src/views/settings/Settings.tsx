// Settings: the configuration, who may come in, how the page looks. SPDX-License-Identifier: MIT
import './settings.css';
import { logout } from '@/api/rest';
import { useCan, useQuery, useSession } from '@/api/hooks';
import { shortActor } from '@/app/actor';
import { useParam } from '@/app/router';
import { setTheme, useTheme, type Theme } from '@/app/theme';
import { formatBytes, formatDuration } from '@/app/time';
import { Button } from '@/ui/Button';
import { Answer } from '@/ui/Empty';
import { Segmented } from '@/ui/Field';
import { Card, Facts, View } from '@/ui/Layout';
import { Badge } from '@/ui/State';
import { Clock } from '@/ui/Time';
import { Access } from './Access';
import { Config } from './Config';

interface Status {
  name: string;
  version: string;
  pid: number;
  uptime_ms: number;
  config: string | null;
  home: string;
  memory_bytes: number;
  threads: number;
  store?: { path?: string; mode?: string; healthy?: boolean; series?: number; samples?: number; bytes?: number };
  problems?: string[];
}

const THEMES: { value: Theme; label: string }[] = [
  { value: 'system', label: 'As the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
];

export default function Settings() {
  const can = useCan();
  const [tab, setTab] = useParam('tab', 'page');
  const tabs = [
    { value: 'page', label: 'This page' },
    { value: 'host', label: 'Host' },
    ...(can('config.show') ? [{ value: 'config', label: 'Configuration' }] : []),
    ...(can('token.list') || can('session.list') ? [{ value: 'access', label: 'Access' }] : []),
  ];
  return (
    <View title="Settings" tools={<Segmented label="Settings" value={tab} options={tabs} onChange={setTab} />}>
      <div className="stack">
        {tab === 'page' && <Page />}
        {tab === 'host' && <Host />}
        {tab === 'config' && <Config />}
        {tab === 'access' && <Access />}
      </div>
    </View>
  );
}

function Page() {
  const theme = useTheme();
  const session = useSession();
  return (
    <>
      <Card title="Appearance">
        <div className="card-pad">
          <Segmented label="Theme" value={theme} options={THEMES} onChange={setTheme} />
        </div>
      </Card>
      {session && (
        <Card title="You">
          <div className="card-pad">
            <Facts
              items={[
                ['Name', session.by ?? (session.actor ? shortActor(session.actor) : 'not signed in')],
                ['Session', session.kind === 'session' && <code>{session.actor.replace(/^session:/, '')}</code>],
                ['Role', <Badge>{session.role}</Badge>],
                [
                  'Signed in',
                  session.expires ? (
                    <>
                      until <Clock time={session.expires} />
                    </>
                  ) : null,
                ],
              ]}
            />
            {session.kind === 'session' && (
              <Button icon="out" onClick={() => void logout()}>
                Sign out
              </Button>
            )}
          </div>
        </Card>
      )}
    </>
  );
}

function Host() {
  const status = useQuery<Status>('status', {}, { every: 10_000 });
  return (
    <Answer query={status}>
      {(d) => (
        <Card title={d.name}>
          <div className="card-pad">
            <Facts
              items={[
                ['Version', d.version],
                ['Up for', formatDuration(d.uptime_ms)],
                ['Process', `${d.pid}, ${d.threads} threads, ${formatBytes(d.memory_bytes)}`],
                ['Configuration', d.config && <code>{d.config}</code>],
                ['Home', <code>{d.home}</code>],
                ['Store', d.store?.path && <code>{d.store.path}</code>],
                [
                  'Stored',
                  d.store &&
                    `${d.store.samples ?? 0} samples of ${d.store.series ?? 0} series, ${formatBytes(d.store.bytes)}`,
                ],
              ]}
            />
            {d.problems?.map((p) => (
              <p key={p} className="note warning">
                {p}
              </p>
            ))}
          </div>
        </Card>
      )}
    </Answer>
  );
}
