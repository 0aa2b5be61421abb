/** Chromium as Debian packages it, driven by playwright-core; a test file that uses it says `// needs: chromium`. */

import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, type CDPSession, chromium, type Page } from 'playwright-core';
import * as assert from 'uvu/assert';

const programs = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** No sandbox, since tests may run as root in a container; and nothing that calls home. */
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Only so that nothing hangs. */
export const patience = 120_000;

export function openChromium(): Promise<Browser> {
  const executablePath = programs.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error('Chromium is not installed');
  return chromium.launch({ executablePath, args: quiet, timeout: patience });
}

export const telephone = { width: 390, height: 800 };

interface Visiting extends BrowserContextOptions {
  /** What the page may say all the same. */
  readonly expected?: RegExp;
}

/**
 * Chromium's own words on a busy machine: when a field was typed in before the page had given the focus away, which nobody sees, and when it
 * looked at a form for a new password while that was still being read. That the form has the user name is asked where it is filled in.
 */
const haste = /^Autofocus processing was blocked|^\[DOM\] Password forms should have .* username fields/;

/** All that the page, or Chromium about it, complains of from now on. What is `expected` is no complaint. */
export function complaintsOf(page: Page, expected?: RegExp): readonly string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (!haste.test(message.text()) && !expected?.test(message.text())) complaints.push(`${page.url()}: ${message.text()}`);
  });
  page.on('pageerror', (problem) => complaints.push(`${page.url()}: ${problem.message}`));
  return complaints;
}

/** A browser of its own on a telephone. Whatever else the page complains of fails the test. */
export async function visit(browser: Browser, { expected, ...options }: Visiting, walk: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({ viewport: telephone, ...options });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const complaints = complaintsOf(page, expected);
  try {
    await walk(page);
    assert.equal(complaints, []);
  } finally {
    await context.close();
  }
}

/** How a refused form comes back; it is no fault of the page. */
export const refusedForm = /status of 422/;

/** Until the next page is there. */
export async function press(page: Page, name: string | RegExp): Promise<void> {
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name, exact: typeof name === 'string' }).click()]);
}

/** Until the page that it leads to is there. */
export async function follow(page: Page, name: string | RegExp): Promise<void> {
  await Promise.all([page.waitForEvent('load'), page.getByRole('link', { name }).click()]);
}

/** A device that keeps passkeys, and knows its person. */
export async function plugIn(page: Page): Promise<{ devtools: CDPSession; authenticatorId: string }> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true },
  });
  return { devtools, authenticatorId };
}
