/** The main journeys through the demo office in a real browser with its script on: nothing complains, nothing is heavy, nothing else is asked. */
// needs: chromium ldap-utils

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page, Request } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { complaintsOf, follow, openChromium, patience, press, refusedForm } from '../chromium.ts';
import { type DemoProcess, startDemoProcess } from '../demo-process.ts';
import { journeysIn } from './journeys.ts';

let demo: DemoProcess;
let journeys: ReturnType<typeof journeysIn>;
let chromium: Browser;
const data = mkdtempSync(join(tmpdir(), 'latchkey-acceptance-'));
const test = suite('demo office in Chromium');
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

const heaviest = 60_000;
let heaviestSeen = 0;

/** A new browser for one person. Whatever the page complains of fails the test: a broken policy, a script's error, another host, too much weight. */
async function visit(walk: (page: Page) => Promise<void>): Promise<void> {
  const context = await chromium.newContext({ viewport: { width: 360, height: 740 } });
  context.setDefaultTimeout(patience);
  const complaints: string[] = [];
  // Each page and what it asks for is weighed by itself, however late the answers come.
  let shown = { bytes: 0 };
  const pageOf = new WeakMap<Request, { bytes: number }>();
  context.on('request', (request) => {
    if (request.isNavigationRequest()) shown = { bytes: 0 };
    pageOf.set(request, shown);
    if (!request.url().startsWith(demo.site) && !request.url().startsWith('data:')) complaints.push(`asked ${request.url()}`);
  });
  context.on('response', async (response) => {
    const weighed = pageOf.get(response.request());
    const body = response.status() === 303 ? null : await response.body().catch(() => null);
    if (!weighed || !body) return;
    weighed.bytes += body.length;
    heaviestSeen = Math.max(heaviestSeen, weighed.bytes);
    if (weighed.bytes > heaviest) complaints.push(`${response.url()} makes ${weighed.bytes} bytes`);
  });
  const page = await context.newPage();
  const said = complaintsOf(page, refusedForm);
  try {
    await walk(page);
    assert.equal([...complaints, ...said], []);
  } finally {
    await context.close();
  }
}

const open = (page: Page, path: string) => page.goto(`${demo.site}${path}`);
const words = async (page: Page, selector: string) => ((await page.locator(selector).textContent()) ?? '').trim();
const heading = (page: Page) => words(page, 'h1');
async function askFor(page: Page, login: string, way: string): Promise<void> {
  await open(page, '/reset');
  await page.fill('[name=login]', login);
  await press(page, 'Continue');
  await page.check(`[name=method][value=${way}]`);
  await press(page, 'Continue');
}
async function choosePassword(page: Page): Promise<string> {
  const password = journeys.fresh();
  await page.fill('[name=password]', password);
  await page.fill('[name=password_again]', password);
  await press(page, 'Set my new password');
  assert.is(await heading(page), 'Your new password is set');
  return password;
}
async function signIn(page: Page, login: string, password = journeys.passwordOf(login)): Promise<void> {
  await open(page, '/sign-in');
  await page.fill('[name=login]', login);
  await page.fill('[name=password]', password);
  await press(page, 'Sign in');
}

test('alice resets by a mailed code, and the rules tick while she types', () =>
  visit(async (page) => {
    const before = journeys.passwordOf('alice');
    await open(page, '/');
    await follow(page, /Reset my password/);
    await askFor(page, 'alice', 'email');
    await page.fill('[name=answer]', '00000000');
    await press(page, 'Continue');
    assert.match(await words(page, '.error'), /This does not fit/);
    await page.fill('[name=answer]', await journeys.mailedCode('alice'));
    await press(page, 'Continue');
    const rule = page.locator('[data-rule=length]');
    await page.locator('[name=password]').fill('long enough now');
    assert.is(await rule.getAttribute('data-state'), 'met');
    const now = await choosePassword(page);
    journeys.passwords.set('alice', now);
    await journeys.isInForce('alice', { now, before });
    await page.goBack();
    await page.reload();
    assert.is(await heading(page), 'Your new password is set', 'back leads to what is so');
  }));

test('alice resets by her app with the keyboard alone', () =>
  visit(async (page) => {
    const before = journeys.passwordOf('alice');
    const { keyboard } = page;
    /** Typing may begin once the cursor stands in the field, which needs no key. */
    const cursorIn = (name: string) => page.locator(`[name=${name}]:focus`).waitFor();
    const enter = async () => {
      await Promise.all([page.waitForEvent('load'), keyboard.press('Enter')]);
    };
    await open(page, '/reset');
    await cursorIn('login');
    await keyboard.type('alice');
    await enter();
    for (let nth = 0; nth < 8 && !(await page.locator('[name=method]:focus').count()); nth++) await keyboard.press('Tab');
    for (let nth = 0; nth < 4 && !(await page.locator('[value=totp]:checked').count()); nth++) await keyboard.press('ArrowDown');
    await enter();
    await cursorIn('answer');
    await keyboard.type(await demo.appCode('alice'));
    await enter();
    await cursorIn('password');
    const now = journeys.fresh();
    await keyboard.type(now);
    await keyboard.press('Tab');
    await page.locator('.reveal button:focus').waitFor();
    await keyboard.press('Tab');
    await cursorIn('password_again');
    await keyboard.type(now);
    await enter();
    assert.is(await heading(page), 'Your new password is set');
    journeys.passwords.set('alice', now);
    await journeys.isInForce('alice', { now, before });
  }));

test('alice’s mailed link goes on in another browser', async () => {
  let link = '';
  await visit(async (page) => {
    const sent = await journeys.messagesTo('alice', 'reset-code');
    await askFor(page, 'alice', 'email');
    link = journeys.linkIn((await demo.message('alice', 'reset-code', { after: sent })).text);
  });
  await visit(async (page) => {
    const before = journeys.passwordOf('alice');
    await page.goto(link);
    await press(page, /continue here/);
    const now = await choosePassword(page);
    journeys.passwords.set('alice', now);
    await journeys.isInForce('alice', { now, before });
  });
});

test('mallory unlocks, and her password is the one she had', () =>
  visit(async (page) => {
    await open(page, '/unlock');
    await page.fill('[name=login]', 'mallory');
    await press(page, 'Continue');
    await page.check('[value=email]');
    await press(page, 'Continue');
    await page.fill('[name=answer]', await journeys.mailedCode('mallory'));
    await press(page, 'Continue');
    await press(page, 'Unlock my account');
    assert.is(await heading(page), 'Your account is unlocked');
    assert.is(await demo.binds('mallory', journeys.passwordOf('mallory')), true);
  }));

test('peggy signs in, is led to a new password, and signs in with it', () =>
  visit(async (page) => {
    const before = journeys.passwordOf('peggy');
    await signIn(page, 'peggy');
    assert.is(await heading(page), 'Change your password');
    await page.fill('[name=current_password]', before);
    const now = await choosePassword(page);
    await journeys.isInForce('peggy', { now, before });
    await signIn(page, 'peggy', now);
    assert.is(await heading(page), 'My account');
  }));

test('carol signs in with her app to the administration, and reads the directory', () =>
  visit(async (page) => {
    await signIn(page, 'carol');
    await page.fill('[name=answer]', await demo.appCode('carol'));
    await press(page, 'Sign in');
    assert.match(page.url(), /\/admin$/);
    await press(page, 'Sync now');
    assert.match(await words(page, '[role=status]'), /The directory was read/);
  }));

test('bob registers his app by its key, and resets with it', () =>
  visit(async (page) => {
    const before = journeys.passwordOf('bob');
    await signIn(page, 'bob');
    await follow(page, 'Do it now');
    await follow(page, /^Authenticator app/);
    await press(page, 'Show me the code to scan');
    assert.ok(await page.locator('.qr svg').isVisible());
    await page.locator('summary').click();
    const secret = await words(page, '#seed');
    await page.fill('[name=answer]', await demo.appCode('bob', { secret }));
    await page.fill('[name=label]', 'Telephone');
    await press(page, 'Add this app');
    assert.match(await words(page, 'main'), /With these you can reset your password yourself/);
    await askFor(page, 'bob', 'totp');
    await page.fill('[name=answer]', await demo.appCode('bob', { secret }));
    await press(page, 'Continue');
    const now = await choosePassword(page);
    await journeys.isInForce('bob', { now, before });
  }));

test('every door opens quietly', () =>
  visit(async (page) => {
    for (const path of ['/', '/reset', '/unlock', '/change', '/sign-in', '/reset/help', '/dev/outbox']) {
      await open(page, path);
      assert.ok((await heading(page)).length > 0, path);
      assert.is(await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth'), false, path);
    }
    assert.ok(heaviestSeen > 10_000, `something was weighed: ${heaviestSeen} bytes`);
  }));

test.run();
