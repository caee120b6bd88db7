// How things from outside are named. SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { Alert } from '../src/api/types';
import { formatClock, formatDay } from '../src/app/time';
import { isolate } from '../src/ui/text';
import { placeOf } from '../src/views/alerts/parts';

const alert = (more: Partial<Alert>) => ({ instance: '', target: '', entity: '', ...more }) as Alert;

describe('placeOf', () => {
  it('says nothing twice', () => {
    expect(placeOf(alert({ instance: 'shop', target: 'api', entity: 'shop/api service=shop/api' }))).toBe('shop/api');
    expect(placeOf(alert({ instance: 'system', entity: 'system mount=/home' }))).toBe('system mount=/home');
    expect(placeOf(alert({ entity: 'job=backup db=main' }))).toBe('job=backup db=main');
  });
});

describe('isolate', () => {
  it('leaves plain text alone, and shuts in what could turn the direction', () => {
    expect(isolate('shop/api')).toBe('shop/api');
    expect(isolate('db\u202eko\u2069')).toBe('\u2068db\u202eko\u2069');
  });
});

describe('times', () => {
  const now = new Date(2026, 10, 23, 12).getTime();
  it('have a year when it is another one', () => {
    expect(formatClock(new Date(2026, 10, 21, 9, 5).getTime(), now)).toBe('11-21 09:05:00');
    expect(formatClock(new Date(2027, 1, 21, 9, 5).getTime(), now)).toBe('2027-02-21 09:05:00');
    expect(formatDay(new Date(2027, 1, 21).getTime())).toBe('2027-02-21');
  });
});
