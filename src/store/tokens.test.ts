/** One-time codes and links: bound to whom they were made for, tried a few times, spent once, and kept only as digests. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { minute } from '../rules/time.ts';
import { type TestWorld, testWorld } from '../testing/world.ts';
import type { TokenPurpose } from '../world.ts';

const test = suite('tokens');

async function desk() {
  const world = await testWorld();
  const attemptOf = (token: string): number => {
    const at = world.clock.now();
    return world.attempts.open({
      token,
      supportCode: token,
      intention: 'reset',
      login: 'alice',
      address: '',
      language: 'en',
      at,
      expiresAt: at + 15 * minute,
    }).id;
  };
  return { ...world, attempts: [attemptOf('one'), attemptOf('two')] as const, alice: world.people.alice.id, bob: world.people.bob.id };
}
function issue(
  world: Pick<TestWorld, 'tokens' | 'clock'>,
  more: { account: number; attempt?: number | null; purpose?: TokenPurpose; secret?: string; tries?: number; note?: string },
) {
  const at = world.clock.now();
  return world.tokens.issue({
    purpose: 'reset code',
    secret: '12345678',
    attempt: null,
    at,
    expiresAt: at + 10 * minute,
    tries: 5,
    ...more,
  });
}

test('a link is found by its secret, under its purpose, until it is spent; looking spends nothing', async () => {
  const world = await desk();
  const { tokens, clock, alice } = world;
  const id = issue(world, { account: alice, purpose: 'reset link', secret: 'a long link' });
  for (let looks = 0; looks < 50; looks += 1) assert.is(tokens.find('reset link', 'a long link', clock.now())?.id, id);
  assert.is(tokens.find('not me', 'a long link', clock.now()), null, 'another purpose');
  assert.is(tokens.find('reset link', 'a long lin', clock.now()), null);
  assert.equal([tokens.spend(id, clock.now()), tokens.spend(id, clock.now())], [true, false]);
  assert.is(tokens.find('reset link', 'a long link', clock.now()), null);
});

test('a short code is never found by its secret alone', async () => {
  const world = await desk();
  issue(world, { account: world.alice });
  assert.is(world.tokens.find('reset code', '12345678', world.clock.now()), null);
});

test('a code is that of its account, its attempt and its purpose', async () => {
  const world = await desk();
  const { tokens, clock, alice, bob, attempts } = world;
  const [mine] = attempts;
  const id = issue(world, { account: alice, attempt: mine });
  assert.is(tokens.live('reset code', alice, mine, clock.now())?.id, id);
  assert.is(tokens.live('reset code', alice, attempts[1], clock.now()), null);
  assert.is(tokens.live('reset code', alice, null, clock.now()), null);
  assert.is(tokens.live('reset code', bob, mine, clock.now()), null);
  assert.is(tokens.live('contact code', alice, mine, clock.now()), null);
});

test('the same digits for two people are two digests', async () => {
  const world = await desk();
  issue(world, { account: world.alice, attempt: world.attempts[0] });
  issue(world, { account: world.alice, attempt: world.attempts[1] });
  issue(world, { account: world.bob, attempt: world.attempts[1] });
  issue(world, { account: world.bob, attempt: world.attempts[1], purpose: 'contact code' });
  const digests = world.db.$client.prepare('SELECT digest FROM token').pluck().all();
  assert.is(new Set(digests).size, 4);
});

test('no code and no link stands in the file', async () => {
  const world = await desk();
  issue(world, { account: world.alice, secret: '90817263' });
  issue(world, { account: world.alice, purpose: 'reset link', secret: 'a-link-to-be-kept-secret' });
  const file = world.db.$client.serialize().toString('latin1');
  assert.not.ok(file.includes('90817263') || file.includes('a-link-to-be-kept-secret'));
});

test('five tries, counted before the answer; the right code after them is wrong', async () => {
  const world = await desk();
  const { tokens, alice } = world;
  const id = issue(world, { account: alice });
  for (let tries = 0; tries < 5; tries += 1) assert.not.ok(tokens.matches(id, `0000000${tries}`));
  assert.not.ok(tokens.matches(id, '12345678'));
  const other = issue(world, { account: alice, secret: '87654321' });
  for (let tries = 0; tries < 4; tries += 1) tokens.matches(other, '');
  assert.ok(tokens.matches(other, '87654321'), 'the fifth may be right');
});

test('a try stays counted when the work around it fails alone', async () => {
  const world = await desk();
  const id = issue(world, { account: world.alice, tries: 1 });
  world.atomically(() => {
    world.tokens.matches(id, 'wrong');
    assert.throws(() =>
      world.atomically(() => {
        throw new Error('later');
      }),
    );
  });
  assert.not.ok(world.tokens.matches(id, '12345678'));
});

test('a new code takes the place of the old one of the same purpose, account and attempt, and of no other', async () => {
  const world = await desk();
  const { tokens, clock, alice, attempts } = world;
  const old = issue(world, { account: alice, attempt: attempts[0] });
  const elsewhere = issue(world, { account: alice, attempt: attempts[1] });
  const link = issue(world, { account: alice, attempt: attempts[0], purpose: 'reset link', secret: 'link' });
  const fresh = issue(world, { account: alice, attempt: attempts[0], secret: '87654321' });
  assert.equal(
    [old, elsewhere, link, fresh].map((id) => tokens.spend(id, clock.now())),
    [false, true, true, true],
  );
});

test('nothing is right, found, or spent at its end', async () => {
  const world = await desk();
  const { tokens, clock, alice } = world;
  const code = issue(world, { account: alice });
  const link = issue(world, { account: alice, purpose: 'reset link', secret: 'link' });
  clock.advance(10 * minute);
  assert.is(tokens.live('reset code', alice, null, clock.now()), null);
  assert.is(tokens.find('reset link', 'link', clock.now()), null);
  assert.not.ok(tokens.spend(code, clock.now()) || tokens.spend(link, clock.now()));
});

test('one of many who spend it at once wins', async () => {
  const world = await desk();
  const id = issue(world, { account: world.alice });
  const won = await Promise.all(
    Array.from({ length: 10 }, async () => world.tokens.matches(id, '12345678') && world.tokens.spend(id, world.clock.now())),
  );
  assert.is(won.filter(Boolean).length, 1);
});

test('success spends all that the account has, but for "this was not me", and nothing of others', async () => {
  const world = await desk();
  const { tokens, clock, alice, bob } = world;
  const purposes: TokenPurpose[] = ['seed', 'reset code', 'reset link', 'contact code', 'pass', 'setup', 'not me'];
  const mine = purposes.map((purpose) => issue(world, { account: alice, purpose, secret: purpose }));
  const other = issue(world, { account: bob, purpose: 'reset link', secret: 'bob' });
  tokens.spendAll(alice, clock.now());
  assert.equal(
    mine.map((id) => tokens.spend(id, clock.now())),
    [false, false, false, false, false, false, true],
  );
  assert.ok(tokens.spend(other, clock.now()));
});

test('each "this was not me" works, the earlier ones too', async () => {
  const world = await desk();
  for (const secret of ['first', 'second']) issue(world, { account: world.alice, purpose: 'not me', secret });
  assert.ok(world.tokens.find('not me', 'first', world.clock.now()) && world.tokens.find('not me', 'second', world.clock.now()));
});

test('what is past its end goes, no more at once than told', async () => {
  const world = await desk();
  for (const secret of ['a', 'b', 'c']) issue(world, { account: world.alice, purpose: 'not me', secret });
  world.clock.advance(10 * minute);
  assert.is(world.tokens.expire(world.clock.now(), 2), 0, 'not at the very end');
  world.clock.advance(1);
  assert.equal([world.tokens.expire(world.clock.now(), 2), world.tokens.expire(world.clock.now(), 2)], [2, 1]);
});

test('a note stays with its token', async () => {
  const world = await desk();
  issue(world, { account: world.alice, purpose: 'contact code', note: 'sealed' });
  assert.is(world.tokens.live('contact code', world.alice, null, world.clock.now())?.note, 'sealed');
});

test.run();
