// What is asked for again and again: not while nobody looks, and at once when somebody looks again. SPDX-License-Identifier: MIT
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { repeat } from '../src/api/repeat';

let seen = true;
const look = (yes: boolean) => {
  seen = yes;
  document.dispatchEvent(new Event('visibilitychange'));
};

beforeEach(() => {
  vi.useFakeTimers();
  seen = true;
  vi.spyOn(document, 'visibilityState', 'get').mockImplementation(() => (seen ? 'visible' : 'hidden'));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it('asks while the page is seen', () => {
  let asked = 0;
  const end = repeat(() => asked++, 1000);
  vi.advanceTimersByTime(3500);
  expect(asked).toBe(3);
  end();
  vi.advanceTimersByTime(3500);
  expect(asked).toBe(3);
});

it('asks nothing while it is hidden, and at once when it is shown again', () => {
  let asked = 0;
  const end = repeat(() => asked++, 1000);
  look(false);
  vi.advanceTimersByTime(60_000);
  expect(asked).toBe(0);
  look(true);
  expect(asked).toBe(1);
  look(false);
  look(true); // a moment later nothing was missed
  expect(asked).toBe(1);
  end();
  look(false);
  vi.advanceTimersByTime(60_000);
  look(true);
  expect(asked).toBe(1);
});
