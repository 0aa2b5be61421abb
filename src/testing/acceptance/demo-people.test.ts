/** Those who sign in to the demo office, by a plain client without JavaScript: the roles, the ways back in, the account, and "this was not me". */
// needs: ldap-utils

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Browser } from '../browser.ts';
import { type DemoProcess, startDemoProcess } from '../demo-process.ts';
import { journeysIn } from './journeys.ts';

let demo: DemoProcess;
let journeys: ReturnType<typeof journeysIn>;
const data = mkdtempSync(join(tmpdir(), 'latchkey-acceptance-'));
const test = suite('people of the demo office');
test.before(async () => {
  demo = await startDemoProcess({ data });
  journeys = journeysIn(demo);
});
test.after(async () => {
  await demo.stop();
  rmSync(data, { recursive: true });
});

const doors = ({ html }: Browser): boolean => /href="\/admin"/.test(html);

test('carol signs in with her app, sees the office at work, and reads the directory now', async () => {
  const visitor = await journeys.browser().open('/sign-in');
  await visitor.submit({ login: 'carol', password: journeys.passwordOf('carol') });
  assert.match(visitor.text(), /Step 2 of 2/);
  assert.match((await visitor.open('/admin')).path, /^\/sign-in\/second-step/, 'half signed in is not signed in');
  await visitor.submit({ answer: '000000' });
  assert.is(visitor.status, 422);
  await visitor.submit({ answer: await demo.appCode('carol') });
  assert.is(visitor.path, '/admin');
  assert.match(visitor.text(), /The directory office answers/);
  assert.match(visitor.text(), /Signed in|Sign-in/i);
  await visitor.submit({}, { at: 'Sync now' });
  assert.match(visitor.text(), /The directory was read, and the accounts here are as they are there/);
  assert.ok(doors(await visitor.open('/')));
});

test('heidi and oscar look at the administration and change nothing there; alice does not see it', async () => {
  for (const login of ['heidi', 'oscar']) {
    const visitor = await journeys.signIn(login);
    assert.is((await visitor.open('/admin')).status, 200, login);
    assert.not.ok(
      visitor.forms().some(({ action }) => action === '/admin/sync'),
      login,
    );
    const { csrf = '' } = visitor.form({}, 'Sign out').fields;
    assert.is((await visitor.post('/admin/sync', { csrf })).status, 403, login);
  }
  const alice = await journeys.signIn('alice');
  assert.is(alice.path, '/account');
  assert.is((await alice.open('/admin')).status, 403);
  assert.not.ok(doors(await alice.open('/')));
});

test('a wrong password and a stranger are refused alike', async () => {
  const said = async (login: string) => {
    const visitor = await journeys.browser().open('/sign-in');
    await visitor.submit({ login, password: 'not this one at all' });
    return [visitor.status, visitor.text().replace(visitor.supportCode(), '')];
  };
  assert.equal(await said('alice'), await said('nobody-at-all'));
});

test('bob is asked to register at sign-in, may put it off, and registers e-mail, app and recovery codes', async () => {
  const first = await journeys.signIn('bob');
  assert.match(first.path, /^\/registration\/remind/);
  await first.submit({}, { at: /Remind me/ });
  assert.is(first.path, '/account');
  assert.match((await journeys.signIn('bob')).path, /^\/account/, 'put off');

  const visitor = await first.open('/registration');
  assert.match(visitor.text(), /You have registered nothing yet/);
  await visitor.follow(/^E-mail code/);
  await visitor.submit({ address: 'bob@home.example.net' });
  const letter = await demo.message('bob@home.example.net', 'contact-code');
  await visitor.submit({ answer: '00000000' });
  assert.is(visitor.status, 422);
  await visitor.submit({ answer: /^\d{8}$/m.exec(letter.text)?.[0] ?? '' });
  assert.match(visitor.text(), /It is added.*With these you can reset your password/);

  await visitor.follow(/^Authenticator app/);
  await visitor.submit({}, { at: 'Show me the code to scan' });
  const secret = /class="secret"[^>]*>([^<]*)/.exec(visitor.html)?.[1] ?? '';
  assert.match(visitor.html, /<div class="qr"[^>]*><svg/);
  await visitor.submit({ answer: await demo.appCode('bob', { secret }), label: 'Bob’s phone' });
  assert.match(visitor.text(), /It is added/);

  await visitor.follow(/^Recovery codes/);
  if (visitor.path.startsWith('/registration/confirm')) {
    await visitor.submit({ password: journeys.passwordOf('bob'), answer: await demo.appCode('bob', { secret }) });
  }
  await visitor.submit({}, { at: 'Make my codes' });
  const codes = [...visitor.html.matchAll(/<li><code>([^<]*)/g)].map(([, code = '']) => code);
  assert.is(codes.length, 10);
  await visitor.open('/registration');
  assert.match(visitor.text(), /10 codes left/);
  for (const code of codes) assert.not.ok(visitor.html.includes(code), 'shown once');
  for (const row of [/E-mail b\S+@home\.example\.net|bob@home\.example\.net/, /Bob’s phone/]) assert.match(visitor.text(), row);
  await demo.message('bob', 'method-added', { after: 2 });
  assert.is(await journeys.messagesTo('bob', 'method-added'), 3);

  const before = journeys.passwordOf('bob');
  const reset = await (await journeys.askFor('bob', 'recovery-code')).submit({ answer: codes[4] ?? '' });
  const now = await journeys.choosePassword(reset, 'bob');
  await journeys.isInForce('bob', { now, before });
  assert.is((await visitor.open('/account')).path, '/sign-in?next=%2Faccount', 'his other sessions have ended');
  assert.match((await (await journeys.signIn('bob')).open('/registration')).text(), /9 codes left/);
});

test('signed in, alice changes her password and stays; everywhere else she is signed out', async () => {
  const elsewhere = await journeys.signIn('alice');
  const visitor = await journeys.signIn('alice');
  const before = journeys.passwordOf('alice');
  const password = journeys.fresh();
  await visitor.open('/change');
  await visitor.submit({ current_password: before, password, password_again: password });
  assert.is(visitor.heading(), 'Your new password is set', visitor.text());
  journeys.passwords.set('alice', password);
  await journeys.isInForce('alice', { now: password, before });
  assert.is((await visitor.open('/account')).path, '/account');
  assert.is((await elsewhere.open('/account')).path, '/sign-in?next=%2Faccount');
});

test('sign out everywhere ends every session at once', async () => {
  const one = await journeys.signIn('alice');
  const other = await journeys.signIn('alice');
  assert.match((await one.open('/account')).text(), /\(this one\)/);
  await one.submit({}, { at: 'Sign out everywhere' });
  assert.is(one.path, '/');
  for (const visitor of [one, other]) assert.is((await visitor.open('/account')).path, '/sign-in?next=%2Faccount');
});

test('“this was not me”: looking does nothing, the button ends sessions and locks self-service, and the directory keeps its password', async () => {
  const visitor = await journeys.signIn('alice');
  const { text } = await demo.message('alice', 'password-changed');
  const link = journeys.linkIn(text);
  const victim = journeys.browser();
  for (let nth = 0; nth < 10; nth++) assert.is((await victim.open(link)).heading(), 'Was this not you?');
  assert.is((await visitor.open('/account')).path, '/account', 'nothing happened by looking');
  await victim.submit({}, { at: 'This was not me' });
  assert.is(victim.heading(), 'Self-service is locked for your account');
  assert.is((await visitor.open('/account')).path, '/sign-in?next=%2Faccount');
  assert.is((await victim.open(link)).status, 404, 'spent');
  assert.is(await demo.binds('alice', journeys.passwordOf('alice')), true);
  const locked = await journeys.signIn('alice');
  assert.match(locked.text(), /locked/);
  const sent = await journeys.messagesTo('alice', 'reset-code');
  await (await journeys.askFor('alice', 'email')).submit({ answer: '00000000' });
  assert.is(await journeys.messagesTo('alice', 'reset-code'), sent);
  await demo.message('helpdesk@mail.example', 'not-me-received');
});

test.run();
