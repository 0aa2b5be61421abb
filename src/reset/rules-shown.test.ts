/** What binds the new password is on the page before anything is typed: every rule of the directory's, and every date. */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { portalsOf } from '../portals.ts';
import { routesOf } from '../routes.ts';
import { brokenRules, noDirectoryRules, rulesFor } from '../rules/password.ts';
import { defaultPolicy } from '../rules/policy.ts';
import { day, hour } from '../rules/time.ts';
import { syncDirectory } from '../sync/sync.ts';
import { Browser } from '../testing/browser.ts';
import { cast } from '../testing/cast.ts';
import { type FrontDesk, openFrontDesk } from '../testing/front-desk.ts';
import { publicUrl, testWorld } from '../testing/world.ts';

const test = suite('the rules on the page');
const open: FrontDesk[] = [];
test.after(async () => {
  await Promise.all(open.map((desk) => desk.close()));
});

/** 2 March 2026, 9:00 UTC; the password was set an hour before. */
async function scene() {
  const world = await testWorld({ policy: { second_gate_when_stronger: false } });
  const { directory, clock } = world;
  directory.isComplex = true;
  directory.policy = { ...directory.policy, minimumLength: 16, history: 5, minimumAge: 2 * day, maximumAge: 90 * day };
  world.credential('alice', { changedAt: clock.now() - hour });
  const sync = syncDirectory({ ...world, roles: { administrators: [], helpdesk: [], auditors: [] }, maxDisablePercent: 10 });
  const portals = portalsOf({ ...world, world, sync, config: { publicUrl, mail: null } } as Parameters<typeof portalsOf>[0]);
  const desk = await openFrontDesk(routesOf(portals), world);
  open.push(desk);
  const browser = () => new Browser(desk.url, { headers: { 'X-Forwarded-For': '192.0.2.1' } });
  async function atThePassword(): Promise<Browser> {
    const at = await browser().open('/reset');
    await at.submit({ login: 'alice' });
    await at.submit({ method: 'email' });
    await world.deferral.drain();
    return at.submit({ answer: world.codeFromMail(cast.alice.mail) });
  }
  async function atTheChange(): Promise<Browser> {
    const at = await browser().open('/sign-in?next=%2Fchange');
    return at.submit({ login: 'alice', password: cast.alice.password });
  }
  return { ...world, browser, atThePassword, atTheChange };
}

const rules = [
  'At least 16 characters',
  'Without your user name in it',
  'Three of these: capital letters, small letters, digits, signs',
  'Without your own name in it',
  'None of your last 5 passwords',
  'Once it is set, you can change it again from March 4, 2026',
  'It will be good until May 31, 2026',
];
const tooYoung = 'You can choose a new one from March 4, 2026';

test('a reset shows all rules and dates, and from when it is possible where the directory holds it to its minimum age', async () => {
  const { atThePassword, directory } = await scene();
  const at = await atThePassword();
  for (const words of [...rules, tooYoung]) assert.match(at.text(), words);
  directory.onReset = { history: false, minimumAge: false };
  await at.open('/reset');
  for (const words of rules) assert.match(at.text(), words);
  assert.not.match(at.text(), tooYoung);
});

test('where the directory lets a young password be reset, the policy decides, on the page and at the act alike', async () => {
  const { atThePassword, directory, decide, credential } = await scene();
  directory.onReset = { history: false, minimumAge: false };
  decide({ minimum_age_on_reset: 'block' });
  const at = await atThePassword();
  assert.match(at.text(), tooYoung);
  const typed = { password: 'Seven green lanterns 7', password_again: 'Seven green lanterns 7' };
  await at.submit(typed);
  assert.is(at.status, 422);
  assert.match(at.text(), 'March 4, 2026');
  assert.is(credential('alice').hash, cast.alice.password);
  decide({ minimum_age_on_reset: 'allow' });
  await at.submit(typed);
  assert.is(credential('alice').hash, 'Seven green lanterns 7');
});

test('a change shows the same and waits whatever the policy says; who must change waits for nothing', async () => {
  const { atTheChange, browser, directory, credential } = await scene();
  directory.onReset = { history: false, minimumAge: false };
  const at = await atTheChange();
  for (const words of [...rules, tooYoung]) assert.match(at.text(), words);
  const typed = { current_password: cast.alice.password, password: 'Seven green lanterns 7', password_again: 'Seven green lanterns 7' };
  await at.submit(typed);
  assert.equal([at.status, credential('alice').hash], [422, cast.alice.password]);
  await at.open('/account');
  assert.match(at.text(), 'from March 4, 2026');
  credential('alice', { mustChange: true });
  const again = await browser().open('/change');
  await again.submit({ login: 'alice', ...typed });
  assert.is(again.path, '/change/done');
});

test('the browser is told what it needs to judge while one types', async () => {
  const { atThePassword } = await scene();
  const { html } = await atThePassword();
  assert.match(html, /data-login="alice"/);
  assert.match(html, new RegExp(`data-person="${cast.alice.name}"`));
  for (const rule of ['length', 'login', 'classes', 'name']) assert.match(html, new RegExp(`data-rule="${rule}"`));
});

test('the browser counts the kinds of signs as the server does', () => {
  const script = readFileSync(new URL('../../public/comfort.js', import.meta.url), 'utf8');
  const kinds = new Function(`return ${/^const classes = (\[.*\]);$/m.exec(script)?.[1]}`)() as RegExp[];
  const subject = { login: '', name: '', isLocal: false };
  const complex = rulesFor(subject, defaultPolicy, { ...noDirectoryRules, isComplex: true });
  const one = fc.constantFrom(...'aAzZäÄßΑα07٣!~^`|_- €£あ日ǅʰ😀');
  fc.assert(
    fc.property(fc.array(one, { maxLength: 5 }), (signs) => {
      const password = signs.join('');
      const isBroken = brokenRules(password, subject, complex).some(({ key }) => key === 'classes');
      assert.is(kinds.filter((kind) => kind.test(password)).length < 3, isBroken, password);
    }),
  );
});

test.run();
