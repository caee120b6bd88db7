// Components whose code comes later, and is there at once when it was fetched ahead. SPDX-License-Identifier: MIT
import { lazy, type ComponentType } from 'react';

export interface Later<P> {
  /** Fetches the code; asked again it is not fetched again. */
  load: () => Promise<unknown>;
  /** What to draw: the component where its code is there, else one that waits in a Suspense. Keep it while it is shown. */
  pick: () => ComponentType<P>;
}

/** `lazy` alone draws its stand-in first even when the code is long there, and the page twice. */
export function later<P>(fetch: () => Promise<{ default: ComponentType<P> }>): Later<P> {
  let there: ComponentType<P> | null = null;
  const load = () =>
    fetch().then(
      (module) => {
        there = module.default;
        return module;
      },
      (e: unknown) => {
        waiting = begin(); // the old one would fail for ever, and the host may have been away for a moment only
        throw e;
      },
    );
  const begin = () => lazy(load) as unknown as ComponentType<P>;
  let waiting = begin();
  return { load, pick: () => there ?? waiting };
}
