// Who did something, short enough to read: sessions are numbered by the host. SPDX-License-Identifier: MIT
import { useCallback, useMemo } from 'react';
import { useCan, useQuery, useTopic } from '@/api/hooks';

/** "session:01a20509-6ab6-7000-9a57-13bf3433aa89" -> "session aa89"; "cli:uid=0" stays. */
export const shortActor = (actor: string): string =>
  actor.replace(/^session:[0-9a-f-]{20,}([0-9a-f]{4})$/, 'session $1');

interface SessionName {
  id: string;
  by?: string | null;
}

/** Names of actors, where the host tells us who is behind a session: "token:ann (session aa89)". */
export function useActorNames(): (actor: string) => string {
  const can = useCan();
  const mayAsk = can('session.list');
  const list = useQuery<SessionName[]>(mayAsk ? 'session.list' : null);
  useTopic(mayAsk ? 'events:access.*' : null, list.reload);
  const names = useMemo(() => new Map(list.data?.map((s) => [s.id, s.by])), [list.data]);
  return useCallback(
    (actor: string) => {
      const by = actor.startsWith('session:') ? names.get(actor.slice('session:'.length)) : null;
      return by ? `${by} (${shortActor(actor)})` : shortActor(actor);
    },
    [names],
  );
}
