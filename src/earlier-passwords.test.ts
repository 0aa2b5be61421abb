/** Where the home takes an earlier password again at a reset, Latchkey does not: what it set, and what it saw proved. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { currentPassword } from './access/current-password.ts';
import { earlierPasswords } from './earlier-passwords.ts';
import type { Account } from './rules/account.ts';
import { isRefusal } from './rules/refusal.ts';
import { minute } from './rules/time.ts';
import { type NewPassword, passwordDesk } from './set-password.ts';
import { createSlowHash } from './system.ts';
import { type CastName, cast } from './testing/cast.ts';
import { refusing, silent } from './testing/faults.ts';
import { type TestWorld, testWorld } from './testing/world.ts';
import { Refusal } from './rules/refusal.ts';
import type { Passwords } from './world.ts';

const test = suite('earlier passwords');
const facts = { address: '192.0.2.1', supportCode: 'AB12', language: 'en' };
const nth = (number: number) => `another word for day ${number}`;

/** An office whose directory holds resets to nothing, like Samba before 4.24. */
async function forgetfulOffice(history = 3): Promise<TestWorld> {
  const world = await testWorld();
  world.directory.onReset = { history: false, minimumAge: false };
  world.directory.policy = { ...world.directory.policy, history };
  return world;
}

async function put(world: TestWorld, password: string, more: Partial<NewPassword> & { who?: CastName } = {}): Promise<string> {
  const { who = 'alice', ...wanted } = more;
  const written = await world.desk.setPassword({ account: world.people[who], act: 'reset', password, ...facts, ...wanted });
  world.clock.advance(minute);
  return written.kind === 'refused' ? written.refusals.map(({ key }) => key).join(' ') : written.kind;
}

async function proveAt(world: TestWorld, password: string, who: CastName = 'alice'): Promise<void> {
  const proved = await currentPassword(world).prove({ who, password, event: 'sign-in refused', ...facts });
  assert.not.ok(isRefusal(proved));
  await world.deferral.settled(`earlier passwords ${world.people[who].id}`);
  world.clock.advance(minute);
}

const kept = (world: TestWorld, who: CastName = 'alice') => world.passwordHistory.of(world.people[who].id);

test('the present one and the ones before it are refused, as many as the directory remembers', async () => {
  const world = await forgetfulOffice(3);
  for (const number of [1, 2, 3]) assert.is(await put(world, nth(number)), 'done');
  for (const number of [1, 2, 3]) assert.is(await put(world, nth(number)), 'directory.history');
  assert.is(await put(world, nth(4)), 'done');
  assert.is(await put(world, nth(1)), 'done', 'three are remembered, the present one among them');
  assert.is(await put(world, nth(2)), 'done');
  assert.is(world.credential('alice').hash, nth(2));
});

test('the refusal says how many, at the field, beside all other broken rules', async () => {
  const world = await forgetfulOffice(3);
  assert.is(await put(world, 'too short 4u'), 'done');
  world.decide({ password_minimum: 20 });
  const written = await world.desk.setPassword({ account: world.people.alice, act: 'reset', password: 'too short 4u', ...facts });
  assert.equal(written.kind === 'refused' && written.refusals.map(({ key, field, params }) => [key, field, params]), [
    ['password.too-short', 'password', { least: 20 }],
    ['directory.history', 'password', { count: 3 }],
  ]);
});

test('the one that was seen proved is refused at a reset, though it was set elsewhere', async () => {
  const world = await forgetfulOffice();
  world.credential('alice', { hash: nth(1) });
  assert.is(kept(world).length, 0);
  await proveAt(world, nth(1));
  assert.is(kept(world).length, 1);
  assert.is(await put(world, nth(1)), 'directory.history');
});

test('one that was refused, or given up, or never came about is not remembered', async () => {
  const world = await forgetfulOffice();
  await currentPassword(world).prove({ who: 'alice', password: nth(1), event: 'sign-in refused', ...facts });
  world.directory.faults.set('set', refusing(new Refusal('directory.policy')));
  assert.is(await put(world, nth(2)), 'directory.policy');
  world.directory.faults.set('set', silent('undone'));
  assert.is(await put(world, nth(3)), 'unknown');
  world.directory.faults.clear();
  assert.is(kept(world).length, 0, 'nobody knows yet');
  await world.desk.settleWrites();
  assert.equal([kept(world).length, world.db.$client.prepare('SELECT count(*) FROM password_history').pluck().get()], [0, 0]);
  for (const number of [1, 2, 3]) assert.is(await put(world, nth(number)), 'done');
});

test('one whose write is settled late is remembered then', async () => {
  const world = await forgetfulOffice();
  world.directory.faults.set('set', silent('done'));
  assert.is(await put(world, nth(1)), 'unknown');
  world.directory.faults.clear();
  await world.desk.settleWrites();
  assert.is(kept(world).length, 1);
  assert.is(await put(world, nth(1)), 'directory.history');
});

test('a directory that holds resets to its history is left to it: nothing is kept, and what was is forgotten', async () => {
  const world = await forgetfulOffice();
  await put(world, nth(1));
  world.directory.onReset = { history: true, minimumAge: true };
  await proveAt(world, nth(1));
  assert.is(await put(world, nth(2)), 'done');
  assert.is(kept(world).length, 0);
});

/** The home of this person while its policy cannot be read. */
function blindTo(world: TestWorld, account: Account): Passwords {
  const home = world.passwordsFor(account);
  async function status() {
    const seen = await home.status();
    return isRefusal(seen) ? seen : { ...seen, rules: { ...seen.rules, history: null } };
  }
  return { ...home, status };
}

test('a policy that cannot be read for a while takes nothing away; one that says "none" does', async () => {
  const world = await forgetfulOffice();
  for (const number of [1, 2]) await put(world, nth(number));
  const blind = passwordDesk({ ...world, publicUrl: 'https://password.example.com', passwordsFor: (account) => blindTo(world, account) });
  assert.is(await put({ ...world, desk: blind }, nth(3)), 'done');
  assert.is(await put(world, nth(2)), 'directory.history');
  world.directory.policy = { ...world.directory.policy, history: 0 };
  assert.is(await put(world, nth(4)), 'done');
  assert.is(kept(world).length, 0);
});

test('a change is left to the directory, which holds it to its own history', async () => {
  const world = await forgetfulOffice();
  await put(world, nth(1));
  await put(world, nth(2));
  world.credential('alice', { earlier: [] }); // the directory's administrator has made it forget
  assert.is(await put(world, nth(1), { act: 'change', current: nth(2) }), 'done');
  assert.is(await put(world, nth(1)), 'directory.history');
});

test('nobody from staff can try out what somebody’s password is or was; what they set is remembered', async () => {
  const world = await forgetfulOffice();
  await put(world, nth(1));
  assert.is(await put(world, nth(1), { act: 'reset by administrator' }), 'done');
  assert.is(await put(world, nth(2), { act: 'reset by administrator', isTemporary: true }), 'done');
  assert.is(await put(world, nth(2)), 'directory.history');
  assert.is(kept(world).length, 2, 'the same twice is one');
});

test('a local account has as many as the policy says, at a change too', async () => {
  const world = await testWorld({ policy: { password_history: 2 } });
  const hash = await world.slowHash.hash(nth(0));
  world.accounts.setPasswordHash(world.people.laura.id, String(hash), world.clock.now());
  await proveAt(world, nth(0), 'laura');
  assert.is(await put(world, nth(0), { who: 'laura' }), 'directory.history');
  assert.is(await put(world, nth(1), { who: 'laura' }), 'done');
  assert.is(await put(world, nth(0), { who: 'laura', act: 'change', current: nth(1) }), 'directory.history');
  assert.is(await put(world, nth(2), { who: 'laura', act: 'change', current: nth(1) }), 'done');
  assert.is(await put(world, nth(0), { who: 'laura' }), 'done');
  world.decide({ password_history: 0 });
  assert.is(await put(world, nth(0), { who: 'laura' }), 'done');
  assert.is(kept(world, 'laura').length, 0);
});

test('a proof that comes again with the same marker costs no slow hash; another marker does, once', async () => {
  const world = await forgetfulOffice();
  let hashes = 0;
  const counting = {
    ...world,
    slowHash: {
      ...world.slowHash,
      withSalt: (secret: string, salt: string) => {
        hashes += 1;
        return world.slowHash.withSalt(secret, salt);
      },
    },
  };
  const known = earlierPasswords(counting);
  const { id } = world.people.alice;
  const rules = { ...(await statusOf(world)).rules };
  const remember = async (password: string, marker: string) => {
    known.remember(id, password, { rules, marker, changedAt: null });
    await world.deferral.settled(`earlier passwords ${id}`);
  };
  for (const marker of ['1', '1', '1']) await remember(nth(1), marker);
  assert.is(hashes, 1);
  await remember(nth(2), '2');
  for (let number = 3; number < 9; number += 1) await remember(nth(number), String(number));
  hashes = 0;
  await known.judge(id, nth(9), 3);
  assert.equal([hashes, kept(world).length], [1, 3], 'one salt: one judgement, one hash');
});

test('while the previous password opens too, both are remembered, and neither passes for the present one', async () => {
  const world = await forgetfulOffice();
  const known = earlierPasswords(world);
  const { id } = world.people.alice;
  const status = { ...(await statusOf(world)), marker: 'changed elsewhere', changedAt: world.clock.now() };
  const remember = async (password: string) => {
    world.clock.advance(20 * minute);
    known.remember(id, password, status);
    await world.deferral.settled(`earlier passwords ${id}`);
  };
  await remember(nth(1));
  await remember(nth(2));
  assert.is(await put(world, nth(2)), 'directory.history', 'seen proved, though the one before it was seen first');
  world.clock.advance(120 * minute);
  await remember(nth(2));
  assert.equal(
    kept(world).map(({ marker }) => marker),
    ['changed elsewhere', null],
  );
});

test('a raised cost keeps what is known, and leads to the new one', async () => {
  const world = await forgetfulOffice(2);
  await put(world, nth(1));
  const dearer = { ...world, slowHash: createSlowHash(world.vault.digest('pepper', 'passwords'), { logN: 5, r: 8, p: 1 }) };
  const desk = passwordDesk({ ...dearer, publicUrl: world.publicUrl });
  assert.is(await put({ ...world, desk }, nth(1)), 'directory.history');
  for (const number of [2, 3, 4]) assert.is(await put({ ...world, desk }, nth(number)), 'done');
  assert.ok(kept(world).every(({ salt }) => salt.startsWith('5$')));
  assert.is(await put({ ...world, desk }, nth(3)), 'directory.history');
});

test('where there is no place for it, a proof goes on without', async () => {
  const world = await forgetfulOffice();
  world.deferral.isFull = true;
  await proveAt(world, cast.alice.password);
  assert.is(kept(world).length, 0);
  world.deferral.isFull = false;
  await proveAt(world, cast.alice.password);
  assert.is(kept(world).length, 1);
});

test('a desk too busy to look back says so, and nothing is set', async () => {
  const world = await forgetfulOffice();
  const crowd = Array.from({ length: 66 }, () => world.slowHash.hash('x'));
  assert.is(await put(world, nth(1)), 'desk.busy');
  await Promise.all(crowd);
  assert.is(world.credential('alice').hash, cast.alice.password);
});

test('no password of it is in the database', async () => {
  const world = await forgetfulOffice();
  await put(world, nth(1));
  await proveAt(world, nth(1));
  const rows = JSON.stringify(world.db.$client.prepare('SELECT * FROM password_history').all());
  assert.ok(rows.length > 2 && !rows.includes('another word'));
});

test('whatever is set and proved, in whatever order: the last N are refused and no other', async () => {
  const act = fc.record({ does: fc.constantFrom('set', 'set by staff', 'prove'), number: fc.nat(6) });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(act, { maxLength: 14 }), async (count, acts) => {
      const world = await forgetfulOffice(count);
      let past: number[] = []; // newest first
      const seen = (number: number) => {
        past = [number, ...past.filter((other) => other !== number)].slice(0, count);
      };
      let present: number | null = null;
      for (const { does, number } of acts) {
        if (does === 'prove') {
          if (present === null) continue;
          await proveAt(world, nth(present));
          seen(present);
          continue;
        }
        const isByStaff = does === 'set by staff';
        const expected = !isByStaff && past.includes(number) ? 'directory.history' : 'done';
        assert.is(await put(world, nth(number), isByStaff ? { act: 'reset by administrator' } : {}), expected);
        if (expected !== 'done') continue;
        present = number;
        seen(number);
      }
      assert.ok(kept(world).length <= count + 1);
    }),
    { numRuns: 25 },
  );
});

async function statusOf(world: TestWorld) {
  const status = await world.passwordsFor(world.people.alice).status();
  if (isRefusal(status)) throw new Error(status.key);
  return status;
}

test.run();
