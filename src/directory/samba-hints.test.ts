/** Samba 4.24 and later, whose policy hints hold a reset to the history and to the minimum age: the contract, and each surprise about them. */
// needs: samba samba-tree

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Account } from '../rules/account.ts';
import { isRefusal } from '../rules/refusal.ts';
import { directoryContract } from '../testing/directory-contract.ts';
import { fileTime, interval, type Samba, startSamba } from '../testing/samba.ts';
import { sambaAccountOf, sambaBench, sambaConfigOf } from '../testing/samba-bench.ts';
import { sambaTree } from '../testing/samba-tree.ts';
import { noLog, realClock } from '../testing/slapd-bench.ts';
import type { Directory, Passwords, WriteOutcome } from '../world.ts';
import { integer, sequence, tlv } from './ber.ts';
import { openDirectory } from './directory.ts';
import { connect, type Link, type RequestControl } from './ldap.ts';
import { rawAnswer, refusalKey } from './refusals.ts';
import { readRoot } from './root.ts';

directoryContract('Samba with policy hints keeps the directory contract', () => sambaBench({ tree: sambaTree(), hasHint: true }));

const test = suite('policy hints');
const [first, second, third] = ['First-Passw0rd-of-all', 'Second-Passw0rd-of-all', 'Third-Passw0rd-of-all'];
const nothing = () => undefined;
/** Samba says more than nothing: "0 00000000: Success". */
const done = /^0( |$)/;
const hour = 3_600_000;
const oids = { present: '1.2.840.113556.1.4.2239', forerunner: '1.2.840.113556.1.4.2066' } as const;
let samba: Samba;
let directory: Directory;
let made = 0;

test.before(async () => {
  samba = await startSamba({ tree: sambaTree() });
  directory = openDirectory(sambaConfigOf(samba), { clock: realClock, log: noLog });
});
test.before.each(() => samba.setPolicy({ minPwdAge: 0 }));
test.after(async () => {
  await directory?.close();
  await samba?.close();
});

interface Person {
  readonly dn: string;
  readonly account: Account;
  readonly passwords: Passwords;
}
/** With a password that was set a day ago. */
async function someone(): Promise<Person> {
  const login = `hinted${++made}`;
  const dn = await samba.addPerson({ login, name: `Hinted ${made}`, password: first });
  await samba.force(dn, { pwdLastSet: fileTime(Date.now() - 24 * hour) });
  const account = await sambaAccountOf(samba, dn);
  return { dn, account, passwords: directory.passwords(account) };
}
const says = (outcome: WriteOutcome): string =>
  outcome.kind === 'refused' ? `${outcome.refusal.key} | ${outcome.refusal.raw}` : outcome.kind;
const isProved = (outcome: WriteOutcome) => assert.ok(outcome.kind === 'done' && outcome.isProved, says(outcome));

/** As the service account, past the dialect. */
async function asService<T>(at: Samba, work: (link: Link) => Promise<T>): Promise<T> {
  const link = await connect({ url: at.ldaps, startTls: false, ca: at.ca, timeoutMillis: 5000 });
  try {
    assert.is((await link.bind(at.serviceDn, at.servicePassword)).resultCode, 0);
    return await work(link);
  } finally {
    link.close();
  }
}
type Changes = Parameters<Link['modify']>[1];
const password = (text: string): Changes[number] => ({
  operation: 'replace',
  attribute: 'unicodePwd',
  values: [Buffer.from(`"${text}"`, 'utf16le')],
});
const write = (attribute: string, value: string): Changes[number] => ({ operation: 'replace', attribute, values: [value] });
const hint = (more: Partial<RequestControl> = {}): RequestControl => ({
  type: oids.present,
  isCritical: true,
  value: tlv(sequence, integer(1)),
  ...more,
});
/** "code text" of a reset with these controls. */
const reset = async ({ dn }: Pick<Person, 'dn'>, changes: Changes, controls: readonly RequestControl[], at = samba): Promise<string> =>
  rawAnswer(await asService(at, (link) => link.modify(dn, changes, { controls })));

test('it offers both controls, and says of itself that a reset is held to history and minimum age', async () => {
  const root = await asService(samba, readRoot);
  assert.ok(root.offers(oids.present) && root.offers(oids.forerunner));
  const status = await (await someone()).passwords.status();
  assert.equal(isRefusal(status) ? status.raw : status.rules.onReset, { history: true, minimumAge: true, excusesStaff: true });
});

test('a reset to the current or an earlier password is refused with 53, each in its words, and nothing has changed', async () => {
  const { dn, passwords } = await someone();
  assert.match(says(await passwords.set(first, nothing)), /^directory\.history \| 53 0000052D: .*already used \(previous password\)/);
  isProved(await passwords.set(second, nothing));
  assert.match(says(await passwords.set(first, nothing)), /^directory\.history \| 53 0000052D: .*already used \(in history\)/);
  assert.ok((await samba.opens(dn, second)) && !(await samba.opens(dn, first)));
});

test('too short and too plain come with 53 too, where older ones say 19', async () => {
  const { passwords } = await someone();
  const short = await passwords.set('Sh0rt-one', nothing);
  assert.match(says(short), /^directory\.too-short \| 53 0000052D: /);
  assert.is(short.kind === 'refused' && short.refusal.params.least, 12);
  assert.match(says(await passwords.set('onlysmallletters', nothing)), /^directory\.quality \| 53 0000052D: .*complexity/);
  const change = await passwords.change({ current: first, password: 'Sh0rt-one' }, nothing);
  assert.match(says(change), /^directory\.too-short \| \d+ 0000052D: /);
});

test('a reset within the minimum age is "too young", with the hour from which one is possible', async () => {
  const { dn, passwords } = await someone();
  await samba.setPolicy({ minPwdAge: interval(48 * hour) });
  const status = await passwords.status();
  assert.ok(!isRefusal(status) && status.changeableAt !== null && status.changeableAt > Date.now() + 23 * hour);
  const outcome = await passwords.set(second, nothing);
  assert.match(says(outcome), /^directory\.minimum-age \| 53 0000052D: .*password is too young to change/);
  assert.ok(!isRefusal(status) && outcome.kind === 'refused' && outcome.refusal.params.at === status.changeableAt);
  assert.ok(await samba.opens(dn, first));
});

test('a temporary password is held to neither: staff can help who changed today, and learn no earlier password', async () => {
  const [byAge, byHistory] = [await someone(), await someone()];
  isProved(await byHistory.passwords.set(second, nothing));
  isProved(await byHistory.passwords.setTemporary(first, nothing));
  await samba.setPolicy({ minPwdAge: interval(48 * hour) });
  isProved(await byAge.passwords.setTemporary(second, nothing));
  assert.match(says(await byAge.passwords.setTemporary('Sh0rt-one', nothing)), /^directory\.too-short /);
  assert.is(await samba.bindSays(byAge.dn, second), '773');
});

test('who must change is held to no age: a reset and a change both go through', async () => {
  await samba.setPolicy({ minPwdAge: interval(48 * hour) });
  const [one, two] = [await someone(), await someone()];
  for (const { dn } of [one, two]) await samba.replace(dn, { pwdLastSet: 0 });
  const status = await one.passwords.status();
  assert.ok(!isRefusal(status) && status.mustChange && status.changeableAt === null);
  isProved(await one.passwords.set(second, nothing));
  isProved(await two.passwords.change({ current: first, password: second }, nothing));
});

test('with pwdLastSet=0 in the same request every password is too young, at no minimum age even; so that mark goes by itself', async () => {
  const person = await someone();
  const young = await reset(person, [password(second), write('pwdLastSet', '0')], [hint()]);
  assert.match(young, /^53 0000052D: .*too young/);
  assert.ok(await samba.opens(person.dn, first));
  isProved(await person.passwords.setTemporary(second, nothing));
  assert.is(await samba.bindSays(person.dn, second), '773');
  const verified = await person.passwords.verify(second);
  assert.ok(!isRefusal(verified) && verified.mustChange);
});

test('pwdLastSet=-1 and lockoutTime=0 may go with the password', async () => {
  const person = await someone();
  await samba.lock(person.dn);
  assert.match(await reset(person, [password(second), write('pwdLastSet', '-1'), write('lockoutTime', '0')], [hint()]), done);
  assert.ok(await samba.opens(person.dn, second));
  await samba.lock(person.dn);
  isProved(await person.passwords.set(third, nothing));
  assert.ok(await samba.opens(person.dn, third));
});

test('either control, critical or not, means the same; flags of 0 ask for nothing; no flags and odd ones are an error', async () => {
  const used = /^53 0000052D: .*already used/;
  for (const type of Object.values(oids)) {
    for (const isCritical of [true, false]) {
      const person = await someone();
      assert.match(await reset(person, [password(first)], [hint({ type, isCritical })]), used, `${type} ${isCritical}`);
    }
    const person = await someone();
    assert.match(await reset(person, [password(first)], [hint({ type, value: tlv(sequence, integer(0)) })]), done, `${type}: flags 0`);
    assert.match(await reset(person, [password(second)], [{ type, isCritical: true }]), /^12\b/, `${type}: no value`);
    assert.match(await reset(person, [password(second)], [hint({ type, value: Buffer.from('nonsense') })]), /^12\b/, `${type}: bad value`);
  }
});

test('without a control a reset is held to neither: this is what Latchkey asks for, and not what is given', async () => {
  await samba.setPolicy({ minPwdAge: interval(48 * hour) });
  assert.match(await reset(await someone(), [password(first)], []), done);
});

test('a server that does not offer it refuses what is critical and passes over what is not: it is never assumed', async () => {
  const other = await startSamba();
  const beside = openDirectory(sambaConfigOf(other), { clock: realClock, log: noLog });
  try {
    const root = await asService(other, readRoot);
    // Once the distribution's own has it, the tests above are about that one, too.
    if (root.offers(oids.present)) return;
    const dn = await other.addPerson({ login: 'hinted', name: 'Hinted', password: first });
    for (const type of Object.values(oids)) {
      const answer = await asService(other, (link) => link.modify(dn, [password(second)], { controls: [hint({ type })] }));
      assert.equal([answer.resultCode, refusalKey(answer)], [12, 'directory.control-unsupported']);
      assert.match(await reset({ dn }, [password(first)], [hint({ type, isCritical: false })], other), done);
    }
    const passwords = beside.passwords(await sambaAccountOf(other, dn));
    const status = await passwords.status();
    assert.equal(isRefusal(status) ? status.raw : status.rules.onReset, { history: false, minimumAge: false, excusesStaff: true });
    isProved(await passwords.set(first, nothing));
  } finally {
    await beside.close();
    await other.close();
  }
});

test.run();
