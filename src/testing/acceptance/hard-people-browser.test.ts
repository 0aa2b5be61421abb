// needs: slapd ldap-utils chromium
/** The ten hardest people in a real browser, whose typing, encoding and cookies are its own. */

import type { Browser, Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openChromium } from '../chromium.ts';
import { type HardPerson, hardest } from '../hard-people.ts';
import { openRealHouse, type RealHouse } from '../house.ts';

const test = suite<{ house: RealHouse; chromium: Browser }>('hard people in Chromium');

test.before(async (room) => {
  room.house = await openRealHouse();
  await room.house.admit(hardest);
  await room.house.start();
  room.chromium = await openChromium();
});
test.after(async ({ house, chromium }) => {
  await chromium.close();
  await house.close();
});

async function resetAndSignIn(person: HardPerson, page: Page, house: RealHouse): Promise<void> {
  const send = () => Promise.all([page.waitForEvent('load'), page.locator('main button.primary').click()]);
  const fill = (name: string, value: string) => page.locator(`input[name=${name}]`).fill(value);
  await page.goto(`${house.url}/reset`);
  await fill('login', person.login);
  await send();
  await page.locator('input[name=method][value=email]').check();
  await send();
  await fill('answer', await house.code(person.address));
  await send();
  await fill('password', person.typed);
  await fill('password_again', person.typed);
  await send();
  assert.is(await page.locator('h1').textContent(), 'Your new password is set', person.login);
  assert.is(await house.opens(person, person.typed.normalize('NFC')), true, `${person.login}: the new one`);
  assert.is(await house.opens(person, person.password), false, `${person.login}: the old one`);
  await page.goto(`${house.url}/sign-in`);
  await fill('login', person.login);
  await fill('password', person.typed.normalize('NFC'));
  await send();
  await page.waitForURL(`${house.url}/account`);
  assert.ok((await page.locator('body').textContent())?.includes(person.name.trim()), `${person.login}: the name as it is`);
}

test('the ten hardest reset, and sign in with the new password', async ({ house, chromium }) => {
  await Promise.all(
    hardest.map(async (person) => {
      const context = await chromium.newContext();
      const page = await context.newPage();
      page.setDefaultTimeout(60_000);
      await resetAndSignIn(person, page, house);
      await context.close();
    }),
  );
});

test.run();
