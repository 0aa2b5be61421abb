/** OpenLDAP as it really is: the contract on slapd, and what only slapd does. */
// needs: slapd ldap-utils

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isRefusal, type Refusal } from '../rules/refusal.ts';
import { directoryContract } from '../testing/directory-contract.ts';
import { startProxy } from '../testing/proxy.ts';
import { type Slapd, startSlapd } from '../testing/slapd.ts';
import { accountOf, configOf, dnOf, noLog, personLdif, realClock, slapdBench, timeAgo } from '../testing/slapd-bench.ts';
import { another, first, opened, second, write as writeAt } from '../testing/slapd-hands.ts';
import type { WriteOutcome } from '../world.ts';
import type { DirectoryConfig } from './config.ts';
import { DirectoryProblem, openDirectory } from './directory.ts';

directoryContract('slapd keeps the directory contract', () => slapdBench());

const test = suite('slapd');
const quietly = () => undefined;
let slapd: Slapd;
let made = 0;

test.before(async () => {
  slapd = await startSlapd();
});
test.after(() => slapd?.close());

async function someone(at: Slapd = slapd, more: { mail?: string } = {}) {
  const [login, name] = [`p${++made}`, `P ${made}`];
  await at.add(personLdif(at, { login, name, password: first, ...more }));
  const entry = await at.read(dnOf(at, name));
  return accountOf({ home: 'office', remoteId: entry.get('entryUUID')?.[0] ?? '', login, name });
}
const write = (at: Slapd, name: string, attribute: string, value: string) => writeAt(at, dnOf(at, name), attribute, value);
const refusalIn = (outcome: WriteOutcome): Refusal | string => (outcome.kind === 'refused' ? outcome.refusal : outcome.kind);
function says(refusal: unknown, key: string, raw: RegExp): void {
  assert.ok(isRefusal(refusal), `${JSON.stringify(refusal)} is no refusal`);
  if (!isRefusal(refusal)) return;
  assert.is(refusal.key, key, refusal.raw ?? '');
  assert.match(refusal.raw ?? '', raw);
}

test('every refusal brings the raw answer with it', async () => {
  const account = await someone();
  await opened(slapd, {}, async (directory) => {
    const passwords = directory.passwords(account);
    says(refusalIn(await passwords.set('Sh0rt', quietly)), 'directory.too-short', /^19 Password fails quality checking policy; ppolicy 6$/);
    says(
      refusalIn(await passwords.set(first, quietly)),
      'directory.history',
      /^19 Password is not being changed from existing value; ppolicy 8$/,
    );
    says(refusalIn(await passwords.set('{SSHA}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', quietly)), 'directory.quality', /; ppolicy 5$/);
    await slapd.setPolicy({ pwdMinAge: 3600 });
    says(refusalIn(await passwords.set(second, quietly)), 'directory.minimum-age', /^19 Password is too young to change; ppolicy 7$/);
    await slapd.setPolicy({ pwdMinAge: 0, pwdAllowUserChange: 'FALSE' });
    says(
      refusalIn(await passwords.change({ current: first, password: second }, quietly)),
      'directory.change-not-allowed',
      /^50 .*; ppolicy 3$/,
    );
    await slapd.setPolicy({ pwdAllowUserChange: 'TRUE' });
    says(await passwords.verify(second), 'directory.wrong-old-password', /^49$/);
    for (let tries = 0; tries < 3; tries++) await slapd.opens(dnOf(slapd, account.name), 'wrong');
    says(await passwords.verify(first), 'directory.locked', /^49; ppolicy 1$/);
  });
});

for (const [passwordRight, isCompared] of [
  ['=w', false],
  ['=xw', true],
] as const) {
  test(`pwdSafeModify: no reset, a change works, that of who expired ${isCompared ? 'too' : 'not'} with the right "${passwordRight}"`, () =>
    another({ passwordRight, policy: { pwdSafeModify: 'TRUE' } }, async (at) => {
      const account = await someone(at);
      const stored = async () => (await at.read(dnOf(at, account.name))).get('userPassword')?.[0] ?? '';
      await opened(at, {}, async (directory) => {
        const passwords = directory.passwords(account);
        says(refusalIn(await passwords.set(second, quietly)), 'directory.must-supply-old', /^50 Must supply old password.*; ppolicy 4$/);
        assert.is((await passwords.change({ current: first, password: second }, quietly)).kind, 'done');
        await write(at, account.name, 'pwdChangedTime', '20200101000000Z');
        const before = await stored();
        const outcome = await passwords.change({ current: second, password: `${second}2` }, quietly);
        if (isCompared) {
          assert.is(outcome.kind, 'done');
          assert.ok(await at.opens(dnOf(at, account.name), `${second}2`));
          await write(at, account.name, 'pwdChangedTime', '20200101000000Z');
          says(
            refusalIn(await passwords.change({ current: `${second}2`, password: second }, quietly)),
            'directory.history',
            /; ppolicy 8$/,
          );
        } else {
          says(refusalIn(outcome), 'directory.no-permission', /unwilling to verify old password$/);
          assert.is(await stored(), before);
        }
        assert.match(await stored(), /^\{SSHA\}/);
      });
    }));
}

test('a marker that counts whole seconds does not tell of a write within the second of the one before', async () => {
  const account = await someone();
  await opened(slapd, {}, async (directory) => {
    const passwords = directory.passwords(account);
    const status = await passwords.status();
    assert.not.ok(isRefusal(status));
    if (isRefusal(status)) return;
    const { server, marker, changedAt } = status;
    const sent = (after: number) => passwords.outcome({ act: 'reset', server, marker, sentAt: (changedAt ?? 0) + after });
    assert.is(await sent(400), 'cannot tell');
    assert.is(await sent(5000), 'not done');
  });
});

test('the right "manage" would make a new password a temporary one: that is taken back', async () => {
  await another({ passwordRight: 'manage' }, async (other) => {
    const account = await someone(other);
    await opened(other, {}, async (directory) => {
      const passwords = directory.passwords(account);
      const outcome = await passwords.set(second, quietly);
      assert.ok(outcome.kind === 'done' && outcome.isProved);
      assert.not.ok((await other.read(dnOf(other, account.name))).has('pwdReset'));
      assert.equal(await passwords.verify(second), { mustChange: false, isExpired: false });
    });
  });
});

test("a lock without end that came from failures is a lockout, one that did not is an administrator's", async () => {
  await slapd.setPolicy({ pwdLockoutDuration: 0 });
  const account = await someone();
  await opened(slapd, {}, async (directory) => {
    const lock = async () => {
      const status = await directory.passwords(account).status();
      return isRefusal(status) ? status.key : status.lock;
    };
    for (let tries = 0; tries < 3; tries++) await slapd.opens(dnOf(slapd, account.name), 'wrong');
    assert.is(await lock(), 'lockout');
    await write(slapd, account.name, 'pwdAccountLockedTime', '000001010000Z');
    assert.is(await lock(), 'lockout', 'the failures are there');
    await slapd.setPolicy({ pwdLockoutDuration: 1800 });
    assert.is(await lock(), 'administrator', 'with a duration slapd would not write this itself');
    await slapd.setPolicy({ pwdLockoutDuration: 0, pwdMaxFailure: 10 });
    assert.is(await lock(), 'administrator', 'too few failures for it');
  });
  await slapd.setPolicy({ pwdLockoutDuration: 1800, pwdMaxFailure: 3 });
});

test("a person's own policy counts, not the default one", async () => {
  const account = await someone();
  await slapd.add(
    `dn: cn=strict,ou=policies,${slapd.base}\nobjectClass: applicationProcess\nobjectClass: pwdPolicy\ncn: strict\npwdAttribute: userPassword\npwdMinLength: 30\npwdCheckQuality: 2\n\n`,
  );
  await write(slapd, account.name, 'pwdPolicySubentry', `cn=strict,ou=policies,${slapd.base}`);
  await opened(slapd, {}, async (directory) => {
    const status = await directory.passwords(account).status();
    assert.ok(!isRefusal(status) && status.rules.minimumLength === 30 && status.failuresLeft === null && status.expiresAt === null);
    const refusal = refusalIn(await directory.passwords(account).set(second, quietly));
    assert.ok(isRefusal(refusal) && refusal.params.least === 30);
  });
});

test('an account is disabled before its start and after its end', async () => {
  const account = await someone();
  await opened(slapd, {}, async (directory) => {
    const isDisabled = async () => {
      const status = await directory.passwords(account).status();
      return isRefusal(status) ? status.key : status.isDisabled;
    };
    await write(slapd, account.name, 'pwdStartTime', timeAgo(-86_400_000));
    assert.is(await isDisabled(), true);
    await write(slapd, account.name, 'pwdStartTime', timeAgo(86_400_000));
    assert.is(await isDisabled(), false);
    await write(slapd, account.name, 'pwdEndTime', timeAgo(-86_400_000));
    assert.is(await isDisabled(), false);
    await write(slapd, account.name, 'pwdEndTime', timeAgo(1000));
    assert.is(await isDisabled(), true);
    says(await directory.passwords(account).verify(first), 'directory.disabled', /^49; ppolicy 1$/);
  });
});

test('groups of unique names and of the system count too', async () => {
  const account = await someone();
  const dn = dnOf(slapd, account.name);
  await slapd.add(`dn: cn=unique,${slapd.groups}\nobjectClass: groupOfUniqueNames\ncn: unique\nuniqueMember: ${dn}\n\n`);
  await slapd.add(`dn: cn=posix,${slapd.groups}\nobjectClass: posixGroup\ncn: posix\ngidNumber: 5\nmemberUid: ${account.login}\n\n`);
  await slapd.add(`dn: cn=over,${slapd.groups}\nobjectClass: groupOfNames\ncn: over\nmember: cn=posix,${slapd.groups}\n\n`);
  const expected = ['over', 'posix', 'unique'].map((name) => `cn=${name},${slapd.groups}`);
  await opened(slapd, { protectedGroups: [`CN=Over, ${slapd.groups}`] }, async (directory) => {
    const entry = await directory.find(account.login);
    assert.ok(entry && !isRefusal(entry));
    if (!entry || isRefusal(entry)) return;
    assert.equal([...entry.groups].sort(), expected);
    assert.ok(entry.isProtected);
    for await (const page of directory.people()) {
      for (const person of page) if (person.remoteId === entry.remoteId) assert.equal([...person.groups].sort(), expected);
    }
  });
});

test('StartTLS with the right authority serves; with the wrong one or the wrong name nothing is said', async () => {
  const account = await someone();
  const byStartTls = { urls: [slapd.ldap], startTls: true };
  await opened(slapd, byStartTls, async (directory) => {
    const outcome = await directory.passwords(account).set(second, quietly);
    assert.ok(outcome.kind === 'done' && outcome.isProved);
  });
  const port = (url: string) => new URL(url).port;
  for (const [more, raw] of [
    [{ ...byStartTls, ca: null }, /SELF_SIGNED|UNABLE_TO/],
    [{ ca: null }, /SELF_SIGNED|UNABLE_TO/],
    [{ ...byStartTls, urls: [`ldap://localhost:${port(slapd.ldap)}`] }, /ERR_TLS_CERT_ALTNAME_INVALID/],
    [{ urls: [`ldaps://localhost:${port(slapd.ldaps)}`] }, /ERR_TLS_CERT_ALTNAME_INVALID/],
  ] as const) {
    await opened(slapd, more, async (directory) => {
      says(await directory.find('p1'), 'directory.no-tls', raw);
      assert.not.ok(directory.health().isReachable);
    });
  }
});

test('an expired certificate is not accepted', async () => {
  const certificate = await slapd.authority.issue({ names: [{ type: 'ip', value: '127.0.0.1' }], validUntil: Date.now() - 60_000 });
  const proxy = await startProxy(slapd.ldapPort, certificate);
  await opened(slapd, { urls: [proxy.url] }, async (directory) => says(await directory.find('p1'), 'directory.no-tls', /CERT_HAS_EXPIRED/));
  assert.is(proxy.seen.length, 0);
  await proxy.close();
});

test('an unreadable filter is refused at once', () => {
  const open = (more: Partial<DirectoryConfig>) => openDirectory(configOf(slapd, more), { clock: realClock, log: noLog });
  assert.throws(
    () => open({ accountFilter: '((uid=x)' }),
    (error: unknown) => error instanceof DirectoryProblem && /"office": account_filter .* at character 2/.test(error.message),
  );
});

test("the administrator's filter decides who is a person", async () => {
  const inside = await someone(slapd, { mail: 'in@office.example' });
  const outside = await someone();
  await opened(slapd, { accountFilter: '(&(objectClass=person)(mail=*\\40office.example))' }, async (directory) => {
    assert.ok(await directory.find(inside.login));
    assert.is(await directory.find(outside.login), null);
    assert.is(await directory.read(outside.remoteId ?? ''), null);
    says(await directory.passwords(outside).status(), 'directory.not-found', /no entry/);
  });
});

test('the service account itself is protected, and its own wrong password is tried once', async () => {
  const account = await someone();
  await opened(slapd, { accountFilter: '(cn=*)', loginAttributes: ['cn'] }, async (directory) => {
    const found = await directory.find('latchkey');
    assert.ok(found && !isRefusal(found) && found.isProtected);
  });
  await opened(slapd, { bindDn: dnOf(slapd, account.name), bindPassword: 'wrong' }, async (directory) => {
    for (let tries = 0; tries < 4; tries++) says(await directory.find('p1'), 'directory.no-permission', /service account: 49/);
    assert.is((await slapd.read(dnOf(slapd, account.name))).get('pwdFailureTime')?.length, 1);
  });
});

test('a server that answers, but rejects the service account or hides the base from it, is reachable and of no use', async () => {
  const account = await someone();
  for (const more of [{ bindDn: dnOf(slapd, account.name), bindPassword: 'wrong' }, { baseDn: 'ou=nowhere,dc=example' }]) {
    await opened(slapd, more, async (directory) => {
      const { isReachable, isUsable } = await directory.probe();
      assert.equal([isReachable, isUsable], [true, false], JSON.stringify(more));
    });
  }
  await opened(slapd, {}, async (directory) => {
    assert.ok((await directory.probe()).isUsable);
    await directory.passwords({ ...account, remoteId: 'nobody' }).status();
    assert.ok(directory.health().isUsable, 'one person who is missing says nothing of the service account');
  });
});

test.run();
