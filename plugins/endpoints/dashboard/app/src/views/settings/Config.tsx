// The configuration in force: where values come from. SPDX-License-Identifier: MIT
import { useMemo, useState } from 'react';
import { useCan, useQuery, useTopic } from '@/api/hooks';
import { Button } from '@/ui/Button';
import { Answer } from '@/ui/Empty';
import { Search, TextField } from '@/ui/Field';
import { Card } from '@/ui/Layout';
import { finder } from '@/ui/rows';
import { Badge } from '@/ui/State';

interface Layer {
  layer: string;
  file: string | null;
  line: number | null;
  value: string;
  wins: boolean;
}
interface Shown {
  file: string | null;
  text: string;
}

export function Config() {
  const can = useCan();
  const shown = useQuery<Shown>('config.show');
  useTopic('events:config.*', shown.reload);
  return (
    <>
      {can('config.explain') && <OneValue />}
      <Answer query={shown} lines={12}>
        {(d) => <Text shown={d} />}
      </Answer>
    </>
  );
}

/** One key: where its value comes from. A page changes no file of the host; it says how that is done. */
function OneValue() {
  const [key, setKey] = useState('');
  const [asked, setAsked] = useState('');
  const layers = useQuery<Layer[]>(asked ? 'config.explain' : null, { key: asked });
  useTopic(asked ? 'events:config.*' : null, layers.reload);
  return (
    <Card title="One value">
      <div className="card-pad stack">
        <form
          className="form-row"
          onSubmit={(e) => {
            e.preventDefault();
            setAsked(key.trim());
          }}
        >
          <TextField
            label="Key"
            value={key}
            required
            placeholder="alerts.cooldown"
            spellCheck={false}
            onChange={(e) => setKey(e.target.value)}
            error={asked && layers.error ? layers.error.message : null}
          />
          <Button type="submit" busy={layers.busy && !!asked} disabled={!key.trim()}>
            Explain
          </Button>
        </form>
        {asked && layers.data && <Layers layers={layers.data} />}
        <p className="muted">
          Values are changed on the host: <code>openclaw config set {asked || 'alerts.cooldown'} VALUE</code>, then{' '}
          <code>openclaw reload</code>.
        </p>
      </div>
    </Card>
  );
}

function Layers({ layers }: { layers: Layer[] }) {
  return (
    <table className="layers">
      <caption className="hidden">Where the value comes from</caption>
      <thead>
        <tr>
          <th scope="col">Layer</th>
          <th scope="col">Value</th>
          <th scope="col">Where</th>
        </tr>
      </thead>
      <tbody>
        {layers.map((l, i) => (
          <tr key={i}>
            <td>
              {l.layer} {l.wins && <Badge tone="ok">in force</Badge>}
            </td>
            <td>
              <code>{l.value}</code>
            </td>
            <td>
              {l.file ?? ''}
              {l.line ? `:${l.line}` : ''}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Text({ shown }: { shown: Shown }) {
  const [query, setQuery] = useState('');
  const text = useMemo(() => {
    const match = finder(query);
    return query ? shown.text.split('\n').filter(match).join('\n') : shown.text;
  }, [shown.text, query]);
  return (
    <Card title="In force" tools={<Search label="Find in the configuration" value={query} onChange={setQuery} />}>
      <div className="card-pad">
        <p className="muted">
          {shown.file ? (
            <>
              From <code>{shown.file}</code> and what is above it.{' '}
            </>
          ) : null}
          Secrets are hidden.
        </p>
        <pre className="code config" tabIndex={0} aria-label="Configuration in force">
          {text || 'Nothing has these words.'}
        </pre>
      </div>
    </Card>
  );
}
