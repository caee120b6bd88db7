// Without a mouse, on a phone, in both themes, as somebody who may only look. SPDX-License-Identifier: MIT
import { axe, check, eventually, goTo, open, run, settled, settings, signIn, viewsOf } from './lib.mjs';

async function byKeyboard(browser) {
  const page = await open(browser);
  await signIn(page, 'viewer');
  const hash = () => page.evaluate(() => location.hash);
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await eventually(async () => (await hash()).startsWith('#/services'), 'g s goes to the services');
  await settled(page);
  await page.locator('main .table').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.locator('.aside').waitFor();
  check((await hash()).includes('sel='), 'the choice is in the address');
  await page.keyboard.press('Escape');
  await eventually(async () => (await page.locator('.aside').count()) === 0, 'Escape closes the panel');
  await page.keyboard.press('/');
  check(await page.evaluate(() => document.activeElement?.matches('[data-search]')), '/ goes to the search');
  await page.keyboard.type('shop');
  await eventually(async () => (await page.locator('main .tbody .tr').count()) === 1, 'the search finds one');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.locator('dialog[open], [role=dialog]').first().waitFor();
  await page.keyboard.type('plugins');
  await page.keyboard.press('Enter');
  await eventually(async () => (await hash()).startsWith('#/plugins'), 'the palette goes to the plugins');
  await settled(page);
  await page.goBack();
  await eventually(async () => (await hash()).startsWith('#/services'), 'back is the view before');
  await page.evaluate(() => document.activeElement?.blur?.());
  const theme = () => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
  const before = await theme();
  await page.keyboard.press('t');
  await eventually(async () => (await theme()) !== before, 't switches the theme');
  await page.reload();
  await settled(page);
  check((await theme()) !== before, 'the theme is remembered');
  await page.keyboard.press('?');
  await page.locator('dialog[open], [role=dialog]').first().waitFor();
  if (settings.axe) await axe(page, 'the help');
  for (const c of page.complaints) check(false, `keyboard: ${c}`);
  await page.context().close();
}

/** Tab reaches every control in order, and each shows that it has the focus. */
async function tabs(browser) {
  const page = await open(browser);
  await signIn(page, 'viewer');
  await settled(page);
  const seen = new Set();
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const el = document.activeElement;
      const s = getComputedStyle(el);
      return { name: el.outerHTML.slice(0, 120), shown: el === document.body || s.outlineStyle !== 'none' || s.boxShadow !== 'none', body: el === document.body };
    });
    check(at.shown, `no focus is seen on ${at.name}`);
    seen.add(at.name);
  }
  check(seen.size >= 15, `Tab reaches ${seen.size} controls only`);
  await page.context().close();
}

/** A viewer sees no button that a viewer may not press. */
async function onlyLooks(browser) {
  const page = await open(browser);
  await signIn(page, 'viewer', '#/plugins?sel=http');
  await goTo(page, '#/plugins?sel=http');
  await page.locator('.aside').waitFor();
  check((await page.getByRole('button', { name: /^(Reload|Install|Remove|Disable)/ }).count()) === 0, 'a viewer is offered changes of plugins');
  const refused = await page.evaluate(async () => (await fetch('api/v1/plugin/reload', { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Openclaw-Csrf': '1' }, body: '{"name":"http"}' })).status);
  check(refused === 403, `a viewer's reload is answered with ${refused}`);
  await page.context().close();
}

async function onPhone(browser) {
  const page = await open(browser, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 });
  await signIn(page, 'admin');
  for (const view of await viewsOf(page)) {
    await goTo(page, view.hash);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    check(wide <= 1, `${view.title} is ${wide} px wider than a phone`);
    if (settings.axe) await axe(page, `${view.title} on a phone`);
  }
  await page.locator('.menu-button').tap();
  await page.locator('nav[aria-label=Views] a', { hasText: 'Alerts' }).tap();
  await eventually(async () => (await page.evaluate(() => location.hash)).startsWith('#/alerts'), 'the menu of a phone goes to the alerts');
  for (const c of page.complaints) check(false, `phone: ${c}`);
  await page.context().close();
}

await run(async (browser) => {
  for (const part of [byKeyboard, tabs, onlyLooks, onPhone]) {
    try {
      await part(browser);
    } catch (e) {
      check(false, `${part.name}: ${String(e.message).split('\n').slice(0, 4).join(' ')}`);
      for (const page of browser.contexts().flatMap((c) => c.pages())) await page.screenshot({ path: `${settings.work}/failed-${part.name}.png` });
      for (const context of browser.contexts()) await context.close();
    }
  }
});
