// Whoever votes on a policy sees line by line what changes in it, and no markup of it comes alive. SPDX-License-Identifier: MIT
import { ask, axe, check, eventually, goTo, open, run, setTheme, settings, signIn, unharmed } from './lib.mjs';

await run(async (browser) => {
  await ask('deliberate');
  await ask('policy', { name: 'route' });
  const page = await open(browser);
  await signIn(page, 'viewer', '#/deliberation');
  await goTo(page, '#/deliberation');
  await page.locator('main .tbody .tr', { hasText: 'policy.apply' }).click({ position: { x: 60, y: 10 } });
  const lines = page.getByRole('region', { name: 'Lines of policies/route.lua' });
  await lines.waitFor();
  const text = await lines.innerText();
  check(text.startsWith('@@ -1,'), `the lines begin with ${text.slice(0, 40)}`);
  check(text.includes(`\n+-- ${settings.evil}`), `the new line is not there: ${text}`);
  check((await lines.locator('.diff-new').count()) === 1 && (await lines.locator('.diff-gone').count()) === 0, 'the signs are not told apart');
  check((await page.locator('.diff figcaption').innerText()).includes('1 line added, 0 removed'), 'what changes is not counted');
  const whole = page.getByRole('region', { name: 'text of policy.apply' });
  check((await whole.innerText()).includes('function route'), 'the whole text is not there');
  await eventually(async () => (await page.locator('main .loading').count()) === 0, 'the end of loading');
  for (const theme of ['light', 'dark']) {
    await setTheme(page, theme);
    await axe(page, `a proposal to change a policy, ${theme}`);
  }
  await lines.focus();
  await page.keyboard.press('End');
  await unharmed(page, 'a proposal to change a policy');
  for (const c of page.complaints) check(false, c);
});
