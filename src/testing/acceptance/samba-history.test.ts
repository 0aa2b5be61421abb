// needs: samba
/** On a Samba that takes any password again at a reset: Latchkey refuses what it set and what it saw proved, and what binds is looked at by hand. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { currentPassword } from '../../access/current-password.ts';
import { openDirectory } from '../../directory/directory.ts';
import { homes } from '../../homes.ts';
import type { Account } from '../../rules/account.ts';
import { isRefusal } from '../../rules/refusal.ts';
import { day, second } from '../../rules/time.ts';
import { type NewPassword, passwordDesk } from '../../set-password.ts';
import type { Directory } from '../../world.ts';
import { interval, type Samba, startSamba } from '../samba.ts';
import { sambaConfigOf } from '../samba-bench.ts';
import { noLog, realClock } from '../slapd-bench.ts';
import { publicUrl, testWorld } from '../world.ts';

const test = suite('earlier passwords on Samba');
const facts = { address: '192.0.2.1', supportCode: 'AB12', language: 'en' };
const nth = (number: number) => `Seven green lanterns 4${number}`;
let samba: Samba;
let directory: Directory;
let made = 0;

test.before(async () => {
  samba = await startSamba();
  directory = openDirectory(sambaConfigOf(samba), { clock: realClock, log: noLog });
});
test.after(async () => {
  await directory?.close();
  await samba?.close();
});

/** A desk over this Samba, and a person whose password was set elsewhere. */
async function scene() {
  const login = `person${++made}`;
  const dn = await samba.addPerson({ login, name: `Person ${made}`, password: nth(0) });
  const base = await testWorld({ at: Date.now() });
  const entry = await directory.find(login);
  if (!entry || isRefusal(entry)) throw new Error(`${login} was not found`);
  base.accounts.applySync([{ kind: 'add', home: directory.id, entry, role: 'person' }], base.clock.now());
  const account = base.accounts.byRemoteId(directory.id, entry.remoteId) as Account;
  const directories = { all: [directory], of: ({ home }: Pick<Account, 'home'>) => (home === directory.id ? directory : null) };
  const world = { ...base, directories, passwordsFor: homes({ ...base, directories }) };
  const desk = passwordDesk({ ...world, publicUrl });
  const current = currentPassword(world);

  async function put(password: string, more: Partial<NewPassword> = {}): Promise<string> {
    const written = await desk.setPassword({ account, act: 'reset', password, ...facts, ...more });
    base.clock.advance(second);
    return written.kind === 'done' ? `done${written.isProved ? '' : ', not proved'}` : JSON.stringify(said(written));
  }
  const said = (written: Awaited<ReturnType<typeof desk.setPassword>>) =>
    written.kind === 'refused' ? written.refusals.map(({ key, params }) => [key, params]) : written.kind;

  async function prove(password: string) {
    const proved = await current.prove({ who: account, password, event: 'sign-in refused', ...facts });
    await base.deferral.drain();
    base.clock.advance(second);
    return isRefusal(proved) ? proved.key : proved;
  }
  return { ...world, put, prove, account, opens: (password: string) => samba.opens(dn, password), dn };
}
const before = (count: number) => JSON.stringify([['directory.history', { count }]]);

test('this Samba itself takes the present password again', async () => {
  const { passwordsFor, account } = await scene();
  const status = await passwordsFor(account).status();
  assert.equal(isRefusal(status) ? status.raw : [status.rules.onReset, status.rules.history], [
    { history: false, minimumAge: false, excusesStaff: true },
    5,
  ]);
  const outcome = await passwordsFor(account).set(nth(0), () => undefined);
  assert.is(outcome.kind, 'done');
});

test('the present one that was seen proved, and every one that was set, is refused; nothing is sent', async () => {
  const { put, prove, opens, dn, account } = await scene();
  assert.equal(await prove(nth(0)), { account, mustChange: false, isExpired: false });
  const pwdLastSet = async () => (await samba.read(dn)).get('pwdLastSet')?.[0];
  const setAt = await pwdLastSet();
  assert.is(await put(nth(0)), before(5));
  assert.is(await pwdLastSet(), setAt);
  for (const number of [1, 2]) assert.is(await put(nth(number)), 'done');
  for (const number of [0, 1, 2]) assert.is(await put(nth(number)), before(5), `number ${number}`);
  assert.equal([await opens(nth(2)), await opens(nth(0))], [true, false]);
  for (const number of [3, 4, 5]) assert.is(await put(nth(number)), 'done');
  assert.is(await put(nth(0)), 'done', 'five are remembered, the present one among them');
  assert.is(await opens(nth(0)), true);
});

test('a fine-grained policy says how many for its people', async () => {
  const { put, dn } = await scene();
  await samba.addPolicy('short memory', { 'msDS-PasswordHistoryLength': 2 }, [dn]);
  for (const number of [1, 2]) assert.is(await put(nth(number)), 'done');
  for (const number of [1, 2]) assert.is(await put(nth(number)), before(2));
  assert.is(await put(nth(3)), 'done');
  assert.is(await put(nth(1)), 'done');
});

test('a change to an earlier one is refused by Samba itself, and never becomes a reset', async () => {
  const { put, opens } = await scene();
  for (const number of [1, 2]) assert.is(await put(nth(number)), 'done');
  assert.is(await put(nth(1), { act: 'change', current: nth(2) }), before(5));
  assert.equal([await opens(nth(2)), await opens(nth(1))], [true, false]);
});

test('the minimum age: a reset waits where the policy says so, a change always, who must change never', async () => {
  const { put, decide, opens, dn } = await scene();
  assert.is(await put(nth(1)), 'done');
  await samba.setPolicy({ minPwdAge: interval(day) });
  try {
    decide({ minimum_age_on_reset: 'block' });
    assert.match(await put(nth(2)), /^\[\["directory.minimum-age",\{"at":\d+\}\]\]$/);
    decide({ minimum_age_on_reset: 'allow' });
    assert.match(await put(nth(2), { act: 'change', current: nth(1) }), 'directory.minimum-age');
    assert.is(await put(nth(2)), 'done');
    await samba.replace(dn, { pwdLastSet: 0 });
    assert.is(await put(nth(3), { act: 'change', current: nth(2) }), 'done');
    assert.is(await opens(nth(3)), true);
  } finally {
    await samba.setPolicy({ minPwdAge: 0 });
  }
});

test('a temporary password is good for choosing another in the same visit, and is not to be had again', async () => {
  const { put, prove, opens } = await scene();
  assert.is(await put(nth(1), { act: 'reset by administrator', isTemporary: true }), 'done');
  assert.is(await opens(nth(1)), false, 'it opens nothing but the way to another');
  const proved = await prove(nth(1));
  assert.is(typeof proved === 'string' ? proved : proved.mustChange, true);
  assert.is(await put(nth(2), { act: 'change', current: nth(1) }), 'done');
  assert.is(await opens(nth(2)), true);
  assert.is(await put(nth(1)), before(5));
});

test.run();
