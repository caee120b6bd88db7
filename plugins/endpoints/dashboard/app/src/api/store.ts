// Values that views watch; whatever arrives within one frame is shown at once. SPDX-License-Identifier: MIT
import { useSyncExternalStore } from 'react';

/** A value and those who want to know when it is another one. */
export class Slice<T> {
  private listeners = new Set<() => void>();

  constructor(private value: T) {}

  readonly get = (): T => this.value;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  set(value: T): void {
    if (Object.is(value, this.value)) return;
    this.value = value;
    for (const listener of [...this.listeners]) listener();
  }
}

export function useSlice<T>(slice: Slice<T>): T {
  return useSyncExternalStore(slice.subscribe, slice.get);
}

/** The part of a slice that a component shows; it is drawn anew only when that part is another one (Object.is). */
export function useSelect<T, P>(slice: Slice<T>, select: (value: T) => P): P {
  return useSyncExternalStore(slice.subscribe, () => select(slice.get()));
}

const LATEST_MS = 250;

/** Runs what was asked for once, with the next frame; where none comes, for the page is hidden or busy, a little later. */
export class FrameBatch {
  private waiting = false;

  constructor(private readonly run: () => void) {}

  ask(): void {
    if (this.waiting) return;
    this.waiting = true;
    // a frame that was asked for while the page was seen does not come once it is hidden: whichever is first will do
    const frame = requestAnimationFrame(() => go());
    const timer = setTimeout(() => go(), LATEST_MS);
    const go = () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      this.waiting = false;
      this.run();
    };
  }
}
