/** The demo office from the doors to a password that the directory has, by a plain client without JavaScript, that knows only what the pages, /dev/cast.json and /dev/outbox.json say. */
// needs: ldap-utils

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Browser } from '../browser.ts';
import { type DemoProcess, startDemoProcess } from '../demo-process.ts';
import { quickest } from '../quickest.ts';
import { journeysIn } from './journeys.ts';

let demo: DemoProcess;
let journeys: ReturnType<typeof journeysIn>;
const data = mkdtempSync(join(tmpdir(), 'latchkey-acceptance-'));
const test = suite('demo office');
test.before(async () => {
  demo = await startDemoProcess({ data });
  journeys = journeysIn(demo);
});
test.after(async () => {
  await demo.stop();
  rmSync(data, { recursive: true });
});

/** What differs between any two visits and says nothing of the account. */
const masked = (html: string): string =>
  html.replace(/name="csrf" value="[^"]*"/g, 'name="csrf"').replace(/(class="support-code"[^>]*>)[^<]*/g, '$1');

test('the doors are open within a minute, and the greeting says all that is needed', async () => {
  assert.ok(demo.startedIn < 60_000, `${demo.startedIn} ms`);
  for (const login of ['alice', 'bob', 'carol', 'dave', 'heidi', 'oscar', 'mallory', 'peggy', 'trent'])
    assert.ok(demo.greeting.includes(demo.person(login).password), login);
  const visitor = await journeys.browser().open('/');
  for (const href of ['/reset', '/unlock', '/change', '/account', '/registration'])
    assert.ok(
      visitor.links().some((link) => link.href === href),
      href,
    );
  for (const path of ['/reset', '/unlock', '/change', '/sign-in', '/reset/help', '/dev/outbox', '/healthz', '/readyz'])
    assert.is((await visitor.open(path)).status, 200, path);
  assert.is((await visitor.open('/account')).path, '/sign-in?next=%2Faccount');
  const { status, headers } = await visitor.send('GET', '/.well-known/change-password');
  assert.equal([status, headers.location], [303, '/change']);
});

test('cookies are kept from scripts and from other sites, and name no one', async () => {
  const visitor = journeys.browser();
  const first = await visitor.send('GET', '/reset');
  await visitor.open('/reset');
  const { fields } = visitor.form({ login: 'alice' });
  const body = String(new URLSearchParams({ ...fields, login: 'alice' }));
  const typed = { body, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } };
  const second = await visitor.send('POST', '/reset/identify', typed);
  const cookies = [...(first.headers['set-cookie'] ?? []), ...(second.headers['set-cookie'] ?? [])];
  assert.is(second.status, 303);
  assert.ok(
    cookies.some((cookie) => cookie.startsWith('attempt=')),
    String(cookies),
  );
  for (const cookie of cookies) {
    assert.match(cookie, /; HttpOnly/, cookie);
    assert.match(cookie, /; SameSite=(Lax|Strict)/, cookie);
    assert.match(cookie, /; Path=\//, cookie);
    assert.not.match(cookie, /alice|Domain=/i, cookie);
  }
});

test('alice resets by a mailed code; the directory has the new password and no longer the old one', async () => {
  const before = journeys.passwordOf('alice');
  const visitor = await journeys.askFor('alice', 'email');
  assert.match(visitor.text(), /Step 2/);
  await visitor.submit({ answer: await journeys.mailedCode('alice') });
  assert.match(visitor.text(), /Step 3 of 3/);
  const now = await journeys.choosePassword(visitor, 'alice');
  await journeys.isInForce('alice', { now, before });
  const told = await demo.message('alice', 'password-reset');
  assert.match(told.text, /\/not-me\//);
  assert.not.match(told.text, /lanterns/);
});

test('alice resets by her app, after a wrong code; a right one counts once', async () => {
  const before = journeys.passwordOf('alice');
  const visitor = await journeys.askFor('alice', 'totp');
  await visitor.submit({ answer: '000000' });
  assert.is(visitor.status, 422);
  assert.match(visitor.text(), /This does not fit/);
  const code = await demo.appCode('alice');
  await visitor.submit({ answer: code });
  const now = await journeys.choosePassword(visitor, 'alice');
  await journeys.isInForce('alice', { now, before });
  const again = await (await journeys.askFor('alice', 'totp')).submit({ answer: code });
  assert.is(again.status, 422, 'a code that was used');
});

test('alice presses the mailed link in a second browser: it goes on there, and opens nothing twice', async () => {
  const before = journeys.passwordOf('alice');
  const sent = await journeys.messagesTo('alice', 'reset-code');
  const first = await journeys.askFor('alice', 'email');
  const link = journeys.linkIn((await demo.message('alice', 'reset-code', { after: sent })).text);
  const second = journeys.browser();
  for (let nth = 0; nth < 50; nth++) assert.is((await second.open(link)).status, 200, 'looking spends nothing');
  await second.submit({}, { at: /continue here/ });
  const now = await journeys.choosePassword(second, 'alice');
  await journeys.isInForce('alice', { now, before });
  await first.open('/reset');
  assert.not.match(first.text(), /Choose your new password/);
  await second.open(link);
  assert.is(second.status, 404);
  assert.match(second.heading(), /opens nothing any more/);
});

test('bob, trent and dave are refused like a stranger, byte for byte; bob is told why by mail, once', async () => {
  const seen = new Map<string, unknown[]>();
  for (const login of ['alice', 'bob', 'trent', 'dave', 'no-such-person'])
    for (const way of ['email', 'recovery-code'] as const) {
      const visitor = journeys.browser();
      const pages: [number, string][] = [];
      const note = ({ status, html }: Browser) => pages.push([status, masked(html)]);
      note(await visitor.open('/reset'));
      note(await visitor.submit({ login }));
      note(await visitor.submit({ method: way }));
      note(await visitor.submit({ answer: '00000000' }));
      note(await visitor.open('/reset'));
      note(await visitor.open('/reset?another=1'));
      seen.set(login, [...(seen.get(login) ?? []), ...pages]);
    }
  for (const login of ['alice', 'bob', 'trent', 'dave']) assert.equal(seen.get(login), seen.get('no-such-person'), login);
  const { text } = await demo.message('bob', 'reset-not-possible');
  assert.match(text, /not registered enough ways to prove who you are/);
  assert.is(await journeys.messagesTo('bob', 'reset-not-possible'), 1);
  assert.is(await journeys.messagesTo('bob', 'reset-code'), 0);
});

test('mallory unlocks, and her password is the one she had', async () => {
  const password = journeys.passwordOf('mallory');
  assert.is(await demo.binds('mallory', password), false, 'she begins locked');
  const visitor = await journeys.browser().open('/unlock');
  await visitor.submit({ login: 'mallory' });
  await visitor.submit({ method: 'email' });
  await visitor.submit({ answer: await journeys.mailedCode('mallory') });
  assert.is(visitor.heading(), 'Unlock mallory?');
  await visitor.submit({}, { at: 'Unlock my account' });
  assert.is(visitor.heading(), 'Your account is unlocked');
  assert.is(await demo.binds('mallory', password), true);
});

test('mallory resets with a recovery code, which counts once', async () => {
  const before = journeys.passwordOf('mallory');
  const [code = ''] = demo.person('mallory').recovery_codes;
  const visitor = await (await journeys.askFor('mallory', 'recovery-code')).submit({ answer: code.toUpperCase() });
  const now = await journeys.choosePassword(visitor, 'mallory');
  await journeys.isInForce('mallory', { now, before });
  assert.is((await (await journeys.askFor('mallory', 'recovery-code')).submit({ answer: code })).status, 422);
});

test('peggy must change: in one visit, signed out; a wrong old password is refused as any', async () => {
  const before = journeys.passwordOf('peggy');
  const password = journeys.fresh();
  const visitor = await journeys.browser().open('/change');
  await visitor.submit({ login: 'peggy', current_password: 'not this one at all', password, password_again: password });
  const wrong = masked(visitor.html);
  assert.is(visitor.status, 422);
  const stranger = await journeys.browser().open('/change');
  await stranger.submit({ login: 'peggy-is-not-here', current_password: 'not this one at all', password, password_again: password });
  assert.is(wrong.replaceAll('"peggy"', '"X"'), masked(stranger.html).replaceAll('"peggy-is-not-here"', '"X"'));
  await visitor.submit({ login: 'peggy', current_password: before, password, password_again: password });
  assert.is(visitor.heading(), 'Your new password is set', visitor.text());
  journeys.passwords.set('peggy', password);
  await journeys.isInForce('peggy', { now: password, before });
  assert.is((await journeys.signIn('peggy')).path, '/account');
});

test('rules that are broken are marked, and nothing is set', async () => {
  const before = journeys.passwordOf('alice');
  const sent = await journeys.messagesTo('alice', 'reset-code');
  const visitor = await journeys.askFor('alice', 'email');
  await visitor.submit({ answer: await journeys.mailedCode('alice', 'reset-code', sent) });
  for (const [password, again, said] of [
    ['short', 'short', /too short|shorter/i],
    ['alice likes long walks', 'alice likes long walks', /user name|name in it/i],
    ['quiet lanterns over it', 'quiet lanterns over me', /same|differ/i],
    [before, before, /used this password before|password you have now|have now/i],
    ['', '', /missing|required|still/i],
  ] as const) {
    await visitor.submit({ password, password_again: again });
    assert.is(visitor.status, 422, password);
    assert.match(visitor.text(), said, password);
  }
  assert.is(await demo.binds('alice', before), true);
  await visitor.submit({}, { at: 'Start again' });
  assert.is(visitor.heading(), 'What is your user name?');
});

test('back, a second tab, a double press and an expired form all end on a usable page, and nothing is done twice', async () => {
  const sent = await journeys.messagesTo('alice', 'reset-code');
  const told = await journeys.messagesTo('alice', 'password-reset');
  const visitor = await journeys.askFor('alice', 'email');
  const code = await journeys.mailedCode('alice', 'reset-code', sent);
  const answerForm = visitor.form({ answer: code }).fields;
  await visitor.submit({ answer: code });
  await visitor.post('/reset/answer', { ...answerForm, answer: code });
  assert.match(visitor.heading(), /Choose your new password/, 'back, and the code sent once more');
  const second = await visitor.open('/reset');
  const passwordForm = second.form({ password: '' }).fields;
  const password = journeys.fresh();
  const fields = String(new URLSearchParams({ ...passwordForm, password, password_again: password }));
  const send = () =>
    visitor.send('POST', '/reset/password', { body: fields, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
  const answers = await Promise.all([send(), send(), send()]);
  for (const { status } of answers) assert.is(status, 303);
  for (let nth = 0; nth < 50 && (await visitor.open('/reset')).heading() !== 'Your new password is set'; nth++);
  assert.is(visitor.heading(), 'Your new password is set');
  journeys.passwords.set('alice', password);
  assert.is(await demo.binds('alice', password), true);
  await demo.message('alice', 'password-reset', { after: told });
  assert.is(await journeys.messagesTo('alice', 'password-reset'), told + 1, 'told once');

  await visitor.open('/change');
  await visitor.post('/change', {
    csrf: visitor.form({ current_password: '' }).fields.csrf?.replace(/^[^.]+/, '00000000') ?? '',
    login: 'alice',
  });
  assert.ok([403, 422].includes(visitor.status), `a form that is too old or forged: ${visitor.status}`);
  assert.match(visitor.text(), /Nothing was changed/);
  assert.is((await visitor.post('/reset/identify', { login: 'alice' })).status, 403, 'no csrf field');
  assert.is((await visitor.post('/reset/identify', 'login=a&login=b')).status, 400);
});

test('whoever asks for help reaches the helpdesk, with the support code that the page shows', async () => {
  const visitor = await journeys.askFor('bob', 'email');
  const code = visitor.supportCode();
  await visitor.follow('Ask for help');
  assert.is(visitor.supportCode(), code, 'on the form');
  await visitor.submit({ name: '', contact: '' }, { at: 'Send to the helpdesk' });
  assert.is(visitor.status, 422);
  await visitor.submit({ name: 'Bob', contact: '+44 1632 960000', words: 'I am locked out <b>' }, { at: 'Send to the helpdesk' });
  assert.is(visitor.heading(), 'The helpdesk has your message');
  assert.is(visitor.supportCode(), code, 'afterwards');
  const { text } = await demo.message('helpdesk@mail.example', 'help-asked');
  for (const words of ['User name: bob\n', 'Name: Bob\n', '+44 1632 960000', '> I am locked out <b>', code])
    assert.ok(text.includes(words), words);
});

test('a restart on the same folder keeps the cast and every password; a stop takes under two seconds', async () => {
  const cast = demo.person('alice');
  const took = await quickest(2000, async () => {
    const { code, millis } = await demo.stop();
    assert.is(code, 0);
    demo = await startDemoProcess({ data });
    return millis;
  });
  assert.ok(took < 2000, `${Math.round(took)} ms`);
  assert.equal(demo.person('alice'), cast);
  for (const login of ['alice', 'mallory', 'peggy']) {
    const before = journeys.passwordOf(login);
    assert.is(await demo.binds(login, before), true, login);
    assert.is(await demo.binds(login, demo.person(login).password), false, login);
  }
  const known = journeys;
  journeys = journeysIn(demo);
  for (const [login, password] of known.passwords) journeys.passwords.set(login, password);
  assert.is((await journeys.signIn('peggy')).path, '/account');
});

test.run();
