// When things are asked: again and again while the page is looked at, and never the same twice at a time. SPDX-License-Identifier: MIT

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

/** A question that is not answered for so long is given up when it is asked again. */
const PATIENCE_MS = 10_000;

/**
 * What is asked for while an answer is on its way is asked once more when that is there: it may be older than what made one
 * ask, and who gave it up for a new one each time would never have an answer. `run` never rejects.
 */
export function askOneAtATime(run: (signal: AbortSignal) => Promise<void>): { ask: () => void; end: () => void } {
  let on: AbortController | null = null;
  let since = 0;
  let again = false;
  const ask = () => {
    if (on && Date.now() - since < PATIENCE_MS) {
      again = true;
      return;
    }
    on?.abort();
    const mine = new AbortController();
    on = mine;
    since = Date.now();
    again = false;
    void run(mine.signal).then(() => {
      if (on !== mine) return;
      on = null;
      if (again) ask();
    });
  };
  return {
    ask,
    end: () => {
      on?.abort();
      on = null;
      again = false;
    },
  };
}
