/** 389 Directory Server as it really is: the contract on it, and what only it does. */
// needs: 389ds

import { connect as connectTls } from 'node:tls';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Account } from '../rules/account.ts';
import { isRefusal, type Refusal } from '../rules/refusal.ts';
import { day, hour } from '../rules/time.ts';
import { type Dirsrv, dirsrvPolicy, startDirsrv } from '../testing/389ds.ts';
import { agePassword, dirsrvBench, replaceAttributes } from '../testing/389ds-bench.ts';
import { directoryContract } from '../testing/directory-contract.ts';
import { eventually } from '../testing/eventually.ts';
import { accountOf, configOf, dnOf, noLog, personLdif, realClock, timeAgo } from '../testing/slapd-bench.ts';
import type { Directory, PasswordStatus, WriteOutcome } from '../world.ts';
import { sequence, tlv } from './ber.ts';
import type { DirectoryConfig } from './config.ts';
import { openDirectory } from './directory.ts';
import { isFailure } from './failure.ts';
import { equal, type Filter, present } from './filter.ts';
import { connect, type Link } from './ldap.ts';
import { policyRequest } from './ppolicy.ts';
import { rawAnswer, refusalKey } from './refusals.ts';

directoryContract('389 Directory Server keeps the directory contract', dirsrvBench);

const test = suite('389 Directory Server');
const first = 'First-Passw0rd-of-all';
const other = 'Second-Passw0rd-of-all';
const third = 'Third-Passw0rd-of-all';
const quietly = () => undefined;
let dirsrv: Dirsrv;
let directory: Directory;
let made = 0;

test.before(async () => {
  dirsrv = await startDirsrv();
  directory = opened();
});
test.after(async () => {
  await directory?.close();
  await dirsrv?.close();
});

const opened = (more: Partial<DirectoryConfig> = {}) => openDirectory(configOf(dirsrv, more), { clock: realClock, log: noLog });

async function someone(): Promise<Account> {
  const [login, name] = [`p${++made}`, `P ${made}`];
  await dirsrv.modify(personLdif(dirsrv, { login, name, password: first }));
  await agePassword(dirsrv, dnOf(dirsrv, name), { age: day, minimumAge: 0, maximumAge: 90 * day });
  const entry = await dirsrv.read(dnOf(dirsrv, name));
  return accountOf({ home: 'office', remoteId: entry.get('nsUniqueId')?.[0] ?? '', login, name });
}
const dnFor = (account: Account) => dnOf(dirsrv, account.name);
const write = (account: Account, fields: Readonly<Record<string, string>>) => replaceAttributes(dirsrv, dnFor(account), fields);
const valueAt = async (account: Account, attribute: string) => (await dirsrv.read(dnFor(account))).get(attribute)?.[0] ?? null;

async function withPolicy(fields: Parameters<Dirsrv['setPolicy']>[0], check: () => Promise<void>): Promise<void> {
  await dirsrv.setPolicy(fields);
  try {
    await check();
  } finally {
    await dirsrv.setPolicy({ ...usual, ...dirsrvPolicy });
  }
}
/** What a test may have changed besides `dirsrvPolicy`. */
const usual = {
  passwordTrackUpdateTime: 'on',
  passwordUnlock: 'on',
  passwordLegacyPolicy: 'on',
  passwordChange: 'on',
  passwordGraceLimit: 0,
  passwordWarning: 86_400,
  passwordTPRMaxUse: -1,
  'nsslapd-pwpolicy-local': 'on',
};

async function asService<T>(work: (link: Link) => Promise<T>): Promise<T> {
  const link = await connect({ url: dirsrv.ldaps, startTls: false, ca: dirsrv.ca, timeoutMillis: 5000 });
  try {
    assert.is((await link.bind(dirsrv.serviceDn, dirsrv.servicePassword)).resultCode, 0);
    return await work(link);
  } finally {
    link.close();
  }
}
const replaced = (dn: string, attribute: string, ...values: string[]) =>
  asService(async (link) => rawAnswer(await link.modify(dn, [{ operation: 'replace', attribute, values }])));

async function statusOf(account: Account): Promise<PasswordStatus> {
  const status = await directory.passwords(account).status();
  if (isRefusal(status)) throw new Error(`${status.key}: ${status.raw}`);
  return status;
}
const refusalIn = (outcome: WriteOutcome): Refusal | string => (outcome.kind === 'refused' ? outcome.refusal : outcome.kind);
function says(refusal: unknown, key: string, raw: RegExp): void {
  assert.ok(isRefusal(refusal), `${JSON.stringify(refusal)} is no refusal`);
  if (!isRefusal(refusal)) return;
  assert.is(refusal.key, key, refusal.raw ?? '');
  assert.match(refusal.raw ?? '', raw);
}
const isDone = (outcome: WriteOutcome) => assert.ok(outcome.kind === 'done' && outcome.isProved, JSON.stringify(outcome));
async function fail(account: Account, times: number): Promise<void> {
  for (let tries = 0; tries < times; tries++) assert.not.ok(await dirsrv.opens(dnFor(account), 'a wrong password'));
}

test('it is known by its root entry', async () => {
  assert.is((await directory.probe()).kind, '389ds');
});

test('every refusal names its rule and brings the raw answer with it', async () => {
  const account = await someone();
  const passwords = directory.passwords(account);
  says(
    refusalIn(await passwords.set('Sh0rt', quietly)),
    'directory.too-short',
    /^19 invalid password syntax - password must be at least 12 characters long; ppolicy 5$/,
  );
  says(refusalIn(await passwords.set(first, quietly)), 'directory.history', /^19 password in history/);
  says(
    refusalIn(await passwords.set(`Xy-${account.name.repeat(5)}-${account.login}-9`, quietly)),
    'directory.quality',
    /based off of user entry/,
  );
  says(refusalIn(await passwords.set('{SSHA}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', quietly)), 'directory.encoding', /storage scheme/);
  await withPolicy({ passwordMinCategories: 3 }, async () => {
    assert.ok((await statusOf(account)).rules.isComplex);
    says(refusalIn(await passwords.set('horse battery staple', quietly)), 'directory.quality', /at least 3 character categories/);
  });
  assert.not.ok((await statusOf(account)).rules.isComplex);
  await withPolicy({ passwordChange: 'off' }, async () => {
    const outcome = await passwords.change({ current: first, password: other }, quietly);
    says(refusalIn(outcome), 'directory.change-not-allowed', /^53 .*; ppolicy 3$/);
  });
  await withPolicy({ passwordCheckSyntax: 'off', passwordHistory: 'off' }, async () => {
    const { rules } = await statusOf(account);
    assert.equal([rules.minimumLength, rules.history, rules.isComplex], [null, null, false]);
    isDone(await passwords.set('x', quietly));
  });
});

test('three letters in a row of a name are enough to refuse a password', async () => {
  const passwords = directory.passwords(await someone());
  says(refusalIn(await passwords.set('Yellow-Flowers-1984', quietly)), 'directory.quality', /based off of user entry/);
  isDone(await passwords.set('Yellow-Flower-s-1984', quietly));
});

test('a password is counted in characters, whatever their bytes', async () => {
  const passwords = directory.passwords(await someone());
  assert.is(refusalIn(await passwords.set('ö'.repeat(11), quietly)) instanceof Object, true);
  isDone(await passwords.set('ö'.repeat(12), quietly));
});

test('its control has lengths in the long form, and is read', async () => {
  const account = await someone();
  await withPolicy({ passwordGraceLimit: 2 }, async () => {
    await write(account, { passwordExpirationTime: timeAgo(day) });
    const bytes = await answerToBind(dnFor(account), first);
    assert.ok(bytes.includes(Buffer.from('3084000000', 'hex')), `long form in ${bytes.toString('hex')}`);
    assert.equal(await directory.passwords(account).verify(first), { mustChange: false, isExpired: true });
  });
  await asService(async (link) => {
    const changes = [{ operation: 'replace', attribute: 'userPassword', values: ['Sh0rt'] }] as const;
    assert.match(rawAnswer(await link.modify(dnFor(account), changes, { controls: [policyRequest] })), /; ppolicy 5$/);
  });
});

/** Of one bind with the policy control, byte by byte. */
async function answerToBind(dn: string, password: string): Promise<Buffer> {
  const control = tlv(0xa0, tlv(sequence, tlv(0x04, policyRequest.type)));
  const request = tlv(
    sequence,
    tlv(0x02, Buffer.from([1])),
    tlv(0x60, tlv(0x02, Buffer.from([3])), tlv(0x04, dn), tlv(0x80, password)),
    control,
  );
  const { port } = new URL(dirsrv.ldaps);
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port: Number(port), ca: dirsrv.ca }, () => socket.write(request));
    socket.setTimeout(5000, () => socket.destroy(new Error('silent')));
    socket.on('error', reject);
    socket.on('data', (bytes) => {
      socket.destroy();
      resolve(bytes);
    });
  });
}

test('locked and disabled are said of any password, so they prove nothing; expired of the right one alone', async () => {
  const [locked, disabled, expired] = [await someone(), await someone(), await someone()];
  await fail(locked, 3);
  await write(disabled, { nsAccountLock: 'TRUE' });
  await write(expired, { passwordExpirationTime: timeAgo(day) });
  for (const password of [first, third]) {
    says(await directory.passwords(locked).verify(password), 'directory.locked', /^19 Exceed password retry limit/);
    says(await directory.passwords(disabled).verify(password), 'directory.disabled', /^53 Account inactivated/);
  }
  says(await directory.passwords(expired).verify(third), 'directory.wrong-old-password', /^49$/);
  assert.equal(await directory.passwords(expired).verify(first), { mustChange: false, isExpired: true });
});

test('without the legacy policy the failure that locks is answered with the code alone', async () => {
  const account = await someone();
  await withPolicy({ passwordLegacyPolicy: 'off' }, async () => {
    await fail(account, 2);
    assert.is((await statusOf(account)).failuresLeft, 1);
    says(await directory.passwords(account).verify(third), 'directory.locked', /^19$/);
    assert.is((await statusOf(account)).lock, 'lockout');
  });
});

test('a reset unlocks, and leaves the time of the lock behind', async () => {
  const account = await someone();
  await fail(account, 3);
  isDone(await directory.passwords(account).set(other, quietly));
  assert.ok(await valueAt(account, 'accountUnlockTime'), 'it is still there');
  assert.equal([(await statusOf(account)).lock, (await statusOf(account)).failuresLeft], ['none', 3]);
});

test('the time of the lock taken away by itself leaves one try', async () => {
  const account = await someone();
  await fail(account, 3);
  assert.is(await replaced(dnFor(account), 'accountUnlockTime'), '0');
  assert.equal([(await statusOf(account)).lock, (await statusOf(account)).failuresLeft], ['none', 1]);
  await fail(account, 1);
  assert.is((await statusOf(account)).lock, 'lockout');
  isDone(await directory.passwords(account).unlock(quietly));
  await fail(account, 2);
  assert.ok(await dirsrv.opens(dnFor(account), first));
});

test('a time of lock without failures locks nobody; one without an end is seen', async () => {
  const account = await someone();
  await write(account, { accountUnlockTime: timeAgo(-hour) });
  assert.is((await statusOf(account)).lock, 'none');
  assert.ok(await dirsrv.opens(dnFor(account), first));
  await withPolicy({ passwordUnlock: 'off' }, async () => {
    await fail(account, 3);
    assert.is((await statusOf(account)).lock, 'lockout');
    says(await directory.passwords(account).verify(first), 'directory.locked', /Contact system administrator to reset/);
    isDone(await directory.passwords(account).unlock(quietly));
    assert.ok(await dirsrv.opens(dnFor(account), first));
  });
  await withPolicy({ passwordLockout: 'off' }, async () => {
    await fail(account, 4);
    assert.equal([(await statusOf(account)).lock, (await statusOf(account)).failuresLeft], ['none', null]);
  });
});

test('failures are forgotten in time', async () => {
  const account = await someone();
  await fail(account, 2);
  assert.is((await statusOf(account)).failuresLeft, 1);
  await write(account, { retryCountResetTime: timeAgo(hour) });
  assert.is((await statusOf(account)).failuresLeft, 3);
  await fail(account, 2);
  assert.ok(await dirsrv.opens(dnFor(account), first));
});

test('a wrong old password in a change is a bare 16, and counts as no failure', async () => {
  const account = await someone();
  await asService(async (link) => {
    const changes = [
      { operation: 'delete', attribute: 'userPassword', values: ['a wrong password'] },
      { operation: 'add', attribute: 'userPassword', values: [other] },
    ] as const;
    const answer = await link.modify(dnFor(account), changes);
    assert.equal([rawAnswer(answer), refusalKey(answer)], ['16', 'directory.wrong-old-password']);
  });
  assert.is((await statusOf(account)).failuresLeft, 3);
  assert.ok(await dirsrv.opens(dnFor(account), first));
});

test('the service account may do what it needs and nothing else', async () => {
  const account = await someone();
  const dn = dnFor(account);
  const shown = (base: string, filter: Filter, ...attributes: string[]) =>
    asService(async (link) => {
      const [entry] = await link.search({ base, scope: 'base', filter, attributes });
      return entry ? attributes.map((attribute) => entry.text(attribute)) : null;
    });
  assert.equal(await shown(dn, present('objectClass'), 'userPassword', 'passwordHistory', 'sn'), [null, null, null]);
  assert.is(await shown(dn, present('userPassword'), 'cn'), null, 'nor may it ask who has one');
  assert.equal(await shown('cn=config', present('objectClass'), 'passwordMinLength', 'nsslapd-rootpw'), ['12', null]);
  for (const attribute of ['mail', 'uid', 'nsAccountLock', 'pwdUpdateTime', 'passwordAllowChangeTime', 'aci'])
    assert.match(await replaced(dn, attribute, '1'), /^50 /, attribute);
  assert.match(await replaced(dn, 'pwdReset', 'TRUE'), /^5[03]\b/);
  assert.match(await replaced('cn=config', 'passwordMinLength', '1'), /^50 /);
  await dirsrv.modify(
    `dn: cn=other,ou=services,${dirsrv.base}\nobjectClass: applicationProcess\nobjectClass: simpleSecurityObject\ncn: other\nuserPassword: ${first}\n\n`,
  );
  for (const stranger of [dirsrv.serviceDn, `cn=other,ou=services,${dirsrv.base}`, 'cn=Directory Manager'])
    assert.not.match(await replaced(stranger, 'userPassword', other), /^0$/, stranger);
});

test('what the service account sets is for good, what an administrator sets must be changed', async () => {
  const account = await someone();
  isDone(await directory.passwords(account).set(other, quietly));
  assert.is(await valueAt(account, 'pwdReset'), null);
  await write(account, { userPassword: third });
  // The server does its accounts after its answer.
  await eventually('nobody is asked to change it', async () => (await valueAt(account, 'pwdReset')) === 'TRUE');
  assert.ok((await statusOf(account)).mustChange);
  assert.equal(await directory.passwords(account).verify(third), { mustChange: true, isExpired: false });
  isDone(await directory.passwords(account).set(`${third}-2`, quietly));
  assert.is(await valueAt(account, 'pwdReset'), 'FALSE');
  assert.equal(await directory.passwords(account).verify(`${third}-2`), { mustChange: false, isExpired: false });
});

test('a password administrator is bound by nothing, and what it sets for good is settled', async () => {
  const account = await someone();
  await withPolicy({ passwordAdminDN: dirsrv.serviceDn }, async () => {
    isDone(await directory.passwords(account).set('Sh0rt', quietly));
    assert.equal(await directory.passwords(account).verify('Sh0rt'), { mustChange: false, isExpired: false });
  });
  await dirsrv.modify('dn: cn=config\nchangetype: modify\nreplace: passwordAdminDN\n\n');
});

test('the server does its accounts after its answer, and a temporary password outlives them', async () => {
  const account = await someone();
  for (let times = 0; times < 6; times++) {
    isDone(await directory.passwords(account).setTemporary(`Temporary-Passw0rd-${times}`, quietly));
    assert.is((await statusOf(account)).mustChange, true);
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.is((await statusOf(account)).mustChange, true);
});

test('a temporary password is not claimed where nobody must change one', async () => {
  const account = await someone();
  await withPolicy({ passwordMustChange: 'off' }, async () => {
    const outcome = await directory.passwords(account).setTemporary(other, quietly);
    assert.ok(outcome.kind === 'done' && !outcome.isProved);
    assert.not.ok((await statusOf(account)).mustChange);
  });
});

test('who must change may, however young the password; a reset of theirs may not', async () => {
  const account = await someone();
  const passwords = directory.passwords(account);
  await withPolicy({ passwordMinAge: 3600 }, async () => {
    isDone(await passwords.setTemporary(other, quietly));
    assert.is((await statusOf(account)).changeableAt, null);
    says(refusalIn(await passwords.set(third, quietly)), 'directory.minimum-age', /^19 within password minimum age; ppolicy 7$/);
    isDone(await passwords.change({ current: other, password: third }, quietly));
    const { changeableAt, changedAt } = await statusOf(account);
    assert.is(changeableAt, (changedAt ?? 0) + hour);
  });
  assert.is((await statusOf(account)).changeableAt, null, 'without a minimum age the server heeds no time that it once wrote');
  isDone(await passwords.set(`${third}-2`, quietly));
});

test('grace, and the end that a sign-in puts off', async () => {
  const account = await someone();
  await withPolicy({ passwordGraceLimit: 1 }, async () => {
    await write(account, { passwordExpirationTime: timeAgo(day) });
    assert.equal(await directory.passwords(account).verify(first), { mustChange: false, isExpired: true });
    isDone(await directory.passwords(account).change({ current: first, password: other }, quietly));
  });
  await withPolicy({ passwordWarning: 604_800 }, async () => {
    await write(account, { passwordExpirationTime: timeAgo(-hour), passwordExpWarned: '0' });
    const before = await statusOf(account);
    assert.ok(await dirsrv.opens(dnFor(account), other));
    const after = await statusOf(account);
    assert.ok((after.expiresAt ?? 0) > (before.expiresAt ?? 0) + 6 * day, 'seven days from now');
    assert.is(after.marker, before.marker, 'so that time is no marker');
  });
});

test('without the tracking of changes there is no marker, and what once was one is not believed', async () => {
  const account = await someone();
  const { server, marker } = await statusOf(account);
  await withPolicy({ passwordTrackUpdateTime: 'off' }, async () => {
    isDone(await directory.passwords(account).set(other, quietly));
    assert.ok(await valueAt(account, 'pwdUpdateTime'), 'the old value stays');
    assert.equal([(await statusOf(account)).marker, (await statusOf(account)).changedAt], [null, null]);
    assert.is(await directory.passwords(account).outcome({ act: 'reset', server, marker }), 'cannot tell');
  });
});

test('a password from before the tracking has a marker that moves', async () => {
  const account = await someone();
  await dirsrv.modify(`dn: ${dnFor(account)}\nchangetype: modify\nreplace: pwdUpdateTime\n\n`);
  const { server, marker, changedAt } = await statusOf(account);
  assert.equal([marker, changedAt], ['never', null]);
  isDone(await directory.passwords(account).set(other, quietly));
  assert.is(await directory.passwords(account).outcome({ act: 'reset', server, marker }), 'done');
});

/** A policy in the container where the server's own tools put it; the subtree's come to people by class of service. */
async function addPolicy(name: string, fields: string): Promise<string> {
  const container = `cn=nsPwPolicyContainer,${dirsrv.people}`;
  await dirsrv
    .modify(`dn: ${container}\nobjectClass: nsContainer\ncn: nsPwPolicyContainer\n\n`)
    .catch((problem: unknown) => assert.match(String(problem), /Already exists/));
  const dn = `cn=cn\\3D${name}\\2Cou\\3Dpeople,${container}`;
  await dirsrv.modify(`dn: ${dn}\nobjectClass: ldapSubentry\nobjectClass: passwordPolicy\n${fields}\n\n`);
  return dn;
}

test("a person's own policy counts, and what it leaves unsaid is not what the server's says", async () => {
  const account = await someone();
  const policy = await addPolicy(
    'own',
    'passwordCheckSyntax: on\npasswordMinLength: 30\npasswordMinAge: 1h\npasswordExp: on\npasswordMaxAge: 30d',
  );
  await write(account, { pwdPolicySubentry: policy });
  const { rules, marker, failuresLeft } = await statusOf(account);
  assert.equal([rules.minimumLength, rules.history, rules.minimumAge, rules.maximumAge], [30, null, hour, 30 * day]);
  assert.equal([marker, failuresLeft, rules.isComplex], [null, null, true], 'nothing tracked, nobody locked, three categories');
  const refusal = refusalIn(await directory.passwords(account).set(other, quietly));
  assert.ok(isRefusal(refusal) && refusal.key === 'directory.too-short' && refusal.params.least === 30);
  isDone(await directory.passwords(account).set('Thirty-Signs-or-even-a-few-more-9', quietly));
  says(refusalIn(await directory.passwords(account).set('Thirty-Signs-or-even-a-few-more-10', quietly)), 'directory.minimum-age', /^19/);
  await withPolicy({ 'nsslapd-pwpolicy-local': 'off' }, async () => {
    assert.equal([(await statusOf(account)).rules.minimumLength, (await statusOf(account)).rules.history], [12, 5]);
  });
});

test("a subtree's policy counts for those below it", async () => {
  const inside = `ou=branch,${dirsrv.people}`;
  const policy = await addPolicy('branch', 'passwordHistory: on\npasswordLockout: on\npasswordMaxFailure: 7\npasswordTrackUpdateTime: on');
  await dirsrv.modify(`dn: ${inside}
objectClass: organizationalUnit
ou: branch

dn: cn=template,${inside}
objectClass: extensibleObject
objectClass: costemplate
objectClass: ldapSubentry
cosPriority: 1
pwdPolicySubentry: ${policy}

dn: cn=nsPwPolicy_CoS,${inside}
objectClass: ldapSubentry
objectClass: cosSuperDefinition
objectClass: cosPointerDefinition
cosTemplateDn: cn=template,${inside}
cosAttribute: pwdPolicySubentry default operational

dn: uid=inside,${inside}
objectClass: inetOrgPerson
uid: inside
cn: inside
sn: inside
userPassword: ${first}

`);
  const entry = await directory.find('inside');
  if (entry === null || isRefusal(entry)) throw new Error('not found');
  const account = accountOf({ home: 'office', remoteId: entry.remoteId, login: 'inside', name: 'inside' });
  // Class of service comes in some time after the answer.
  await eventually('the policy of the subtree does not come', async () => (await statusOf(account)).failuresLeft === 7);
  const { rules, failuresLeft, marker } = await statusOf(account);
  assert.equal([rules.minimumLength, rules.history, failuresLeft, marker], [null, 6, 7, 'never']);
  isDone(await directory.passwords(account).set('Sh0rt', quietly));
});

test('a policy that cannot be read is not made up', async () => {
  const account = await someone();
  const aci = (await dirsrv.read('cn=config')).get('aci')?.[0] ?? '';
  await dirsrv.modify('dn: cn=config\nchangetype: modify\nreplace: aci\n\n');
  try {
    // The server takes in who may read what some time after its answer.
    const { rules, marker, failuresLeft, expiresAt } = await eventually('the policy stays readable', async () => {
      const status = await statusOf(account);
      return status.rules.minimumLength === null && status;
    });
    assert.equal([rules.history, rules.minimumAge, rules.maximumAge], [null, null, null]);
    assert.equal([marker, failuresLeft], [null, null]);
    assert.ok((expiresAt ?? 0) > Date.now() + 80 * day, 'the entry says this itself');
    await fail(account, 3);
    assert.is((await statusOf(account)).lock, 'lockout');
    isDone(await directory.passwords(account).set(other, quietly));
  } finally {
    await replaceAttributes(dirsrv, 'cn=config', { aci });
  }
});

test('who is switched off by a role is disabled', async () => {
  const account = await someone();
  const { base } = dirsrv;
  await dirsrv.modify(`dn: cn=nsManagedDisabledRole,${base}
objectClass: ldapSubentry
objectClass: nsRoleDefinition
objectClass: nsSimpleRoleDefinition
objectClass: nsManagedRoleDefinition
cn: nsManagedDisabledRole

dn: cn=inactivation,${base}
objectClass: nsContainer
cn: inactivation

dn: cn="cn=nsManagedDisabledRole,${base}",cn=inactivation,${base}
objectClass: extensibleObject
objectClass: costemplate
objectClass: ldapSubentry
nsAccountLock: true

dn: cn=inactivation_cos,${base}
objectClass: ldapSubentry
objectClass: cosSuperDefinition
objectClass: cosClassicDefinition
cosTemplateDn: cn=inactivation,${base}
cosSpecifier: nsRole
cosAttribute: nsAccountLock operational

`);
  assert.not.ok((await statusOf(account)).isDisabled);
  await write(account, { nsRoleDN: `cn=nsManagedDisabledRole,${base}` });
  // A thread of its own takes new roles and their class of service in, some time after the answer.
  await eventually('the server switches nobody off', async () => !(await dirsrv.opens(dnFor(account), first)));
  assert.ok((await statusOf(account)).isDisabled);
  says(refusalIn(await directory.passwords(account).set(other, quietly)), 'directory.disabled', /^$/);
});

test('a temporary password that was used too often is said to be at its end, and a reset helps', async () => {
  const account = await someone();
  await withPolicy({ passwordTPRMaxUse: 1 }, async () => {
    await write(account, { userPassword: other });
    await eventually('nobody counts its uses', async () => (await valueAt(account, 'pwdReset')) === 'TRUE');
    for (let uses = 0; uses < 2; uses++) await directory.passwords(account).verify(other);
    says(await directory.passwords(account).verify(other), 'directory.expired', /^19 TPR checking/);
    isDone(await directory.passwords(account).set(third, quietly));
  });
});

test('people as its own tool makes them, and groups of three kinds', async () => {
  const account = await someone();
  const dn = dnFor(account);
  await dirsrv.modify(`dn: uid=tool,${dirsrv.people}
objectClass: nsPerson
objectClass: nsAccount
objectClass: nsOrgPerson
objectClass: posixAccount
uid: tool
cn: Made by the tool
displayName: Made by the tool
uidNumber: 7000
gidNumber: 7000
homeDirectory: /home/tool

dn: cn=unique,${dirsrv.groups}
objectClass: groupOfUniqueNames
cn: unique
uniqueMember: ${dn}

dn: cn=posix,${dirsrv.groups}
objectClass: posixGroup
objectClass: groupOfNames
cn: posix
gidNumber: 5
memberUid: ${account.login}

dn: cn=over,${dirsrv.groups}
objectClass: groupOfNames
cn: over
member: cn=posix,${dirsrv.groups}

`);
  const tool = await directory.find('tool');
  assert.ok(tool && !isRefusal(tool) && tool.name === 'Made by the tool');
  const person = await directory.find(account.login);
  if (person === null || isRefusal(person)) throw new Error('not found');
  const expected = ['over', 'posix', 'unique'].map((name) => `cn=${name},${dirsrv.groups}`);
  assert.equal([...person.groups].sort(), expected);
  for await (const page of directory.people())
    for (const one of page) if (one.remoteId === person.remoteId) assert.equal([...one.groups].sort(), expected);
});

test('a limit of what may be looked through is a failure and not an end, page by page too', async () => {
  for (let more = 0; more < 4; more++) await someone();
  await replaceAttributes(dirsrv, dirsrv.serviceDn, { nsLookThroughLimit: '3' });
  const limited = opened({ pageSize: 2 });
  let thrown: unknown = null;
  try {
    for await (const _ of limited.people());
  } catch (error) {
    thrown = error;
  }
  says(thrown, 'directory.unknown', /: 11\b/);
  await limited.close();
  await replaceAttributes(dirsrv, dirsrv.serviceDn, { nsLookThroughLimit: '-1' });
});

test('the service account sees what changed by the time of it, which wrong passwords do not move', async () => {
  const account = await someone();
  const before = await valueAt(account, 'modifyTimestamp');
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await fail(account, 2);
  assert.is(await valueAt(account, 'modifyTimestamp'), before);
  const start = timeAgo(0);
  await write(account, { mail: 'new@office.example' });
  await dirsrv.modify(`dn: cn=fresh,${dirsrv.groups}\nobjectClass: groupOfNames\ncn: fresh\nmember: ${dnFor(account)}\n\n`);
  const since = (time: string): Filter => ({ kind: 'at least', attribute: 'modifyTimestamp', value: Buffer.from(time) });
  const changed = (time: string) =>
    asService((link) => link.search({ base: dirsrv.base, scope: 'sub', filter: since(time), attributes: ['1.1'] }));
  const seen = (await changed(start)).map(({ dn }) => dn.toLowerCase());
  assert.ok(seen.includes(dnFor(account).toLowerCase()) && seen.includes(`cn=fresh,${dirsrv.groups}`.toLowerCase()), seen.join(' '));
  assert.is((await changed(timeAgo(-day))).length, 0);
});

test('ids are its own, and nothing else finds anybody', async () => {
  const account = await someone();
  assert.match(account.remoteId ?? '', /^[0-9a-f]{8}(-[0-9a-f]{8}){3}$/);
  const found = await directory.read(account.remoteId ?? '');
  assert.ok(found && !isRefusal(found) && found.login === account.login);
  const uuid = await valueAt(account, 'entryUUID');
  assert.is(await directory.read(uuid ?? '00000000-0000-4000-8000-000000000000'), null);
  await asService(async (link) => {
    try {
      assert.is((await link.search({ base: dirsrv.base, scope: 'sub', filter: equal('nsUniqueId', '*'), attributes: ['cn'] })).length, 0);
    } catch (error) {
      assert.ok(isFailure(error));
    }
  });
});

test.run();
