/** Letters on their way: in order, wiped as soon as they are sent, dead or useless, and dying with the token that they carry. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { minute } from '../rules/time.ts';
import { type TestWorld, testWorld } from '../testing/world.ts';

const test = suite('the outbox');
const put = ({ outbox, clock }: TestWorld, more: { to?: string; expiresAt?: number; token?: number } = {}) =>
  outbox.put({
    kind: 'reset-code',
    to: 'alice@home.example.net',
    sealed: 'a sealed body',
    at: clock.now(),
    expiresAt: null,
    token: null,
    ...more,
  });
const due = ({ outbox, clock }: TestWorld) => outbox.due(clock.now(), 100);
const first = (world: TestWorld): number => due(world)[0]?.id ?? 0;
const bodies = ({ db }: TestWorld) => db.$client.prepare('SELECT sealed FROM outbox').pluck().all();
function code(world: TestWorld): number {
  const at = world.clock.now();
  return world.tokens.issue({
    purpose: 'contact code',
    secret: '12345678',
    account: world.people.alice.id,
    attempt: null,
    at,
    expiresAt: at + 10 * minute,
    tries: 5,
  });
}

test('due at once, oldest first, as many as asked for', async () => {
  const world = await testWorld();
  for (const to of ['a@x.org', 'b@x.org', 'c@x.org']) put(world, { to });
  assert.equal(
    world.outbox.due(world.clock.now(), 2).map(({ to }) => to),
    ['a@x.org', 'b@x.org'],
  );
  assert.equal([world.outbox.counts().waiting, world.outbox.nextAt()], [3, world.clock.now()]);
});

test('sent, its body is gone and it is never sent again', async () => {
  const world = await testWorld();
  put(world);
  world.outbox.sent(first(world), world.clock.now());
  assert.equal([due(world), bodies(world), world.outbox.nextAt()], [[], [null], null]);
  assert.equal(world.outbox.counts(), { waiting: 0, dead: 0, lastSentAt: world.clock.now(), lastProblem: null });
});

test('failed, it waits for its time; failed for good, its body is gone and the problem stays', async () => {
  const world = await testWorld();
  put(world);
  const at = world.clock.now();
  const id = first(world);
  world.outbox.failed(id, { problem: '451 later', nextAt: at + minute, at });
  assert.equal([due(world), world.outbox.nextAt(), world.outbox.counts().lastProblem], [[], at + minute, '451 later']);
  world.clock.advance(minute);
  assert.equal(
    due(world).map(({ tries, sealed }) => [tries, sealed]),
    [[1, 'a sealed body']],
  );
  world.outbox.failed(id, { problem: '550 nobody here', nextAt: null, at: world.clock.now() });
  assert.equal([due(world), bodies(world)], [[], [null]]);
  assert.equal(world.outbox.counts(), { waiting: 0, dead: 1, lastSentAt: null, lastProblem: '550 nobody here' });
});

test('past its end it is wiped instead of sent, and that is no trouble', async () => {
  const world = await testWorld();
  put(world, { expiresAt: world.clock.now() + minute });
  world.clock.advance(minute - 1);
  assert.is(due(world).length, 1);
  world.clock.advance(1);
  assert.equal([due(world), bodies(world), world.outbox.counts().dead], [[], [null], 0]);
});

test('it dies with its code: spent, replaced, or expired', async () => {
  const spent = await testWorld();
  const token = code(spent);
  put(spent, { token });
  assert.is(due(spent).length, 1);
  spent.tokens.spend(token, spent.clock.now());
  assert.equal([due(spent), bodies(spent)], [[], [null]]);

  const replaced = await testWorld();
  put(replaced, { token: code(replaced) });
  put(replaced, { token: code(replaced), to: 'newer@x.org' });
  assert.equal(
    due(replaced).map(({ to }) => to),
    ['newer@x.org'],
  );

  const expired = await testWorld();
  put(expired, { token: code(expired) });
  expired.tokens.expire(expired.clock.now() + minute * 11, 10);
  assert.equal([due(expired), bodies(expired)], [[], [null]]);
});

test('while it waits for another try it can die too', async () => {
  const world = await testWorld();
  put(world, { expiresAt: world.clock.now() + minute });
  world.outbox.failed(first(world), { problem: '451', nextAt: world.clock.now() + 5 * minute, at: world.clock.now() });
  world.clock.advance(2 * minute);
  assert.equal([due(world), bodies(world), world.outbox.nextAt()], [[], [null], null]);
});

test('what was queued in a transaction that failed was never queued', async () => {
  const world = await testWorld();
  assert.throws(() =>
    world.atomically(() => {
      put(world);
      throw new Error('no');
    }),
  );
  assert.equal([due(world), world.outbox.counts().waiting], [[], 0]);
});

test.run();
