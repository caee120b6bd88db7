// What can be done with the ticked alerts, and how far it has come: a few at a time, what failed can be tried again. SPDX-License-Identifier: MIT
import { useRef, useState } from 'react';
import type { Alert } from '@/api/types';
import { runMany, type Many } from '@/api/many';
import { Button } from '@/ui/Button';
import { useHere } from '@/ui/here';
import { Meter } from '@/ui/Layout';
import { tell } from '@/ui/Toast';

interface Work {
  op: string;
  /** "acknowledged" */
  word: string;
  many: Many;
  busy: boolean;
}

const count = (n: number, what = 'alert'): string => `${n} ${n === 1 ? what : `${what}s`}`;

function useWork(done: () => void) {
  const [work, setWork] = useState<Work | null>(null);
  const abort = useRef<AbortController | null>(null);
  const here = useHere(() => abort.current?.abort());
  const start = async (op: string, word: string, ids: readonly string[]) => {
    const control = new AbortController();
    abort.current = control;
    const show = (many: Many, busy: boolean) => setWork({ op, word, many, busy });
    const end = await runMany(
      op,
      ids.map((id) => ({ id })),
      { signal: control.signal, onProgress: (m) => show(m, true) },
    );
    if (end.done > 0) tell(`${count(end.done)} ${word}`);
    const rest = end.failed.length + end.left.length;
    if (rest > 0 && !here.current) tell(`${count(rest)} not ${word}`, 'critical', end.failed[0]?.error.message);
    if (end.failed.length === 0 && end.left.length === 0) {
      setWork(null);
      done();
    } else show(end, false);
  };
  return { work, start, stop: () => abort.current?.abort(), forget: () => setWork(null) };
}

export function Chosen({ alerts, done }: { alerts: readonly Alert[]; done: () => void }) {
  const { work, start, stop, forget } = useWork(done);
  if (work?.busy) return <Going work={work} stop={stop} />;
  if (work) return <Left work={work} start={start} forget={forget} />;
  if (alerts.length === 0) return null;
  const open = alerts.filter((a) => a.state === 'firing' && !a.acknowledged);
  const held = alerts.filter((a) => a.state === 'firing' && a.acknowledged);
  const ids = (list: readonly Alert[]) => list.map((a) => a.id);
  return (
    <div className="chosen" role="toolbar" aria-label="With the selected alerts">
      <b className="num">{alerts.length} selected</b>
      <Button
        small
        icon="check"
        disabled={open.length === 0}
        onClick={() => void start('alert.ack', 'acknowledged', ids(open))}
      >
        Acknowledge{open.length !== alerts.length ? ` ${open.length}` : ''}
      </Button>
      {held.length > 0 && (
        <Button small onClick={() => void start('alert.unack', 'open again', ids(held))}>
          Take back {held.length}
        </Button>
      )}
      <Button small kind="ghost" icon="close" onClick={done}>
        None
      </Button>
    </div>
  );
}

function Going({ work: { word, many }, stop }: { work: Work; stop: () => void }) {
  const over = many.done + many.failed.length;
  return (
    <div className="chosen" role="group" aria-label="What is being done">
      <b className="num chosen-count">
        {word} {many.done} of {many.total}
        {many.failed.length > 0 && <span className="tone-critical toned">, {many.failed.length} failed</span>}
      </b>
      <div className="chosen-meter">
        <Meter value={(over / many.total) * 100} label={`${word} ${many.done} of ${many.total}`} tone="accent" />
      </div>
      <Button small icon="stop" onClick={stop}>
        Stop
      </Button>
    </div>
  );
}

/** What did not succeed, with the host's own reasons, each once. */
function Left({ work: { op, word, many }, start, forget }: { work: Work; start: Start; forget: () => void }) {
  const again = [...many.failed.map((f) => f.params), ...many.left].map((p) => (p as { id: string }).id);
  const reasons = new Map<string, { n: number; hint: string | null }>();
  for (const { error } of many.failed) {
    // ids differ from one to the next: the same reason is told once
    const text = error.message.replace(/\b[0-9a-f]{8,}\b/g, '…');
    reasons.set(text, { n: (reasons.get(text)?.n ?? 0) + 1, hint: error.hint });
  }
  return (
    <div className="chosen left" role="alert">
      <div className="chosen-what">
        <p>
          <b className="num">
            {word} {many.done} of {many.total}
            {many.failed.length > 0 && <span className="tone-critical toned">, {many.failed.length} failed</span>}
            {many.left.length > 0 && `, ${many.left.length} not tried`}
          </b>
        </p>
        <ul>
          {[...reasons].slice(0, 3).map(([text, { n, hint }]) => (
            <li key={text}>
              {n > 1 && `${n} times: `}
              <bdi>{text}</bdi>
              {hint && <span className="muted"> {hint}</span>}
            </li>
          ))}
          {reasons.size > 3 && <li className="muted">and {reasons.size - 3} other reasons</li>}
        </ul>
      </div>
      <Button small icon="refresh" onClick={() => void start(op, word, again)}>
        Try {again.length === 1 ? 'it' : again.length} again
      </Button>
      <Button small kind="ghost" icon="close" onClick={forget}>
        Leave it
      </Button>
    </div>
  );
}

type Start = (op: string, word: string, ids: readonly string[]) => Promise<void>;
