// Plugins come, are renewed, taken back and removed: each time the plan is shown, and nothing happens before it is agreed to. SPDX-License-Identifier: MIT
import { ask, axe, check, eventually, goTo, open, run, settings, signIn } from './lib.mjs';

const dialog = (page) => page.locator('dialog[open]');
const row = (page) => page.locator('main .tr[data-key="harbour"]');
const version = (page) => row(page).locator('.td').nth(3).textContent({ timeout: 1000 });
const installed = (page) => page.evaluate(async () => (await (await fetch('api/v1/plugin/list')).json()).data.find((p) => p.name === 'harbour')?.version ?? null);

/** The plan is there; it is agreed to, and done. */
async function agree(page, word) {
  await dialog(page).locator('.plan-actions li', { hasText: 'harbour' }).waitFor({ timeout: 30_000 });
  await dialog(page).locator('button[type=submit]', { hasText: word }).click();
  await dialog(page).waitFor({ state: 'detached', timeout: 30_000 });
}

async function installs(page) {
  await goTo(page, '#/plugins');
  await page.getByRole('button', { name: 'Install' }).click();
  await dialog(page).locator('input').first().fill('harbour');
  await dialog(page).getByRole('button', { name: 'Search the registries' }).click();
  await dialog(page).locator('li', { hasText: 'ann/harbour' }).waitFor({ timeout: 30_000 });
  if (settings.axe) await axe(page, 'what registries have');
  await dialog(page).locator('button[type=submit]').click();
  await dialog(page).locator('.plan-permissions', { hasText: 'network:tcp:6379' }).waitFor({ timeout: 30_000 });
  check((await installed(page)) === null, 'a plan installs something');
  if (settings.axe) await axe(page, 'the plan of an installation');
  await agree(page, /^Grant and install/);
  await eventually(async () => (await version(page)) === '1.0.0', 'it is installed', 30_000);
}

async function updates(page) {
  await ask('publish', { version: '1.1.0' });
  await goTo(page, '#/plugins?sel=harbour');
  await page.locator('.aside').getByRole('button', { name: 'Update' }).click();
  await agree(page, /Update/);
  await eventually(async () => (await installed(page)) === '1.1.0', 'it is the new one', 30_000);
}

async function rollsBack(page) {
  await page.locator('.view-head').getByRole('button', { name: 'Roll back' }).click();
  await agree(page, /Roll back/);
  await eventually(async () => (await installed(page)) === '1.0.0', 'it is the old one again', 30_000);
}

async function removes(page) {
  await page.locator('.aside').getByRole('button', { name: 'Remove' }).click();
  await agree(page, /Remove/);
  await eventually(async () => (await row(page).count()) === 0, 'it is gone', 30_000);
}

await run(async (browser) => {
  await ask('shelf');
  const page = await open(browser);
  await signIn(page, 'admin');
  for (const step of [installs, updates, rollsBack, removes]) {
    try {
      await step(page);
    } catch (e) {
      check(false, `${step.name}: ${String(e.message).split('\n').slice(0, 4).join(' ')}`);
      await page.screenshot({ path: `${settings.work}/failed-${step.name}.png` });
      break;
    }
  }
  for (const c of page.complaints) check(false, c);
});
