// Every view as viewer and as admin, in both themes: no complaint, nothing inaccessible, nothing alive that came from outside. SPDX-License-Identifier: MIT
import { axe, check, goTo, open, result, run, setTheme, settings, signIn, unharmed, viewsOf } from './lib.mjs';

const THEMES = ['light', 'dark'];

/** The first row of the view's list, so that what is beside it is seen, too. */
async function openFirst(page) {
  const row = page.locator('main .table.picks .tbody .tr').first();
  if ((await row.count()) === 0) return false;
  await row.click({ position: { x: 60, y: 10 } });
  return page.locator('.aside').waitFor({ timeout: 3000 }).then(() => true, () => false);
}

async function walk(page, role, views) {
  for (const view of views) {
    await goTo(page, view.hash);
    const title = await page.locator('main h1').first().textContent();
    check(title?.trim() === view.title, `${role}: ${view.hash} shows ${title}`);
    const failures = await page.locator('main .note.critical').allTextContents();
    check(failures.length === 0, `${role}: ${view.title} shows a failure: ${failures.join(' ')}`);
    for (const theme of settings.axe ? THEMES.slice(0, role === 'admin' || settings.full ? 2 : 1) : []) {
      await setTheme(page, theme);
      await axe(page, `${view.title} as ${role}, ${theme}`);
    }
    if (settings.asides && (role === 'admin' || settings.full) && (await openFirst(page))) {
      await page.waitForFunction(() => !document.querySelector('.aside .loading'), null, { timeout: 10_000 });
      for (const theme of settings.axe ? THEMES.slice(settings.full ? 0 : 1) : []) {
        await setTheme(page, theme);
        await axe(page, `${view.title} with a panel as ${role}, ${theme}`);
      }
      await unharmed(page, `the panel of ${view.title}`);
      await page.keyboard.press('Escape');
    }
    await unharmed(page, view.title);
    for (const c of page.complaints.splice(0)) check(false, `${role}, ${view.title}: ${c}`);
  }
}

await run(async (browser) => {
  const seen = {};
  const as = async (role) => {
    const page = await open(browser);
    await signIn(page, role);
    const views = await viewsOf(page);
    seen[role] = views.map((v) => v.title);
    await walk(page, role, views);
    await page.context().close();
  };
  await Promise.all(settings.roles.map(as)); // one waits for the host while the other is drawn
  result({ views: seen });
});
