// Charts and bars over time: what they ask, what they add, what they draw where. SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Point } from '../src/api/types';
import { asked, beginPage, connect, draw, endPage, look, media, tell } from './page';

vi.stubGlobal('matchMedia', media);
const { align } = await import('../src/ui/Plot');
const { added, useMetric } = await import('../src/ui/MetricChart');
const { SPANS } = await import('../src/ui/range');
const { StateBar } = await import('../src/views/services/StateBar');

beforeEach(() => {
  beginPage();
  vi.stubGlobal('matchMedia', media);
});
afterEach(endPage);

const lastHour = (to: number) => ({ from: to - SPANS['1h'], to, span: '1h' as const });

describe('lines', () => {
  const line = (key: string, ...points: Point[]) => ({ key, label: key, points });

  it('are drawn each at its own times, though they begin and end together', () => {
    const a = line('a', [1000, 1], [2000, 2], [4000, 4]);
    const b = line('b', [1000, 5], [3000, 7], [4000, 8]);
    expect(align([a, b])).toEqual([
      [1, 2, 3, 4],
      [1, 2, undefined, 4],
      [5, undefined, 7, 8],
    ]);
    expect(align([a, { ...a, key: 'c' }])).toEqual([
      [1, 2, 4],
      [1, 2, 4],
      [1, 2, 4],
    ]);
  });
});

describe('samples that come', () => {
  it('are added, each once', () => {
    const range = lastHour(SPANS['1h']);
    const one = added(new Map(), [{ series: 's', t: 5000, v: 1 }], range);
    const two = added(
      one,
      [
        { series: 's', t: 5000, v: 1 },
        { series: 's', t: 9000, v: 2 },
        { series: 's', t: 9000, v: 2 },
      ],
      range,
    );
    expect([...two]).toEqual([
      [
        's',
        [
          [5000, 1],
          [9000, 2],
        ],
      ],
    ]);
  });

  it('are no more than the range can show, however long it is added to', () => {
    let extra = new Map() as ReturnType<typeof added>;
    for (let t = 0; t <= 6 * SPANS['1h']; t += 1000) extra = added(extra, [{ series: 's', t, v: t }], lastHour(t));
    const points = extra.get('s') ?? [];
    expect(points.length).toBeLessThanOrEqual(240 * 8 + 1);
    expect(points[0]?.[0]).toBeGreaterThanOrEqual(5 * SPANS['1h']);
    expect(points[points.length - 1]).toEqual([6 * SPANS['1h'], 6 * SPANS['1h']]);
  });
});

describe('a chart', () => {
  let points: readonly Point[] | undefined;
  function One({ range }: { range: ReturnType<typeof lastHour> }) {
    points = useMetric({ selector: 'load' }, range).series[0]?.points;
    return null;
  }
  const sample = (t: number) =>
    tell({ type: 'delta', topic: 'samples', data: { samples: [{ series: 'load', t, v: t }] } });
  const answer = (...p: Point[]) => ({ series: [{ series: 'load', name: 'load', labels: {}, points: p }] });

  it('adds nothing while nobody looks, and asks for it when somebody does', async () => {
    await draw(<One range={lastHour(Date.now())} />);
    await connect();
    await asked[0]?.answer(answer([1, 1]));
    await sample(2);
    expect(points).toEqual([
      [1, 1],
      [2, 2],
    ]);
    await look(false);
    await sample(3);
    expect(points).toHaveLength(2);
    expect(asked).toHaveLength(1);
    await look(true);
    expect(asked).toHaveLength(2);
    await asked[1]?.answer(answer([1, 1], [2, 2], [3, 3]));
    expect(points).toHaveLength(3);
    await look(false);
    await look(true); // nothing came
    expect(asked).toHaveLength(2);
  });
});

describe('the bar of states', () => {
  const bar = (to: number, state: 'ok' | 'critical' = 'ok') => (
    <StateBar service="a" state={state} range={lastHour(to)} />
  );

  it('stays as time goes on, while it is asked anew', async () => {
    const to = Math.ceil(Date.now() / 60_000) * 60_000;
    const { box, redraw } = await draw(bar(to));
    await asked[0]?.answer([]);
    expect(box.querySelector('.state-bar')).not.toBeNull();
    await redraw(bar(to + 60_000));
    expect(box.querySelector('.state-bar')).not.toBeNull();
    expect(asked.map((a) => a.params)).toEqual([asked[0]?.params, asked[0]?.params]);
    expect(asked[0]?.params.since).toBe('1h');
  });

  it('says why it is not there', async () => {
    const { box } = await draw(<StateBar service="b" state="ok" range={lastHour(Date.now())} />);
    await asked[0]?.fail('failed', 'the store is closed');
    expect(box.textContent).toContain('the store is closed');
  });
});
