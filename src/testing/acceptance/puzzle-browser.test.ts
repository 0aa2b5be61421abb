/** An address with twenty failures is asked for a little work: the script does it by itself, and without one a sum does. */
// needs: chromium

import type { Browser as Chromium, Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { limits } from '../../rules/throttle.ts';
import { openChromium, press, refusedForm, visit } from '../chromium.ts';
import { type Office, quickHashes, startOffice } from './office.ts';

const test = suite('the puzzle in Chromium');
/** From here much went wrong. */
const troubled = '10.80.0.1';

let office: Office;
let chromium: Chromium;
test.before(async () => {
  office = await startOffice({ hashCost: quickHashes });
  chromium = await openChromium();
  await failOften(troubled);
});
test.after(async () => {
  await chromium.close();
  await office.close();
});

async function fail(login: string, address = troubled): Promise<void> {
  const browser = await office.browserAt(address).open('/sign-in');
  await browser.submit({ login, password: 'not the password of anybody' });
}

const failOften = (address: string) =>
  Promise.all(Array.from({ length: limits.troubles.most }, (_unused, nth) => fail(`stranger${nth}`, address)));

interface Wish {
  readonly address?: string;
  readonly javaScriptEnabled?: boolean;
}
const visiting = ({ address = troubled, javaScriptEnabled = true }: Wish, walk: (page: Page) => Promise<void>): Promise<void> =>
  visit(chromium, { javaScriptEnabled, extraHTTPHeaders: { 'X-Forwarded-For': address }, expected: refusedForm }, walk);
const open = (page: Page, path: string) => page.goto(`${office.config.publicUrl}${path}`);
/** Nothing is wider than a telephone, and what is to be pressed is large enough (WCAG 2.2, 2.5.8). */
async function fits(page: Page): Promise<void> {
  const [wide = 0, window = 0] = await page
    .evaluate('[document.documentElement.scrollWidth, innerWidth]')
    .then((sizes) => sizes as number[]);
  assert.ok(wide <= window, `${wide} pixels`);
  const box = await page.getByRole('button', { name: 'Continue' }).boundingBox();
  assert.ok(box !== null && box.height >= 24);
}
const numbers = ['two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
const sumOn = async (page: Page): Promise<string> => {
  const asked = (await page.locator('label[for=field-puzzle_answer]').textContent()) ?? '';
  const [one = '', other = ''] = asked.toLowerCase().match(new RegExp(numbers.join('|'), 'g')) ?? [];
  return String(numbers.indexOf(one) + numbers.indexOf(other) + 4);
};

test('an address without failures is asked nothing', () =>
  visiting({ address: '10.80.0.2' }, async (page) => {
    await open(page, '/reset');
    assert.is(await page.locator('[data-puzzle]').count(), 0);
  }));

test('the script solves it by itself, at each door that takes a login, and the sum is not asked', async () => {
  for (const [path, button, next] of [
    ['/reset', 'Continue', '/reset'],
    ['/unlock', 'Continue', '/reset'],
    ['/sign-in', 'Sign in', '/registration/remind'],
  ] as const)
    await visiting({}, async (page) => {
      await open(page, path);
      await page.locator('[name=puzzle_work]:not([value=""])').waitFor({ state: 'attached', timeout: 60_000 });
      assert.is(await page.locator('[name=puzzle_answer]').isVisible(), false);
      await page.fill('[name=login]', 'alice');
      if (path === '/sign-in') await page.fill('[name=password]', office.password('alice'));
      await press(page, button);
      assert.is(new URL(page.url()).pathname, next);
      assert.is(await page.locator('[name=login], [data-puzzle]').count(), 0, `${path} is behind`);
    });
});

test('why a form came back stays in sight where the script solves the puzzle, and the sum is not asked', () =>
  visiting({ address: '10.80.0.3' }, async (page) => {
    await open(page, '/reset');
    await page.fill('[name=login]', 'alice');
    await failOften('10.80.0.3');
    await press(page, 'Continue');
    await page.locator('[name=puzzle_work]:not([value=""])').waitFor({ state: 'attached', timeout: 60_000 });
    assert.ok(await page.locator('#field-puzzle_answer-error').isVisible());
    assert.is(await page.locator('[name=puzzle_answer]').isVisible(), false);
    await press(page, 'Continue');
    assert.is(await page.locator('h1').textContent(), 'How do you want to prove who you are?');
  }));

test('without a script the sum is asked, a wrong one is asked again, and the right one goes on', () =>
  visiting({ javaScriptEnabled: false }, async (page) => {
    await open(page, '/reset');
    await fits(page);
    await page.fill('[name=login]', 'alice');
    await press(page, 'Continue');
    assert.ok(await page.locator('[name=puzzle_answer]').isVisible(), 'nothing typed');
    assert.is(await page.inputValue('[name=login]'), 'alice', 'the login is still there');
    await fits(page);
    await page.fill('[name=puzzle_answer]', '1');
    await press(page, 'Continue');
    assert.match((await page.locator('.error').first().textContent()) ?? '', /\S/);
    await page.fill('[name=puzzle_answer]', await sumOn(page));
    await press(page, 'Continue');
    assert.is(await page.locator('h1').textContent(), 'How do you want to prove who you are?');
  }));

test.run();
