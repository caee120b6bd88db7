// One operation for many things: a few requests at a time, and a truthful account of each. SPDX-License-Identifier: MIT
import { ApiError, call, isUnanswered } from './rest';

export interface Many {
  total: number;
  done: number;
  failed: readonly { params: object; error: ApiError }[];
  /** Not tried: it was stopped before. */
  left: readonly object[];
}

/** Browsers refuse thousands of requests at once, and others want to be answered, too. */
export const MOST_AT_ONCE = 6;
/** The counter is drawn so often, whatever the pace. */
const SHOWN_EVERY_MS = 100;

export interface ManyOptions {
  signal?: AbortSignal;
  onProgress?: (so_far: Many) => void;
}

/** Never rejects: what failed is in the answer. When the host cannot be reached the rest is not tried: it would fail the same way. */
export async function runMany(op: string, list: readonly object[], options: ManyOptions = {}): Promise<Many> {
  const failed: { params: object; error: ApiError }[] = [];
  let next = 0;
  let done = 0;
  let away = false;
  let shown = 0;
  const account = (): Many => ({ total: list.length, done, failed: [...failed], left: list.slice(next) });
  const show = () => {
    if (Date.now() - shown < SHOWN_EVERY_MS) return;
    shown = Date.now();
    options.onProgress?.(account());
  };
  const worker = async () => {
    while (next < list.length && !away && !options.signal?.aborted) {
      const params = list[next++] as object;
      try {
        await call(op, params);
        done++;
      } catch (e) {
        const error = e instanceof ApiError ? e : new ApiError({ code: 'internal', message: String(e) });
        away ||= isUnanswered(error) || error.status === 401;
        failed.push({ params, error });
      }
      show();
    }
  };
  show();
  await Promise.all(Array.from({ length: Math.min(MOST_AT_ONCE, list.length) }, worker));
  return account();
}
