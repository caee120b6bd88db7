// Alerts: what fires, who looks after it, what is silenced, what has happened. SPDX-License-Identifier: MIT
import { useParam } from '@/app/router';
import { useAlerts } from '@/api/hooks';
import { Segmented } from '@/ui/Field';
import { AlertList } from './AlertList';
import { AlertHistory } from './AlertHistory';
import { Silences } from './Silences';
import { useSilences } from './SilenceDialog';
import './alerts.css';

export type Tab = 'firing' | 'silences' | 'history';

export default function Alerts() {
  const [tab, setTab] = useParam('tab', 'firing', true);
  const { alerts } = useAlerts();
  const silences = useSilences();
  const tabs = (
    <Segmented<Tab>
      label="Part"
      value={tab === 'silences' || tab === 'history' ? tab : 'firing'}
      onChange={setTab}
      options={[
        { value: 'firing', label: 'Alerts', count: alerts.length },
        { value: 'silences', label: 'Silences', count: silences.data?.length ?? 0 },
        { value: 'history', label: 'History' },
      ]}
    />
  );
  if (tab === 'silences') return <Silences tabs={tabs} silences={silences} />;
  if (tab === 'history') return <AlertHistory tabs={tabs} />;
  return <AlertList tabs={tabs} />;
}
