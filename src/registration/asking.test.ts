/** Whom sign-in asks to register or to look through what is registered: when, how often, and whom never. A clock that stands still. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { currentPassword } from '../access/current-password.ts';
import type { Account } from '../rules/account.ts';
import { day, hour } from '../rules/time.ts';
import { outsiders } from '../testing/cast.ts';
import { type TestWorldOptions, testWorld } from '../testing/world.ts';
import { askingAgain } from './ask-again.ts';
import type { Person } from './fresh-proof.ts';
import { registration } from './registration.ts';

async function desk(options: TestWorldOptions = {}) {
  const world = await testWorld(options);
  world.clock.advance(hour);
  const flow = registration({ ...world, current: currentPassword(world), ownDomains: [] });
  function signIn(account: Account): Person {
    const [at, token] = [world.clock.now(), world.random.token()];
    const session = world.sessions.start({ token, account: account.id, standing: 'full', address: '', device: '', at });
    return { account, session, address: '192.0.2.7', supportCode: 'ABCD-EFGH', language: 'en', at };
  }
  const asks = (account: Account) => flow.asks(account, world.clock.now());
  return { world, flow, signIn, asks };
}

const missing = suite('asking for what is missing');

missing('who could use it and holds too little, and nobody else', async () => {
  const { world, asks } = await desk();
  const { alice, bob, carol, dave } = world.people;
  const asked = () => [alice, bob, carol, dave].map(asks);
  assert.equal(asked(), [null, 'ways', null, null]);
  world.enrolments.removeAll(dave.id, 'email');
  world.enrolments.removeAll(carol.id, 'email');
  assert.equal(asked(), [null, 'ways', 'ways', null]);
  assert.is(asks({ ...bob, isProtected: true }), null);
  assert.is(asks({ ...bob, suspendedAt: 1 }), null);
  world.decide({ available_directory_people: ['change'] });
  assert.equal(asked(), [null, null, 'ways', null]);
  world.decide({ registration_required: false });
  assert.equal(asked(), [null, null, null, null]);
});

missing('a double press puts it off once, and whoever owes nothing loses nothing', async () => {
  const { world, flow } = await desk();
  const { alice, bob } = world.people;
  const at = world.clock.now();
  for (const press of [1, 2]) assert.ok(flow.snooze(bob, at), String(press));
  assert.equal(world.accounts.snooze(bob.id), { times: 1, until: at + 3 * day });
  assert.ok(flow.snooze(alice, at));
  assert.equal(world.accounts.snooze(alice.id), { times: 0, until: null });
});

missing('nobody whom nothing would help that they could register', async () => {
  const { world, asks } = await desk({ policy: { methods: ['sms'] } });
  assert.is(asks(world.people.bob), null, 'there is no gateway for texts');
  world.decide({ methods: ['totp'] });
  assert.is(asks(world.people.bob), null, 'an app alone is not enough for whoever holds one');
  world.decide({ methods: ['totp', 'recovery-code'] });
  assert.is(asks(world.people.bob), 'ways');
});

missing('nobody who is exempt, by the name of a group or its DN', async () => {
  const { world, asks } = await desk();
  world.decide({ registration_exempt: ['Staff'] });
  assert.is(asks(world.people.bob), null);
  world.decide({ registration_exempt: [outsiders] });
  assert.is(asks(world.people.bob), 'ways');
});

missing('nobody who is exempt by their login, with or without their home', async () => {
  const { world, asks } = await desk();
  const { bob } = world.people;
  for (const [name, asked] of [
    [' BOB ', null],
    ['bob@office', null],
    ['bob@local', 'ways'],
    ['bo', 'ways'],
  ] as const) {
    world.decide({ registration_exempt: [name] });
    assert.is(asks(bob), asked, name);
  }
  const local = { login: 'bob', name: 'Bob of this house', mail: null, role: 'person', passwordHash: 'x', at: world.clock.now() } as const;
  world.accounts.createLocal(local);
  world.decide({ registration_exempt: ['bob'] });
  assert.is(asks(bob), 'ways', 'it is not guessed which is meant');
  world.decide({ registration_exempt: ['bob@office'] });
  assert.is(asks(bob), null);
});

missing('can be put off five times for three days, then no more, and is forgotten once enough is registered', async () => {
  const { world, flow, signIn, asks } = await desk();
  const { bob } = world.people;
  for (let times = 0; times < 5; times += 1) {
    assert.is(flow.snoozeDays(bob), 3);
    assert.not(flow.insists(bob, world.clock.now()));
    assert.ok(flow.snooze(bob, world.clock.now()));
    assert.is(flow.asks(bob, world.clock.now() + 3 * day - 1), null);
    assert.not(flow.insists(bob, world.clock.now() + 3 * day - 1), 'the last of it lasts as long');
    world.clock.advance(3 * day);
    assert.is(asks(bob), 'ways');
  }
  assert.is(flow.snoozeDays(bob), null);
  assert.not(flow.snooze(bob, world.clock.now()));
  assert.ok(flow.insists(bob, world.clock.now()));
  assert.not(flow.insists({ ...bob, isProtected: true }, world.clock.now()));
  await flow.begin(signIn(bob), 'recovery-code', {});
  assert.equal(world.accounts.snooze(bob.id), { times: 0, until: null });
  assert.not(flow.insists(bob, world.clock.now()));
  assert.equal(world.accounts.review(bob.id), { at: world.clock.now(), wantedAt: null });
});

missing.run();

const review = suite('re-confirmation');

review('after the days of policy, counted from what was registered last, and from then on from each press', async () => {
  const { world, flow, signIn, asks } = await desk();
  const { alice, bob } = world.people;
  world.clock.advance(180 * day - hour - 1);
  assert.is(asks(alice), null);
  world.clock.advance(1);
  assert.equal([asks(alice), asks(bob)], ['review', 'ways']);
  assert.not(flow.confirmWays(signIn(bob)), 'too little is not right');
  assert.ok(flow.confirmWays(signIn(alice)));
  assert.not(flow.confirmWays(signIn(alice)), 'a second press finds nothing to say');
  world.clock.advance(180 * day - 1);
  assert.is(asks(alice), null);
  world.clock.advance(1);
  assert.is(asks(alice), 'review');
  assert.is([...world.journal.rows()].filter(({ detail }) => detail === 'reviewed').length, 1);
});

review('never with 0, and at a number that is changed from then on', async () => {
  const { world, asks } = await desk({ policy: { reconfirm_days: 0 } });
  world.clock.advance(2000 * day);
  assert.is(asks(world.people.alice), null);
  world.decide({ reconfirm_days: 730 });
  assert.is(asks(world.people.alice), 'review');
});

review('not of who is exempt, protected, suspended or out of scope; also where registering is nobody’s duty', async () => {
  const { world, asks } = await desk({ policy: { registration_required: false } });
  const { alice, dave } = world.people;
  world.clock.advance(181 * day);
  assert.equal([alice, { ...alice, isProtected: true }, { ...alice, suspendedAt: 1 }, dave].map(asks), ['review', null, null, null]);
  world.decide({ registration_exempt: ['staff'] });
  assert.is(asks(alice), null);
});

review('counts from the directory’s coming where nothing was ever registered', async () => {
  const { world, asks } = await desk({ policy: { directory_mail_is_proof: true } });
  assert.is(asks(world.people.bob), null);
  world.clock.advance(180 * day);
  assert.is(asks(world.people.bob), 'review');
});

review('may be put off like the asking, and insists then', async () => {
  const { world, flow, signIn, asks } = await desk({ policy: { snooze_times: 1 } });
  const { alice } = world.people;
  world.clock.advance(180 * day);
  assert.ok(flow.snooze(alice, world.clock.now()));
  assert.is(asks(alice), null);
  world.clock.advance(3 * day);
  assert.ok(flow.insists(alice, world.clock.now()));
  flow.confirmWays(signIn(alice));
  assert.not(flow.insists(alice, world.clock.now()));
  assert.is(flow.snoozeDays(alice), 3);
});

review('is as long when the clocks change in between: a day is 24 hours', async () => {
  const { world, asks } = await desk({ at: Date.parse('2026-03-28T09:00:00+01:00'), policy: { reconfirm_days: 1 } });
  world.clock.advance(Date.parse('2026-03-29T09:59:59+02:00') - world.clock.now());
  assert.is(asks(world.people.alice), null);
  world.clock.advance(1000);
  assert.is(asks(world.people.alice), 'review');
});

review.run();

const again = suite('asking again');

again('one person at the next sign-in, whatever was put off, till they have answered', async () => {
  const { world, flow, signIn, asks } = await desk({ policy: { reconfirm_days: 0, registration_required: false } });
  const { alice, bob } = world.people;
  world.accounts.setSnooze(alice.id, { times: 5, until: world.clock.now() + 30 * day });
  const askAgain = askingAgain(world);
  assert.is(askAgain(alice, { actor: 'console' }), 1);
  assert.equal([asks(alice), asks(bob), flow.snoozeDays(alice)], ['review', null, 3]);
  const [row] = world.journal.latest(1);
  assert.equal([row?.event, row?.detail, row?.account, row?.actor], ['registration', 'asked again', 'alice', 'console']);
  flow.confirmWays(signIn(alice));
  assert.is(asks(alice), null);
  askAgain(bob, { actor: 'console' });
  assert.is(asks(bob), 'ways');
  await flow.begin(signIn(bob), 'recovery-code', {});
  assert.is(asks(bob), null, 'enough is registered now');
});

again('everybody who is enabled, and whom it is not for sees nothing of it', async () => {
  const { world, asks } = await desk({ policy: { reconfirm_days: 0 } });
  const { alice, bob, carol, dave, laura } = world.people;
  assert.is(askingAgain(world)(null, { actor: 'carol', address: '192.0.2.7', supportCode: 'S' }), 5);
  assert.equal([alice, bob, carol, dave, laura].map(asks), ['review', 'ways', 'review', null, 'review']);
  const [row] = world.journal.latest(1);
  assert.equal([row?.detail, row?.account, row?.actor, row?.address], ['everybody asked again', null, 'carol', '192.0.2.7']);
});

again.run();
