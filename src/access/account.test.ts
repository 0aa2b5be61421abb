import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { minute } from '../rules/time.ts';
import type { CastName } from '../testing/cast.ts';
import { unreachable } from '../testing/faults.ts';
import { officeWorld } from '../testing/office-world.ts';
import { accessFlows } from './flows.ts';

const test = suite('my account');

async function scene() {
  const world = await officeWorld();
  const { clock, sessions, people, random } = world;
  const { myAccount } = accessFlows(world);
  function here(name: CastName, device = 'Firefox on Linux') {
    const token = random.token();
    const session = sessions.start({ token, account: people[name].id, standing: 'full', address: '', device, at: clock.now() });
    return { account: people[name], session, token, address: '192.0.2.1', supportCode: 'BDKF-RTWX' };
  }
  return { ...world, clock, myAccount, here };
}

test('it shows the password’s age, the methods, the activity and the sessions of this account alone', async () => {
  const { myAccount, here, office, journal } = await scene();
  const alice = here('alice');
  here('bob');
  journal.append({ event: 'reset', result: 'succeeded', account: 'alice' });
  journal.append({ event: 'reset', result: 'succeeded', account: 'bob' });
  const { password, methods, activity, sessions } = await myAccount.overview(alice);
  assert.is(password?.changedAt, office.resident('alice').credential.changedAt);
  assert.is(password?.expiresAt, (password?.changedAt ?? 0) + office.policy.maximumAge);
  assert.equal(
    methods.map(({ method }) => method),
    ['email', 'totp'],
  );
  assert.is(activity.length, 1);
  assert.equal(
    sessions.map(({ isThis, device }) => [isThis, device]),
    [[true, 'Firefox on Linux']],
  );
});

test('it does not show what a former holder of the login did', async () => {
  const { myAccount, accounts, journal, clock, random, sessions } = await scene();
  journal.append({ event: 'reset', result: 'succeeded', account: 'reused' });
  clock.advance(minute);
  const at = clock.now();
  const account = accounts.createLocal({ login: 'reused', name: '', mail: null, role: 'person', passwordHash: '', at });
  journal.append({ event: 'sign-in', result: 'succeeded', account: 'reused' });
  const session = sessions.start({ token: random.token(), account: account.id, standing: 'full', address: '', device: '', at });
  const { activity } = await myAccount.overview({ account, session });
  assert.equal(
    activity.map(({ event }) => event),
    ['sign-in'],
  );
});

test('it says so when the directory is away', async () => {
  const { myAccount, here, office } = await scene();
  office.faults.set('status', unreachable);
  assert.is((await myAccount.overview(here('alice'))).password, null);
});

test('a session that ran out is not listed', async () => {
  const { myAccount, here, clock } = await scene();
  here('alice', 'an old telephone');
  clock.advance(15 * minute);
  assert.equal(
    (await myAccount.overview(here('alice'))).sessions.map(({ isThis }) => isThis),
    [true],
  );
});

test('one session can be ended, but only one’s own', async () => {
  const { myAccount, here, sessions, clock } = await scene();
  const [mine, other, bobs] = [here('alice'), here('alice'), here('bob')];
  myAccount.endSession(mine, bobs.session.id);
  myAccount.endSession(mine, Number.NaN);
  assert.ok(sessions.byToken(bobs.token, clock.now()));
  myAccount.endSession(mine, other.session.id);
  assert.is(sessions.byToken(other.token, clock.now()), null);
  assert.ok(sessions.byToken(mine.token, clock.now()));
});

test('signing out everywhere ends them all, this one too', async () => {
  const { myAccount, here, sessions, clock, journal } = await scene();
  const [mine, other, bobs] = [here('alice'), here('alice'), here('bob')];
  myAccount.signOutEverywhere(mine);
  assert.is(sessions.byToken(mine.token, clock.now()), null);
  assert.is(sessions.byToken(other.token, clock.now()), null);
  assert.ok(sessions.byToken(bobs.token, clock.now()));
  assert.equal([journal.latest(1)[0]?.event, journal.latest(1)[0]?.detail], ['sign-out', 'everywhere']);
});

test.run();
