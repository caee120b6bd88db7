// What happens is seen as it happens, and what is done here happens: alerts, silences, plugins, a host that goes and comes. SPDX-License-Identifier: MIT
import { ask, axe, check, eventually, goTo, open, result, run, settled, settings, signIn, unharmed } from './lib.mjs';

const row = (page, key) => page.locator(`main .tr[data-key="${key}"]`);
const stateOf = (page, key) => row(page, key).locator('.state-text').first().textContent({ timeout: 1000 });
const times = {};

async function dies(page) {
  await goTo(page, '#/services');
  await eventually(async () => (await stateOf(page, 'shop/api')) === 'ok', 'the service is well');
  await ask('kill');
  const before = Date.now();
  await eventually(async () => (await stateOf(page, 'shop/api')) === 'critical', 'the death is seen');
  times.death_ms = Date.now() - before;
  await unharmed(page, 'Services');
}

async function recovers(page) {
  await goTo(page, '#/services');
  await ask('revive');
  const before = Date.now();
  await eventually(async () => (await stateOf(page, 'shop/api')) === 'ok', 'the recovery is seen');
  times.recovery_ms = Date.now() - before;
}

/** The alert is there without reloading; a press acknowledges it. */
async function acknowledges(page) {
  await goTo(page, '#/alerts');
  const alert = page.locator('main .tbody .tr', { hasText: 'shop_down' }).first();
  await alert.waitFor();
  await alert.click({ position: { x: 120, y: 10 } });
  await page.locator('.aside').waitFor();
  await unharmed(page, 'the panel of an alert');
  await page.locator('.aside button', { hasText: /^Acknowledge/ }).first().click();
  await submitDialog(page);
  await eventually(async () => /acknowledged/i.test((await page.locator('.aside').textContent()) ?? ''), 'the acknowledgement is seen');
}

async function silences(page) {
  await page.locator('.aside button', { hasText: /^Silence/ }).first().click();
  const dialog = page.locator('dialog[open]');
  await dialog.waitFor();
  if (settings.axe) await axe(page, 'the dialogue of a silence');
  await submitDialog(page);
  await eventually(async () => (await page.evaluate(async () => (await (await fetch('api/v1/alert/silences')).json()).data.length)) > 0, 'the silence is made');
  await page.keyboard.press('Escape');
}

async function submitDialog(page) {
  const dialog = page.locator('dialog[open]');
  if (!(await dialog.waitFor({ timeout: 1500 }).then(() => true, () => false))) return;
  for (const field of await dialog.locator('textarea, input[type=text], input:not([type])').all()) {
    if (!(await field.inputValue())) await field.fill('tested in a browser');
  }
  await dialog.locator('button[type=submit]').click();
  await dialog.waitFor({ state: 'detached' });
}

async function reloadsPlugin(page) {
  await goTo(page, '#/plugins?sel=http');
  await page.locator('.aside').waitFor();
  const button = page.locator('.aside button', { hasText: /^Reload/ });
  await button.click();
  await page.locator('.toast', { hasText: 'generation' }).waitFor({ timeout: 30_000 });
}

/** Where a value comes from; how it is changed is said, not offered. */
async function explainsConfig(page) {
  await goTo(page, '#/settings?tab=config');
  await page.getByLabel('Key', { exact: true }).fill('alerts.cooldown');
  await page.getByRole('button', { name: 'Explain' }).click();
  await page.locator('main table.layers td', { hasText: 'in force' }).waitFor();
  await page.locator('main code', { hasText: 'openclaw config set alerts.cooldown' }).waitFor();
  await page.getByLabel('Key', { exact: true }).fill('no.such.key');
  await page.getByRole('button', { name: 'Explain' }).click();
  await page.locator('.field-error').waitFor();
  page.complaints = page.complaints.filter((c) => !(c.includes('404') && c.includes('config/explain'))); // asked for
}

/** What somebody else does is seen without asking again: the lists that are asked for now and then would take longer. */
async function othersAct(page) {
  const seen = (condition, text) => eventually(condition, text, 5000);
  const says = (text) => async () => ((await page.locator('main').textContent()) ?? '').includes(text);
  const saysNot = (text) => async () => !(await says(text)());
  await goTo(page, '#/settings?tab=access');
  await page.locator('main .tbody .tr').first().waitFor();
  await ask('call', { op: 'token.create', params: { name: 'made-elsewhere', role: 'viewer', expires: '0' } });
  const token = page.locator('main .tbody .tr', { hasText: 'made-elsewhere' });
  await seen(async () => (await token.count()) === 1, 'a token that was made elsewhere');
  check(((await token.textContent()) ?? '').includes('until revoked'), `a token without an end: ${await token.textContent()}`);
  await ask('call', { op: 'token.revoke', params: { token: 'made-elsewhere' } });
  await seen(async () => (await token.count()) === 0, 'that it was revoked');
  await goTo(page, '#/alerts?tab=silences');
  await page.locator('main').waitFor();
  await ask('call', { op: 'alert.silence', params: { matchers: ['rule=elsewhere'], for: '1h', comment: 'made elsewhere' } });
  await seen(says('made elsewhere'), 'a silence that was made elsewhere');
  await goTo(page, '#/cost');
  await page.locator('main .tr', { hasText: 'steward' }).first().waitFor();
  await ask('call', { op: 'cost.budget.set', params: { agent: 'elsewhere', limit: 3 } });
  await seen(says('elsewhere'), 'a budget that was set elsewhere');
  await ask('call', { op: 'cost.budget.remove', params: { agent: 'elsewhere' } });
  await seen(saysNot('elsewhere'), 'that it was removed');
  await goTo(page, '#/settings?tab=config');
  await page.getByLabel('Configuration in force').waitFor();
  check(!(await says('61.25')()), 'a value that nobody has set');
  const set = await fetch(`${settings.url}/api/config/alerts`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${settings.tokens.admin}` },
    body: '{"cpu":{"warning_percent":61.25}}',
  });
  check(set.ok, `setting a threshold is answered with ${set.status}`);
  await seen(says('61.25'), 'a value that was set elsewhere');
}

async function losesTheHost(page) {
  await goTo(page, '#/services');
  page.away = true;
  await ask('stop');
  await page.locator('.banner', { hasText: 'lost' }).waitFor({ timeout: 20_000 });
  check((await row(page, 'shop/api').count()) === 1, 'what was known stays on the page');
  if (settings.axe) await axe(page, 'the lost connection');
  await ask('start');
  const before = Date.now();
  await eventually(async () => (await page.locator('.link-text').textContent()) === 'Live', 'the connection is back', 60_000);
  times.back_ms = Date.now() - before;
  await eventually(async () => (await stateOf(page, 'shop/api')) === 'ok', 'the figures are new', 30_000);
  page.away = false;
}

/** A window has room for more rows. */
const MOST_DRAWN = 20;

/** What the host says of itself while nobody can hear it, when it stops and starts, is in the log afterwards, each line once. */
async function logsGoOn(page) {
  await goTo(page, '#/logs');
  await page.locator('main .tbody .tr').first().waitFor();
  page.away = true;
  await ask('stop');
  await eventually(async () => (await page.locator('.link-text').textContent()) !== 'Live', 'the host is gone');
  await ask('start');
  await eventually(async () => (await page.locator('.link-text').textContent()) === 'Live', 'the connection is back', 60_000);
  const said = () => page.evaluate(async () => {
    const answer = await fetch('api/v1/logs', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Openclaw-Csrf': '1' },
      body: '{"level":"info","lines":500}',
    });
    return (await answer.json()).data.reverse();
  });
  const isShown = (texts) => (line, i) => [line.message, ...Object.values(line.data ?? {})].every((word) => texts[i]?.includes(String(word)));
  await eventually(async () => {
    const texts = (await page.locator('main .tbody .tr').allTextContents()).slice(0, MOST_DRAWN);
    const lines = await said();
    return texts.length === Math.min(lines.length, MOST_DRAWN) && lines.slice(0, texts.length).every(isShown(texts));
  }, 'the log has what the host said meanwhile, each line once', 10_000);
  page.away = false;
}

await run(async (browser) => {
  const page = await open(browser);
  await signIn(page, 'admin');
  await eventually(async () => (await page.locator('.link-text').textContent()) === 'Live', 'it is live');
  for (const step of [dies, acknowledges, silences, recovers, reloadsPlugin, explainsConfig, othersAct, losesTheHost, logsGoOn]) {
    try {
      await step(page);
    } catch (e) {
      check(false, `${step.name}: ${String(e.message).split('\n')[0]}`);
      await page.screenshot({ path: `${settings.work}/failed-${step.name}.png` });
    }
  }
  await settled(page);
  for (const c of page.complaints) check(false, c);
  result(times);
});
