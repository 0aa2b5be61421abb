/** Counters: what counts, for how long, whom clearing clears, and that a restart forgives nobody. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { limits } from '../rules/throttle.ts';
import { hour, minute } from '../rules/time.ts';
import { testWorld } from '../testing/world.ts';

const folder = mkdtempSync(join(tmpdir(), 'latchkey-throttle-'));
const test = suite('throttle');
test.after(() => rmSync(folder, { recursive: true }));
const { wrongProofs, failedAttempts, mails } = limits;

test('a hit counts for the span of its limit, for its key and no other', async () => {
  const { throttle, clock } = await testWorld();
  const count = (limit = wrongProofs, key = 'a1|email') => throttle.count(limit, key, clock.now());
  throttle.hit(wrongProofs, 'a1|email', clock.now());
  clock.advance(30 * minute);
  throttle.hit(wrongProofs, 'a1|email', clock.now());
  assert.equal([count(), count(wrongProofs, 'a1|totp'), count(failedAttempts)], [2, 0, 0]);
  clock.advance(30 * minute - 1);
  assert.is(count(), 2);
  clock.advance(1);
  assert.is(count(), 1, 'the first is an hour old');
  clock.advance(30 * minute);
  assert.is(count(), 0);
});

test('it says when it eases and when it was hit last', async () => {
  const { throttle, clock } = await testWorld();
  assert.equal([throttle.easesAt(mails, 'a1', clock.now()), throttle.lastAt(mails, 'a1', clock.now())], [null, null]);
  const first = clock.now();
  throttle.hit(mails, 'a1', first);
  clock.advance(minute);
  throttle.hit(mails, 'a1', clock.now());
  assert.equal([throttle.easesAt(mails, 'a1', clock.now()), throttle.lastAt(mails, 'a1', clock.now())], [first + 10 * minute, clock.now()]);
  clock.advance(9 * minute);
  assert.is(throttle.easesAt(mails, 'a1', clock.now()), first + 11 * minute);
});

test('clearing clears one key; a prefix clears an account’s keys and not those of account 11', async () => {
  const { throttle, clock } = await testWorld();
  const keys = ['a1|192.0.2.1', 'a1|\u{10fffe}', 'a1', 'a11|192.0.2.1', 'a1}', 'a0|192.0.2.1'];
  for (const key of keys) throttle.hit(failedAttempts, key, clock.now());
  throttle.hit(wrongProofs, 'a1|email', clock.now());
  throttle.clearPrefix(failedAttempts, 'a1|');
  assert.equal(
    keys.map((key) => throttle.count(failedAttempts, key, clock.now())),
    [0, 0, 1, 1, 1, 1],
  );
  throttle.clear(failedAttempts, 'a1');
  assert.equal(
    keys.map((key) => throttle.count(failedAttempts, key, clock.now())),
    [0, 0, 0, 1, 1, 1],
  );
  assert.is(throttle.count(wrongProofs, 'a1|email', clock.now()), 1, 'another limit');
});

test('a restart forgives nobody', async () => {
  const file = join(folder, 'restart.db');
  const before = await testWorld({ file });
  for (let hits = 0; hits < 5; hits += 1) before.throttle.hit(wrongProofs, 'a1|email', before.clock.now());
  before.throttle.rememberWrongPassword(before.people.alice.id, 'digest', '7', before.clock.now());
  before.db.$client.close();
  const after = await testWorld({ file });
  assert.is(after.throttle.count(wrongProofs, 'a1|email', after.clock.now()), 5);
  assert.equal(after.throttle.wrongPassword(after.people.alice.id, 'digest', after.clock.now()), { marker: '7' });
  after.db.$client.close();
});

test('a wrong password is known for an hour, with its marker, for its account', async () => {
  const { throttle, clock, people } = await testWorld();
  const known = (account: number, digest = 'digest') => throttle.wrongPassword(account, digest, clock.now());
  throttle.rememberWrongPassword(people.alice.id, 'digest', null, clock.now());
  assert.equal([known(people.alice.id), known(people.bob.id), known(people.alice.id, 'other')], [{ marker: null }, null, null]);
  clock.advance(hour - 1);
  throttle.rememberWrongPassword(people.alice.id, 'digest', '8', clock.now());
  clock.advance(hour - 1);
  assert.equal(known(people.alice.id), { marker: '8' }, 'seen again, it is known anew');
  clock.advance(1);
  assert.is(known(people.alice.id), null);
});

test('forgotten, for one account', async () => {
  const { throttle, clock, people } = await testWorld();
  for (const { id } of [people.alice, people.bob]) throttle.rememberWrongPassword(id, 'digest', '1', clock.now());
  throttle.forgetWrongPasswords(people.alice.id);
  assert.equal(
    [people.alice, people.bob].map(({ id }) => throttle.wrongPassword(id, 'digest', clock.now()) !== null),
    [false, true],
  );
});

test('what counts no more is removed, no more at once than told', async () => {
  const { throttle, clock, people, db } = await testWorld();
  for (let hits = 0; hits < 3; hits += 1) throttle.hit(mails, 'a1', clock.now());
  throttle.hit(failedAttempts, 'a1|x', clock.now());
  throttle.rememberWrongPassword(people.alice.id, 'digest', '1', clock.now());
  clock.advance(hour + 1);
  assert.equal([throttle.expire(clock.now(), 2), throttle.expire(clock.now(), 2)], [2, 1]);
  assert.is(throttle.count(failedAttempts, 'a1|x', clock.now()), 1);
  assert.is(db.$client.prepare('SELECT count(*) FROM wrong_password').pluck().get(), 0);
});

test.run();
