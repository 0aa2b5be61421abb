/** Attempts: opened by a cookie, claimed once, over when they are over; and the writes that are left to be settled. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Step } from '../rules/attempt.ts';
import { day, minute, second } from '../rules/time.ts';
import { type TestWorld, testWorld } from '../testing/world.ts';

const test = suite('attempts');
const life = 15 * minute;

function opened(world: TestWorld, { token = 'cookie', login = 'alice', account = world.people.alice.id as number | null } = {}) {
  const at = world.clock.now();
  const attempt = world.attempts.open({
    token,
    supportCode: 'AB12',
    intention: 'reset',
    login,
    address: '192.0.2.1',
    language: 'en',
    at,
    expiresAt: at + life,
  });
  world.attempts.identify(attempt.id, account, account === null ? 'known' : null);
  return attempt.id;
}
const kinds = (world: TestWorld, id: number) => world.attempts.byId(id)?.steps.map(({ kind }) => kind);
const passed = (world: TestWorld): Step => ({ kind: 'passed', method: 'email', at: world.clock.now() });
const started = (world: TestWorld, attempt: number | null) =>
  world.writes.start({
    account: world.people.alice.id,
    attempt,
    act: 'reset',
    supportCode: 'AB12',
    address: '192.0.2.1',
    at: world.clock.now(),
  });

test('the cookie finds it, and neither cookie nor login stands in the file', async () => {
  const world = await testWorld();
  const id = opened(world, { token: 'a secret cookie', login: 'somebody.known' });
  assert.is(world.attempts.byToken('a secret cookie')?.id, id);
  for (const wrong of ['', 'a secret cooki', 'A secret cookie', world.vault.digest('attempt', 'a secret cookie')])
    assert.is(world.attempts.byToken(wrong), null, wrong);
  const file = world.db.$client.serialize().toString('latin1');
  assert.not.ok(file.includes('a secret cookie') || file.includes('somebody.known'));
});

test('it remembers its steps in their order', async () => {
  const world = await testWorld();
  const id = opened(world);
  const at = world.clock.now();
  for (const step of [{ kind: 'chosen', method: 'email', at }, { kind: 'wrong', method: 'email', at }, passed(world)] as Step[])
    assert.ok(world.attempts.step(id, step));
  assert.equal(world.attempts.byId(id)?.steps, [
    { kind: 'identified', at },
    { kind: 'chosen', method: 'email', at },
    { kind: 'wrong', method: 'email', at },
    { kind: 'passed', method: 'email', at },
  ]);
});

test('once its account is known it stays that account’s: proofs cannot be carried over', async () => {
  const world = await testWorld();
  const id = opened(world);
  world.attempts.identify(id, world.people.carol.id, null);
  world.attempts.identify(id, null, null);
  assert.is(world.attempts.byId(id)?.account, world.people.alice.id);
  world.attempts.identify(id, world.people.alice.id, 'methods');
  assert.is(world.attempts.byId(id)?.refusedBy, 'methods');
});

test('moved to another browser, the first one holds nothing', async () => {
  const world = await testWorld();
  const id = opened(world);
  assert.ok(world.attempts.move(id, 'the new cookie'));
  assert.is(world.attempts.byToken('cookie'), null);
  assert.is(world.attempts.byToken('the new cookie')?.id, id);
  world.attempts.claim(id, world.clock.now());
  assert.not.ok(world.attempts.move(id, 'a third'), 'not while it is being written');
});

test('one claim wins, and a release lets the next one try', async () => {
  const world = await testWorld();
  const id = opened(world);
  const claims = await Promise.all(Array.from({ length: 8 }, async () => world.attempts.claim(id, world.clock.now())));
  assert.is(claims.filter(Boolean).length, 1);
  world.attempts.release(id);
  assert.ok(world.attempts.claim(id, world.clock.now()));
  world.attempts.finish(id, world.clock.now());
  world.attempts.release(id);
  assert.not.ok(world.attempts.claim(id, world.clock.now()), 'what is over is not opened again');
});

test('what a dead process had claimed is open again, unless it had begun to write', async () => {
  const world = await testWorld();
  const [stranded, writing] = [opened(world), opened(world, { token: 'another' })];
  for (const id of [stranded, writing]) world.attempts.claim(id, world.clock.now());
  started(world, writing);
  assert.is(world.attempts.releaseStranded(), 1);
  assert.is(world.attempts.byId(stranded)?.state, 'open');
  assert.is(world.attempts.byId(writing)?.state, 'writing');
});

test('nothing is claimed or passed after the end', async () => {
  const world = await testWorld();
  const id = opened(world);
  world.clock.advance(life);
  assert.not.ok(world.attempts.claim(id, world.clock.now()));
  assert.not.ok(world.attempts.step(id, passed(world)));
  assert.equal(kinds(world, id), ['identified']);
});

test('while it is written only its ending is recorded, past the end too; afterwards nothing', async () => {
  const world = await testWorld();
  const id = opened(world);
  world.attempts.claim(id, world.clock.now());
  world.clock.advance(life);
  const at = world.clock.now();
  for (const step of [passed(world), { kind: 'cancelled', at }, { kind: 'chosen', method: 'totp', at }] as Step[])
    assert.not.ok(world.attempts.step(id, step), step.kind);
  assert.ok(world.attempts.step(id, { kind: 'ended', outcome: 'unknown', at }));
  assert.ok(world.attempts.step(id, { kind: 'ended', outcome: 'done', at }));
  world.attempts.finish(id, at);
  assert.not.ok(world.attempts.step(id, { kind: 'ended', outcome: 'not done', at }));
  assert.not.ok(world.attempts.step(12345, passed(world)), 'nor of an attempt that is none');
});

test('success closes the account’s other open attempts, and no more than those', async () => {
  const world = await testWorld();
  const [mine, other, written] = ['one', 'two', 'three'].map((token) => opened(world, { token })) as [number, number, number];
  world.attempts.step(other, passed(world));
  const [bobs, strangers] = [
    opened(world, { token: 'four', account: world.people.bob.id }),
    opened(world, { token: 'five', account: null }),
  ];
  world.attempts.claim(written, world.clock.now());
  assert.is(world.attempts.closeOthers(world.people.alice.id, mine, world.clock.now()), 1);
  assert.is(world.attempts.byToken('two'), null);
  assert.equal(kinds(world, other), ['identified', 'passed', 'superseded']);
  assert.equal(
    [mine, other, written, bobs, strangers].map((id) => world.attempts.byId(id)?.state),
    ['open', 'finished', 'writing', 'open', 'open'],
  );
});

test('success leaves one without a proof to its cookie, open and of no use, until its end', async () => {
  const world = await testWorld();
  const id = opened(world, { token: 'a guess' });
  const before = world.attempts.byToken('a guess');
  world.attempts.closeOthers(world.people.alice.id, null, world.clock.now());
  assert.equal(world.attempts.byToken('a guess'), { ...before, refusedBy: 'superseded' });
  world.clock.advance(life + 1);
  world.attempts.expire(world.clock.now(), 100);
  assert.equal([world.attempts.byToken('a guess'), world.attempts.byId(id)?.state], [null, 'finished']);
});

test('it ends later for who may take longer, never sooner, and not once it is over', async () => {
  const world = await testWorld();
  const id = opened(world);
  const [from, until] = [world.clock.now(), world.clock.now() + 4 * life];
  world.attempts.extend(id, until);
  world.attempts.extend(id, from + life);
  assert.is(world.attempts.byId(id)?.expiresAt, until);
  world.attempts.finish(id, from);
  world.attempts.extend(id, until + 1);
  assert.is(world.attempts.byId(id)?.expiresAt, until);
});

test('a colleague finds those that ask them, and denies one once: with a proof it is over, without one it looks open', async () => {
  const world = await testWorld();
  const { bob, carol } = world.people;
  const at = world.clock.now();
  const asking = (colleague: number) => world.attempts.asking(colleague, world.clock.now()).map(({ id }) => id);
  const [bare, proved, other, stranger] = [
    opened(world),
    opened(world, { token: 'second' }),
    opened(world, { token: 'third' }),
    opened(world, { token: 'fourth', login: 'eve', account: null }),
  ];
  for (const id of [bare, proved, stranger]) world.attempts.step(id, { kind: 'colleagues asked', colleagues: [bob.id, carol.id], at });
  world.attempts.step(other, { kind: 'colleagues asked', colleagues: [carol.id], at });
  world.attempts.step(proved, passed(world));
  assert.equal(asking(bob.id), [bare, proved]);
  assert.equal(asking(carol.id), [bare, proved, other]);
  assert.equal([world.attempts.deny(bare, at), world.attempts.deny(proved, at), world.attempts.deny(proved, at)], [true, true, false]);
  const { state, refusedBy } = world.attempts.byToken('cookie') ?? {};
  assert.equal([state, refusedBy], ['open', 'denied']);
  assert.is(world.attempts.byToken('second'), null);
  assert.equal(kinds(world, proved)?.at(-1), 'denied');
  assert.ok(world.attempts.claim(other, at));
  assert.is(world.attempts.deny(other, at), false, 'it is being written');
  world.attempts.release(other);
  world.clock.advance(life);
  assert.equal([asking(bob.id), asking(carol.id)], [[], []]);
  assert.is(world.attempts.deny(other, world.clock.now()), false);
});

test('past its end the cookie is wiped and the row stays; what is being written is left alone', async () => {
  const world = await testWorld();
  const [plain, written] = [opened(world, { token: 'one' }), opened(world, { token: 'two' })];
  world.attempts.claim(written, world.clock.now());
  started(world, written);
  world.clock.advance(life + 1);
  assert.is(world.attempts.expire(world.clock.now(), 100), 1);
  assert.is(world.attempts.byToken('one'), null);
  assert.is(world.attempts.byId(plain)?.state, 'finished');
  assert.is(world.attempts.byToken('two')?.state, 'writing');
  world.clock.advance(minute);
  assert.is(world.attempts.expire(world.clock.now(), 100), 0, 'its write is still open');
  world.clock.advance(400 * day);
  world.attempts.expire(world.clock.now(), 100);
  assert.is(world.attempts.byId(plain)?.state, 'finished');
});

test('claimed by a process that ended before it wrote anything, it does not hang for ever', async () => {
  const world = await testWorld();
  const id = opened(world);
  world.attempts.claim(id, world.clock.now());
  world.clock.advance(life + 30 * second);
  assert.is(world.attempts.expire(world.clock.now(), 100), 0, 'the write may be about to begin');
  world.clock.advance(minute);
  assert.is(world.attempts.expire(world.clock.now(), 100), 1);
  assert.is(world.attempts.byId(id)?.state, 'finished');
});

test('a stranger’s attempt goes after seven days, steps and all', async () => {
  const world = await testWorld();
  const [stranger, member] = [opened(world, { token: 'one', account: null }), opened(world, { token: 'two' })];
  world.clock.advance(7 * day);
  world.attempts.expire(world.clock.now(), 100);
  assert.ok(world.attempts.byId(stranger), 'not before');
  world.clock.advance(life + 1);
  world.attempts.expire(world.clock.now(), 100);
  assert.equal([world.attempts.byId(stranger), world.attempts.byId(member)?.id], [null, member]);
  assert.is(world.db.$client.prepare('SELECT count(*) FROM attempt_step WHERE attempt_id = ?').pluck().get(stranger), 0);
});

test('expiring takes no more at once than it was told to', async () => {
  const world = await testWorld();
  for (let index = 0; index < 5; index += 1) opened(world, { token: `cookie ${index}` });
  world.clock.advance(life + 1);
  assert.equal(
    [world.attempts.expire(world.clock.now(), 3), world.attempts.expire(world.clock.now(), 3), world.attempts.expire(world.clock.now(), 3)],
    [3, 2, 0],
  );
});

test('a write that has not ended is found again, with all that settling needs', async () => {
  const world = await testWorld();
  const attempt = opened(world);
  const id = started(world, attempt);
  const at = world.clock.now();
  const unsettled = () => world.writes.unsettled(world.clock.now() - 45 * second);
  assert.equal(unsettled(), [], 'it may still be under way');
  world.writes.sent(id, { server: 'ldaps://one.example.com', marker: '7', at: at + 30 * second });
  world.clock.advance(46 * second);
  assert.equal(unsettled(), [], 'it was sent late, after servers that hung');
  world.clock.advance(30 * second);
  const [found] = unsettled();
  assert.equal(
    [
      found?.id,
      found?.attempt,
      found?.act,
      found?.server,
      found?.marker,
      found?.startedAt,
      found?.sentAt,
      found?.supportCode,
      found?.address,
    ],
    [id, attempt, 'reset', 'ldaps://one.example.com', '7', at, at + 30 * second, 'AB12', '192.0.2.1'],
  );
  world.writes.end(id, 'done', world.clock.now());
  assert.equal(unsettled(), []);
});

test('how a write ended is said once', async () => {
  const world = await testWorld();
  const id = started(world, null);
  world.writes.end(id, 'done', 1);
  world.writes.end(id, 'refused', 2);
  assert.equal(world.db.$client.prepare('SELECT outcome, ended_at AS at FROM write WHERE id = ?').get(id), { outcome: 'done', at: 1 });
});

test.run();
