/** The same login in two directories, and in one and here: who is meant is typed, and never guessed; what is written goes to that home alone. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { accessFlows } from './access/flows.ts';
import { frontDoor, isSeveral } from './front-door.ts';
import { homes } from './homes.ts';
import { methodsWith } from './methods/methods.ts';
import { portalsOf } from './portals.ts';
import { passwordReset } from './reset/reset.ts';
import { routesOf } from './routes.ts';
import type { Account } from './rules/account.ts';
import { isRefusal } from './rules/refusal.ts';
import { passwordDesk } from './set-password.ts';
import { syncDirectory } from './sync/sync.ts';
import { Browser } from './testing/browser.ts';
import { cast } from './testing/cast.ts';
import { type FakeDirectory, fakeDirectory } from './testing/fake-directory.ts';
import { unreachable } from './testing/faults.ts';
import { type FrontDesk, openFrontDesk } from './testing/front-desk.ts';
import { publicUrl, testWorld } from './testing/world.ts';

const test = suite('several homes');
const facts = { address: '192.0.2.1', supportCode: 'AB12', language: 'en' };
const good = 'seven green lanterns swim';
const open: FrontDesk[] = [];

/** Beside the office a school, with an Alice of its own and a Laura, whose login is a local account's too. */
async function world() {
  const base = await testWorld({ policy: { second_gate_when_stronger: false } });
  const { clock, accounts, enrolments, directory: office, people } = base;
  const school = fakeDirectory({
    clock,
    id: 'school',
    people: [
      { login: 'alice', name: 'Alice Abbott', password: 'the other Alice walks', mail: 'abbott@school.example.net' },
      { login: 'laura', name: 'Laura Lamb', mail: 'shared@home.example.net' },
    ],
  });
  const add = async (home: FakeDirectory, remoteId: string): Promise<Account> => {
    const entry = await home.read(remoteId);
    if (!entry || isRefusal(entry)) throw new Error(remoteId);
    accounts.applySync([{ kind: 'add', home: home.id, entry, role: 'person' }], clock.now());
    return accounts.byRemoteId(home.id, remoteId) as Account;
  };
  const abbott = await add(school, 'id-alice');
  const lamb = await add(school, 'id-laura');
  enrolments.add({ account: abbott.id, method: 'email', label: 'abbott@school.example.net', secret: '', at: clock.now() });
  const all = [office, school];
  const directories = { all, of: ({ home }: Pick<Account, 'home'>) => all.find(({ id }) => id === home) ?? null };
  const outside = { ...base, directories, passwordsFor: homes({ ...base, directories }) };
  const methods = methodsWith({ ...outside, publicUrl, ownDomains: [] });
  const desk = passwordDesk({ ...outside, publicUrl });
  return { ...outside, clock, school, office, methods, desk, abbott, lamb, people, base };
}

const found = (result: ReturnType<ReturnType<typeof frontDoor>['known']>): unknown =>
  result === null ? null : isSeveral(result) ? result.several.map(({ home }) => home) : `${result.login} ${result.home}`;

test('the home that is typed is the one, in any case; without one it is not guessed', async () => {
  const { known } = frontDoor(await world());
  assert.equal(found(known('alice')), ['office', 'school']);
  assert.equal(found(known('laura')), [null, 'school']);
  for (const [login, who] of [
    ['alice@office', 'alice office'],
    ['Alice@SCHOOL', 'alice school'],
    ['laura@local', 'laura null'],
    ['laura@school', 'laura school'],
    ['bob', 'bob office'],
    ['bob@office', 'bob office'],
  ] as const)
    assert.is(found(known(login)), who, login);
  for (const login of ['bob@school', 'alice@nowhere', 'alice@', '@office', 'office', 'eve@office', 'laura@office'])
    assert.is(found(known(login)), null, login);
});

test('by a mail address too, which two directories may have', async () => {
  const set = await world();
  const { foundLive } = frontDoor(set);
  assert.is(found(await foundLive('abbott@school.example.net')), 'alice school');
  assert.is(found(await foundLive('abbott@school.example.net@school')), 'alice school');
  assert.is(found(await foundLive('abbott@school.example.net@office')), null);
  set.office.resident('bob').mail = 'shared@home.example.net';
  assert.equal(found(await foundLive('shared@home.example.net')), ['office', 'school']);
  assert.is(found(await foundLive('shared@home.example.net@office')), 'bob office');
});

test('while one home is silent or knows several, nobody is taken for the one that another home names', async () => {
  const set = await world();
  const { foundLive } = frontDoor(set);
  const login = 'abbott@school.example.net';
  set.office.faults.set('find', unreachable);
  assert.equal(found(await foundLive(login)), ['school']);
  assert.is(found(await foundLive(`${login}@school`)), 'alice school');
  set.office.faults.clear();
  for (const name of ['bob', 'carol'] as const) set.office.resident(name).mail = login;
  assert.equal(found(await foundLive(login)), ['school']);
});

test('who was disabled, or deleted and is kept as disabled, is in nobody’s way', async () => {
  const set = await world();
  set.accounts.applySync([{ kind: 'disable', id: set.abbott.id }], set.clock.now());
  assert.is(found(frontDoor(set).known('alice')), 'alice office');
});

test('the homes are named where a login may need one, and only there', async () => {
  const set = await world();
  assert.equal(frontDoor(set).places(), ['office', 'school', 'local']);
  const { base, accounts, lamb, clock } = set;
  assert.equal(frontDoor(base).places(), ['office', 'local'], 'a local Laura and one in a directory');
  accounts.applySync([{ kind: 'disable', id: lamb.id }], clock.now());
  assert.equal([frontDoor(set).places(), frontDoor(base).places()], [['office', 'school'], []]);
});

async function resetAs(set: Awaited<ReturnType<typeof world>>, login: string, mail: string) {
  const reset = passwordReset(set);
  const opened = await reset.identify({ login, intention: 'reset', ...facts });
  if (isRefusal(opened)) throw new Error(opened.key);
  await reset.choose(opened.token, 'email');
  await set.deferral.drain();
  const proved = await reset.answer(opened.token, set.codeFromMail(mail));
  if (isRefusal(proved)) throw new Error(proved.key);
  return reset.complete(proved.token, { password: good, again: good });
}

test('a reset goes to the home of that account, and nothing to the other', async () => {
  const set = await world();
  const { office, school } = set;
  assert.equal(await resetAs(set, 'alice@school', 'abbott@school.example.net'), { kind: 'done', isProved: true });
  assert.equal([school.resident('alice').credential.hash, office.resident('alice').credential.hash], [good, cast.alice.password]);
  assert.equal([school.resident('alice').generation, office.resident('alice').generation], [2, 1]);
  assert.ok(
    set.base.mail.every(({ to }) => to === 'abbott@school.example.net'),
    'only she hears of it',
  );
});

test('a login that is not told apart gets no code, looks like a stranger’s, and both are told what to type, once a day', async () => {
  const set = await world();
  const reset = passwordReset(set);
  const seen = new Set<string>();
  for (const [visit, login] of ['alice', 'alice@office', 'alice@school', 'alice', 'eve', 'eve@school', 'alice@nowhere'].entries()) {
    const supportCode = `CODE-${visit}`;
    const opened = await reset.identify({ login, intention: 'reset', ...facts, supportCode });
    if (isRefusal(opened)) throw new Error(opened.key);
    const chosen = await reset.choose(opened.token, 'email');
    await set.deferral.drain();
    const wrong = await reset.answer(opened.token, '00000000');
    seen.add(JSON.stringify([chosen, wrong, await reset.show(opened.token)]).replaceAll(supportCode, 'CODE'));
  }
  assert.is(seen.size, 1, [...seen].join('\n'));
  const told = set.base.mail.filter(({ kind }) => kind === 'reset-not-possible');
  assert.equal(
    told.map(({ to, variables }) => [to, (variables as { reason: string }).reason, (variables as { login: string }).login]),
    [
      [cast.alice.mail, 'one home', 'alice@office'],
      ['abbott@school.example.net', 'one home', 'alice@school'],
    ],
  );
});

test('the right password alone does not tell two of a name apart; with the home it opens', async () => {
  const { signIn } = accessFlows(await world());
  const enter = async (login: string, password: string) => {
    const started = await signIn.start({ login, password, device: '', before: null, ...facts });
    return isRefusal(started) ? started.key : started.kind;
  };
  assert.is(await enter('alice', cast.alice.password), 'sign-in.wrong');
  assert.is(await enter('alice@office', cast.alice.password), 'signed in');
  assert.is(await enter('alice@school', cast.alice.password), 'sign-in.wrong');
  assert.is(await enter('alice@school', 'the other Alice walks'), 'signed in');
  assert.is(await enter('laura@local', cast.laura.password), 'signed in');
});

test('my account tells nothing of somebody else with the same login', async () => {
  const set = await world();
  const { myAccount } = accessFlows(set);
  set.journal.append({ event: 'sign-in', result: 'succeeded', account: 'alice', actor: 'alice' });
  const session = set.sessions.start({
    token: 'x',
    account: set.abbott.id,
    standing: 'full',
    address: '',
    device: '',
    at: set.clock.now(),
  });
  assert.equal((await myAccount.overview({ account: set.abbott, session })).activity, []);
});

test('without JavaScript: every page that asks for a login says how, the same to everybody, and the suffix leads through', async () => {
  const set = await world();
  const roles = { administrators: [], helpdesk: [], auditors: [] };
  const sync = syncDirectory({ ...set, roles, maxDisablePercent: 10 });
  const portals = portalsOf({ ...set, world: set, sync, config: { publicUrl, mail: null } } as Parameters<typeof portalsOf>[0]);
  const desk = await openFrontDesk(routesOf(portals), set);
  open.push(desk);
  const browser = () => new Browser(desk.url, { headers: { 'X-Forwarded-For': '192.0.2.1' } });
  for (const path of ['/reset', '/unlock', '/sign-in', '/change'])
    assert.match((await browser().open(path)).text(), 'name@office, name@school, name@local', path);
  const pages = new Set<string>();
  for (const login of ['alice', 'alice@school', 'eve', 'eve@school']) {
    const at = await browser().open('/reset');
    await at.submit({ login });
    pages.add(`${at.status} ${at.path} ${at.html.replace(/nonce="[^"]*"|value="[^"]*"|(class="support-code"[^>]*>)[^<]*/g, '$1')}`);
  }
  assert.is(pages.size, 1);
  const at = await browser().open('/change');
  await at.submit({ login: 'alice@school', current_password: 'the other Alice walks', password: good, password_again: good });
  assert.is(at.path, '/change/done');
  assert.equal([set.school.resident('alice').credential.hash, set.office.resident('alice').credential.hash], [good, cast.alice.password]);
});
test.after(async () => {
  await Promise.all(open.map((desk) => desk.close()));
});

test.run();
