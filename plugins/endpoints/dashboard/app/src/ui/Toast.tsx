// Short notes about what was done or failed; read aloud, gone after a while. SPDX-License-Identifier: MIT
import { useCallback, useEffect, useRef } from 'react';
import { useAction } from '@/api/hooks';
import type { ApiError, CallOptions } from '@/api/rest';
import { Slice, useSlice } from '@/api/store';
import { Button } from './Button';
import { withCode } from './Empty';
import { StateIcon } from './State';

interface Note {
  id: number;
  tone: 'ok' | 'critical' | 'info';
  text: string;
  hint?: string | null;
}

const notes = new Slice<readonly Note[]>([]);
let next = 1;

const remove = (id: number): void => notes.set(notes.get().filter((n) => n.id !== id));

export function tell(text: string, tone: Note['tone'] = 'ok', hint?: string | null): void {
  notes.set([...notes.get().slice(-3), { id: next++, tone, text, hint }]);
}

export const tellError = (e: ApiError): void => tell(e.message, 'critical', e.hint);

/** A sentence about what was done, or about what the answer says was not; null tells nothing. */
type Outcome = string | { failure: string } | null;

/** An operation whose outcome is told in a note; `done` makes the sentence. */
export function useCommand<T = unknown>(op: string, done: (data: T) => Outcome = () => 'Done') {
  const action = useAction<T>(op, tellError);
  const { run: start } = action;
  const latest = useRef(done);
  latest.current = done;
  const run = useCallback(
    async (params: object = {}, options?: CallOptions): Promise<T | undefined> => {
      const say = latest.current; // what is chosen now, whatever is chosen while it runs
      const data = await start(params, options);
      if (data !== undefined) {
        const said = say(data);
        if (typeof said === 'string') tell(said);
        else if (said) tell(said.failure, 'critical');
      }
      return data;
    },
    [start],
  );
  return { ...action, run };
}

function Item({ note }: { note: Note }) {
  useEffect(() => {
    const timer = setTimeout(() => remove(note.id), note.tone === 'critical' ? 12_000 : 5000);
    return () => clearTimeout(timer);
  }, [note]);
  return (
    <div className={`toast tone-${note.tone}`}>
      <StateIcon tone={note.tone} />
      <div>
        <p>{note.text}</p>
        {note.hint && <p className="toast-hint">{withCode(note.hint)}</p>}
      </div>
      <Button small kind="ghost" icon="close" aria-label="Close the note" onClick={() => remove(note.id)} />
    </div>
  );
}

export function Toasts() {
  const list = useSlice(notes);
  return (
    <div className="toasts" role="status" aria-live="polite" aria-label="Notes">
      {list.map((n) => (
        <Item key={n.id} note={n} />
      ))}
    </div>
  );
}
