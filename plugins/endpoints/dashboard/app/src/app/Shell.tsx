// The frame around views: navigation, the bar with what is going on, the way to everything by keyboard. SPDX-License-Identifier: MIT
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { askAhead, useAlerts, useCan } from '@/api/hooks';
import { Button } from '@/ui/Button';
import { loadPlot } from '@/ui/Chart';
import { Empty, Loading } from '@/ui/Empty';
import { Icon } from '@/ui/Icon';
import { later, type Later } from '@/ui/later';
import { View } from '@/ui/Layout';
import { Toasts } from '@/ui/Toast';
import type { ViewDef } from '@/views';
import { Bar } from './Bar';
import { Boundary } from './Boundary';
import { whenIdle } from './idle';
import { LinkBanner } from './LinkBanner';
import { Nav } from './Nav';
import { go, usePath } from './router';
import { useShortcuts } from './shortcuts';
import { useViews } from './useViews';

const Palette = lazy(() => import('./Palette'));
const Help = lazy(() => import('./Help'));

const pages = new Map<string, Later<object>>();
function pageOf(view: ViewDef): Later<object> {
  let page = pages.get(view.path);
  if (!page) {
    page = later(view.load);
    pages.set(view.path, page);
  }
  return page;
}

export function Shell() {
  const views = useViews();
  const can = useCan();
  const path = usePath();
  const view = views?.find((v) => v.path === path);
  const [over, setOver] = useState<'palette' | 'help' | null>(null);
  const [menu, setMenu] = useState(false);
  const openPalette = useCallback(() => setOver('palette'), []);
  const openHelp = useCallback(() => setOver('help'), []);
  useShortcuts(views ?? [], openPalette, openHelp);
  useTitle(view?.title ?? null);
  const main = useRef<HTMLElement>(null);

  // a new view is read from its heading on
  const shownPath = useRef(path);
  useEffect(() => {
    setMenu(false);
    if (shownPath.current === path) return;
    shownPath.current = path;
    main.current?.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true });
  }, [path]);

  // the code of the other views and what they will ask first, once there is nothing else to do
  useEffect(() => {
    if (!views) return undefined;
    const asks = views
      .flatMap((v) => v.ahead ?? [])
      .filter(([op]) => can(op))
      .map(
        ([op, params]) =>
          () =>
            askAhead(op, params),
      );
    const loads: (() => Promise<unknown>)[] = [...views.map((v) => pageOf(v).load), loadPlot, ...asks];
    return whenIdle(loads.map((load) => () => void load().catch(() => undefined)));
  }, [views, can]);

  const Page = useMemo(() => (view ? pageOf(view).pick() : null), [view]);
  return (
    <div className={`shell${menu ? ' menu' : ''}`}>
      <a
        className="skip"
        href="#main"
        onClick={(e) => {
          e.preventDefault();
          main.current?.querySelector<HTMLElement>('h1')?.focus();
        }}
      >
        To the content
      </a>
      <Nav views={views ?? []} path={path} onClose={() => setMenu(false)} />
      <div className="shell-right">
        <Bar
          title={view?.title ?? ''}
          onPalette={openPalette}
          onHelp={openHelp}
          onMenu={() => setMenu(!menu)}
          menu={menu}
        />
        <LinkBanner />
        <main id="main" ref={main}>
          {Page && view ? (
            <Boundary key={view.path} name={view.title}>
              <Suspense
                fallback={
                  <div className="view">
                    <div className="view-main">
                      <Loading lines={8} label={`Loading ${view.title}`} />
                    </div>
                  </div>
                }
              >
                <Page />
              </Suspense>
            </Boundary>
          ) : views ? (
            <View title="Not found">
              <Empty
                icon="search"
                title={`There is nothing at ${path}`}
                action={<Button onClick={() => go('/')}>To the overview</Button>}
              >
                The address may be mistyped, the host may lack the plugin behind it, or your role does not reach it.
              </Empty>
            </View>
          ) : (
            <div className="view">
              <div className="view-main">
                <Loading lines={8} />
              </div>
            </div>
          )}
        </main>
      </div>
      <button
        type="button"
        className="scrim"
        aria-label="Close the menu"
        tabIndex={menu ? 0 : -1}
        onClick={() => setMenu(false)}
      >
        <Icon name="close" />
      </button>
      <Toasts />
      <Suspense fallback={null}>
        {over === 'palette' && <Palette views={views ?? []} onClose={() => setOver(null)} onHelp={openHelp} />}
        {over === 'help' && <Help views={views ?? []} onClose={() => setOver(null)} />}
      </Suspense>
    </div>
  );
}

/** How many firing alerts nobody looks after, in the title: it is seen when another tab is in front. */
function useTitle(title: string | null): void {
  const { alerts } = useAlerts();
  const open = alerts.filter((a) => a.status === 'firing' && a.severity !== 'info').length;
  useEffect(() => {
    document.title = `${open ? `(${open}) ` : ''}${title ? `${title} · ` : ''}openclaw`;
  }, [title, open]);
}
