// What people need is where they look: at night on a phone, among a thousand checks, with three hundred alerts at once. SPDX-License-Identifier: MIT
import { ask, axe, check, eventually, goTo, open, run, setTheme, settled, settings, signIn } from './lib.mjs';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const MANY = 300;
const TURNS = '\u202e'; // what follows is written from the right
const HEADERS = { 'Content-Type': 'application/json', 'X-Openclaw-Csrf': '1' };

const rows = (page) => page.locator('main .tbody .tr');
/** Alerts of another system, as Prometheus sends them. */
const post = (page, alerts) =>
  page.evaluate(async ([list, headers]) => (await fetch('api/v2/alerts', { method: 'POST', headers, body: JSON.stringify(list) })).status, [alerts, HEADERS]);
const foreign = (n, summary) => ({ labels: { alertname: `Foreign${n}`, severity: 'critical', instance: `db${n}` }, annotations: { summary } });

async function worstFirst(page) {
  await goTo(page, '#/services');
  await eventually(async () => (await rows(page).first().textContent()).includes('shop/api'), 'the one that is down is the first');
  await goTo(page, '#/');
  const heads = await eventually(async () => {
    const found = await page.locator('.attention-head b').allTextContents();
    return found.some((t) => t.startsWith('The shop is gone')) && found;
  }, 'what wants attention is headed by its sentence');
  check(heads.every((t) => !/\w=\S/.test(t.replace(/<.*/, ''))), `headings are made of labels: ${heads}`);
}

/** Another system's alert has no rule here: that is said, and nothing is asked for that is not there. */
async function fromOutside(page) {
  check((await post(page, [foreign(0, `The database ${TURNS}is slow`)])) === 200, 'another system may tell of an alert');
  await goTo(page, '#/alerts');
  const row = rows(page).filter({ hasText: 'Foreign0' });
  await row.click({ position: { x: 120, y: 10 } });
  await page.locator('.aside', { hasText: 'It came from outside' }).waitFor();
  await page.keyboard.press('Escape');
  await goTo(page, '#/');
  await page.locator('.attention', { hasText: 'The database' }).waitFor();
  for (const hash of ['#/', '#/alerts', '#/alerts?tab=history']) {
    await goTo(page, hash);
    await eventually(() => page.evaluate((c) => document.querySelector('main').textContent.includes(c), TURNS), `${hash} shows it`);
    const bare = await page.evaluate((c) => {
      const found = [];
      const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        const el = walker.currentNode.parentElement;
        const { unicodeBidi, display } = getComputedStyle(el);
        const alone = unicodeBidi.startsWith('isolate') || display === 'block' || /\u2068.*\u2069/s.test(walker.currentNode.data);
        if (walker.currentNode.data.includes(c) && !alone) found.push(el.outerHTML.slice(0, 120));
      }
      return found;
    }, TURNS);
    check(bare.length === 0, `on ${hash} a text from outside can turn our words: ${bare}`);
  }
}

/** A few requests at a time, a counter, the true reason, and another try. */
async function manyAtOnce(page) {
  await post(page, Array.from({ length: MANY }, (_, i) => foreign(i + 1, `Number ${i + 1} is slow`)));
  await goTo(page, '#/alerts?q=Foreign');
  await eventually(async () => Number(await page.locator('main .table').getAttribute('aria-rowcount')) > MANY, 'all of them are listed', 60_000);
  let now = 0;
  let most = 0;
  let refused = 0;
  const begins = (r) => r.url().endsWith('/alert/ack') && (most = Math.max(most, ++now));
  const ends = (r) => r.url().endsWith('/alert/ack') && now--;
  page.on('request', begins);
  page.on('requestfinished', ends);
  page.on('requestfailed', ends);
  await page.route('**/api/v1/alert/ack', (route) =>
    ++refused <= 5
      ? route.fulfill({ status: 200, json: { ok: false, data: null, error: { code: 'storage', message: 'the disk is full', hint: 'Make room.' } } })
      : route.continue());
  await page.getByLabel('Select all rows').check();
  const bar = page.locator('.chosen');
  await bar.getByRole('button', { name: 'Acknowledge' }).click();
  await bar.locator('.chosen-count', { hasText: new RegExp(`^acknowledged \\d+ of ${MANY + 1}`) }).waitFor();
  await bar.getByRole('button', { name: 'Try 5 again' }).waitFor({ timeout: 90_000 });
  check((await bar.textContent()).includes(`acknowledged ${MANY - 4} of ${MANY + 1}, 5 failed`), `it says: ${await bar.textContent()}`);
  check((await bar.textContent()).includes('the disk is full'), 'the reason is the host\'s');
  check(most <= 8, `${most} requests at once`);
  if (settings.axe) await axe(page, 'what failed of many');
  await bar.getByRole('button', { name: 'Try 5 again' }).click();
  await bar.waitFor({ state: 'detached' });
  await eventually(async () => (await page.locator('main .tr', { hasText: 'acknowledged' }).count()) >= 10, 'they are acknowledged');
  await page.unroute('**/api/v1/alert/ack');
}

async function unknownPlaces(page) {
  for (const path of ['/nonsense', '/a/deeper/place', '/#/nonsense']) {
    await page.goto(`${settings.url}${path}`);
    await settled(page);
    check((await page.locator('main h1').textContent()) === 'Not found', `${path} shows ${await page.locator('main h1').textContent()}`);
    check((await page.locator('main').textContent()).includes(path.replace('/#', '')), `${path} is not named`);
  }
  await page.goto(`${settings.url}/services`);
  await settled(page);
  check((await page.locator('main h1').textContent()) === 'Services', 'a view without its # is found');
}

/** What cannot be done is not offered, and who I am is said by name. */
async function whatIsMine(page) {
  await goTo(page, '#/jobs');
  await rows(page).filter({ hasText: 'full-backup' }).click();
  await page.locator('.aside', { hasText: 'It cannot run here' }).waitFor();
  check((await page.locator('.aside').getByRole('button', { name: /Run now|Turn/ }).count()) === 0, 'what cannot run is offered to be run');
  await goTo(page, '#/settings?tab=access');
  await page.getByText('this browser').waitFor();
  check((await page.getByText('this browser').count()) === 1, 'one session is mine');
  await goTo(page, '#/settings');
  const you = await page.locator('main .facts').first().textContent();
  check(you.includes('token:browser-admin'), `it does not say who I am: ${you}`);
}

async function atNight(browser) {
  const page = await open(browser, PHONE);
  await signIn(page, 'operator');
  await goTo(page, '#/alerts?q=shop_down');
  const text = await rows(page).first().innerText();
  for (const word of ['critical', 'shop_down', 'The shop is gone', 'shop/api']) check(text.includes(word), `on a phone an alert does not say ${word}: ${text}`);
  await goTo(page, '#/agents');
  check((await rows(page).first().innerText()).includes('img src'), 'on a phone an agent does not say what it does');
  await goTo(page, '#/jobs');
  const run = page.getByRole('button', { name: 'Run shop now' });
  await run.scrollIntoViewIfNeeded();
  const box = await run.boundingBox();
  check(box.x >= 0 && box.x + box.width <= 390, `Run is at ${box.x}`);
  for (const hash of ['#/alerts?tab=silences', '#/plugins', '#/logs', '#/settings?tab=access']) {
    await goTo(page, hash);
    const cut = await page.evaluate(() => [...document.querySelectorAll('main button, main .badge')].filter((el) => el.getBoundingClientRect().right > innerWidth + 1).map((el) => el.textContent));
    check(cut.length === 0, `on a phone ${hash} cuts ${cut}`);
  }
  for (const theme of settings.axe ? ['light', 'dark'] : []) {
    await goTo(page, '#/alerts');
    await setTheme(page, theme);
    await axe(page, `the alerts on a phone, ${theme}`);
  }
  for (const c of page.complaints) check(false, `phone: ${c}`);
}

await run(async (browser) => {
  const page = await open(browser);
  await signIn(page, 'admin');
  await ask('kill');
  for (const step of [worstFirst, fromOutside, manyAtOnce, unknownPlaces, whatIsMine, () => atNight(browser)]) {
    try {
      await step(page);
    } catch (e) {
      check(false, `${step.name}: ${String(e.message).split('\n').slice(0, 4).join(' ')}`);
      await page.screenshot({ path: `${settings.work}/failed-${step.name}.png` });
    }
  }
  for (const c of page.complaints) check(false, c);
});
