import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { day, minute } from '../rules/time.ts';
import { type CastName, cast, eve } from '../testing/cast.ts';
import { silent, unreachable } from '../testing/faults.ts';
import { officeWorld } from '../testing/office-world.ts';
import type { WantedChange } from './change.ts';
import { refusalFloor } from './current-password.ts';
import { accessFlows } from './flows.ts';

const test = suite('change');
const good = 'seven green lanterns swim';
const visit = { address: '192.0.2.1', supportCode: 'BDKF-RTWX', language: 'en' };

async function scene() {
  const world = await officeWorld();
  const { clock, sessions, people, random, office } = world;
  const flows = accessFlows(world);
  const change = (who: WantedChange['who'], more: Partial<WantedChange> = {}) => {
    const name = (typeof who === 'string' ? who : who.account.login) as CastName;
    return flows.changePassword.change({ who, current: cast[name]?.password ?? '', password: good, again: good, ...visit, ...more });
  };
  function here(name: CastName) {
    const token = random.token();
    const session = sessions.start({ token, account: people[name].id, standing: 'full', address: '', device: '', at: clock.now() });
    return { token, session, account: people[name] };
  }
  const passwordOf = (login: string) => office.resident(login).credential.hash;
  return { ...world, ...flows, clock, change, here, passwordOf };
}

const keysOf = (changed: unknown): string[] => ((changed as { refusals?: { key: string }[] }).refusals ?? []).map(({ key }) => key);

test('signed out, by login and current password', async () => {
  const { change, passwordOf, journal, messages } = await scene();
  assert.equal(await change('alice'), { kind: 'changed', isProved: true, token: null });
  assert.is(passwordOf('alice'), good);
  assert.is(journal.latest(1)[0]?.event, 'change');
  assert.is(messages().at(-1)?.kind, 'password-changed');
});

test('signed in: this session goes on under a new cookie, all others end', async () => {
  const { change, here, sessions, people, clock } = await scene();
  const other = here('alice');
  const mine = here('alice');
  const changed = await change(mine);
  assert.is(changed.kind, 'changed');
  const token = (changed as { token: string }).token;
  assert.is(sessions.byToken(mine.token, clock.now()), null);
  assert.is(sessions.byToken(other.token, clock.now()), null);
  assert.is(sessions.byToken(token, clock.now())?.account, people.alice.id);
  assert.is(sessions.of(people.alice.id).length, 1);
});

test('signed in, the change is no new proof of who it is: for staff it would stand for their second step', async () => {
  const { change, here, sessions, clock } = await scene();
  const mine = here('carol');
  clock.advance(11 * minute);
  const changed = await change(mine);
  const token = changed.kind === 'changed' ? changed.token : null;
  assert.is(sessions.byToken(token ?? '', clock.now())?.provedAt, mine.session.provedAt);
});

test('a local account is changed like any other', async () => {
  const { change, accounts, people } = await scene();
  const before = accounts.passwordHash(people.laura.id);
  assert.is((await change('laura')).kind, 'changed');
  assert.is.not(accounts.passwordHash(people.laura.id), before);
});

test('must-change and expired passwords are changed in one visit', async () => {
  const { change, office, passwordOf, clock } = await scene();
  office.resident('bob').credential = { ...office.resident('bob').credential, mustChange: true };
  assert.is((await change('bob')).kind, 'changed');
  assert.is(passwordOf('bob'), good);
  assert.is(office.resident('bob').credential.mustChange, false);
  clock.advance(office.policy.maximumAge + day);
  assert.is((await change('alice')).kind, 'changed');
});

test('the current password is proved before anything else is said of the form', async () => {
  const { change, clock, passwordOf } = await scene();
  for (const who of ['alice', eve]) {
    const from = clock.now();
    const changed = await change(who, { current: 'wrong', password: '', again: 'something else' });
    if (changed.kind !== 'refused') throw new Error(changed.kind);
    assert.is(changed.binding, null);
    assert.equal(keysOf(changed), ['sign-in.wrong']);
    assert.is(clock.now() - from, refusalFloor);
  }
  assert.equal(keysOf(await change('alice', { password: '' })), ['password.required']);
  assert.equal(keysOf(await change('alice', { again: 'another' })), ['password.mismatch']);
  assert.is(passwordOf('alice'), cast.alice.password);
});

test('signed in, a wrong current password is told at its field', async () => {
  const { change, here, passwordOf } = await scene();
  const changed = await change(here('alice'), { current: 'wrong' });
  assert.equal(keysOf(changed), ['directory.wrong-old-password']);
  assert.is(changed.kind === 'refused' && changed.refusals[0]?.field, 'current_password');
  assert.is(passwordOf('alice'), cast.alice.password);
});

test('every broken rule comes back at once, with the rules of the person', async () => {
  const { change } = await scene();
  const changed = await change('alice', { password: 'alice!', again: 'alice!' });
  if (changed.kind !== 'refused') throw new Error(changed.kind);
  assert.equal(keysOf(changed), ['password.too-short', 'password.contains-name', 'password.too-common']);
  assert.equal(changed.broken, ['length', 'login', 'name', 'known']);
  assert.is(changed.binding?.login, 'alice');
  assert.ok(changed.binding?.rules.some(({ key }) => key === 'history'));
});

test('a no of the directory stands at the new password, and is not retried as a reset', async () => {
  const { change, office, passwordOf } = await scene();
  const old = office.resident('alice').credential;
  office.resident('alice').credential = { ...old, earlier: [{ hash: good, at: old.changedAt }] };
  const changed = await change('alice');
  if (changed.kind !== 'refused') throw new Error(changed.kind);
  assert.equal(keysOf(changed), ['directory.history']);
  assert.is(changed.refusals[0]?.field, 'password');
  assert.equal(changed.broken, ['history']);
  assert.is(passwordOf('alice'), cast.alice.password);
});

test('the minimum age says from when', async () => {
  const { change, changePassword, office, people, clock } = await scene();
  office.policy = { ...office.policy, minimumAge: day };
  assert.is((await changePassword.bindingOf(people.alice)).possibleFrom, clock.now() + day);
  assert.equal(keysOf(await change('alice')), ['directory.minimum-age']);
});

test('silence after sending is "unknown", and nothing is tried again', async () => {
  const { change, office, writes, clock } = await scene();
  office.faults.set('change', silent('done'));
  assert.equal(await change('alice'), { kind: 'unknown' });
  assert.is(writes.unsettled(clock.now() + 1).length, 1);
});

test('what the office has closed is told, after the proof only', async () => {
  const { change, decide, accounts, people, clock, passwordOf, journal } = await scene();
  const by = async (who: string) => {
    const changed = await change(who);
    return changed.kind === 'closed' ? changed.by : changed.kind;
  };
  decide({ writeback: false });
  assert.is(await by('alice'), 'writeback');
  assert.is(await by('laura'), 'changed');
  accounts.suspend(people.alice.id, clock.now());
  assert.is(await by('alice'), 'not suspended');
  decide({ available_directory_people: ['reset'] });
  assert.is(await by('alice'), 'available');
  assert.is(journal.latest(1)[0]?.detail, 'available');
  assert.equal(keysOf(await change('alice', { current: 'wrong' })), ['sign-in.wrong']);
  assert.is(passwordOf('alice'), cast.alice.password);
});

test('the rules are shown before typing: the house’s to a stranger, the person’s to who is signed in', async () => {
  const { changePassword, people, office } = await scene();
  assert.equal(
    (await changePassword.bindingOf(null)).rules.map(({ key }) => key),
    ['length', 'login', 'name', 'office', 'known'],
  );
  assert.ok((await changePassword.bindingOf(people.alice)).rules.some(({ key }) => key === 'history'));
  office.faults.set('status', unreachable);
  assert.is((await changePassword.bindingOf(people.alice)).isAway, true);
});

test('no password is in the database', async () => {
  const { change, db } = await scene();
  await change('alice', { current: 'wrong one, typed here' });
  await change('alice');
  const tables = db.$client.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all() as string[];
  const all = tables.map((name) => JSON.stringify(db.$client.prepare(`SELECT * FROM "${name}"`).all())).join();
  assert.not.match(all, 'wrong one, typed here');
  assert.not.match(all, good);
  assert.not.match(all, cast.alice.password);
});

test.run();
