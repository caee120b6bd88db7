// The images of the documentation. SPDX-License-Identifier: MIT
import { ask, eventually, goTo, open, run, setTheme, settings, shoot, signIn } from './lib.mjs';

await run(async (browser) => {
  const page = await open(browser, { viewport: { width: 1280, height: 800 } });
  await signIn(page, 'admin');
  await ask('deliberate');
  await new Promise((done) => setTimeout(done, 40_000)); // so that the charts have something to show
  await ask('kill');
  await goTo(page, '#/alerts');
  const alert = page.locator('main .tbody .tr', { hasText: 'shop_down' }).first();
  await alert.waitFor();
  await alert.click({ position: { x: 120, y: 10 } });
  await page.locator('.aside').waitFor();
  await new Promise((done) => setTimeout(done, 3000));
  await shoot(page, 'dashboard-alerts');
  for (const [name, hash] of [['overview', '#/'], ['services', '#/services?sel=fleet/t0001&range=15m'], ['plugins', '#/plugins'], ['resources', '#/resources?range=15m'], ['jobs', '#/jobs'], ['deliberation', '#/deliberation'], ['litellm', '#/cost?range=15m']]) {
    await goTo(page, hash);
    if (name === 'deliberation') await page.locator('main .tbody .tr', { hasText: 'scribe' }).click({ position: { x: 60, y: 10 } });
    await page.mouse.move(4, 790); // nothing is under it
    await new Promise((done) => setTimeout(done, 1500));
    await shoot(page, `dashboard-${name}`);
  }
  await goTo(page, '#/');
  await setTheme(page, 'dark');
  await new Promise((done) => setTimeout(done, 500));
  await shoot(page, 'dashboard-dark');
  const phone = await open(browser, { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
  await signIn(phone, 'viewer');
  await new Promise((done) => setTimeout(done, 1500));
  await shoot(phone, 'dashboard-phone');
  const status = await open(browser, { viewport: { width: 960, height: 760 } });
  await eventually(async () => {
    await status.goto(`${settings.url}/status`);
    return (await status.locator('.incidents li').count()) > 0;
  }, 'the incident is public', 30_000);
  await shoot(status, 'status-light');
});
