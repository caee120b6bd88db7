// Keeping people undisturbed: what is silenced, for how long, why; and which alerts that would be now. SPDX-License-Identifier: MIT
import { useMemo, useState } from 'react';
import { useAlerts, useQuery, useTopic } from '@/api/hooks';
import type { Alert, Silence } from '@/api/types';
import { Button } from '@/ui/Button';
import { Dialog } from '@/ui/Dialog';
import { SelectField, TextArea, TextField } from '@/ui/Field';
import { State } from '@/ui/State';
import { useCommand } from '@/ui/Toast';
import { covers, parseMatcher } from './matchers';
import './alerts.css';

const SPANS = ['15m', '30m', '1h', '2h', '4h', '8h', '24h', '3d', '7d'];

export function SilenceDialog({ matchers: first, onClose }: { matchers: readonly string[]; onClose: () => void }) {
  const [lines, setLines] = useState<readonly string[]>(first.length ? first : ['']);
  const [span, setSpan] = useState('2h');
  const [comment, setComment] = useState('');
  const [wrong, setWrong] = useState(false);
  const silence = useCommand<Silence>('alert.silence', () => `Silenced for ${span}`);
  const written = lines.map((l) => l.trim()).filter(Boolean);
  const bad = lines.findIndex((l) => l.trim() !== '' && !parseMatcher(l.trim()));
  const save = async () => {
    if (written.length === 0 || bad >= 0) {
      setWrong(true);
      return;
    }
    if (
      (await silence.run({ matchers: written, for: span, ...(comment.trim() ? { comment: comment.trim() } : {}) })) !==
      undefined
    )
      onClose();
  };

  return (
    <Dialog title="Silence alerts" onClose={onClose} onSubmit={() => void save()} submit="Silence" busy={silence.busy}>
      <fieldset className="matchers">
        <legend>Alerts for which all of this holds</legend>
        {lines.map((line, i) => (
          <div key={i} className="matcher">
            <TextField
              label={`Condition ${i + 1}`}
              value={line}
              data-autofocus={i === 0 && line === '' ? true : undefined}
              placeholder="target=~web.*"
              spellCheck={false}
              error={
                wrong && i === bad
                  ? 'Write a rule’s name (* and ? match), or name=value, !=value, =~expression, !~expression: a regular expression of the whole value.'
                  : wrong && written.length === 0 && i === 0
                    ? 'At least one condition is needed.'
                    : null
              }
              onChange={(e) => setLines(lines.map((l, k) => (k === i ? e.target.value : l)))}
            />
            {lines.length > 1 && (
              <Button
                kind="ghost"
                icon="minus"
                aria-label={`Remove condition ${i + 1}`}
                onClick={() => setLines(lines.filter((_, k) => k !== i))}
              />
            )}
          </div>
        ))}
        <Button small icon="plus" onClick={() => setLines([...lines, ''])}>
          Add a condition
        </Button>
      </fieldset>
      <Preview matchers={bad >= 0 ? [] : written} />
      <SelectField label="For" value={span} onChange={(e) => setSpan(e.target.value)}>
        {SPANS.map((s) => (
          <option key={s}>{s}</option>
        ))}
      </SelectField>
      <TextArea
        label="Why"
        value={comment}
        onChange={(e) => setComment(e.target.value)}
        placeholder="Others will read it"
        rows={2}
      />
    </Dialog>
  );
}

function Preview({ matchers }: { matchers: readonly string[] }) {
  const { alerts } = useAlerts();
  const key = matchers.join('\n');
  const hit = useMemo(() => {
    const parsed = key ? key.split('\n').map(parseMatcher) : [];
    return parsed.length && parsed.every(Boolean)
      ? alerts.filter((a) =>
          covers(
            parsed.filter((m) => m !== null),
            a,
          ),
        )
      : [];
  }, [key, alerts]);
  if (!key) return null;
  return (
    <div className="preview" aria-live="polite">
      <p>
        {hit.length === 0
          ? 'No alert that fires now is silenced by this.'
          : `Silences ${hit.length} of the ${alerts.length} alerts that fire now:`}
      </p>
      <ul>
        {hit.slice(0, 5).map((a) => (
          <li key={a.id}>
            <State state={a.severity} />{' '}
            <span>
              {a.rule} on {a.entity}
            </span>
          </li>
        ))}
        {hit.length > 5 && <li className="muted">and {hit.length - 5} more</li>}
      </ul>
    </div>
  );
}

/** The silences that are in force; asked anew when one comes or goes, or silences another number of alerts. */
export function useSilences() {
  const { alerts } = useAlerts();
  const silenced = alerts.filter((a: Alert) => a.silenced_by).length;
  const silences = useQuery<Silence[]>('alert.silences', {}, { on: [silenced], every: 30_000 });
  useTopic('events:silence.*', silences.reload);
  return silences;
}
