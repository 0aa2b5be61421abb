/** The registration pages on a running server, read and filled in by a browser without JavaScript. */

import { Secret, TOTP } from 'otpauth';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { accessFlows } from '../access/flows.ts';
import type { Account } from '../rules/account.ts';
import { day, hour, minute } from '../rules/time.ts';
import { Browser } from '../testing/browser.ts';
import { type CastName, cast } from '../testing/cast.ts';
import { give } from '../testing/holdings.ts';
import { type FrontDesk, openFrontDesk } from '../testing/front-desk.ts';
import { officeWorld } from '../testing/office-world.ts';
import { homeRoutes } from '../web/home.ts';
import { page, type Route } from '../web/visit.ts';
import { accessRoutes, registrationRoutes } from '../routes.ts';
import { registration } from './registration.ts';

const test = suite('the pages of the registration portal');
const open: FrontDesk[] = [];
const elsewhere = ['/admin', '/reset', '/unlock', '/reset/help'].map(
  (path): Route => ({ method: 'GET', path, who: 'anyone', page: () => page('home') }),
);

async function scene() {
  const world = await officeWorld();
  world.clock.advance(hour); // what the cast holds was not added in this very instant
  const flows = accessFlows(world);
  const flow = registration({ ...world, current: flows.current, ownDomains: [] });
  const duty = { page: '/registration/remind', portal: '/registration', isOwed: flow.insists };
  const interrupt = (account: Account) => (flow.asks(account, world.clock.now()) === null ? null : duty.page);
  const routes = [...registrationRoutes(flow), ...accessRoutes({ ...flows, interrupt }), ...homeRoutes(), ...elsewhere];
  const desk = await openFrontDesk(routes, { ...world, duty });
  open.push(desk);
  async function signedIn(name: CastName, next = '/registration') {
    const at = await new Browser(desk.url).open(`/sign-in?next=${next}`);
    return at.submit({ login: name, password: cast[name].password });
  }
  return { ...world, clock: world.clock, mailed: world.codeFromMail, flow, desk, signedIn };
}
test.after(async () => {
  await Promise.all(open.map((desk) => desk.close()));
});

const seedOn = (at: Browser): string => /id="seed"[^>]*>([^<]+)</.exec(at.html)?.[1]?.replaceAll(' ', '') ?? '';
const shownBy = (seed: string, at: number): string => new TOTP({ secret: Secret.fromBase32(seed) }).generate({ timestamp: at });

test('nobody gets in without signing in', async () => {
  const { desk } = await scene();
  for (const path of [
    '/registration',
    '/registration/email',
    '/registration/confirm',
    '/registration/remind',
    '/registration/remove?id=1',
  ]) {
    assert.match((await new Browser(desk.url).open(path)).path, /^\/sign-in/);
  }
});

test('sign-in asks whoever holds too little, lets it be put off, and leads there', async () => {
  const { signedIn, clock } = await scene();
  const at = await signedIn('bob', '/account');
  assert.is(at.path, '/registration/remind?next=%2Faccount');
  await at.submit({}, { at: 'Remind me in 3 days' });
  assert.is(at.path, '/account');
  await at.open('/registration/remind');
  assert.is(at.path, '/account');
  clock.advance(3 * day);
  assert.match((await signedIn('bob', '/account')).path, /^\/registration\/remind/);
  assert.is((await signedIn('alice', '/account')).path, '/account');
});

test('when it has been put off often enough nothing else opens but what needs no session, signing out among it', async () => {
  const { signedIn, accounts, people, desk, mailed, publicUrl } = await scene();
  accounts.setSnooze(people.bob.id, { times: 5, until: null });
  const at = await new Browser(desk.url).open('/sign-in?next=/account');
  const { csrf: before = '' } = at.form({ login: '' }).fields;
  await at.submit({ login: 'bob', password: cast.bob.password });
  assert.is(at.path, '/registration/remind?next=%2Faccount');
  assert.match(at.text(), /as often as your office allows/);
  const { csrf = '' } = at.form({}, '/sign-out').fields;
  await at.post('/registration/remind', { csrf });
  assert.is(at.path, '/registration/remind');
  for (const path of ['/account', '/account?x=1']) assert.is((await at.open(path)).path, '/registration/remind?next=%2Faccount');
  for (const path of ['/account/sessions/end', '/account/sessions/end-all']) {
    await at.post(path, { csrf, session: '1' });
    assert.match(at.path, /^\/registration\/remind/, path);
  }
  for (const path of ['/change', '/', '/registration', '/registration/totp', '/registration/confirm'])
    assert.is((await at.open(path)).path, path);
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', Referer: `${publicUrl}/account` };
  const stale = await at.send('POST', '/change', { body: `csrf=${before}`, headers });
  assert.is(stale.status, 422, 'a form from before signing in comes back, and not with the page where it says it stood');
  assert.not.match(stale.html, /\/account\/sessions/);
  const elsewhere = await signedIn('bob', '/account');
  await elsewhere.submit({}, { at: '/sign-out' });
  assert.is(elsewhere.path, '/');
  await at.open('/registration/email');
  await at.submit({ address: 'bob@private.example' });
  await at.submit({ answer: mailed('bob@private.example') });
  assert.is((await at.open('/account')).path, '/account');
});

test('staff are asked, and not kept from their desk', async () => {
  const { signedIn, totpCode, accounts, enrolments, people } = await scene();
  accounts.setSnooze(people.carol.id, { times: 5, until: null });
  enrolments.removeAll(people.carol.id, 'email');
  const at = await signedIn('carol', '/admin');
  await at.submit({ answer: totpCode('carol') });
  assert.is(at.path, '/registration/remind?next=%2Fadmin');
  assert.is((await at.open('/account')).path, '/account');
});

test('after the days of policy the ways are shown, and said to be right in one press or changed', async () => {
  const { signedIn, clock, journal, accounts, people, decide } = await scene();
  decide({ reconfirm_days: 30 });
  clock.advance(30 * day);
  const at = await signedIn('alice', '/account');
  assert.is(at.path, '/registration/remind?next=%2Faccount');
  assert.match(at.text(), /Are these still right\?/);
  assert.match(at.text(), /alice@home\.example\.net/);
  assert.ok(at.links().some(({ href }) => href.startsWith('/registration/remove')));
  await at.submit({}, { at: 'Remind me in 3 days' });
  assert.is(at.path, '/account');
  clock.advance(3 * day);
  const later = await signedIn('alice', '/account');
  await later.submit({}, { at: 'These are still right' });
  assert.is(later.path, '/account');
  const [row] = journal.latest(1);
  assert.equal([row?.event, row?.detail, row?.account, row?.actor], ['registration', 'reviewed', 'alice', 'alice']);
  assert.equal(accounts.review(people.alice.id), { at: clock.now(), wantedAt: null });
  const done = await signedIn('alice', '/account');
  assert.is(done.path, '/account');
  assert.match(done.text(), /You said that your ways back in are still right/);
});

test('an address is typed, proved and listed; the page says that it is enough', async () => {
  const { signedIn, mailed } = await scene();
  const at = await signedIn('bob');
  await at.open('/registration');
  assert.match(at.text(), /registered nothing yet/);
  await at.follow(/E-mail code/);
  assert.is(at.form({ address: '' }).fields.address, 'bob@home.example.net');
  await at.submit({ address: 'not an address' });
  assert.is(at.status, 422);
  assert.match(at.text(), /does not look like an e-mail address/);
  assert.is(at.form({ address: '' }).fields.address, 'not an address');
  await at.submit({ address: 'bob@private.example' });
  assert.is(at.path, '/registration/email');
  assert.match(at.text(), /bob@private\.example/);
  await at.submit({}, { at: 'Send a new code' });
  assert.is(at.status, 422);
  assert.match(at.text(), /sent a moment ago/);
  await at.submit({ answer: '1' });
  assert.is(at.status, 422);
  assert.match(at.text(), /This code does not fit/);
  await at.submit({ answer: mailed('bob@private.example') });
  assert.is(at.path, '/registration?done=added');
  assert.match(at.text(), /It is added/);
  assert.match(at.text(), /you can reset your password yourself/);
});

test('an app is shown as a picture and as a key, the same after a reload, and asked for from then on', async () => {
  const { signedIn, clock } = await scene();
  const at = await signedIn('bob');
  await at.open('/registration/totp');
  assert.is(seedOn(at), '');
  await at.submit({}, { at: '/registration/totp' });
  assert.match(at.html, /<svg[^>]+viewBox/);
  const seed = seedOn(at);
  assert.match(seed, /^[A-Z2-7]{32}$/);
  await at.open('/registration/totp');
  assert.is(seedOn(at), seed);
  assert.match(at.headers['cache-control'] ?? '', /no-store/);
  await at.submit({ answer: 'x', label: 'My phone' });
  assert.is(at.status, 422);
  assert.is(at.form({ label: '' }).fields.label, 'My phone');
  const before = [...at.cookies.values()];
  await at.submit({ answer: shownBy(seed, clock.now()), label: 'My phone' });
  assert.is(at.path, '/registration?done=added');
  assert.match(at.text(), /My phone/);
  assert.not.equal([...at.cookies.values()], before);
  clock.advance(11 * minute);
  await at.open('/registration/recovery-code');
  assert.is(at.path, '/registration/confirm?to=%2Fregistration%2Frecovery-code');
  await at.submit({ password: cast.bob.password, answer: shownBy(seed, clock.now()) });
  assert.is(at.path, '/registration/recovery-code');
});

test('whoever holds a mailbox alone types a code that is sent there, in a page without scripts, and is told what to do without it', async () => {
  const { signedIn, enrolments, people, clock, mailed } = await scene();
  enrolments.add({ account: people.bob.id, method: 'email', label: 'bob@private.example', secret: '', at: clock.now() - day });
  const at = await signedIn('bob', '/account');
  await at.open('/registration/totp');
  assert.is(at.path, '/registration/confirm?to=%2Fregistration%2Ftotp');
  assert.match(at.text(), /Ask for help: the helpdesk can make you a temporary pass/);
  await at.submit({}, { at: 'Mail a code to bob@private.example' });
  assert.is(at.path, '/registration/confirm?to=%2Fregistration%2Ftotp');
  assert.match(at.text(), /A code is on its way to bob@private\.example/);
  const { csrf = '', id = '' } = at.form({}, '/registration/confirm/code').fields;
  await at.post('/registration/confirm/code', { csrf, id, to: '/registration/totp' });
  assert.is(at.status, 422);
  assert.match(at.text(), /A code was sent a moment ago/);
  await at.submit({ password: cast.bob.password, answer: '00000000' });
  assert.is(at.status, 422);
  await at.submit({ password: cast.bob.password, answer: mailed('bob@private.example') });
  assert.is(at.path, '/registration/totp');
});

test('whoever has lost their only passkey types a recovery code, and removes it', async () => {
  const world = await scene();
  const { signedIn, enrolments, people, publicUrl, clock } = world;
  const { bob } = people;
  const { codes } = await give({ ...world, world, publicUrl }, { account: bob, methods: ['passkey', 'recovery-code'], address: '' });
  clock.advance(minute);
  const passkey = enrolments.of(bob.id).find(({ method }) => method === 'passkey');
  const at = await signedIn('bob', '/account');
  await at.open(`/registration/remove?id=${passkey?.id}`);
  assert.match(at.path, /^\/registration\/confirm/);
  await at.submit({ password: cast.bob.password, answer: codes[0] ?? '' }, { at: 'Continue' });
  assert.is(at.path, `/registration/remove?id=${passkey?.id}`);
  await at.submit({}, { at: '/registration/remove' });
  assert.equal(
    enrolments.of(bob.id).map(({ method }) => method),
    ['recovery-code'],
  );
});

test('recovery codes are shown once: a reload of the page or of the form shows and changes nothing', async () => {
  const { signedIn, enrolments, people } = await scene();
  const at = await signedIn('bob');
  await at.open('/registration/recovery-code');
  const form = at.form({}, '/registration/recovery-code').fields;
  await at.submit({}, { at: '/registration/recovery-code' });
  assert.is(at.status, 200);
  assert.is(at.html.match(/<li><code>\d-[0-9a-z-]+<\/code>/g)?.length, 10);
  assert.match(at.headers['cache-control'] ?? '', /no-store/);
  const [held] = enrolments.of(people.bob.id);
  await at.post('/registration/recovery-code', form);
  assert.is(at.path, '/registration/recovery-code');
  assert.not.match(at.html, /<li><code>/);
  assert.equal(enrolments.of(people.bob.id), [held]);
  await at.submit({}, { at: 'Make a fresh set' });
  assert.is(at.html.match(/<li><code>/g)?.length, 10);
  assert.is.not(enrolments.of(people.bob.id)[0]?.id, held?.id);
});

test('changing anything needs both proofs, and comes back to where one was', async () => {
  const { signedIn, totpCode } = await scene();
  const at = await signedIn('alice');
  assert.is(at.path, '/registration');
  await at.open('/registration');
  const remove = at.links().find(({ href }) => href.startsWith('/registration/remove'))?.href ?? '';
  await at.open(remove);
  assert.match(at.path, /^\/registration\/confirm/);
  await at.submit({ password: cast.alice.password, answer: '000000' });
  assert.is(at.status, 422);
  assert.match(at.text(), /This code is not right/);
  await at.submit({ password: 'wrong', answer: totpCode('alice') });
  assert.is(at.status, 422);
  assert.match(at.text(), /This is not the password you have now/);
  await at.submit({ password: cast.alice.password, answer: totpCode('alice') });
  assert.is(at.path, remove);
});

test('removing says what it does, takes a POST, and cannot reach another person’s', async () => {
  const { signedIn, totpCode, enrolments, people } = await scene();
  const at = await signedIn('alice');
  await at.open('/registration/confirm');
  await at.submit({ password: cast.alice.password, answer: totpCode('alice') });
  const [email] = enrolments.of(people.alice.id);
  const [daves] = enrolments.of(people.dave.id);
  await at.open(`/registration/remove?id=${daves?.id}`);
  assert.is(at.path, '/registration');
  await at.open(`/registration/remove?id=${email?.id}`);
  assert.match(at.text(), /could no longer reset your password/);
  assert.is(enrolments.of(people.alice.id).length, 2);
  const { csrf = '' } = at.form({}, '/registration/remove').fields;
  await at.post('/registration/remove', { csrf, id: String(daves?.id) });
  assert.is(at.status, 422);
  assert.is(enrolments.of(people.dave.id).length, 2);
  await at.open(`/registration/remove?id=${email?.id}`);
  await at.submit({}, { at: 'Remove it' });
  assert.match(at.text(), /It is removed/);
  assert.is(enrolments.of(people.alice.id).length, 1);
  await at.post('/registration/prefer', { csrf: at.forms()[0]?.fields.csrf ?? '', id: 'x' });
  assert.is(at.status, 422);
});

test('what is not a method is not a page, and the fresh proof leads nowhere else', async () => {
  const { signedIn } = await scene();
  const at = await signedIn('bob');
  assert.is((await at.open('/registration/no-such')).status, 404);
  assert.is((await at.open('/registration/constructor')).status, 404);
  for (const to of ['https://evil.example/', '//evil.example', '/admin', '/registration/email?another=1', '/registration/../admin']) {
    await at.open(`/registration/confirm?to=${encodeURIComponent(to)}`);
    assert.is(at.form({ password: '' }).fields.to, '/registration', to);
  }
});

test('staff without a second step come only to setting one up, and are in after it', async () => {
  const { signedIn, enrolments, accounts, people, clock } = await scene();
  enrolments.removeAll(people.carol.id, 'totp');
  accounts.setEnrolUntil(people.carol.id, clock.now() + day);
  const at = await signedIn('carol');
  assert.is(at.path, '/registration/totp');
  assert.match(at.text(), /signs in with an app as second step/);
  for (const path of ['/registration/email', '/registration/recovery-code'])
    assert.not.match((await at.open(path)).html, /<form[^>]+registration/);
  assert.is((await at.open('/account')).path, '/registration/totp');
  await at.open('/registration/totp');
  await at.submit({}, { at: '/registration/totp' });
  await at.submit({ answer: shownBy(seedOn(at), clock.now()) });
  assert.is(at.path, '/registration?done=added');
  assert.is((await at.open('/account')).path, '/account');
});

test('every page of the portal says only what en.json has', async () => {
  const { signedIn, enrolments, people } = await scene();
  const at = await signedIn('bob');
  await at.open('/registration/recovery-code');
  await at.submit({}, { at: '/registration/recovery-code' });
  const [held] = enrolments.of(people.bob.id);
  for (const path of ['', '?done=removed', '/email', '/totp', '/recovery-code', '/confirm', `/remove?id=${held?.id}`]) {
    await at.open(`/registration${path}`);
    assert.is(at.status, 200, path);
    assert.not.match(at.text(), /\b(registration|method|refusal)\.[a-z]/, path);
  }
});

test.run();
