/** The flow of a reset and an unlock: what leads to a new password, and everything that must not. */

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isRefusal, type Refusal } from '../rules/refusal.ts';
import { hour, minute, second } from '../rules/time.ts';
import { type CastName, cast } from '../testing/cast.ts';
import { unreachable } from '../testing/faults.ts';
import { testWorld } from '../testing/world.ts';
import { passwordReset } from './reset.ts';
import type { Sight } from './sight.ts';

const good = 'correct horse battery';
const people = { email: 'alice@home.example.net' };

async function desk(options: Parameters<typeof testWorld>[0] = {}) {
  const world = await testWorld({ ...options, policy: { second_gate_when_stronger: false, ...options?.policy } });
  const reset = passwordReset(world);
  let visits = 0;
  const start = async (login: string, more: { intention?: 'reset' | 'unlock'; address?: string } = {}): Promise<string> => {
    visits += 1;
    const opened = await reset.identify({
      login,
      intention: 'reset',
      address: '192.0.2.1',
      language: 'en',
      supportCode: `CODE-${visits}`,
      ...more,
    });
    if (isRefusal(opened)) throw new Error(opened.key);
    return opened.token;
  };
  const at = async (token: string): Promise<Sight['place'] | null> => (await reset.show(token))?.place ?? null;
  return { world, reset, start, at };
}

const keyOf = (value: unknown): string => (isRefusal(value) ? (value as Refusal).key : 'done');
const tokenOf = (value: { token: string } | Refusal): string => {
  if (isRefusal(value)) throw new Error(value.key);
  return value.token;
};

async function proveByMail(
  { world, reset, start }: Awaited<ReturnType<typeof desk>>,
  name: CastName = 'alice',
  intention: 'reset' | 'unlock' = 'reset',
) {
  const token = await start(name, { intention });
  await reset.choose(token, 'email');
  await reset.show(token);
  await world.deferral.drain();
  return tokenOf(await reset.answer(token, world.codeFromMail(`${name}@home.example.net`)));
}

test('a mailed code leads to a new password, and the directory has it', async () => {
  const door = await desk();
  const token = await proveByMail(door);
  assert.is(await door.at(token), 'password');
  const written = await door.reset.complete(token, { password: good, again: good });
  assert.equal(written, { kind: 'done', isProved: true });
  assert.is(door.world.credential('alice').hash, good);
  assert.is(await door.at(token), 'done');
});

test('a code from the app does as well', async () => {
  const { world, reset, start, at } = await desk();
  const token = await start('alice');
  await reset.choose(token, 'totp');
  const next = tokenOf(await reset.answer(token, world.totpCode('alice')));
  assert.is(await at(next), 'password');
  assert.is(await at(token), null, 'the old cookie opens nothing after the proof');
});

test('two gates want two different methods', async () => {
  const door = await desk({ policy: { gates: 2 } });
  const { world, reset, at } = door;
  const token = await proveByMail(door);
  assert.is(await at(token), 'method');
  assert.equal((await reset.show(token))?.methods, ['totp']);
  assert.is(keyOf(await reset.choose(token, 'email')), 'method.unknown');
  assert.is(keyOf(await reset.complete(token, { password: good, again: good })), 'attempt.gates-open');
  await reset.choose(token, 'totp');
  const last = tokenOf(await reset.answer(token, world.totpCode('alice')));
  assert.is(await at(last), 'password');
});

test('administrators pass two gates whatever policy says, and whoever holds an app when policy asks it', async () => {
  const carol = await desk({ policy: { gates: 1 } });
  assert.is(await carol.at(await proveByMail(carol, 'carol')), 'method');
  const alice = await desk({ policy: { second_gate_when_stronger: true } });
  assert.is(await alice.at(await proveByMail(alice, 'alice')), 'method');
});

test('closed: a stranger and a member see the same until the first proof', async () => {
  const { reset, start, world } = await desk();
  world.credential('carol', { endsAt: 0 });
  const seen: string[] = [];
  for (const login of ['alice', 'bob', 'carol', 'dave', 'eve', '*)(uid=*', 'ALICE']) {
    const token = await start(login);
    const first = await reset.show(token);
    await world.deferral.drain();
    const settled = await reset.show(token);
    const chosen = await reset.choose(token, 'email');
    const answering = await reset.show(token);
    const wrong = await reset.answer(token, '00000000');
    const after = await reset.show(token);
    const code = first?.supportCode ?? '';
    seen.push(JSON.stringify([first, settled, chosen, answering, wrong, after]).replaceAll(code, 'CODE'));
  }
  assert.is(new Set(seen).size, 1, seen.join('\n'));
});

test('only to somebody who can is anything sent, and others are told why by mail once a day', async () => {
  const { reset, start, world } = await desk();
  for (const login of ['bob', 'dave', 'eve', 'bob']) {
    const token = await start(login);
    await reset.choose(token, 'email');
    await world.deferral.drain();
  }
  assert.equal(
    world.mail.map(({ kind, to }) => `${kind} ${to}`),
    ['reset-not-possible bob@home.example.net', 'reset-not-possible dave@home.example.net'],
  );
});

test('open: the person is told at once, with masked destinations', async () => {
  const { reset, start } = await desk({ policy: { open_about_accounts: true } });
  const alice = await reset.show(await start('alice'));
  assert.equal(alice?.methods, ['email', 'totp']);
  assert.is(alice?.masked.email, 'a•••@h•••.net');
  const bob = await reset.show(await start('bob'));
  assert.is(bob?.place, 'refused');
  assert.is(bob?.reason, 'methods');
  assert.is((await reset.show(await start('eve')))?.reason, 'known');
});

test('a mailed link proves once, by a POST, and the attempt moves to the browser that pressed it', async () => {
  const { reset, start, at, world } = await desk();
  const token = await start('alice');
  await reset.choose(token, 'email');
  await world.deferral.drain();
  const secret = world.linkFromMail(people.email);
  for (let look = 0; look < 50; look += 1) assert.ok(reset.linkOpens(secret));
  const moved = tokenOf(await reset.followLink(secret));
  assert.is(await at(moved), 'password');
  assert.is(await at(token), null);
  assert.is(keyOf(await reset.followLink(secret)), 'link.spent');
  assert.not.ok(reset.linkOpens(secret));
});

test('the link dies with the code, and both with a newer one', async () => {
  const door = await desk();
  const { world, reset, start } = door;
  const token = await start('alice');
  await reset.choose(token, 'email');
  await world.deferral.drain();
  const [oldLink, oldCode] = [world.linkFromMail(people.email), world.codeFromMail(people.email)];
  assert.is(keyOf(await reset.choose(token, 'email')), 'method.too-soon');
  world.clock.advance(11 * second);
  await reset.choose(token, 'email');
  await world.deferral.drain();
  assert.is(keyOf(await reset.followLink(oldLink)), 'link.spent');
  assert.is(keyOf(await reset.answer(token, oldCode)), 'answer.wrong');
  const newLink = world.linkFromMail(people.email);
  tokenOf(await reset.answer(token, world.codeFromMail(people.email)));
  assert.is(keyOf(await reset.followLink(newLink)), 'link.spent');
});

test("another's attempt, another's code: neither opens anything", async () => {
  const { reset, start, world } = await desk();
  const mine = await start('alice');
  const other = await start('laura');
  await reset.choose(mine, 'email');
  await reset.choose(other, 'email');
  await world.deferral.drain();
  assert.is(keyOf(await reset.answer(other, world.codeFromMail(people.email))), 'answer.wrong');
});

test('parallel answers with one code open one gate, and a double click sets one password', async () => {
  const { reset, start, world } = await desk();
  const token = await start('alice');
  await reset.choose(token, 'email');
  await world.deferral.drain();
  const code = world.codeFromMail(people.email);
  const answers = await Promise.all(Array.from({ length: 20 }, () => reset.answer(token, code)));
  const right = answers.filter((answer) => !isRefusal(answer)) as { token: string }[];
  assert.is(right.length, 1);
  const set = right[0]?.token ?? '';
  const written = await Promise.all([1, 2, 3].map(() => reset.complete(set, { password: good, again: good })));
  assert.is(written.filter((one) => !isRefusal(one) && one.kind === 'done').length, 1);
});

test('the sixth try within an hour is wrong even when right, silently', async () => {
  const { reset, start, world } = await desk();
  const token = await start('alice');
  await reset.choose(token, 'totp');
  for (let tries = 0; tries < 5; tries += 1) assert.is(keyOf(await reset.answer(token, '000000')), 'answer.wrong');
  assert.is(keyOf(await reset.answer(token, world.totpCode('alice'))), 'answer.wrong');
  world.clock.advance(hour + second);
  const later = await start('alice');
  await reset.choose(later, 'totp');
  tokenOf(await reset.answer(later, world.totpCode('alice')));
});

test('whoever goes on trying while a method is silent does not make its hour longer', async () => {
  const { reset, start, world } = await desk();
  const token = await start('alice');
  await reset.choose(token, 'totp');
  for (let tries = 0; tries < 5; tries += 1) await reset.answer(token, '000000');
  world.clock.advance(10 * minute);
  for (let tries = 0; tries < 5; tries += 1) await reset.answer(token, '000000');
  world.clock.advance(50 * minute + second);
  const later = await start('alice');
  await reset.choose(later, 'totp');
  tokenOf(await reset.answer(later, world.totpCode('alice')));
});

test('five failed attempts from an address block it there for a day; from elsewhere the person still gets in', async () => {
  const { reset, start, world, at } = await desk();
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const token = await start('alice');
    await reset.choose(token, 'totp');
    await reset.answer(token, '000000');
    world.clock.advance(hour);
  }
  const here = await start('alice');
  await reset.choose(here, 'totp');
  assert.is(keyOf(await reset.answer(here, world.totpCode('alice'))), 'answer.wrong');
  const elsewhere = await start('alice', { address: '198.51.100.7' });
  await reset.choose(elsewhere, 'totp');
  world.clock.advance(minute);
  assert.is(await at(tokenOf(await reset.answer(elsewhere, world.totpCode('alice')))), 'password');
});

test('twenty failed attempts everywhere leave the link to a proved mail address', async () => {
  const { reset, start, world, at } = await desk();
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const token = await start('alice', { address: `198.51.100.${attempt}` });
    await reset.choose(token, attempt % 2 ? 'totp' : 'email');
    await world.deferral.drain();
    await reset.answer(token, '000000');
    world.clock.advance(45 * minute);
  }
  const token = await start('alice', { address: '203.0.113.9' });
  await reset.choose(token, 'email');
  await world.deferral.drain();
  assert.is(keyOf(await reset.answer(token, world.codeFromMail(people.email))), 'answer.wrong');
  assert.is(await at(tokenOf(await reset.followLink(world.linkFromMail(people.email)))), 'password');
});

/** From so many addresses, none of which fails often: an app code is all that can be tried by the login alone. */
async function failElsewhere({ world, reset, start }: Awaited<ReturnType<typeof desk>>, login: string, times: number): Promise<void> {
  for (let attempt = 0; attempt < times; attempt += 1) {
    const token = await start(login, { address: `198.51.100.${attempt}` });
    await reset.choose(token, 'totp');
    await reset.answer(token, '000000');
    world.clock.advance(second);
  }
}

test('strangers who know a login do not keep its owner from the second gate', async () => {
  for (const failed of [5, 20]) {
    const door = await desk();
    const { world, reset, start, at } = door;
    await failElsewhere(door, 'carol', failed);
    const token = await start('carol');
    await reset.choose(token, 'email');
    await world.deferral.drain();
    const mailed = tokenOf(await reset.followLink(world.linkFromMail(cast.carol.mail)));
    await reset.choose(mailed, 'totp');
    const passed = tokenOf(await reset.answer(mailed, world.totpCode('carol')));
    assert.is(await at(passed), 'password', `after ${failed}`);
  }
});

test('whoever has the mailbox guesses the app no more than five times an hour', async () => {
  const door = await desk();
  const { world, reset, start } = door;
  const guess = async (attempt: number, code: () => string): Promise<string> => {
    const token = await start('carol', { address: `203.0.113.${attempt}` });
    await reset.choose(token, 'email');
    await world.deferral.drain();
    const mailed = tokenOf(await reset.followLink(world.linkFromMail(cast.carol.mail)));
    await reset.choose(mailed, 'totp');
    return keyOf(await reset.answer(mailed, code()));
  };
  for (let attempt = 0; attempt < 5; attempt += 1) assert.is(await guess(attempt, () => '000000'), 'answer.wrong');
  assert.is(await guess(5, () => world.totpCode('carol')), 'answer.wrong');
  world.clock.advance(hour + second);
  assert.is(await guess(6, () => world.totpCode('carol')), 'done');
});

test('too many logins from an address are told to wait, whoever they are', async () => {
  const { reset, start } = await desk();
  for (let typed = 0; typed < 300; typed += 1) await start(`nobody${typed}`);
  const refused = await reset.identify({ login: 'alice', intention: 'reset', address: '192.0.2.1', language: 'en', supportCode: 'X' });
  assert.is(keyOf(refused), 'limit.address');
  assert.is(
    keyOf(await reset.identify({ login: 'alice', intention: 'reset', address: '192.0.2.2', language: 'en', supportCode: 'Y' })),
    'done',
  );
});

test('an attempt ends after 15 minutes, and a full queue or an absent directory is told to everybody alike', async () => {
  const door = await desk();
  const token = await proveByMail(door);
  door.world.clock.advance(15 * minute);
  assert.is(await door.at(token), 'expired');
  assert.is(keyOf(await door.reset.complete(token, { password: good, again: good })), 'attempt.expired');
  const typed = { intention: 'reset', address: '192.0.2.1', language: 'en', supportCode: 'Z' } as const;
  door.world.deferral.isFull = true;
  for (const login of ['alice', 'eve']) assert.is(keyOf(await door.reset.identify({ ...typed, login })), 'desk.busy');
  door.world.deferral.isFull = false;
  door.world.directory.faults.set('all', unreachable);
  for (const login of ['alice', 'eve', 'laura']) assert.is(keyOf(await door.reset.identify({ ...typed, login })), 'desk.directory-away');
});

test('policy tightened in the middle of an attempt is obeyed', async () => {
  for (const change of [{ gates: 2 }, { methods: ['totp'] as const }, { scope: 'nobody' as const }, { writeback: false }]) {
    const door = await desk();
    const token = await proveByMail(door);
    door.world.decide(change);
    const written = await door.reset.complete(token, { password: good, again: good });
    assert.ok(isRefusal(written), JSON.stringify(change));
    assert.is.not(door.world.credential('alice').hash, good);
  }
});

test('disabled, protected or locked by an administrator in the meantime: nothing is set', async () => {
  for (const change of ['disabled', 'protected', 'locked']) {
    const door = await desk();
    const token = await proveByMail(door);
    if (change === 'protected') door.world.directory.protectedGroups.add(cast.alice.groups[0]);
    else door.world.credential('alice', change === 'disabled' ? { endsAt: 0 } : { lockedAt: 'for good' });
    assert.is(keyOf(await door.reset.complete(token, { password: good, again: good })), 'attempt.not-eligible');
    assert.is.not(door.world.credential('alice').hash, good);
  }
});

test('an unlock clears the lock and leaves the password', async () => {
  const door = await desk();
  door.world.credential('alice', { lockedAt: door.world.clock.now() });
  const before = door.world.credential('alice').hash;
  const token = await proveByMail(door, 'alice', 'unlock');
  assert.is(await door.at(token), 'unlock');
  assert.equal(await door.reset.unlock(token), { kind: 'done', isProved: true });
  assert.is(door.world.credential('alice').lockedAt, null);
  assert.is(door.world.credential('alice').hash, before);
});

test('a password is suggested to who is to choose one, and to nobody before', async () => {
  const door = await desk();
  const token = await proveByMail(door);
  const sight = await door.reset.show(token);
  const offered = sight && (await door.reset.offer(sight, 'en'));
  if (!sight || !offered) throw new Error('nothing was suggested');
  assert.is(await door.reset.offer({ ...sight, place: 'answer' }, 'en'), null);
  const written = await door.reset.complete(token, { password: offered, again: offered });
  assert.ok(!isRefusal(written) && written.kind === 'done');
});

test('a mismatch and a broken rule come back at their fields, and the attempt goes on', async () => {
  const door = await desk();
  const token = await proveByMail(door);
  const mismatch = await door.reset.complete(token, { password: good, again: `${good}!` });
  assert.ok(isRefusal(mismatch) && mismatch.key === 'password.mismatch' && mismatch.field === 'password_again');
  const short = await door.reset.complete(token, { password: 'alice', again: 'alice' });
  assert.ok(!isRefusal(short) && short.kind === 'refused');
  if (!isRefusal(short) && short.kind === 'refused')
    assert.equal(
      short.refusals.map(({ key }) => key),
      ['password.too-short', 'password.contains-name', 'password.too-common'],
    );
  assert.equal(await door.reset.complete(token, { password: good, again: good }), { kind: 'done', isProved: true });
});

test('success spends every other open attempt and code of the account', async () => {
  const door = await desk();
  const { world, reset, start, at } = door;
  const other = await start('alice');
  await reset.choose(other, 'email');
  await world.deferral.drain();
  const code = world.codeFromMail(people.email);
  const link = world.linkFromMail(people.email);
  const token = await start('alice');
  await reset.choose(token, 'totp');
  const passed = tokenOf(await reset.answer(token, world.totpCode('alice')));
  await reset.complete(passed, { password: good, again: good });
  assert.is(keyOf(await reset.answer(other, code)), 'answer.wrong');
  assert.is(await at(other), 'answer');
  assert.is(keyOf(await reset.followLink(link)), 'link.spent');
});

test('success elsewhere shows nothing to a stranger who has typed the same login', async () => {
  const { world, reset, start } = await desk();
  const [guess, nobodys, untouched] = [await start('alice'), await start('eve'), await start('alice')];
  for (const token of [guess, nobodys]) await reset.choose(token, 'totp');
  const token = await start('alice');
  await reset.choose(token, 'totp');
  const passed = tokenOf(await reset.answer(token, world.totpCode('alice')));
  await reset.complete(passed, { password: good, again: good });
  world.clock.advance(minute);
  const seen = async (own: string) => {
    const sights = [await reset.show(own), await reset.answer(own, world.totpCode('alice')), await reset.show(own)];
    return JSON.stringify([...sights, await reset.choose(own, 'email')]).replace(/CODE-\d/g, 'CODE');
  };
  assert.is(await seen(guess), await seen(nobodys));
  await reset.choose(untouched, 'email');
  await world.deferral.drain();
  assert.not.ok(
    world.mail.some(({ kind }) => kind === 'reset-code'),
    'and nothing is sent for it',
  );
  world.decide({ open_about_accounts: true });
  assert.is((await reset.show(guess))?.place, 'ended');
});

test('an answer on its way counts for nothing once the attempt has moved to another browser', async () => {
  const { world, reset, start, at } = await desk({ policy: { gates: 2, open_about_accounts: true } });
  const token = await start('alice');
  await reset.show(token);
  await reset.choose(token, 'email');
  await world.deferral.drain();
  await reset.choose(token, 'totp');
  const code = world.totpCode('alice');
  const [answering, looking] = [reset.answer(token, code), reset.show(token)];
  const moved = tokenOf(await reset.followLink(world.linkFromMail(people.email)));
  assert.is(keyOf(await answering), 'attempt.none');
  assert.is(await looking, null);
  assert.is(await at(token), null);
  assert.is(await at(moved), 'method');
  world.clock.advance(11 * second);
  await reset.choose(moved, 'totp');
  assert.is(await at(tokenOf(await reset.answer(moved, code))), 'password', 'nor was the code spent');
});

test('a directory that was silent for a moment at the login is asked again before it matters', async () => {
  for (const method of ['email', 'totp'] as const) {
    const { world, reset, start, at } = await desk();
    world.directory.faults.set('status', unreachable);
    const token = await start('alice');
    await reset.show(token);
    await reset.choose(token, 'email');
    await world.deferral.drain();
    assert.equal(world.mail, [], 'as long as it is silent, nothing is sent');
    assert.is(keyOf(await reset.answer(token, '00000000')), 'answer.wrong');
    world.directory.faults.delete('status');
    world.clock.advance(minute);
    await reset.choose(token, method);
    await world.deferral.drain();
    const code = method === 'email' ? world.codeFromMail(people.email) : world.totpCode('alice');
    assert.is(await at(tokenOf(await reset.answer(token, code))), 'password', method);
  }
});

test('who may not is sent nothing after such a moment either', async () => {
  for (const change of ['disabled', 'protected', 'locked']) {
    const { world, reset, start } = await desk();
    if (change === 'protected') world.directory.protectedGroups.add(cast.alice.groups[0]);
    else world.credential('alice', change === 'disabled' ? { endsAt: 0 } : { lockedAt: 'for good' });
    world.directory.faults.set('status', unreachable);
    const token = await start('alice');
    await reset.show(token);
    world.directory.faults.delete('status');
    await reset.choose(token, 'email');
    await world.deferral.drain();
    assert.equal(
      world.mail.map(({ kind }) => kind),
      ['reset-not-possible'],
      change,
    );
    await reset.choose(token, 'totp');
    assert.is(keyOf(await reset.answer(token, world.totpCode('alice'))), 'answer.wrong', change);
  }
});

test('one address cannot use up the codes by mail that an account has in a day', async () => {
  const { world, reset, start } = await desk();
  const ask = async (address: string): Promise<number> => {
    await reset.choose(await start('alice', { address }), 'email');
    await world.deferral.drain();
    world.clock.advance(20 * minute);
    return world.mail.filter(({ kind }) => kind === 'reset-code').length;
  };
  for (let asked = 0; asked < 25; asked += 1) await ask('198.51.100.9');
  assert.is(await ask('198.51.100.9'), 8);
  assert.is(await ask('192.0.2.1'), 9);
});

test('the failed attempt that reaches a limit may still succeed, to its end', async () => {
  for (const [attempts, addresses] of [
    [5, 1],
    [20, 20],
  ] as const) {
    const { world, reset, start } = await desk();
    let token = '';
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      world.clock.advance(65 * minute);
      token = await start('alice', { address: `198.51.100.${attempt % addresses}` });
      await reset.choose(token, 'totp');
      assert.is(keyOf(await reset.answer(token, '000000')), 'answer.wrong');
    }
    const passed = tokenOf(await reset.answer(token, world.totpCode('alice')));
    assert.equal(await reset.complete(passed, { password: good, again: good }), { kind: 'done', isProved: true });
  }
});

test('an address that has its share of the work under way is told that the desk is busy, and no other is', async () => {
  const { world, reset, start } = await desk();
  const [here, elsewhere] = [await start('alice', { address: '2001:db8::1' }), await start('alice')];
  const more = await start('alice', { address: '2001:db8::2' });
  await reset.choose(here, 'totp');
  world.deferral.fullFor = '2001:db8:0:0::/64';
  assert.is(keyOf(await reset.choose(more, 'email')), 'desk.busy');
  assert.is(keyOf(await reset.answer(here, '000000')), 'desk.busy');
  const typed = { login: 'alice', intention: 'reset', address: '2001:db8::3', language: 'en', supportCode: 'Z' } as const;
  assert.is(keyOf(await reset.identify(typed)), 'desk.busy');
  assert.is(await reset.choose(elsewhere, 'email'), 'chosen');
});

test('cancelling and asking for help are recorded with the account, where there is one', async () => {
  const { world, reset, start } = await desk({ policy: { helpdesk_address: 'help@office.example' } });
  const ask = { name: 'A', contact: '0123', words: '', address: '192.0.2.5', supportCode: 'AB12', language: 'en' };
  for (const login of ['alice', 'eve']) {
    const token = await start(login);
    await reset.askForHelp({ ...ask, token });
    reset.cancel(token);
    reset.cancel(token);
  }
  await world.deferral.drain();
  const recorded = world.journal.latest(20).filter(({ result }) => result === 'cancelled' || result === 'asked for help');
  assert.equal(recorded.map(({ result, account, supportCode }) => `${result} ${account} ${supportCode}`).sort(), [
    'asked for help alice CODE-1',
    'asked for help null CODE-2',
    'cancelled alice CODE-1',
  ]);
});

test('help goes to the helpdesk with the support code, five times an hour', async () => {
  const { reset, world } = await desk({ policy: { helpdesk_address: 'help@office.example' } });
  const ask = { token: null, name: 'Eve', contact: '0123', words: 'please', address: '192.0.2.5', supportCode: 'AB12', language: 'en' };
  for (let asked = 0; asked < 5; asked += 1) assert.equal(await reset.askForHelp(ask), { supportCode: ask.supportCode });
  assert.is(keyOf(await reset.askForHelp(ask)), 'limit.address');
  assert.is(world.mail[0]?.to, 'help@office.example');
  assert.is(keyOf(await (await desk()).reset.askForHelp(ask)), 'help.unavailable');
});

/** Whatever is pressed in whatever order: a password is set only after the gates that policy asks. */
test('no order of requests reaches "set" without the gates', async () => {
  type Deed = 'choose email' | 'choose totp' | 'right' | 'wrong' | 'link' | 'set' | 'unlock' | 'tighten' | 'cancel';
  const deeds = fc.array(
    fc.constantFrom<Deed>('choose email', 'choose totp', 'right', 'wrong', 'link', 'set', 'unlock', 'tighten', 'cancel'),
    { maxLength: 14 },
  );
  await fc.assert(
    fc.asyncProperty(deeds, fc.constantFrom('alice', 'bob', 'carol', 'dave', 'eve'), fc.constantFrom(1, 2), async (order, login, gates) => {
      const { world, reset, start } = await desk({ policy: { gates } });
      let token = await start(login);
      const passed = new Set<string>();
      let needed = login === 'carol' ? 2 : gates;
      for (const deed of order) {
        await world.deferral.drain();
        world.clock.advance(31 * second);
        const sight = await reset.show(token);
        const take = (value: { token: string } | Refusal, method: string): void => {
          if (isRefusal(value)) return;
          token = value.token;
          passed.add(method);
        };
        const mailed = world.mail.findLast(({ kind }) => kind === 'reset-code');
        if (deed === 'choose email' || deed === 'choose totp') await reset.choose(token, deed.slice(7));
        if (deed === 'wrong') take(await reset.answer(token, '99999999'), 'wrong');
        if (deed === 'right' && sight?.method === 'totp' && (login === 'alice' || login === 'carol'))
          take(await reset.answer(token, world.totpCode(login)), 'totp');
        if (deed === 'right' && sight?.method === 'email' && mailed)
          take(await reset.answer(token, world.codeFromMail(mailed.to)), 'email');
        if (deed === 'link' && mailed) take(await reset.followLink(world.linkFromMail(mailed.to)), 'email');
        if (deed === 'unlock') await reset.unlock(token);
        if (deed === 'cancel') reset.cancel(token);
        if (deed === 'tighten') {
          world.decide({ gates: 2 });
          needed = 2;
        }
        if (deed === 'set') {
          const written = await reset.complete(token, { password: good, again: good });
          if (!isRefusal(written) && written.kind === 'done')
            assert.ok(passed.size >= needed && !passed.has('wrong'), `${login}: ${order.join(', ')}`);
        }
      }
    }),
    { numRuns: 150 },
  );
});

test.run();
