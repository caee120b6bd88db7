// Addresses, sorting, ranges, and other functions that views stand on. SPDX-License-Identifier: MIT
import { describe, expect, it, vi } from 'vitest';
import type { Format } from '../src/app/time';

vi.stubGlobal('matchMedia', () => ({
  matches: false,
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
}));

const { formatPlace, go, parsePlace, place, setParams } = await import('../src/app/router');
const { dollars } = await import('../src/views/cost/types');
const { rankMatch } = await import('../src/app/fuzzy');
const { formatBytes, formatDuration, formatMs, formatNumber, formatPercent, formatterOf } =
  await import('../src/app/time');
const { compareValues, finder, formatSort, parseSort, sortRows, toggleSort } = await import('../src/ui/rows');
const { parseRange, stepOf } = await import('../src/ui/range');
const { join, labelOf } = await import('../src/ui/MetricChart');
const { selector } = await import('../src/api/selector');
const { covers, equals, matchersOf, parseMatcher } = await import('../src/views/alerts/matchers');
const { conditionOf, limitKey } = await import('../src/views/alerts/why');
const { availability, spansOf } = await import('../src/views/services/StateBar');
const { order } = await import('../src/views/services/ServiceCharts');
const { layout } = await import('../src/views/overview/CheckMap');

describe('the address', () => {
  it('reads a view and its parameters', () => {
    const p = parsePlace('#/services?state=critical,warning&sel=web%2Fapi');
    expect([p.path, p.params.get('state'), p.params.get('sel')]).toEqual(['/services', 'critical,warning', 'web/api']);
    expect(parsePlace('').path).toBe('/');
    expect(parsePlace('#services/').path).toBe('/services');
  });

  it('writes what it reads, whatever a name holds', () => {
    const nasty = 'a&b=c#d?e/f <img> "ü"';
    expect(parsePlace(`#${formatPlace('/services', { sel: nasty, q: '' })}`).params.get('sel')).toBe(nasty);
    expect(formatPlace('/alerts', { a: null, b: undefined, c: '' })).toBe('/alerts');
  });

  it('sets and removes single parameters and keeps the others', () => {
    go('/services?q=db&sort=-since');
    setParams({ q: null, sel: 'x/y' });
    expect(place.get().text).toBe('/services?sort=-since&sel=x/y');
    expect(location.hash).toBe('#/services?sort=-since&sel=x/y');
  });
});

describe('lists', () => {
  it('sorts numbers in names as people do, and what has no value last', () => {
    const rows = [{ n: 'node-10' }, { n: 'node-9' }, { n: '' }];
    const by = [{ key: 'n', sort: (r: { n: string }) => r.n }];
    expect(sortRows(rows, { key: 'n', down: false }, by).map((r) => r.n)).toEqual(['node-9', 'node-10', '']);
    expect(sortRows(rows, { key: 'n', down: true }, by).map((r) => r.n)).toEqual(['node-10', 'node-9', '']);
    expect(sortRows(rows, null, by)).toBe(rows);
    expect(compareValues(null, 1, true)).toBe(1);
  });

  it('turns a column up, down and off', () => {
    const up = toggleSort(null, 'a');
    const down = toggleSort(up, 'a');
    expect([up, down, toggleSort(down, 'a')]).toEqual([{ key: 'a', down: false }, { key: 'a', down: true }, null]);
    expect(parseSort(formatSort(down) ?? '')).toEqual(down);
  });

  it('finds every word anywhere', () => {
    expect(finder('DB main')('main-db postgres')).toBe(true);
    expect(finder('db web')('main-db')).toBe(false);
    expect(finder(' ')('anything')).toBe(true);
  });

  it('ranks the beginning above the middle above scattered letters', () => {
    const ranks = ['web/api', 'my-web', 'we are big'].map((t) => rankMatch('web', t));
    expect(ranks[0]).toBeGreaterThan(ranks[1] as number);
    expect(ranks[1]).toBeGreaterThan(ranks[2] as number);
    expect(rankMatch('xyz', 'web')).toBe(0);
  });

  it('lays any number of checks out within its height', () => {
    for (const n of [1, 11, 200, 1000, 5000]) {
      const g = layout(n, 900, 208);
      expect(g.columns * g.rows).toBeGreaterThanOrEqual(n);
      if (n <= 1000) expect(g.rows * (g.cell + g.gap)).toBeLessThanOrEqual(215);
    }
  });
});

describe('figures', () => {
  it('are written as people read them', () => {
    expect([0, 59_000, 3_600_000, 12_000_000, 90_000_000].map(formatDuration)).toEqual([
      '0 s',
      '59 s',
      '1 h',
      '3 h 20 min',
      '1 d 1 h',
    ]);
    const written = (format: Format, values: (number | null)[], step?: number) => values.map((v) => format(v, step));
    expect(written(formatMs, [null, 0, 0.053, 3.25, 250, 1500, 50_000])).toEqual([
      '–',
      '0 ms',
      '0.053 ms',
      '3.3 ms',
      '250 ms',
      '1.50 s',
      '50 s',
    ]);
    expect(written(formatBytes, [0, 1023, 1536, 5e9])).toEqual(['0 B', '1023 B', '1.5 KiB', '4.7 GiB']);
    expect(written(formatPercent, [0, 0.04, 5.25, 42.4])).toEqual(['0 %', '0.04 %', '5.3 %', '42 %']);
    expect(written(formatNumber, [3, 0.123, 15_300, 2.5e6])).toEqual(['3', '0.12', '15.3 k', '2.50 M']);
    expect(formatterOf('http.response_ms')(12)).toBe('12 ms');
    expect(formatterOf('system.memory_bytes')(2048)).toBe('2.0 KiB');
  });

  it('are told apart on an axis', () => {
    const marks = (format: Format, from: number, step: number) =>
      [0, 1, 2].map((i) => format(from + i * step, step)).join(', ');
    expect(marks(formatMs, 0, 0.05)).toBe('0.00 ms, 0.05 ms, 0.10 ms');
    expect(marks(formatMs, 500, 500)).toBe('500 ms, 1.0 s, 1.5 s');
    expect(marks(formatPercent, 97, 0.5)).toBe('97.0 %, 97.5 %, 98.0 %');
    expect(marks(formatMs, 60_000, 30_000)).toBe('1.0 min, 1.5 min, 2.0 min');
    expect(marks(formatMs, 36_000_000, 7_200_000)).toBe('10 h, 12 h, 14 h');
    expect(marks(formatMs, 864_000_000, 43_200_000)).toBe('10.0 d, 10.5 d, 11.0 d');
    expect(marks(formatBytes, 2 ** 30, 2 ** 29)).toBe('1.0 GiB, 1.5 GiB, 2.0 GiB');
    expect(marks(formatBytes, 2 ** 32, 2 ** 25)).toBe('4.00 GiB, 4.03 GiB, 4.06 GiB');
    expect(marks(formatNumber, 20_000, 250)).toBe('20.00 k, 20.25 k, 20.50 k');
    expect(marks(dollars, 0, 0.005)).toBe('$0.000, $0.005, $0.010');
    expect(marks(formatterOf('agent.age_seconds'), 0, 0.25)).toBe('0 ms, 250 ms, 500 ms');
  });
});

describe('ranges', () => {
  it('are spans up to now or parts of the past; nonsense is the usual one', () => {
    expect(parseRange('6h', 1e12)).toEqual({ from: 1e12 - 21_600_000, to: 1e12, span: '6h' });
    expect(parseRange('1000000000000-1000000060000', 2e12)).toEqual({ from: 1e12, to: 1e12 + 60_000, span: null });
    expect(parseRange('1000000060000-1000000000000', 2e12).span).toBe('1h');
    expect(parseRange('<script>', 2e12).span).toBe('1h');
    expect(stepOf({ from: 0, to: 3_600_000 })).toBe(15_000);
  });

  it('join stored points with those that came since', () => {
    expect(
      join(
        [
          [1, 1],
          [2, 2],
        ],
        [
          [2, 9],
          [3, 3],
        ],
      ),
    ).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    expect(labelOf({ name: 'system.disk_percent', labels: { instance: 'system', mount: '/' } })).toBe('/');
  });

  it('fill with states, and say how much of the time was well', () => {
    const change = (at: number, from: string, to: string) => ({ at, from, to, service: 's' }) as never;
    const spans = spansOf(
      [change(80, 'critical', 'ok'), change(60, 'critical', 'critical'), change(50, 'ok', 'critical')],
      'ok',
      { from: 0, to: 100 },
      true,
    );
    expect(spans).toEqual([
      { from: 0, to: 50, state: 'ok' },
      { from: 50, to: 80, state: 'critical' },
      { from: 80, to: 100, state: 'ok' },
    ]);
    expect(availability(spans)).toBe(70);
    expect(spansOf([], 'warning', { from: 0, to: 10 }, true)).toEqual([{ from: 0, to: 10, state: 'warning' }]);
    expect(spansOf([change(40, 'pending', 'ok')], 'ok', { from: 0, to: 100 }, true)[0]).toEqual({
      from: 0,
      to: 40,
      state: null,
    });
    expect(availability([{ from: 0, to: 5, state: null }])).toBeNull();
  });
});

describe('silences and rules', () => {
  const a = {
    rule: 'disk_full',
    severity: 'warning',
    instance: 'db',
    target: 'one',
    category: '',
    labels: { mount: '/var' },
    entity: 'db/one',
  } as never;

  it('reads matchers as the host does', () => {
    expect(parseMatcher('rule=~disk_.*')).toEqual({ name: 'alertname', op: '=~', value: 'disk_.*' });
    expect(parseMatcher('disk_full')).toEqual({ name: 'alertname', op: '=', value: 'disk_full' });
    expect(parseMatcher('disk_*')).toEqual({ name: 'alertname', op: '=~', value: 'disk_.*' });
    expect(parseMatcher('"rule"=x')).toEqual({ name: 'rule', op: '=', value: 'x' });
    expect(parseMatcher('rule=~*web')).toBeNull();
    expect(parseMatcher('mount="/var"')).toEqual({ name: 'mount', op: '=', value: '/var' });
    expect(parseMatcher('= x')).toBeNull();
    expect(parseMatcher('path="a\\nb\\\\n"')?.value).toBe('a\nb\\n');
    expect(parseMatcher(equals('path', 'a "b"\n\\'))?.value).toBe('a "b"\n\\');
    expect(parseMatcher('rule=~(?i)DISK_.*')).not.toBeNull();
    expect(covers([parseMatcher('rule=~(?i)DISK_.*')], a)).toBe(true);
    expect(covers([parseMatcher('rule=~(?P<kind>disk)_.*')], a)).toBe(true);
  });

  it('knows what they cover', () => {
    const hit = (...m: string[]) => covers(m.map(parseMatcher), a);
    expect(hit('rule=~disk_.*', 'severity=warning')).toBe(true);
    expect(hit('rule=~disk')).toBe(false);
    expect(hit('disk_*')).toBe(true);
    expect(hit('mount=/var', 'target!=two')).toBe(true);
    expect(hit('rule!~disk.*')).toBe(false);
    expect(hit('rule=~d.sk*')).toBe(false);
    expect(hit('nothing=')).toBe(true);
    expect(hit(...matchersOf(a))).toBe(true);
    const foreign = { rule: 'Foreign', instance: 'n1', target: '', category: '', labels: { rule: 'x' } } as never;
    expect(matchersOf(foreign)).toEqual(['alertname=Foreign', 'instance=n1']);
    expect(covers(matchersOf(foreign).map(parseMatcher), foreign)).toBe(true);
    expect(covers(['rule=Foreign', '"rule"=x'].map(parseMatcher), foreign)).toBe(true);
    expect(covers([parseMatcher('"rule"=Foreign')], foreign)).toBe(false);
  });

  it('takes the limit out of a condition', () => {
    expect(conditionOf('system.cpu_percent > 90', 'system.cpu_percent')).toEqual({
      metric: 'system.cpu_percent',
      op: '>',
      limit: 90,
    });
    const named = conditionOf('system.cpu_percent >= thresholds.cpu.critical_percent', 'system.cpu_percent');
    expect(limitKey(named)).toBe('thresholds.cpu.critical_percent');
    expect(conditionOf('tcp.up == false', 'tcp.up')?.limit).toBe(false);
    expect(conditionOf('my_system.cpu_percent > 1', 'system.cpu_percent')).toBeNull();
  });
});

it('writes selectors whose values hold anything', () => {
  expect(selector('http.up', { instance: 'w"e\\b', target: '' })).toBe('http.up{instance="w\\"e\\\\b"}');
  expect(selector('x')).toBe('x');
});

it('orders the charts of a service: response times first, states not at all', () => {
  const s = (name: string, target = 't') => ({ name, labels: { instance: 'i', target }, kind: 'gauge' }) as never;
  expect(order([s('http.up'), s('http.body_bytes'), s('http.response_ms'), s('other.x', 'u')], 't')).toEqual([
    'http.response_ms',
    'http.body_bytes',
  ]);
});
