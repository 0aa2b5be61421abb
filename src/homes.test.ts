/** Local and directory passwords behind the same verbs, and what is a local account's own: slow hashes, raised with the times. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { homes } from './homes.ts';
import { isRefusal } from './rules/refusal.ts';
import { createSlowHash } from './system.ts';
import { cast } from './testing/cast.ts';
import { testWorld } from './testing/world.ts';
import type { WriteOutcome } from './world.ts';

const test = suite('homes');
const keyOf = (value: unknown): unknown => (isRefusal(value) ? (value as { key: string }).key : value);
const refusedAs = (outcome: WriteOutcome): unknown => (outcome.kind === 'refused' ? outcome.refusal.key : outcome.kind);
const never = () => {
  throw new Error('nothing leaves for a local account');
};
const right = cast.laura.password;

test('a local password is right or wrong, in whatever form its letters were typed', async () => {
  const { passwordsFor, people, accounts } = await testWorld();
  const home = passwordsFor(people.laura);
  assert.equal(await home.verify(right), { mustChange: false, isExpired: false });
  for (const wrong of ['', right.toUpperCase(), `${right} `]) assert.is(keyOf(await home.verify(wrong)), 'directory.wrong-old-password');
  const set = await home.set('Übermut tut selten gut', never);
  if (set.kind === 'done') set.apply();
  assert.not.ok(isRefusal(await home.verify('U\u0308bermut tut selten gut')));
  assert.not.ok(accounts.passwordHash(people.laura.id)?.includes('bermut'));
});

test('nothing is set until the settling applies it; then the marker moves', async () => {
  const { passwordsFor, people, clock } = await testWorld();
  const home = passwordsFor(people.laura);
  const markerOf = async () => keyOf(await home.status()) as { marker: string };
  const { marker } = await markerOf();
  clock.advance(1000);
  const set = await home.set('a new password of hers', never);
  assert.equal([set.kind, (await markerOf()).marker, isRefusal(await home.verify(right))], ['done', marker, false]);
  if (set.kind === 'done') set.apply();
  assert.is.not((await markerOf()).marker, marker);
  assert.is(keyOf(await home.verify(right)), 'directory.wrong-old-password');
});

test('a change proves the present password first', async () => {
  const { passwordsFor, people } = await testWorld();
  const home = passwordsFor(people.laura);
  assert.is(refusedAs(await home.change({ current: 'wrong', password: 'a new password' }, never)), 'directory.wrong-old-password');
  assert.is(refusedAs(await home.change({ current: right, password: 'a new password' }, never)), 'done');
});

test('no lock to clear, no wait, and what did not settle was not done', async () => {
  const { passwordsFor, people } = await testWorld();
  const home = passwordsFor(people.laura);
  assert.is(refusedAs(await home.unlock(never)), 'unlock.not-locked');
  assert.is(await home.outcome({ act: 'reset', server: null, marker: null }), 'not done');
  const status = await home.status();
  assert.ok(!isRefusal(status) && status.lock === 'none' && status.changeableAt === null && status.failuresLeft === null);
});

test('who is disabled is told so only with the right password', async () => {
  const { passwordsFor, people, accounts } = await testWorld();
  accounts.applySync([{ kind: 'disable', id: people.laura.id }], 1);
  assert.is(keyOf(await passwordsFor(people.laura).verify(right)), 'directory.disabled');
  assert.is(keyOf(await passwordsFor(people.laura).verify('wrong')), 'directory.wrong-old-password');
});

test('an outdated hash is made anew at the sign-in; the age of the password stays', async () => {
  const world = await testWorld();
  const { accounts, people, clock } = world;
  const { id } = people.laura;
  const stronger = createSlowHash(world.vault.digest('pepper', 'passwords'), { logN: 5, r: 8, p: 1 });
  const home = homes({ ...world, slowHash: stronger })(people.laura);
  const before = { hash: accounts.passwordHash(id), at: accounts.passwordChangedAt(id) };
  clock.advance(1000);
  await home.verify('wrong');
  assert.is(accounts.passwordHash(id), before.hash, 'not by a wrong one');
  await home.verify(right);
  const raised = accounts.passwordHash(id) ?? '';
  assert.is.not(raised, before.hash);
  assert.equal([accounts.passwordChangedAt(id), await stronger.verify(right, raised)], [before.at, { isRight: true, isOutdated: false }]);
});

test('a password that is set while an outdated one is raised is not overwritten', async () => {
  const world = await testWorld();
  const { accounts, people } = world;
  const { id } = people.laura;
  const stronger = createSlowHash(world.vault.digest('pepper', 'passwords'), { logN: 5, r: 8, p: 1 });
  const meanwhile = {
    ...stronger,
    hash: (secret: string) => {
      accounts.setPasswordHash(id, 'set meanwhile', 5);
      return stronger.hash(secret);
    },
  };
  await homes({ ...world, slowHash: meanwhile })(people.laura).verify(right);
  assert.is(accounts.passwordHash(id), 'set meanwhile');
});

test('a temporary local password opens only the way to another, and keeps that mark when it is hashed anew', async () => {
  const world = await testWorld();
  const { accounts, people, passwordsFor } = world;
  const home = passwordsFor(people.laura);
  const given = await home.setTemporary('four words for one day', never);
  assert.ok(given.kind === 'done' && given.isProved);
  assert.not.ok(accounts.mustChangePassword(people.laura.id), 'nothing before it settles');
  if (given.kind === 'done') given.apply();
  const stronger = createSlowHash(world.vault.digest('pepper', 'passwords'), { logN: 5, r: 8, p: 1 });
  const raising = homes({ ...world, slowHash: stronger })(people.laura);
  for (const round of ['as set', 'hashed anew'])
    assert.equal(await raising.verify('four words for one day'), { mustChange: true, isExpired: false }, round);
  const changed = await home.change({ current: 'four words for one day', password: 'a lasting one for Laura' }, never);
  if (changed.kind === 'done') changed.apply();
  assert.equal(await home.verify('a lasting one for Laura'), { mustChange: false, isExpired: false });
});

test('a desk that is too busy to hash says so, and nothing is set', async () => {
  const world = await testWorld();
  const crowd = Array.from({ length: 66 }, () => world.slowHash.hash('x'));
  const home = world.passwordsFor(world.people.laura);
  assert.equal([keyOf(await home.verify(right)), refusedAs(await home.set('a new password', never))], ['desk.busy', 'desk.busy']);
  await Promise.all(crowd);
});

test('a directory account goes to its directory', async () => {
  const { passwordsFor, people, credential } = await testWorld();
  assert.not.ok(isRefusal(await passwordsFor(people.alice).verify(cast.alice.password)));
  await passwordsFor(people.alice).set('a new password for her', () => undefined);
  assert.is(credential('alice').hash, 'a new password for her');
});

test('a directory that is no longer configured is away for all verbs, and what became of a write there nobody can tell', async () => {
  const { passwordsFor, people } = await testWorld();
  const home = passwordsFor({ ...people.alice, home: 'gone' });
  for (const answer of [home.status(), home.verify('x')]) assert.is(keyOf(await answer), 'directory.unreachable');
  assert.is(await home.outcome({ act: 'reset', server: 'x', marker: null }), 'cannot tell');
  for (const outcome of [
    home.set('x', never),
    home.setTemporary('x', never),
    home.change({ current: 'x', password: 'y' }, never),
    home.unlock(never),
  ])
    assert.is(refusedAs(await outcome), 'directory.unreachable');
});

test.run();
