// Doing something again and again while the page is looked at. SPDX-License-Identifier: MIT

/** Runs `fn` every so many milliseconds while the page is to be seen; what was due in the meantime is made up for when it is. */
export function repeat(fn: () => void, every: number): () => void {
  let last = Date.now();
  const run = () => {
    if (document.visibilityState !== 'visible') return;
    last = Date.now();
    fn();
  };
  const shown = () => {
    if (Date.now() - last >= every) run();
  };
  const timer = setInterval(run, every);
  document.addEventListener('visibilitychange', shown);
  return () => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', shown);
  };
}
