/** Every way that policy lets stand alone, and every two for two gates, in a real browser with its script on: the new password opens the directory. */
// needs: chromium

import { setTimeout as pause } from 'node:timers/promises';
import type { Browser as Chromium, Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openChromium, plugIn, press, visit } from '../chromium.ts';
import { colleague, type Journey, journeys, methodOf, startWays, together, type Way, type Ways } from './ways.ts';

const test = suite('every method in Chromium');

let ways: Ways;
let chromium: Chromium;
let visitors = 0;
test.before(async () => {
  ways = await startWays([...journeys.alone, ...journeys.pairs, journeys.mailAndText]);
  chromium = await openChromium();
});
test.after(async () => {
  await chromium.close();
  await ways.close();
});

/** A browser and an address of the person's own. */
function visiting(walk: (page: Page) => Promise<void>): Promise<void> {
  visitors += 1;
  return visit(chromium, { extraHTTPHeaders: { 'X-Forwarded-For': `10.61.0.${visitors}` } }, walk);
}

/** The person's device, which holds the passkey that they registered. */
async function plugInOf(page: Page, login: string): Promise<void> {
  const { id, privateKey } = ways.deviceOf(login);
  const { devtools, authenticatorId } = await plugIn(page);
  const credential = {
    ...{ credentialId: Buffer.from(id, 'base64url').toString('base64'), privateKey, rpId: 'localhost', signCount: 1 },
    ...{ isResidentCredential: true, userHandle: Buffer.from(login).toString('base64') },
  };
  await devtools.send('WebAuthn.addCredential', { authenticatorId, credential });
}

const proofs: Readonly<Partial<Record<Way, (page: Page, login: string) => Promise<void>>>> = {
  async link(page, login) {
    await page.goto(`${ways.office.config.publicUrl}${await ways.linkOf(login)}`);
    await press(page, /continue here/);
  },
  async passkey(page, login) {
    await plugInOf(page, login);
    await press(page, 'Use a passkey');
  },
  /** Their colleague sits at another computer. */
  async colleague(page, login) {
    let code = '';
    await visiting(async (desk) => {
      const site = ways.office.config.publicUrl;
      await desk.goto(`${site}/sign-in?next=%2Fapprovals`);
      await desk.fill('[name=login]', colleague);
      await desk.fill('[name=password]', ways.office.password(colleague));
      await press(desk, 'Sign in');
      const request = desk.locator('section', { has: desk.getByText(login, { exact: true }) });
      // What is asked for comes a while after the reply to it.
      for (let looks = 0; looks < 100 && (await request.count()) === 0; looks += 1) {
        await pause(200);
        await desk.goto(`${site}/approvals`);
      }
      await Promise.all([desk.waitForEvent('load'), request.locator('button.primary').click()]);
      code = (await desk.locator('code').textContent()) ?? '';
    });
    await page.fill('[name=answer]', code);
    await press(page, 'Continue');
  },
};

async function typeAnswer(page: Page, login: string, way: Way): Promise<void> {
  const labels = (await page.locator('label').allTextContents()).map((words) => words.trim());
  for (const [name, value] of Object.entries(await ways.answersTo(login, way, labels))) await page.fill(`[name=${name}]`, value);
  await press(page, 'Continue');
}

const offered = (page: Page): Promise<(string | null)[]> =>
  page.locator('[name=method]').evaluateAll((choices) => choices.map((choice) => choice.getAttribute('value')));

const reset = ({ login, ways: gates }: Journey): Promise<void> =>
  visiting(async (page) => {
    await page.goto(`${ways.office.config.publicUrl}/reset`);
    await page.fill('[name=login]', login);
    await press(page, 'Continue');
    for (const [nth, way] of gates.entries()) {
      if (nth > 0) assert.equal(await offered(page), [methodOf(way)], 'what is left for this person');
      await page.check(`[name=method][value=${methodOf(way)}]`);
      await press(page, 'Continue');
      await (proofs[way]?.(page, login) ?? typeAnswer(page, login, way));
    }
    assert.is(await page.inputValue('form:has([name=password]) [name=username]'), login, 'for password managers');
    const password = ways.fresh();
    await page.fill('[name=password]', password);
    await page.fill('[name=password_again]', password);
    await press(page, 'Set my new password');
    assert.is(((await page.locator('h1').textContent()) ?? '').trim(), 'Your new password is set');
    await ways.isInForce(login, password);
  });

test('each method that may stand alone resets, and so does the mailed link', async () => {
  ways.decide({ gates: 1 });
  await together(journeys.alone, reset);
});

test('each two methods reset where two gates are asked', async () => {
  ways.decide({ gates: 2 });
  await together(journeys.pairs, reset);
});

test('mail and text together, where policy takes them for two', async () => {
  ways.decide({ gates: 2, mail_and_text_are_two: true });
  await reset(journeys.mailAndText);
});

test.run();
