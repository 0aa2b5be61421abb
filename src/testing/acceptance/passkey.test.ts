/** A passkey in a real browser with a virtual device: made at the registration, proved at the reset, and the second step at sign-in. */
// needs: chromium ldap-utils

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openChromium, plugIn, press, refusedForm, visit } from '../chromium.ts';
import { type DemoProcess, startDemoProcess } from '../demo-process.ts';
import { journeysIn } from './journeys.ts';

let demo: DemoProcess;
let journeys: ReturnType<typeof journeysIn>;
let chromium: Browser;
const data = mkdtempSync(join(tmpdir(), 'latchkey-passkey-'));
const test = suite('passkeys in Chromium');
test.before(async () => {
  demo = await startDemoProcess({ data });
  journeys = journeysIn(demo);
  chromium = await openChromium();
});
test.after(async () => {
  await chromium?.close();
  await demo?.stop();
  rmSync(data, { recursive: true });
});

interface Device {
  readonly page: Page;
  /** Whether it will see its owner the next time that it is asked. */
  sees(isOwner: boolean): Promise<void>;
}

/** A browser on a device that keeps passkeys. */
const onDevice = (walk: (device: Device) => Promise<void>): Promise<void> =>
  visit(chromium, { expected: refusedForm }, async (page) => {
    const { devtools, authenticatorId } = await plugIn(page);
    const sees = async (isUserVerified: boolean) =>
      void (await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }));
    await walk({ page, sees });
  });

const open = (page: Page, path: string) => page.goto(`${demo.site}${path}`);
const heading = async (page: Page) => ((await page.locator('h1').textContent()) ?? '').trim();
async function signIn(page: Page, login: string): Promise<void> {
  await open(page, '/sign-in');
  await page.fill('[name=login]', login);
  await page.fill('[name=password]', journeys.passwordOf(login));
  await press(page, 'Sign in');
}
async function makePasskey(page: Page): Promise<void> {
  await open(page, '/registration/passkey');
  await press(page, 'Continue');
  await page.fill('[name=label]', 'This device');
  await press(page, 'Make a passkey');
  assert.match((await page.locator('main').textContent()) ?? '', /This device/);
}
async function askFor(page: Page, login: string): Promise<void> {
  await open(page, '/reset');
  await page.fill('[name=login]', login);
  await press(page, 'Continue');
  await page.check('[value=passkey]');
  await press(page, 'Continue');
  assert.is(await heading(page), 'Use your passkey');
}

test('bob makes one, and it alone resets his password', () =>
  onDevice(async ({ page, sees }) => {
    const before = journeys.passwordOf('bob');
    await signIn(page, 'bob');
    await makePasskey(page);
    await askFor(page, 'bob');
    await sees(false);
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByText('No passkey was used').waitFor();
    await sees(true);
    await press(page, 'Use a passkey');
    const now = journeys.fresh();
    await page.fill('[name=password]', now);
    await page.fill('[name=password_again]', now);
    await press(page, 'Set my new password');
    assert.is(await heading(page), 'Your new password is set');
    journeys.passwords.set('bob', now);
    await journeys.isInForce('bob', { now, before });
    await page.context().clearCookies();
    await askFor(page, 'alice');
    await press(page, 'Use a passkey');
    assert.match((await page.locator('.error').textContent()) ?? '', /does not fit/, 'his device proves nobody else');
  }));

test('carol makes one with her app, and it is her second step and her fresh proof', () =>
  onDevice(async ({ page }) => {
    await signIn(page, 'carol');
    await page.fill('[name=answer]', await demo.appCode('carol'));
    await press(page, 'Sign in');
    await makePasskey(page);
    await page.context().clearCookies();
    await signIn(page, 'carol');
    await press(page, 'Use a passkey');
    assert.match(page.url(), /\/admin$/);
    await open(page, '/registration/confirm');
    await page.fill('[name=password]', journeys.passwordOf('carol'));
    await press(page, 'Use a passkey');
    assert.match(page.url(), /\/registration$/);
  }));

test('without the script the page says so and offers the other ways', async () => {
  const visitor = await journeys.askFor('bob', 'passkey' as 'totp');
  assert.match(visitor.text(), /cannot use passkeys/);
  assert.match(visitor.text(), /Use another way/);
});

test.run();
