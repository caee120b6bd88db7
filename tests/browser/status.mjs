// The public page and its badges, without signing in and without a script. SPDX-License-Identifier: MIT
import { ask, axe, check, eventually, open, run, settings, unharmed } from './lib.mjs';

await run(async (browser) => {
  for (const colorScheme of ['light', 'dark']) {
    const page = await open(browser, { colorScheme });
    await page.goto(`${settings.url}/status`);
    check((await page.locator('h1').textContent()) === 'Status of <shop>', 'the title is text');
    check((await page.locator('li h3').allTextContents()).join() === 'script/evil,shop/api', `it shows ${await page.locator('li h3').allTextContents()}`);
    await unharmed(page, 'the status page');
    await axe(page, `the status page, ${colorScheme}`);
    check((await page.locator('script').count()) === 0, 'it has a script');
    for (const c of page.complaints) check(false, c);
    await page.context().close();
  }
  const page = await open(browser, { javaScriptEnabled: false, viewport: { width: 390, height: 844 } });
  await ask('kill');
  await eventually(async () => {
    await page.goto(`${settings.url}/status?${Date.now()}`); // it may be kept for 15 s
    return (await page.locator('.state.down').count()) > 0 && (await page.locator('.incidents li').count()) > 0;
  }, 'the death is public', 30_000);
  const text = await page.locator('main').textContent();
  check(text.includes('We look at it <img'), 'what was written for the public is shown as text');
  check(!text.includes('The shop is gone'), 'the message of the alert stays inside');
  await ask('revive');
  const badge = await page.request.get(`${settings.url}/badge/shop/api/state.svg`);
  check(badge.status() === 200 && badge.headers()['content-type'] === 'image/svg+xml', 'there is a badge');
  check(badge.headers()['cross-origin-resource-policy'] === 'cross-origin', 'a badge may be shown elsewhere');
  for (const what of ['uptime', 'response']) check((await page.request.get(`${settings.url}/badge/shop/api/${what}.svg`)).status() === 200, `there is no badge ${what}`);
  check((await page.request.get(`${settings.url}/badge/system/state.svg`)).status() === 404, 'a badge tells of a service that is not public');
  const json = await (await page.request.get(`${settings.url}/status.json`)).json();
  check(json.incidents.filter((i) => i.service === 'shop/api').length === 1, 'one outage is one incident');
  check(json.services.length === 2 && !JSON.stringify(json).includes('system'), 'the JSON tells of what is public, and of nothing else');
});
