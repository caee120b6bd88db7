// Which plugin is to be installed: from a registry, an archive or a folder of the host. SPDX-License-Identifier: MIT
import { useState } from 'react';
import { useQuery } from '@/api/hooks';
import { Button } from '@/ui/Button';
import { Dialog } from '@/ui/Dialog';
import { TextField } from '@/ui/Field';
import type { Change } from './PlanDialog';

interface Found {
  name: string;
  id?: string;
  version?: string;
  summary?: string;
}

export function InstallDialog({ onClose, onPlan }: { onClose: () => void; onPlan: (c: Change) => void }) {
  const [source, setSource] = useState('');
  const [search, setSearch] = useState('');
  const found = useQuery<Found[]>(search ? 'plugin.search' : null, { words: search.split(/\s+/) });
  const begin = (what: string) => {
    if (what)
      onPlan({ op: 'plugin.install', params: { sources: [what] }, title: `Install ${what}`, submit: 'Install' });
  };
  return (
    <Dialog
      title="Install a plugin"
      onClose={onClose}
      onSubmit={() => begin(source.trim())}
      submit="Show the plan"
      wide
    >
      <TextField
        label="What"
        data-autofocus
        required
        value={source}
        onChange={(e) => setSource(e.target.value)}
        help="A name of a registry (hello@^1), or the absolute path of an archive or a folder on the host. Nothing happens before you have seen the plan."
        error={found.error && search ? found.error.message : null}
        spellCheck={false}
      />
      <Button
        small
        icon="search"
        busy={found.busy && !!search}
        disabled={!source.trim()}
        onClick={() => setSearch(source.trim())}
      >
        Search the registries
      </Button>
      {found.data && found.data.length === 0 && <p className="muted">No registry has it.</p>}
      <ul className="plan-actions">
        {found.data?.map((f) => (
          <li key={f.id ?? f.name}>
            <Button small onClick={() => begin(f.id ?? f.name)}>
              Install
            </Button>{' '}
            <strong>{f.id ?? f.name}</strong> {f.version} <span className="muted">{f.summary}</span>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
