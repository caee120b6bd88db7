// The views that this person has on this host. SPDX-License-Identifier: MIT
import { useMemo } from 'react';
import { rank, useOps, useSession } from '@/api/hooks';
import { VIEWS, type ViewDef } from '@/views';

/** Null while it is not known. */
export function useViews(): readonly ViewDef[] | null {
  const ops = useOps();
  const session = useSession();
  return useMemo(
    () =>
      ops && session
        ? VIEWS.filter((v) => rank(session.role) >= rank(v.role) && v.needs.every((op) => ops.has(op)))
        : null,
    [ops, session],
  );
}
