/** The one sentence every new password passes, at each place where it can break: judge, set, settle, tell, and settling late. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { placeOf, resultOf } from './rules/attempt.ts';
import { Refusal } from './rules/refusal.ts';
import { limits } from './rules/throttle.ts';
import { minute, second } from './rules/time.ts';
import { type NewPassword, passwordDesk, type Written } from './set-password.ts';
import { type CastName, cast } from './testing/cast.ts';
import { held, refusing, silent, unreachable } from './testing/faults.ts';
import { type TestWorld, testWorld } from './testing/world.ts';

const test = suite('setting a password');
const good = 'correct horse battery';
const act = { address: '192.0.2.1', supportCode: 'AB12', language: 'en' };

/** An attempt of this person with its gates passed, and claimed as the reset portal does. */
function claimed(world: TestWorld, name: CastName = 'alice', token = 'cookie'): number {
  const at = world.clock.now();
  const { id } = world.attempts.open({ token, intention: 'reset', login: name, at, expiresAt: at + 15 * minute, ...act });
  world.attempts.identify(id, world.people[name].id, null);
  world.attempts.step(id, { kind: 'passed', method: 'email', at });
  world.attempts.claim(id, at);
  return id;
}
const reset = (world: TestWorld, more: Partial<NewPassword> = {}): Promise<Written> =>
  world.desk.setPassword({ account: world.people.alice, act: 'reset', password: good, ...act, ...more });
const keys = (written: Written): string => (written.kind === 'refused' ? written.refusals.map(({ key }) => key).join(' ') : written.kind);
const place = (world: TestWorld, id: number) => {
  const attempt = world.attempts.byId(id);
  return attempt && placeOf(attempt, 0, world.clock.now());
};
const last = (world: TestWorld) => {
  const [row] = world.journal.latest(1);
  return [row?.event, row?.result, row?.detail];
};
const writes = (world: TestWorld) => world.db.$client.prepare('SELECT outcome FROM write ORDER BY id').pluck().all();
const inForce = (world: TestWorld, name: CastName = 'alice') => world.credential(name).hash;

test('done: the directory has it, the attempt has ended, the journal and the person know', async () => {
  const world = await testWorld();
  const attempt = claimed(world);
  assert.equal(await reset(world, { attempt }), { kind: 'done', isProved: true });
  assert.is(inForce(world), good);
  assert.equal([place(world, attempt), world.attempts.byId(attempt)?.state, writes(world)], ['done', 'finished', ['done']]);
  const [row] = world.journal.latest(1);
  assert.equal(
    [row?.event, row?.result, row?.detail, row?.method, row?.account, row?.address, row?.supportCode],
    ['reset', 'succeeded', 'proved', 'email', 'alice', '192.0.2.1', 'AB12'],
  );
  assert.equal(
    world.mail.map(({ kind, to }) => [kind, to]),
    [['password-reset', cast.alice.mail]],
  );
  assert.ok(world.tokens.find('not me', world.linkFromMail(cast.alice.mail), world.clock.now()));
});

test('set, but not proved, is an outcome of its own', async () => {
  const world = await testWorld();
  world.directory.faults.set('prove', unreachable);
  const attempt = claimed(world);
  assert.equal(await reset(world, { attempt }), { kind: 'done', isProved: false });
  assert.equal([place(world, attempt), writes(world), last(world)], ['not proved', ['not proved'], ['reset', 'succeeded', 'not proved']]);
  assert.equal(
    world.mail.map(({ variables }) => (variables as { isProved: string }).isProved),
    ['no'],
  );
});

test('success clears the counters of the account and of nobody else', async () => {
  const world = await testWorld();
  const now = world.clock.now();
  const { alice, bob } = world.people;
  for (const { id } of [alice, bob]) {
    world.throttle.hit(limits.wrongProofs, `a${id}|email`, now);
    world.throttle.hit(limits.failedAttempts, `a${id}|192.0.2.1`, now);
    world.throttle.hit(limits.failedAttemptsAnywhere, `a${id}`, now);
    world.throttle.hit(limits.signIn, `a${id}`, now);
    world.throttle.hit(limits.mails, `a${id}`, now);
    world.throttle.hit(limits.mailsHere, `a${id}|192.0.2.1`, now);
    world.throttle.rememberWrongPassword(id, 'digest', null, now);
  }
  await reset(world);
  const left = ({ id }: { id: number }) => [
    world.throttle.count(limits.wrongProofs, `a${id}|email`, now),
    world.throttle.count(limits.failedAttempts, `a${id}|192.0.2.1`, now),
    world.throttle.count(limits.failedAttemptsAnywhere, `a${id}`, now),
    world.throttle.count(limits.signIn, `a${id}`, now),
    world.throttle.count(limits.mails, `a${id}`, now),
    world.throttle.count(limits.mailsHere, `a${id}|192.0.2.1`, now),
    world.throttle.wrongPassword(id, 'digest', now) === null ? 0 : 1,
  ];
  assert.equal(
    [left(alice), left(bob)],
    [
      [0, 0, 0, 0, 0, 0, 0],
      [1, 1, 1, 1, 1, 1, 1],
    ],
  );
});

test('success ends the sessions, the other attempts and the tokens of the account, and of nobody else', async () => {
  const world = await testWorld();
  const at = world.clock.now();
  const { alice, bob } = world.people;
  for (const { id } of [alice, bob]) {
    world.sessions.start({ token: `session ${id}`, account: id, standing: 'full', address: '', device: '', at });
    world.tokens.issue({ purpose: 'reset link', secret: `link ${id}`, account: id, attempt: null, at, expiresAt: at + minute, tries: 5 });
    const other = world.attempts.open({ token: `attempt ${id}`, intention: 'reset', login: '', at, expiresAt: at + minute, ...act });
    world.attempts.identify(other.id, id, null);
    world.attempts.step(other.id, { kind: 'passed', method: 'email', at });
  }
  await reset(world, { attempt: claimed(world) });
  const left = ({ id }: { id: number }) => [
    world.sessions.of(id).length,
    world.tokens.find('reset link', `link ${id}`, at) !== null,
    world.attempts.byToken(`attempt ${id}`) !== null,
  ];
  assert.equal(
    [left(alice), left(bob)],
    [
      [0, false, false],
      [1, true, true],
    ],
  );
});

test('a change keeps the session in which it was made, and ends the others', async () => {
  const world = await testWorld();
  const start = (token: string) =>
    world.sessions.start({ token, account: world.people.alice.id, standing: 'full', address: '', device: '', at: world.clock.now() }).id;
  const [here] = [start('here'), start('elsewhere')];
  const changed = await reset(world, { act: 'change', current: cast.alice.password, session: here });
  assert.is(changed.kind, 'done');
  assert.equal(
    world.sessions.of(world.people.alice.id).map(({ id }) => id),
    [here],
  );
  assert.equal(
    world.mail.map(({ kind }) => kind),
    ['password-changed'],
  );
});

test('a wrong present password changes nothing and is never retried as a reset', async () => {
  const world = await testWorld();
  assert.is(keys(await reset(world, { act: 'change', current: 'not hers' })), 'directory.wrong-old-password');
  assert.is(inForce(world), cast.alice.password);
  assert.equal([last(world), world.mail], [['change', 'failed', 'directory.wrong-old-password'], []]);
});

test('all broken rules come at once, nothing is sent, and the attempt may try again', async () => {
  const world = await testWorld();
  const attempt = claimed(world);
  assert.is(
    keys(await reset(world, { attempt, password: 'alice\t' })),
    'password.too-short password.contains-name password.unacceptable-character password.too-common',
  );
  assert.equal([inForce(world), place(world, attempt), writes(world)], [cast.alice.password, 'password', []]);
  assert.is(last(world)[2], 'password.too-short password.contains-name password.unacceptable-character password.too-common');
  assert.ok(world.attempts.claim(attempt, world.clock.now()));
  assert.is((await reset(world, { attempt })).kind, 'done');
});

test('the directory’s own no comes back as its own, with its raw answer in the journal alone', async () => {
  const world = await testWorld();
  const earlier = 'an earlier one of hers';
  world.credential('alice', { hash: earlier });
  const attempt = claimed(world);
  assert.is(keys(await reset(world, { attempt, password: earlier })), 'directory.history');
  assert.equal([place(world, attempt), writes(world), inForce(world)], ['password', ['refused'], earlier]);
  assert.equal(last(world), ['reset', 'failed', 'directory.history']);
  assert.match(world.journal.latest(1)[0]?.raw ?? '', /ppolicy 8/);
});

for (const key of ['directory.policy', 'directory.no-permission', 'directory.encoding', 'directory.unknown'] as const)
  test(`${key}: the old password is in force and the claim is released`, async () => {
    const world = await testWorld();
    world.directory.faults.set('set', refusing(new Refusal(key, { raw: 'word for word' })));
    const attempt = claimed(world);
    assert.is(keys(await reset(world, { attempt })), key);
    assert.equal(
      [inForce(world), place(world, attempt), world.journal.latest(1)[0]?.raw],
      [cast.alice.password, 'password', 'word for word'],
    );
  });

test('a directory that is away is a refusal, whether it is so before or at the sending', async () => {
  for (const step of ['status', 'set'] as const) {
    const world = await testWorld();
    world.directory.faults.set(step, unreachable);
    const attempt = claimed(world);
    assert.is(keys(await reset(world, { attempt })), 'directory.unreachable');
    assert.equal([place(world, attempt), inForce(world)], ['password', cast.alice.password]);
  }
});

test('who may not be reset is not reset, though all gates are passed', async () => {
  const cases: [(world: TestWorld) => void, string][] = [
    [(world) => world.credential('alice', { endsAt: 0 }), 'directory.disabled'],
    [(world) => world.credential('alice', { lockedAt: 'for good' }), 'directory.locked-by-administrator'],
    [(world) => world.directory.protectedGroups.add(cast.alice.groups[0]), 'attempt.not-eligible'],
    [(world) => world.decide({ writeback: false }), 'attempt.not-eligible'],
  ];
  for (const [befall, key] of cases) {
    const world = await testWorld();
    befall(world);
    assert.is(keys(await reset(world)), key);
    assert.is(keys(await world.desk.unlock({ account: world.people.alice, act: 'unlock', ...act })), key);
    assert.is(inForce(world), cast.alice.password);
    assert.equal([writes(world), world.mail], [[], []]);
  }
});

test('the minimum age says from when; a password that must be changed need not wait', async () => {
  const world = await testWorld();
  world.directory.policy = { ...world.directory.policy, minimumAge: 3600 * second };
  world.credential('alice', { changedAt: world.clock.now() - minute });
  const written = await reset(world);
  assert.equal(
    [keys(written), written.kind === 'refused' && written.refusals[0]?.params.at],
    ['directory.minimum-age', world.clock.now() + 59 * minute],
  );
  world.credential('alice', { mustChange: true });
  assert.is((await reset(world)).kind, 'done');
});

test('an unlock clears the lock, keeps password and sessions, and says so', async () => {
  const world = await testWorld();
  world.credential('alice', { lockedAt: world.clock.now() });
  world.sessions.start({
    token: 'session',
    account: world.people.alice.id,
    standing: 'full',
    address: '',
    device: '',
    at: world.clock.now(),
  });
  assert.is((await world.desk.unlock({ account: world.people.alice, act: 'unlock', ...act })).kind, 'done');
  assert.equal(
    [world.credential('alice').lockedAt, inForce(world), world.sessions.of(world.people.alice.id).length],
    [null, cast.alice.password, 1],
  );
  assert.equal([world.mail.map(({ kind }) => kind), last(world)[0]], [['account-unlocked'], 'unlock']);
});

test('a local account: set and settled in one', async () => {
  const world = await testWorld();
  const attempt = claimed(world, 'laura');
  assert.equal(await reset(world, { account: world.people.laura, attempt }), { kind: 'done', isProved: true });
  assert.ok('mustChange' in (await world.passwordsFor(world.people.laura).verify(good)));
});

test('an unexpected fault before anything is sent leaves the attempt free', async () => {
  const world = await testWorld();
  const attempt = claimed(world);
  const passwordsFor: TestWorld['passwordsFor'] = () => {
    throw new Error('a fault of ours');
  };
  const desk = passwordDesk({ ...world, passwordsFor });
  await desk.setPassword({ account: world.people.alice, attempt, act: 'reset', password: good, ...act }).then(
    () => assert.unreachable('it must fail'),
    () => undefined,
  );
  assert.is(place(world, attempt), 'password');
});

// ---- silence and crashes

for (const left of ['done', 'undone'] as const)
  test(`no answer, and the directory ${left === 'done' ? 'did' : 'did not do'} it: said as unknown, settled by asking, told once`, async () => {
    const world = await testWorld();
    world.directory.faults.set('set', silent(left));
    const attempt = claimed(world);
    assert.equal(await reset(world, { attempt }), { kind: 'unknown' });
    assert.equal(
      [place(world, attempt), world.attempts.byId(attempt)?.state, last(world)],
      ['unknown', 'writing', ['reset', 'unknown', 'outcome unknown']],
    );
    assert.not.ok(world.attempts.claim(attempt, world.clock.now()), 'it is not sent a second time');
    assert.is(await world.desk.settleWrites(), 0, 'it may still be under way at the server');
    world.clock.advance(46 * second);
    world.directory.faults.set('outcome', unreachable);
    assert.equal([await world.desk.settleWrites(), writes(world)], [0, [null]], 'it is asked again until it answers');
    world.directory.faults.delete('outcome');
    assert.equal([await world.desk.settleWrites(), await world.desk.settleWrites()], [1, 0]);
    const attemptNow = world.attempts.byId(attempt);
    const result = attemptNow && resultOf(attemptNow, world.clock.now());
    if (left === 'done') {
      assert.equal(
        [place(world, attempt), writes(world), result?.result, inForce(world)],
        ['not proved', ['not proved'], 'succeeded', good],
      );
      assert.equal(
        world.mail.map(({ kind, variables }) => [kind, 'isProved' in variables && variables.isProved]),
        [['password-reset', 'no']],
      );
    } else {
      assert.equal(
        [place(world, attempt), writes(world), result?.result, inForce(world)],
        ['ended', ['refused'], 'failed', cast.alice.password],
      );
      assert.equal(
        world.mail.map(({ kind, variables }) => [kind, 'outcome' in variables && variables.outcome]),
        [['write-settled', 'not done']],
      );
    }
  });

test('a home that cannot tell: unknown for good, said so, and never asked again', async () => {
  const world = await testWorld();
  world.directory.faults.set('set', silent('undone'));
  const attempt = claimed(world);
  await reset(world, { attempt });
  world.directory.remove('alice');
  world.clock.advance(46 * second);
  assert.equal([await world.desk.settleWrites(), await world.desk.settleWrites()], [1, 0]);
  assert.equal([place(world, attempt), writes(world), last(world)], ['unknown', ['unknown'], ['reset', 'unknown', 'outcome unknown']]);
  assert.equal(
    world.mail.map(({ variables }) => 'outcome' in variables && variables.outcome),
    ['cannot tell'],
  );
});

test('a lost write that a later one has overtaken is not taken for done, and undoes nothing', async () => {
  const world = await testWorld();
  world.directory.faults.set('set', silent('undone'));
  await reset(world, { attempt: claimed(world) });
  world.directory.faults.delete('set');
  await reset(world, { attempt: claimed(world, 'alice', 'another') });
  const session = { token: 'session', standing: 'full', address: '192.0.2.1', device: '' } as const;
  world.sessions.start({ ...session, account: world.people.alice.id, at: world.clock.now() });
  const mails = world.mail.length;
  world.clock.advance(46 * second);
  assert.is(await world.desk.settleWrites(), 1);
  assert.equal(
    [writes(world), last(world)],
    [
      ['unknown', 'done'],
      ['reset', 'unknown', 'outcome unknown'],
    ],
  );
  assert.is(world.mail.length, mails, 'nobody is told of what no longer matters');
  assert.ok(world.sessions.byToken('session', world.clock.now()));
});

test('killed between "set" and "settle": found changed, ended, counters cleared, told', async () => {
  const world = await testWorld();
  const attempt = claimed(world);
  const journal = {
    ...world.journal,
    append: (): never => {
      throw new Error('killed');
    },
  };
  await passwordDesk({ ...world, journal })
    .setPassword({ account: world.people.alice, attempt, act: 'reset', password: good, ...act })
    .then(
      () => assert.unreachable('it must fail'),
      () => undefined,
    );
  assert.equal(
    [inForce(world), place(world, attempt), writes(world), world.mail],
    [good, 'writing', [null], []],
    'all of the settling was undone',
  );
  world.throttle.hit(limits.signIn, `a${world.people.alice.id}`, world.clock.now());
  world.clock.advance(46 * second);
  assert.is(await world.desk.settleWrites(), 1);
  assert.equal([place(world, attempt), last(world), world.mail.length], ['not proved', ['reset', 'succeeded', 'not proved'], 1]);
  assert.is(world.throttle.count(limits.signIn, `a${world.people.alice.id}`, world.clock.now()), 0);
});

test('killed before anything was sent: the old password, said without asking anybody, and no mail about nothing', async () => {
  const world = await testWorld();
  const attempt = claimed(world);
  world.writes.start({ account: world.people.alice.id, attempt, act: 'reset', supportCode: 'AB12', address: '', at: world.clock.now() });
  world.directory.faults.set('outcome', unreachable);
  world.clock.advance(46 * second);
  assert.is(await world.desk.settleWrites(), 1);
  assert.equal(
    [place(world, attempt), writes(world), last(world), world.mail],
    ['ended', ['refused'], ['reset', 'failed', 'old password in force'], []],
  );
});

test('a local account that was killed in the settling has its old password', async () => {
  const world = await testWorld();
  const attempt = claimed(world, 'laura');
  const tokens = {
    ...world.tokens,
    spendAll: (): never => {
      throw new Error('killed');
    },
  };
  await passwordDesk({ ...world, tokens })
    .setPassword({ account: world.people.laura, attempt, act: 'reset', password: good, ...act })
    .then(
      () => assert.unreachable('it must fail'),
      () => undefined,
    );
  assert.ok('mustChange' in (await world.passwordsFor(world.people.laura).verify(cast.laura.password)));
  world.clock.advance(46 * second);
  assert.equal([await world.desk.settleWrites(), place(world, attempt), world.mail], [1, 'ended', []]);
});

test('what this process still waits for is not settled from outside', async () => {
  const world = await testWorld();
  const { fault, release } = held();
  world.directory.faults.set('set', fault);
  const attempt = claimed(world);
  const under = reset(world, { attempt });
  await new Promise((resolve) => setImmediate(resolve));
  world.clock.advance(minute);
  assert.equal([await world.desk.settleWrites(), writes(world)], [0, [null]]);
  release();
  assert.equal([await under, writes(world), world.mail.length], [{ kind: 'done', isProved: true }, ['done'], 1]);
});

test('nothing secret is in the journal, the messages’ rows or any other table', async () => {
  const world = await testWorld();
  await reset(world, { attempt: claimed(world), password: 'canary horse battery' });
  world.directory.faults.set('set', silent('undone'));
  await reset(world, { password: 'canary nightingale' });
  await reset(world, { act: 'change', current: 'canary of old', password: 'canary of new things' });
  await reset(world, { account: world.people.laura, password: 'canary in the store' });
  assert.not.ok(world.db.$client.serialize().toString('latin1').includes('canary'));
});

test.run();
