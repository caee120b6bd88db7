// What views use, in components that are drawn. SPDX-License-Identifier: MIT
import { act, useCallback, useState } from 'react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { useFeed } from '../src/api/feed';
import { alertsSlice, healthSlice, live, startData, useQuery, useSamples, type Query } from '../src/api/hooks';
import type { Sample } from '../src/api/types';
import { Toasts, useCommand } from '../src/ui/Toast';
import { asked, askedOf, beginPage, connect, draw, endPage, pass, tell } from './page';
import { FakeSocket } from './socket';

beforeEach(beginPage);
afterEach(endPage);

describe('an answer', () => {
  let query: Query<number>;
  function One({ n, on }: { n: number; on?: unknown }) {
    query = useQuery<number>('metrics.query', { n }, { on: [on] });
    return <p>{query.data}</p>;
  }

  it('is waited for, and asked once more when it was asked for meanwhile', async () => {
    const { box, redraw } = await draw(<One n={1} on="a" />);
    await act(async () => query.reload());
    await redraw(<One n={1} on="b" />);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.aborted()).toBe(false);
    await asked[0]?.answer(7);
    expect(box.textContent).toBe('7');
    expect(asked).toHaveLength(2);
    await asked[1]?.answer(8);
    expect(box.textContent).toBe('8');
    expect(asked).toHaveLength(2);
  });

  it('is not waited for when the question is another one, which is asked once', async () => {
    const { box, redraw } = await draw(<One n={2} on="a" />);
    await redraw(<One n={3} on="b" />);
    expect(asked.map((a) => [a.params.n, a.aborted()])).toEqual([
      [2, true],
      [3, false],
    ]);
    await asked[1]?.answer(9);
    expect(box.textContent).toBe('9');
    expect(asked).toHaveLength(2);
  });

  it('that does not come is asked for again', async () => {
    await draw(<One n={4} />);
    await pass(10_000);
    await act(async () => query.reload());
    expect(asked.map((a) => a.aborted())).toEqual([true, false]);
  });
});

describe('an answer that the host did not give', () => {
  function One() {
    return <p>{useQuery<number>('metrics.query', { n: 5 }).error?.code}</p>;
  }

  it.each(['unreachable', 'retry', 'config'])('because of %s', async (code) => {
    await draw(<One />);
    await connect();
    await asked[0]?.fail(code, 'no');
    await act(async () => FakeSocket.last.breaks());
    expect(askedOf('metrics.query')).toHaveLength(1);
    await pass(15_000);
    await act(async () => FakeSocket.last.hello(30));
    expect(askedOf('metrics.query')).toHaveLength(code === 'config' ? 1 : 2); // is asked for anew when it is back, if that may help
  });

  it.each([502, 503, 504, 404])('because a proxy answered %i in its place', async (status) => {
    await draw(<One />);
    await connect();
    await act(async () => FakeSocket.last.breaks());
    await asked[0]?.page(status);
    await pass(15_000);
    await act(async () => FakeSocket.last.hello(30));
    expect(askedOf('metrics.query')).toHaveLength(status === 404 ? 1 : 2);
  });
});

describe('an answer that fails after the connection is back', () => {
  let query: Query<number>;
  const all = () => askedOf('metrics.query'); // when the connection is lost the session is asked for, too
  function One({ n }: { n: number }) {
    query = useQuery<number>('metrics.query', { n, of: 'late' });
    return <p>{query.data}</p>;
  }

  it('is asked for anew a little later', async () => {
    const { box } = await draw(<One n={1} />);
    await connect();
    await all()[0]?.fail('unreachable', 'no');
    await pass(1499);
    expect(all()).toHaveLength(1);
    await pass(1);
    expect(all()).toHaveLength(2);
    await all()[1]?.answer(7);
    expect(box.textContent).toBe('7');
    await pass(10_000);
    expect(all()).toHaveLength(2);
  });

  it('is given up after a few times, until the connection comes back', async () => {
    await draw(<One n={2} />);
    await connect();
    for (let i = 0; i < 10; i++) {
      await all()[i]?.fail('retry', 'no');
      await pass(2000);
    }
    expect(all()).toHaveLength(4);
    await act(async () => FakeSocket.last.breaks());
    await pass(15_000);
    await act(async () => FakeSocket.last.hello(30));
    expect(all()).toHaveLength(5);
    await all()[4]?.fail('retry', 'no');
    await pass(2000);
    expect(all()).toHaveLength(6);
  });

  it('has as many tries again once it was there', async () => {
    await draw(<One n={3} />);
    await connect();
    for (let i = 0; i < 3; i++) {
      await all()[i]?.fail('retry', 'no');
      await pass(1500);
    }
    await all()[3]?.answer(7);
    await act(async () => query.reload());
    await all()[4]?.fail('retry', 'no');
    await pass(1500);
    expect(all()).toHaveLength(6);
  });

  it('is asked for once when the connection goes and comes meanwhile', async () => {
    await draw(<One n={4} />);
    await connect();
    await all()[0]?.fail('retry', 'no');
    await act(async () => FakeSocket.last.breaks());
    await act(async () => live.hurry());
    await act(async () => FakeSocket.last.hello(30));
    expect(all()).toHaveLength(2);
    await pass(5000);
    await all()[1]?.answer(7);
    expect(all()).toHaveLength(2);
  });

  it('is not asked for by what is gone', async () => {
    const { remove } = await draw(<One n={5} />);
    await connect();
    await all()[0]?.fail('unreachable', 'no');
    await remove();
    await pass(5000);
    expect(all()).toHaveLength(1);
  });
});

describe('a command', () => {
  let span: (s: string) => void;
  let run: () => void;
  function Silence() {
    const [s, set] = useState('2h');
    span = set;
    const silence = useCommand('alert.silence', () => `Silenced for ${s}`);
    run = () => void silence.run({ for: s });
    return null;
  }

  it('is told with what was chosen when it began', async () => {
    const { box } = await draw(
      <>
        <Silence />
        <Toasts />
      </>,
    );
    await act(async () => span('7d'));
    await act(async () => run());
    await act(async () => span('15m')); // for the next one
    await asked[0]?.answer({});
    expect(asked[0]?.params).toEqual({ for: '7d' });
    expect(box.textContent).toContain('Silenced for 7d');
    await pass(5000);
  });

  it('that fails is told even if the dialogue is closed by then', async () => {
    const { box } = await draw(<Toasts />);
    const dialog = await draw(<Silence />);
    await act(async () => run());
    await dialog.remove();
    await asked[0]?.fail('denied', 'a policy forbids it');
    expect(box.textContent).toContain('a policy forbids it');
    await pass(12_000);
  });
});

describe('samples', () => {
  it('are handed to those who chose them', async () => {
    const got: Record<string, string[]> = {};
    function Watch({ by }: { by: string }) {
      const [selectors] = useState([by]);
      useSamples(
        selectors,
        useCallback((s: readonly Sample[]) => (got[by] = [...(got[by] ?? []), ...s.map((x) => x.series)]), [by]),
      );
      return null;
    }
    const names = ['cost.budget_used_percent', 'system.*', 'http.up{path="/a?b=*"}'];
    await draw(names.map((n) => <Watch key={n} by={n} />));
    await connect();
    const told = [
      'cost.budget_used_percent{agent="a"}',
      'system.load1',
      'http.up{path="/a?b=*"}',
      'http.up{path="/c"}',
    ];
    await tell({ type: 'delta', topic: 'samples', data: { samples: told.map((series) => ({ series, t: 1, v: 1 })) } });
    expect(got).toEqual({
      'cost.budget_used_percent': ['cost.budget_used_percent{agent="a"}'],
      'system.*': ['system.load1'],
      'http.up{path="/a?b=*"}': ['http.up{path="/a?b=*"}'],
    });
  });
});

describe('a feed', () => {
  const read = (d: unknown): string[] => {
    const lines = Array.isArray(d) ? (d as string[]) : ((d as { lines: string[] } | undefined)?.lines ?? []);
    return [...lines].reverse();
  };
  const same = (l: string) => l;
  function Lines({ level = 'info' }: { level?: string }) {
    const past = useQuery<string[]>('logs', { level, of: tag });
    const rowsOf = useCallback((d: unknown) => read(d).filter((l) => level === 'info' || l.startsWith(level)), [level]);
    return <>{useFeed('logs', past, rowsOf, same, 100).join(' ')}</>;
  }
  let tag = 0;
  beforeEach(() => tag++);
  const told = (type: string, ...lines: string[]) => tell({ type, topic: 'logs', data: { lines } });

  it('has each line once, whether it is told or answered first', async () => {
    const { box } = await draw(<Lines />);
    await connect();
    await told('snapshot', 'a', 'b');
    await told('delta', 'c', 'c');
    await asked[0]?.answer(['z', 'a', 'b', 'c']);
    expect(box.textContent).toBe('c c b a z');
    expect(asked).toHaveLength(1);
  });

  it('that begins while the connection is there is asked once', async () => {
    await connect();
    const { box } = await draw(<Lines />);
    await asked[0]?.answer(['z', 'a']);
    await told('snapshot', 'a', 'b');
    expect(asked).toHaveLength(1);
    expect(box.textContent).toBe('b a z');
  });

  it('is asked anew when something was missed', async () => {
    const { box } = await draw(<Lines />);
    await connect();
    await told('snapshot', 'a');
    await asked[0]?.answer(['a']);
    await tell({ type: 'resync', topic: 'logs' }, { type: 'snapshot', topic: 'logs', data: { lines: ['m', 'n'] } });
    expect(asked).toHaveLength(2);
    await asked[1]?.answer(['a', 'l', 'm', 'n']);
    expect(box.textContent).toBe('n m l a');
  });

  it('begins anew when other lines are wanted', async () => {
    const { box, redraw } = await draw(<Lines />);
    await connect();
    await told('snapshot', 'error1', 'x');
    await asked[0]?.answer([]);
    await redraw(<Lines level="error" />);
    await asked[1]?.answer(['error0', 'error1']);
    expect(box.textContent).toBe('error1 error0');
    await told('delta', 'y', 'error2');
    expect(box.textContent).toBe('error2 error1 error0');
  });
});

describe('without the live connection', () => {
  const snapshot = (name: string) => ({ timestamp: name, agents: [], services: [], checks: [], summary: {} });

  it('figures are asked for, each shown when it is there', async () => {
    const end = startData();
    await act(async () => FakeSocket.last.hello());
    await act(async () => FakeSocket.last.breaks());
    await pass(10_000);
    await askedOf('alert.list')[0]?.answer([{ id: 'x', severity: 'warning' }]);
    expect(alertsSlice.get().alerts.map((a) => a.id)).toEqual(['x']);
    await askedOf('health.check')[0]?.answer(snapshot('asked'));
    expect(healthSlice.get().timestamp).toBe('asked');
    expect(live.link.get().state).toBe('polling');
    end();
  });

  it('an answer that comes when it is back does not count', async () => {
    const end = startData();
    await act(async () => FakeSocket.last.hello());
    await act(async () => FakeSocket.last.breaks());
    await pass(10_000);
    const old = askedOf('health.check')[0];
    await pass(15_000);
    await act(async () => FakeSocket.last.hello(30));
    await tell({ type: 'snapshot', topic: 'health', event: 31, data: snapshot('live') });
    await old?.answer(snapshot('old'));
    expect(healthSlice.get().timestamp).toBe('live');
    expect(old?.aborted()).toBe(true);
    end();
  });
});
