/** Sessions end: by idling, by age, by being renewed elsewhere, and all at once. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hour, minute, second } from '../rules/time.ts';
import { type TestWorld, testWorld } from '../testing/world.ts';

const test = suite('sessions');
const start = ({ sessions, clock, people }: TestWorld, token = 'cookie', account = people.alice.id) =>
  sessions.start({ token, account, standing: 'full', address: '192.0.2.1', device: 'Firefox on Android', at: clock.now() });
const opens = ({ sessions, clock }: TestWorld, token = 'cookie') => sessions.byToken(token, clock.now()) !== null;

test('the cookie opens it, and does not stand in the file', async () => {
  const world = await testWorld();
  const { id } = start(world, 'a secret cookie');
  const found = world.sessions.byToken('a secret cookie', world.clock.now());
  assert.equal([found?.id, found?.account, found?.standing, found?.device], [id, world.people.alice.id, 'full', 'Firefox on Android']);
  assert.not.ok('tokenDigest' in (found ?? {}));
  assert.not.ok(opens(world, 'a secret cooki') || opens(world, ''));
  assert.not.ok(world.db.$client.serialize().toString('latin1').includes('a secret cookie'));
});

test('it ends after 15 minutes without use', async () => {
  const world = await testWorld();
  start(world);
  world.clock.advance(15 * minute - 1);
  assert.ok(opens(world));
  world.clock.advance(15 * minute);
  assert.not.ok(opens(world));
  world.clock.advance(-15 * minute);
  assert.not.ok(opens(world), 'what ended stays ended');
});

test('use keeps it, but for 8 hours at most', async () => {
  const world = await testWorld();
  start(world);
  for (let passed = 10 * minute; passed < 8 * hour; passed += 10 * minute) {
    world.clock.advance(10 * minute);
    assert.ok(opens(world), `${passed / minute} minutes`);
  }
  world.clock.advance(10 * minute);
  assert.not.ok(opens(world));
});

test('reading again within a minute writes nothing', async () => {
  const world = await testWorld();
  start(world);
  const changes = () => world.db.$client.prepare('SELECT total_changes()').pluck().get() as number;
  world.clock.advance(59 * second);
  const before = changes();
  for (let reads = 0; reads < 20; reads += 1) opens(world);
  assert.is(changes(), before);
  world.clock.advance(second);
  opens(world);
  opens(world);
  assert.is(changes(), before + 1);
});

test('the policy of the moment decides, for sessions that are open too', async () => {
  const world = await testWorld();
  start(world);
  world.clock.advance(10 * minute);
  world.decide({ session_idle_minutes: 5 });
  assert.not.ok(opens(world));
  start(world, 'another');
  world.decide({ session_hours: 1, session_idle_minutes: 60 });
  world.clock.advance(59 * minute);
  assert.ok(opens(world, 'another'));
  world.clock.advance(minute);
  assert.not.ok(opens(world, 'another'));
});

test('renewed, the old cookie opens nothing, and its 8 hours do not begin again', async () => {
  const world = await testWorld();
  const { id, createdAt } = world.sessions.start({
    token: 'cookie',
    account: world.people.carol.id,
    standing: 'second step',
    address: '',
    device: '',
    at: world.clock.now(),
  });
  world.clock.advance(minute);
  world.sessions.renew(id, { token: 'renewed', standing: 'full', at: world.clock.now() });
  assert.not.ok(opens(world));
  const found = world.sessions.byToken('renewed', world.clock.now());
  assert.equal([found?.standing, found?.createdAt, found?.provedAt], ['full', createdAt, world.clock.now()]);
});

test('ended, one or all of an account, and nobody else’s', async () => {
  const world = await testWorld();
  const [one, two] = [start(world, 'one'), start(world, 'two')];
  start(world, 'three');
  start(world, 'bob', world.people.bob.id);
  world.sessions.end(one.id);
  assert.not.ok(opens(world, 'one'));
  assert.is(world.sessions.endAll(world.people.alice.id, two.id), 1);
  assert.equal(
    ['two', 'three', 'bob'].map((token) => opens(world, token)),
    [true, false, true],
  );
  assert.is(world.sessions.endAll(world.people.alice.id), 1);
  assert.equal([world.sessions.of(world.people.alice.id).length, opens(world, 'bob')], [0, true]);
});

test('the list has the last used first', async () => {
  const world = await testWorld();
  const older = start(world, 'older');
  world.clock.advance(second);
  const newer = start(world, 'newer');
  assert.equal(
    world.sessions.of(world.people.alice.id).map(({ id }) => id),
    [newer.id, older.id],
  );
  world.clock.advance(minute);
  opens(world, 'older');
  assert.equal(
    world.sessions.of(world.people.alice.id).map(({ id }) => id),
    [older.id, newer.id],
  );
});

test('what idled or aged out is removed, no more at once than told', async () => {
  const world = await testWorld();
  for (const token of ['a', 'b', 'c']) start(world, token);
  world.clock.advance(15 * minute);
  start(world, 'fresh');
  assert.equal([world.sessions.expire(world.clock.now(), 2), world.sessions.expire(world.clock.now(), 2)], [2, 1]);
  assert.ok(opens(world, 'fresh'));
});

test.run();
