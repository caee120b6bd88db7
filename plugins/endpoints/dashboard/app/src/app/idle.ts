// Work that waits until the browser has nothing better to do. SPDX-License-Identifier: MIT

const ask: (f: () => void, options?: { timeout: number }) => number =
  typeof window !== 'undefined' && window.requestIdleCallback
    ? (f, options) => window.requestIdleCallback(() => f(), options)
    : (f) => window.setTimeout(f, 50);
const cancel = (ticket: number): void => (window.cancelIdleCallback ?? window.clearTimeout)(ticket);

/** Does one thing after another, each when there is time; each after `timeout` milliseconds even if there is none. Returns how to stop. */
export function whenIdle(things: readonly (() => void)[], timeout?: number): () => void {
  let next = 0;
  let ticket = 0;
  const options = timeout === undefined ? undefined : { timeout };
  const turn = () => {
    things[next++]?.();
    if (next < things.length) ticket = ask(turn, options);
  };
  ticket = ask(turn, options);
  return () => cancel(ticket);
}
