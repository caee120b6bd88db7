// What is shown with the next frame, or without one. SPDX-License-Identifier: MIT
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FrameBatch } from '../src/api/store';

let frames: Map<number, () => void>;
let ran: number;
const draw = () => {
  const due = [...frames.values()];
  frames.clear();
  due.forEach((f) => f());
};

beforeEach(() => {
  vi.useFakeTimers();
  frames = new Map();
  ran = 0;
  let next = 1;
  vi.stubGlobal('requestAnimationFrame', (f: () => void) => (frames.set(next, f), next++));
  vi.stubGlobal('cancelAnimationFrame', (n: number) => frames.delete(n));
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it('runs once with the next frame, however often it was asked for', () => {
  const batch = new FrameBatch(() => ran++);
  batch.ask();
  batch.ask();
  expect(ran).toBe(0);
  draw();
  vi.advanceTimersByTime(1000);
  expect(ran).toBe(1);
});

it('runs without a frame when the page was hidden after it was asked for, and again when it is asked again', () => {
  const batch = new FrameBatch(() => ran++);
  batch.ask();
  vi.advanceTimersByTime(250);
  expect(ran).toBe(1);
  batch.ask();
  vi.advanceTimersByTime(250);
  expect(ran).toBe(2);
  draw(); // seen again
  expect(ran).toBe(2);
});
