// A browser that notes every complaint, and the few words that the tests are written in. SPDX-License-Identifier: MIT
import { createInterface } from 'node:readline';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

export const settings = JSON.parse(process.env.OC_BROWSER);
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--force-color-profile=srgb', '--hide-scrollbars'];

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
/** Lets the test outside do something: kill a service, restart the host. */
export async function ask(what, more = {}) {
  process.stdout.write(`${JSON.stringify({ do: what, ...more })}\n`);
  await answers.next();
}
export const result = (values) => process.stdout.write(`${JSON.stringify({ result: values })}\n`);

const failures = [];
export function check(ok, text) {
  if (!ok) {
    failures.push(text);
    console.log(`FAIL ${text}`);
  }
}

export async function eventually(condition, text, ms = 20_000) {
  const until = Date.now() + ms;
  for (;;) {
    let value;
    try {
      value = await condition();
    } catch (e) {
      if (Date.now() >= until) throw e; // the page is between two states
    }
    if (value) return value;
    if (Date.now() >= until) throw new Error(`${text}: not within ${ms} ms`);
    await new Promise((r) => setTimeout(r, 50));
  }
}

/** What a browser says by itself when the host stops or is away; nothing else may be in the console. */
const AWAY = /status of 503|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_SOCKET|WebSocket connection to/;

export async function open(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1360, height: 850 }, colorScheme: 'light', reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  page.complaints = [];
  page.away = false;
  const note = (text) => {
    if (!(page.away && AWAY.test(text))) page.complaints.push(text);
  };
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && note(`console: ${m.text()} ${m.location().url ?? ''}`));
  page.on('pageerror', (e) => note(`error: ${e.message}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`));
  });
  return page;
}

/** Signs in by the form, as a person with a token does. */
export async function signIn(page, role, hash = '') {
  await page.goto(`${settings.url}/${hash}`);
  await page.locator('input[name=secret]').fill(settings.tokens[role]);
  await page.locator('form button').first().click();
  await page.locator('nav[aria-label=Views] ul a').first().waitFor({ state: 'attached' });
}

export async function settled(page) {
  await page.locator('main h1').first().waitFor();
  await page.waitForFunction(() => !document.querySelector('main .loading'), null, { timeout: 15_000 });
  await page.evaluate(() => document.fonts.ready);
}

export const viewsOf = (page) => page.locator('nav[aria-label=Views] ul a').evaluateAll((list) => list.map((a) => ({ hash: a.getAttribute('href'), title: a.querySelector('.nav-label')?.textContent ?? a.textContent })));

export async function goTo(page, hash) {
  await page.evaluate((h) => { location.hash = h; }, hash);
  await settled(page);
}

export async function axe(page, where) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeSource);
  const found = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => `${n.target.join(' ')} [${n.any[0]?.message ?? n.all[0]?.message ?? n.none[0]?.message ?? ''}]`).join('; ')}`);
  });
  for (const v of found) check(false, `axe on ${where}: ${v}`);
}

/** By the button, as people do: what is drawn by script (charts, the map) follows only then. */
export async function setTheme(page, theme) {
  const shown = () => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
  if ((await shown()) !== theme) await page.locator('button[aria-label$=" theme"]').evaluate((button) => button.click());
  await page.evaluate(async () => {
    const frame = () => new Promise(requestAnimationFrame);
    for (let i = 0; i < 3; i++) await frame();
  });
  check((await shown()) === theme, `the theme is ${await shown()}`);
}

/** The text of the page has the markup as text, and it did nothing. */
export async function unharmed(page, where) {
  const evil = await page.evaluate(() => ({ ran: window.__evil, images: document.querySelectorAll('img[src="x"]').length }));
  check(evil.ran === undefined && evil.images === 0, `markup from outside is alive on ${where}`);
}

export const shoot = (page, name) => page.screenshot({ path: `${settings.work}/${name}.png` });

export async function run(test) {
  const browser = await chromium.launch({ executablePath: settings.chromium, args: FLAGS });
  try {
    await test(browser);
  } catch (e) {
    check(false, String(e.stack ?? e).split('\n').slice(0, 6).join(' '));
    for (const [i, page] of browser.contexts().flatMap((c) => c.pages()).entries()) {
      console.log(`  at ${page.url()}: ${(await page.locator('body').innerText().catch(() => '')).slice(0, 300).replace(/\s+/g, ' ')}`);
      for (const c of page.complaints ?? []) console.log(`  ${c}`);
      await page.screenshot({ path: `${settings.work}/failed-${i}.png` }).catch(() => undefined);
    }
  } finally {
    await browser.close();
    process.stdin.destroy();
  }
  process.exitCode = failures.length ? 1 : 0;
}
