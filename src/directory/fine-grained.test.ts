/** Fine-grained policies on both Sambas: whom one binds sees its rules and its refusals, nobody else does; what may not be read is not guessed. */
// needs: samba samba-tree

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isRefusal } from '../rules/refusal.ts';
import { day, hour } from '../rules/time.ts';
import { fileTime, interval, type Samba, startSamba } from '../testing/samba.ts';
import { sambaAccountOf, sambaConfigOf } from '../testing/samba-bench.ts';
import { sambaTree } from '../testing/samba-tree.ts';
import { noLog, realClock } from '../testing/slapd-bench.ts';
import type { Directory, PasswordStatus, Passwords, WriteOutcome } from '../world.ts';
import { openDirectory } from './directory.ts';

const [first, second] = ['First-Passw0rd-of-all', 'Second-Passw0rd-of-all'];
/** Enough for the domain, too short for the strict. */
const fourteen = 'Fourteen-s1gns';
const strict = {
  'msDS-MinimumPasswordLength': 16,
  'msDS-PasswordHistoryLength': 8,
  'msDS-MinimumPasswordAge': interval(2 * hour),
  'msDS-MaximumPasswordAge': interval(30 * day),
  'msDS-LockoutThreshold': 5,
};
const nothing = () => undefined;

function finePolicies(name: string, where: () => Parameters<typeof startSamba>[0]): void {
  const test = suite(`fine-grained policies, ${name}`);
  let samba: Samba;
  let directory: Directory;
  let made = 0;

  test.before(async () => {
    samba = await startSamba(where());
    directory = openDirectory(sambaConfigOf(samba), { clock: realClock, log: noLog });
  });
  test.after(async () => {
    await directory?.close();
    await samba?.close();
  });

  async function someone(): Promise<{ dn: string; passwords: Passwords }> {
    const dn = await samba.addPerson({ login: `fine${++made}`, name: `Fine ${made}`, password: first });
    await samba.force(dn, { pwdLastSet: fileTime(Date.now() - day) });
    return { dn, passwords: directory.passwords(await sambaAccountOf(samba, dn)) };
  }
  async function statusOf(passwords: Passwords): Promise<PasswordStatus> {
    const status = await passwords.status();
    if (isRefusal(status)) throw new Error(`${status.key}: ${status.raw}`);
    return status;
  }
  const rulesOf = async (passwords: Passwords) => {
    const { rules } = await statusOf(passwords);
    return [rules.minimumLength, rules.history, rules.isComplex, rules.minimumAge, rules.maximumAge];
  };
  const ofDomain = [12, 5, true, null, 90 * day];
  const says = (outcome: WriteOutcome) =>
    outcome.kind === 'refused' ? `${outcome.refusal.key} ${JSON.stringify(outcome.refusal.params)}` : outcome.kind;

  test("who is under one, by name or by group, sees its rules and gets its refusals; who is not, the domain's", async () => {
    const [byName, byGroup, neither] = [await someone(), await someone(), await someone()];
    const group = await samba.addGroup('The strict', [byGroup.dn]);
    await samba.addPolicy('Strict, indeed', strict, [byName.dn, group]);
    for (const { dn, passwords } of [byName, byGroup]) {
      assert.equal(await rulesOf(passwords), [16, 8, true, 2 * hour, 30 * day]);
      const { expiresAt, changedAt, failuresLeft } = await statusOf(passwords);
      assert.is(expiresAt, (changedAt ?? 0) + 30 * day);
      assert.is(failuresLeft, 5);
      assert.is(says(await passwords.set(fourteen, nothing)), 'directory.too-short {"least":16}');
      assert.is(says(await passwords.change({ current: first, password: fourteen }, nothing)), 'directory.too-short {"least":16}');
      assert.ok(await samba.opens(dn, first));
      assert.is(says(await passwords.change({ current: first, password: second }, nothing)), 'done');
      const { changeableAt } = await statusOf(passwords);
      assert.ok(changeableAt !== null && changeableAt > Date.now() + hour);
      const young = await passwords.change({ current: second, password: `${second}2` }, nothing);
      assert.is(says(young), `directory.minimum-age ${JSON.stringify({ at: changeableAt })}`);
    }
    assert.equal(await rulesOf(neither.passwords), ofDomain);
    assert.is(says(await neither.passwords.set(fourteen, nothing)), 'done');
  });

  test('of several, one by name goes before those by group, and the lower precedence before the higher', async () => {
    const { dn, passwords } = await someone();
    const group = await samba.addGroup(`Many ${made}`, [dn]);
    const lengthOf = (precedence: number, length: number) => ({
      'msDS-PasswordSettingsPrecedence': precedence,
      'msDS-MinimumPasswordLength': length,
    });
    await samba.addPolicy('weak', lengthOf(30, 20), [group]);
    await samba.addPolicy('strong', lengthOf(20, 18), [group]);
    assert.is((await rulesOf(passwords))[0], 18);
    await samba.addPolicy('own', lengthOf(40, 22), [dn]);
    assert.is((await rulesOf(passwords))[0], 22);
    assert.is(says(await passwords.set(`${second}`.slice(0, 21), nothing)), 'directory.too-short {"least":22}');
  });

  test('its lock is its own: so many failures, and an unlock gives back as many', async () => {
    const { dn, passwords } = await someone();
    await samba.addPolicy('patient', { 'msDS-LockoutThreshold': 5 }, [dn]);
    for (let left = 4; left >= 1; left--) {
      await samba.opens(dn, 'a wrong password');
      assert.is((await statusOf(passwords)).failuresLeft, left);
    }
    await samba.opens(dn, 'a wrong password');
    const { lock, failuresLeft } = await statusOf(passwords);
    assert.equal([lock, failuresLeft], ['lockout', 0]);
    assert.is(says(await passwords.unlock(nothing)), 'done');
    assert.is((await statusOf(passwords)).failuresLeft, 5);
    assert.ok(await samba.opens(dn, first));
  });

  test('its end is its own: a password that the domain would still take has expired, and is changed in one visit', async () => {
    const { dn, passwords } = await someone();
    await samba.force(dn, { pwdLastSet: fileTime(Date.now() - 40 * day) });
    assert.not.ok((await statusOf(passwords)).isExpired);
    await samba.addPolicy('short-lived', { 'msDS-MaximumPasswordAge': interval(30 * day) }, [dn]);
    const { isExpired, expiresAt } = await statusOf(passwords);
    assert.ok(isExpired && expiresAt !== null && expiresAt < Date.now());
    assert.is(await samba.bindSays(dn, first), '532');
    assert.equal(await passwords.verify(first), { mustChange: false, isExpired: true });
    assert.is(says(await passwords.change({ current: first, password: second }, nothing)), 'done');
    assert.ok(await samba.opens(dn, second));
  });

  test("where the service account may not read it, the domain's rules are not passed off as its own, and its refusal comes through", async () => {
    const { dn, passwords } = await someone();
    await samba.addPolicy('hidden', strict, [dn]);
    await samba.setRights(['reset', 'unlock', 'expire']);
    try {
      assert.equal(await rulesOf(passwords), [null, null, false, null, null]);
      const { lock, isExpired, failuresLeft, expiresAt } = await statusOf(passwords);
      assert.equal([lock, isExpired, failuresLeft], ['none', false, null]);
      assert.ok(expiresAt !== null, 'what the server computes itself, it still tells');
      assert.is(says(await passwords.set(fourteen, nothing)), 'directory.too-short {}');
      assert.is(says(await passwords.set(second, nothing)), 'done');
      const young = await passwords.change({ current: second, password: `${second}2` }, nothing);
      assert.is(says(young), 'directory.minimum-age {"at":"unknown"}');
      assert.equal(await rulesOf((await someone()).passwords), ofDomain, 'the others lose nothing');
    } finally {
      await samba.setRights(['reset', 'unlock', 'expire', 'policies']);
    }
  });

  test.run();
}

finePolicies('Samba of the distribution', () => ({}));
finePolicies('Samba with policy hints', () => ({ tree: sambaTree() }));
