import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { limits } from '../rules/throttle.ts';
import { day, minute, second } from '../rules/time.ts';
import { Browser } from '../testing/browser.ts';
import { type CastName, cast, eve } from '../testing/cast.ts';
import { silent, unreachable } from '../testing/faults.ts';
import { type FrontDesk, openFrontDesk } from '../testing/front-desk.ts';
import { give } from '../testing/holdings.ts';
import { officeWorld } from '../testing/office-world.ts';
import { homeRoutes } from '../web/home.ts';
import { page, type Route } from '../web/visit.ts';
import { refusalFloor } from './current-password.ts';
import { accessFlows } from './flows.ts';
import { accessRoutes } from '../routes.ts';

const test = suite('the pages of the access portal');
const good = 'seven green lanterns swim';
const open: FrontDesk[] = [];

/** What other portals own, as far as sign-in leads there. */
const elsewhere = ['/registration', '/admin', '/reset', '/unlock', '/reset/help'].map(
  (path): Route => ({ method: 'GET', path, who: path === '/registration' ? 'enrolment' : 'anyone', page: () => page('home') }),
);

async function scene({ interrupt }: { interrupt?: () => string | null } = {}) {
  const world = await officeWorld({ policy: { helpdesk_address: 'helpdesk@example.com' } });
  const flows = accessFlows(world);
  const routes = [...accessRoutes({ ...flows, ...(interrupt ? { interrupt } : {}) }), ...homeRoutes(), ...elsewhere];
  const desk = await openFrontDesk(routes, world);
  open.push(desk);
  const browser = (address = '192.0.2.1') => new Browser(desk.url, { headers: { 'X-Forwarded-For': address } });
  async function signedIn(name: CastName, path = '/sign-in') {
    const at = await browser().open(path);
    await at.submit({ login: name, password: cast[name].password });
    return at;
  }
  return { ...world, clock: world.clock, routes, desk, browser, signedIn };
}
test.after(async () => {
  await Promise.all(open.map((desk) => desk.close()));
});

const session = (at: Browser): string | undefined => [...at.cookies].find(([name]) => name.includes('session'))?.[1];

/** What may differ between two answers that must be the same. */
const masked = (at: Browser, login: string): string =>
  at.html
    .replaceAll(`"${login}"`, '"LOGIN"')
    .replace(/nonce="[^"]*"/g, 'nonce')
    .replace(/name="csrf" value="[^"]*"/g, 'csrf')
    .replace(/(class="support-code"[^>]*>)[^<]*/g, '$1');

test('a password is suggested on request, another each time, and is taken; none is shown unasked', async () => {
  const { signedIn, people, passwordsFor } = await scene();
  const at = await signedIn('alice', '/sign-in?next=%2Fchange');
  const offered = (): string | undefined => /id="offer"[^>]*>([^<]+)</.exec(at.html)?.[1];
  await at.open('/change');
  assert.is(offered(), undefined);
  await at.open('/change?suggest');
  const [first, fields] = [offered() ?? '', at.forms().find(({ action }) => action === '/change')?.fields];
  assert.match(first, /^[A-Z][a-z]+(-[a-z]+){4,}-\d\d$/);
  assert.equal([fields?.password, fields?.password_again], ['', ''], 'it is in no field, so no manager keeps what nobody chose');
  assert.is((await at.send('GET', '/change?suggest')).headers['cache-control'], 'no-store');
  await at.open('/change?suggest');
  assert.is.not(offered(), first);
  await at.submit({ current_password: cast.alice.password, password: first, password_again: first }, { at: '/change' });
  assert.is(at.path, '/change/done');
  assert.ok('mustChange' in (await passwordsFor(people.alice).verify(first)));
});

test('sign-in leads to where one wanted to go, and sign-out ends it', async () => {
  const { browser } = await scene();
  const at = await browser().open('/account');
  assert.is(at.path, '/sign-in?next=%2Faccount');
  await at.submit({ login: 'alice', password: cast.alice.password });
  assert.is(at.path, '/account');
  assert.is(at.heading(), 'My account');
  const before = session(at);
  assert.ok(before);
  await at.submit({}, { at: '/sign-out' });
  assert.is(at.path, '/');
  await at.open('/account');
  assert.match(at.path, '/sign-in');
});

test('`next` is a page of this site, or nothing', async () => {
  const { browser } = await scene();
  for (const next of ['https://evil.example/', '//evil.example', '/no-such-page', 'javascript:alert(1)']) {
    const at = await browser().open(`/sign-in?next=${encodeURIComponent(next)}`);
    assert.not.ok('next' in at.form().fields, next);
    await at.post('/sign-in', { ...at.form({ login: '', password: '' }).fields, login: 'alice', password: cast.alice.password, next });
    assert.is(at.path, '/account');
  }
});

test('a password manager finds its fields', async () => {
  const { browser, signedIn } = await scene();
  const at = await browser().open('/sign-in');
  assert.match(at.html, /name="login"[^>]*autocomplete="username"/);
  assert.match(at.html, /name="password"[^>]*autocomplete="current-password"/);
  const mine = await signedIn('alice', '/sign-in?next=%2Fchange');
  assert.is(mine.path, '/change');
  assert.match(mine.html, /name="username" value="alice" autocomplete="username"/);
  assert.match(mine.html, /name="current_password"[^>]*autocomplete="current-password"/);
  assert.match(mine.html, /name="password"[^>]*autocomplete="new-password"/);
  assert.match(mine.html, /name="password_again"[^>]*autocomplete="new-password"/);
});

test('refusals at sign-in and at the change are the same in status, bytes and time, whoever is typed', async () => {
  const { browser, office, clock, throttle, people, accounts } = await scene();
  office.resident('bob').credential = { ...office.resident('bob').credential, lockedAt: clock.now() };
  office.resident('dave').credential = { ...office.resident('dave').credential, endsAt: clock.now() - 1 };
  accounts.suspend(people.alice.id, clock.now());
  for (let nth = 0; nth < limits.signIn.most; nth += 1) throttle.hit(limits.signIn, `a${people.laura.id}`, clock.now());
  const forms = [
    { path: '/sign-in', secrets: { password: 'not the password' } },
    { path: '/change', secrets: { current_password: 'not the password', password: 'a', password_again: 'b' } },
  ];
  for (const { path, secrets } of forms) {
    const seen = new Set<string>();
    for (const login of [eve, 'alice', 'bob', 'carol', 'dave', 'laura']) {
      const at = await browser().open(path);
      const from = clock.now();
      await at.submit({ login, ...secrets });
      assert.is(at.status, 422);
      assert.is(clock.now() - from, refusalFloor, login);
      assert.is(at.form({ login: '' }).fields.login, login, 'nothing is typed twice');
      assert.not.match(at.html, 'not the password');
      seen.add(masked(at, login));
    }
    assert.is(seen.size, 1, path);
  }
});

test('the second step stands between the password and the desk', async () => {
  const { signedIn, totpCode } = await scene();
  const at = await signedIn('carol', '/sign-in?next=%2Faccount');
  assert.is(at.path, '/sign-in/second-step?next=%2Faccount');
  const half = session(at);
  await at.open('/account');
  assert.is(at.path, '/sign-in/second-step', 'the password alone opens nothing');
  await at.submit({ answer: '000000' });
  assert.is(at.status, 422);
  await at.open('/sign-in/second-step?next=%2Faccount');
  await at.submit({ answer: totpCode('carol') });
  assert.is(at.path, '/account');
  assert.is.not(session(at), half);
});

test('whoever has lost the only passkey types a recovery code at the second step, in a page without scripts', async () => {
  const world = await scene();
  const { signedIn, settings, people, publicUrl } = world;
  settings.set('second_step_for_people', true);
  const wanted = { account: people.bob, methods: ['passkey', 'recovery-code'], address: '' } as const;
  const { codes } = await give({ ...world, world, publicUrl }, wanted);
  const at = await signedIn('bob', '/sign-in?next=%2Faccount');
  assert.is(at.path, '/sign-in/second-step?next=%2Faccount');
  await at.submit({ recovery_code: '3-k7f2-9xqd-0mvz-p' });
  assert.is(at.status, 422);
  assert.match(at.html, /<details open/);
  await at.submit({ recovery_code: codes[0] ?? '' });
  assert.is(at.path, '/account');
});

test('without a second step staff are led to enrol one', async () => {
  const { signedIn, enrolments, people } = await scene();
  enrolments.removeAll(people.carol.id, 'totp');
  assert.is((await signedIn('carol')).path, '/registration');
});

test('registration that is due is asked for before one goes on', async () => {
  const { signedIn } = await scene({ interrupt: () => '/registration' });
  assert.is((await signedIn('bob', '/sign-in?next=%2Fchange')).path, '/registration?next=%2Fchange');
});

test('must-change: from sign-in to the new password in one visit, the login typed once', async () => {
  const { signedIn, office } = await scene();
  office.resident('bob').credential = { ...office.resident('bob').credential, mustChange: true };
  const at = await signedIn('bob');
  assert.is(at.status, 422);
  assert.is(at.heading(), 'Change your password');
  assert.is(session(at), undefined);
  assert.is(at.form({ current_password: '' }).fields.login, 'bob');
  await at.submit({ current_password: cast.bob.password, password: good, password_again: good });
  assert.is(at.path, '/change/done');
  assert.is(office.resident('bob').credential.hash, good);
});

test('a change that is refused says why at the field, keeps the login and sets nothing', async () => {
  const { browser, office } = await scene();
  const at = await browser().open('/change');
  await at.submit({ login: 'alice', current_password: cast.alice.password, password: 'short', password_again: 'short' });
  assert.is(at.status, 422);
  assert.match(at.html, 'id="field-password-error"');
  assert.match(at.text(), 'None of your last 5 passwords');
  assert.not.match(at.html, 'value="short"');
  assert.is(office.resident('alice').credential.hash, cast.alice.password);
});

test('changed while signed in: the old cookie is dead, the new one lives, other browsers are signed out', async () => {
  const { signedIn, browser } = await scene();
  const other = await signedIn('alice');
  const at = await signedIn('alice', '/sign-in?next=%2Fchange');
  const stolen = browser();
  for (const [name, value] of at.cookies) stolen.cookies.set(name, value);
  await at.submit({ current_password: cast.alice.password, password: good, password_again: good });
  assert.is(at.path, '/change/done');
  assert.is((await at.open('/account')).path, '/account');
  assert.match((await other.open('/account')).path, '/sign-in');
  assert.match((await stolen.open('/account')).path, '/sign-in');
});

test('silence and a closed change are told as they are', async () => {
  const { browser, office, decide } = await scene();
  const at = await browser().open('/change');
  office.faults.set('change', silent('undone'));
  await at.submit({ login: 'alice', current_password: cast.alice.password, password: good, password_again: good });
  assert.is(at.path, '/change/unknown');
  decide({ writeback: false });
  await at.open('/change');
  await at.submit({ login: 'alice', current_password: cast.alice.password, password: good, password_again: good });
  assert.is(at.status, 422);
  assert.match(at.text(), 'switched off');
});

test('too many from one address: 429 and for how long', async () => {
  const { browser, throttle, clock } = await scene();
  const at = await browser().open('/sign-in');
  for (let nth = 0; nth < limits.loginsTyped.most + 20; nth += 1) throttle.hit(limits.loginsTyped, '127.0.0.1', clock.now());
  await at.submit({ login: 'alice', password: cast.alice.password });
  assert.is(at.status, 429);
  assert.is(at.headers['retry-after'], '16');
  clock.advance(16 * second);
  await at.submit({ login: 'alice', password: cast.alice.password });
  assert.is(at.path, '/account');
});

test('a directory that is away: 503, and my account says what it cannot know', async () => {
  const { browser, signedIn, office } = await scene();
  const mine = await signedIn('alice');
  office.faults.set('all', unreachable);
  const at = await browser().open('/sign-in');
  await at.submit({ login: 'alice', password: cast.alice.password });
  assert.is(at.status, 503);
  assert.match((await mine.open('/account')).text(), 'The directory does not answer');
  assert.match((await mine.open('/change')).text(), 'The directory does not answer');
});

test('"this was not me" is shown by GET and acts by POST, once', async () => {
  const { browser, signedIn, linkFromMail, accounts, people } = await scene();
  const at = await browser().open('/change');
  await at.submit({ login: 'alice', current_password: cast.alice.password, password: good, password_again: good });
  const link = `/not-me/${linkFromMail(cast.alice.mail)}`;
  await at.open(link);
  assert.is(at.heading(), 'Was this not you?');
  assert.is(accounts.byId(people.alice.id)?.suspendedAt, null);
  const form = at.form({}, link);
  await at.submit({}, { at: link });
  assert.is(at.path, '/not-me/received');
  assert.ok(accounts.byId(people.alice.id)?.suspendedAt);
  await at.post(link, form.fields);
  assert.is(at.status, 404);
  assert.is(at.heading(), 'This link opens nothing any more');
  const garbage = await browser().open('/not-me/garbage');
  assert.is(garbage.status, 404);
  assert.is(garbage.heading(), 'This link opens nothing any more');
  assert.ok(await signedIn('bob'));
});

test('my account shows what happened in words, and ends sessions', async () => {
  const { signedIn, browser, clock } = await scene();
  const other = await signedIn('alice');
  const failed = await browser().open('/sign-in');
  await failed.submit({ login: 'alice', password: 'wrong' });
  clock.advance(minute);
  const at = await signedIn('alice');
  assert.match(at.text(), 'A sign-in was refused');
  assert.match(at.text(), 'Authenticator app');
  assert.not.match(at.text(), /access\.|method\./, 'every text is there');
  await at.submit({}, { at: '/account/sessions/end-all' });
  assert.is(at.path, '/');
  assert.match((await other.open('/account')).path, '/sign-in');
  const [first, second_] = [await signedIn('bob'), await signedIn('bob')];
  const rows = second_.forms().filter(({ action }) => action === '/account/sessions/end');
  assert.is(rows.length, 2);
  const own = rows.find(({ buttons }) => buttons.length > 0)?.fields ?? {};
  await second_.post('/account/sessions/end', { ...own, session: rows.map(({ fields }) => fields.session).sort()[0] ?? '' });
  assert.is(second_.path, '/account');
  assert.match((await first.open('/account')).path, '/sign-in');
});

test('the address that password managers look for leads to the change', async () => {
  const { browser } = await scene();
  assert.is((await browser().open('/.well-known/change-password')).path, '/change');
});

test('the minimum age is told before typing', async () => {
  const { signedIn, office } = await scene();
  office.policy = { ...office.policy, minimumAge: day };
  assert.match((await signedIn('alice', '/sign-in?next=%2Fchange')).text(), 'You can choose a new one from March 3, 2026');
});

test.run();
