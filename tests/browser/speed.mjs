// How much is transferred, how soon something is seen, how long an action takes. SPDX-License-Identifier: MIT
import { check, eventually, goTo, open, result, run, settled, settings, signIn, viewsOf } from './lib.mjs';

const BYTES_MAX = 250 * 1024;

/** The time until the page has painted what an action changed: from the event to the second frame after it. */
const timed = (page, act) =>
  page.evaluate(
    ([what, arg]) =>
      new Promise((resolve) => {
        const begin = performance.now();
        const painted = () => requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - begin)));
        if (what === 'hash') {
          location.hash = arg;
          const wait = () => (document.querySelector('main h1') && !document.querySelector('main .loading') ? painted() : requestAnimationFrame(wait));
          requestAnimationFrame(wait);
        } else if (what === 'click') {
          document.querySelector(arg).click();
          painted();
        } else {
          const el = document.querySelector('[data-search]');
          Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(el, arg);
          el.dispatchEvent(new Event('input', { bubbles: true }));
          painted();
        }
      }),
    act,
  );

async function firstLook(browser, state) {
  const page = await open(browser, { storageState: state });
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Network.enable');
  let bytes = 0;
  const big = [];
  const urls = new Map();
  cdp.on('Network.responseReceived', (e) => urls.set(e.requestId, e.response.url));
  cdp.on('Network.loadingFinished', (e) => {
    bytes += e.encodedDataLength;
    big.push([e.encodedDataLength, urls.get(e.requestId)]);
  });
  await page.goto(`${settings.url}/`);
  await settled(page);
  await page.locator('main a, main button').first().waitFor();
  const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null);
  await page.waitForTimeout(500); // what comes a moment later counts, too
  check(bytes <= BYTES_MAX, `the first look transfers ${bytes} bytes, more than ${BYTES_MAX}: ${JSON.stringify(big.sort((a, b) => b[0] - a[0]).slice(0, 6))}`);
  return { page, bytes, paint };
}

await run(async (browser) => {
  const first = await open(browser);
  await signIn(first, 'admin');
  const state = await first.context().storageState();
  await first.context().close();

  const { page, bytes, paint } = await firstLook(browser, state);
  const views = await viewsOf(page);
  const actions = {};
  for (const v of views) actions[`first open ${v.title}`] = await timed(page, ['hash', v.hash]);
  for (const v of views) {
    await goTo(page, '#/settings');
    actions[`open ${v.title}`] = await timed(page, ['hash', v.hash]);
  }
  await goTo(page, '#/services');
  await page.locator('main .tbody .tr').first().waitFor();
  actions['sort by state'] = await timed(page, ['click', 'main .th:nth-child(2) button']);
  actions['choose a row'] = await timed(page, ['click', 'main .tbody .tr']);
  actions['filter'] = await timed(page, ['type', 't00']);
  actions['switch the theme'] = await timed(page, ['click', 'button[aria-label$=theme]']);
  const total = await page.evaluate(async () => (await (await fetch('api/v1/health/summary')).json()).data.checks.total);
  await goTo(page, '#/services');
  const drawn = await page.locator('main .tbody .tr').count();
  check(drawn < 200, `${drawn} rows of ${total} are drawn`);
  for (const c of page.complaints) check(false, c);
  result({ checks: total, first_contentful_paint_ms: Math.round(paint ?? -1), transferred_bytes: bytes, drawn_rows: drawn, actions_ms: Object.fromEntries(Object.entries(actions).map(([k, v]) => [k, Math.round(v)])) });
});
