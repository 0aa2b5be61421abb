// needs: samba
/** What an Active Directory does that nobody expects, shown on the server itself, and what the adapter makes of it. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Account } from '../rules/account.ts';
import { isRefusal, type Refusal } from '../rules/refusal.ts';
import { eventually } from '../testing/eventually.ts';
import { fileTime, interval, type Samba, sambaPolicy, startSamba } from '../testing/samba.ts';
import { sambaAccountOf, sambaConfigOf } from '../testing/samba-bench.ts';
import { noLog, realClock } from '../testing/slapd-bench.ts';
import type { Directory, DirectoryEntry, WriteOutcome } from '../world.ts';
import { activeDirectory } from './active-directory.ts';
import { integer, sequence, tlv } from './ber.ts';
import type { DirectoryConfig } from './config.ts';
import { openDirectory } from './directory.ts';
import { and, equal, present } from './filter.ts';
import { connect, type Link } from './ldap.ts';
import { guidBytes } from './object-id.ts';
import { allValues } from './ranges.ts';

const test = suite('Samba');
const first = 'First-Passw0rd-of-all';
const second = 'Second-Passw0rd-of-all';
const third = 'Third-Passw0rd-of-all';
const quietly = () => undefined;
const never = () => assert.unreachable('nothing may be sent');
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

interface Someone {
  readonly dn: string;
  readonly account: Account;
}
async function someone(more: { name?: string; under?: string } = {}, at: Samba = samba): Promise<Someone> {
  const login = `p${++made}`;
  const dn = await at.addPerson({ login, name: login, password: first, ...more });
  return { dn, account: await sambaAccountOf(at, dn) };
}
async function opened<T>(more: Partial<DirectoryConfig>, check: (directory: Directory) => Promise<T>, at: Samba = samba): Promise<T> {
  const other = openDirectory(sambaConfigOf(at, more), { clock: realClock, log: noLog });
  try {
    return await check(other);
  } finally {
    await other.close();
  }
}
/** The service account's own hands, without the adapter. */
async function byHand<T>(work: (link: Link) => Promise<T>, at: Samba = samba): Promise<T> {
  const link = await connect({ url: at.ldaps, startTls: false, ca: at.ca, timeoutMillis: 5000 });
  try {
    assert.is((await link.bind(at.serviceDn, at.servicePassword)).resultCode, 0);
    return await work(link);
  } finally {
    link.close();
  }
}
const quoted = (password: string) => Buffer.from(`"${password}"`, 'utf16le');
const replaced = (attribute: string, value: string | Buffer) => [{ operation: 'replace', attribute, values: [value] }] as const;
const exchanged = (old: string, next: string) =>
  [
    { operation: 'delete', attribute: 'unicodePwd', values: [quoted(old)] },
    { operation: 'add', attribute: 'unicodePwd', values: [quoted(next)] },
  ] as const;
const read = async (dn: string, name: string) => (await samba.read(dn, [name])).get(name)?.[0] ?? null;
const domainPolicy = async (fields: Parameters<Samba['setPolicy']>[0], check: () => Promise<void>) => {
  await samba.setPolicy(fields);
  try {
    await check();
  } finally {
    await samba.setPolicy(sambaPolicy);
  }
};

function good<T>(value: T | Refusal | null): T {
  if (value === null) throw new Error('found nothing');
  if (isRefusal(value)) throw new Error(`refused: ${value.key} (${value.raw})`);
  return value;
}
const says = (value: unknown, key: string) =>
  assert.is(isRefusal(value) ? value.key : `no refusal: ${JSON.stringify(value)}`, key, isRefusal(value) ? (value.raw ?? '') : '');
const refuses = (outcome: WriteOutcome, key: string) => says(outcome.kind === 'refused' ? outcome.refusal : outcome, key);
function isDone(outcome: WriteOutcome): void {
  if (outcome.kind === 'refused') throw new Error(`refused: ${outcome.refusal.key} (${outcome.refusal.raw})`);
  assert.equal([outcome.kind, outcome.kind === 'done' && outcome.isProved], ['done', true]);
}
const statusOf = async ({ account }: Someone, from = directory) => good(await from.passwords(account).status());

test('it is told from Windows, and spoken to as either', async () => {
  const person = await someone();
  good(await directory.probe());
  assert.is(directory.health().kind, 'samba');
  await opened({ kind: 'active-directory' }, async (windows) => {
    assert.equal((await statusOf(person, windows)).rules, (await statusOf(person)).rules);
    isDone(await windows.passwords(person.account).set(second, quietly));
    assert.is(windows.health().kind, 'active-directory');
  });
  assert.ok(await samba.opens(person.dn, second));
});

test('a password before the present one may open for an hour more: it proves somebody, and changes nothing', async () => {
  const lenient = await startSamba({ settings: { 'old password allowed period': '60' } });
  try {
    const person = await someone({}, lenient);
    await opened(
      {},
      async (office) => {
        const passwords = office.passwords(person.account);
        isDone(await passwords.set(second, quietly));
        assert.ok(await lenient.opens(person.dn, first), 'the hour');
        assert.ok(await lenient.opens(person.dn, second));
        refuses(await passwords.change({ current: first, password: third }, quietly), 'directory.wrong-old-password');
        assert.not.ok(await lenient.opens(person.dn, third));
        isDone(await passwords.change({ current: second, password: third }, quietly));
        assert.equal([await lenient.opens(person.dn, third), await lenient.opens(person.dn, second)], [true, true]);
        assert.not.ok(await lenient.opens(person.dn, first));
      },
      lenient,
    );
  } finally {
    await lenient.close();
  }
});

test('a reset does not unlock: the adapter does it in a request of its own', async () => {
  const person = await someone();
  await samba.lock(person.dn);
  const answer = await byHand((link) => link.modify(person.dn, replaced('unicodePwd', quoted(second))));
  assert.is(answer.resultCode, 0);
  assert.is(await samba.bindSays(person.dn, second), '775');
  isDone(await directory.passwords(person.account).set(third, quietly));
  assert.is(await samba.bindSays(person.dn, third), 'in');
});

test('without the right to unlock, who is locked gets the new password and no proof of it, and who is not locked both', async () => {
  const [locked, free] = [await someone(), await someone()];
  await samba.lock(locked.dn);
  await samba.setRights(['reset']);
  try {
    for (const verb of ['set', 'setTemporary'] as const) {
      const outcome = await directory.passwords(locked.account)[verb](second, quietly);
      assert.ok(outcome.kind === 'done' && !outcome.isProved, verb);
      assert.match((outcome.kind === 'done' && outcome.raw) || '', /^50 /, 'what forbade the second step');
    }
    refuses(await directory.passwords(locked.account).unlock(quietly), 'directory.no-permission');
    assert.ok(await samba.isLocked(locked.dn));
    isDone(await directory.passwords(free.account).set(second, quietly));
    const temporary = await directory.passwords(free.account).setTemporary(third, quietly);
    assert.equal([temporary.kind, temporary.kind === 'done' && temporary.isProved], ['done', false], 'in force, and lasting');
    assert.is(await samba.bindSays(free.dn, third), 'in');
    await samba.setRights(['unlock', 'expire']);
    refuses(await directory.passwords(free.account).set(first, quietly), 'directory.no-permission');
  } finally {
    await samba.setRights(['reset', 'unlock', 'expire', 'policies']);
  }
  isDone(await directory.passwords(locked.account).unlock(quietly));
  assert.is(await samba.bindSays(locked.dn, second), 'in');
});

test('a lockout that has run out is no reason to write the lock: a reset without the right to goes through', async () => {
  const person = await someone();
  await domainPolicy({ lockoutDuration: interval(1000), lockOutObservationWindow: interval(1000) }, async () => {
    await samba.lock(person.dn);
    await samba.setRights(['reset']);
    try {
      await eventually('the lockout to run out', async () => !(await samba.isLocked(person.dn)));
      assert.is.not(await read(person.dn, 'lockoutTime'), '0');
      isDone(await directory.passwords(person.account).set(second, quietly));
    } finally {
      await samba.setRights(['reset', 'unlock', 'expire', 'policies']);
    }
  });
});

test('a reset lets the person in where lockoutTime, or all that tells of a lockout, is hidden', async () => {
  const hidden = { lockoutTime: '28630ebf-41d5-11d1-a9c1-0000f80367c1', computed: '4c164200-20c0-11d0-a768-00aa006e0529' };
  for (const [what, guids] of Object.entries({ lockoutTime: [hidden.lockoutTime], both: [hidden.lockoutTime, hidden.computed] })) {
    const person = await someone();
    await samba.lock(person.dn);
    await samba.grant(person.dn, samba.serviceDn, [
      ...guids.map((guid) => `(OD;;RP;${guid};;{sid})`),
      '(OA;;RP;bf967a68-0de6-11d0-a285-00aa003049e2;;{sid})',
    ]);
    const { lock } = await statusOf(person);
    assert.is(lock, what === 'both' ? 'none' : 'lockout', what);
    isDone(await directory.passwords(person.account).set(second, quietly));
    assert.is(await samba.bindSays(person.dn, second), 'in', what);
  }
});

test('every other lockoutTime than 0 locks, and the adapter writes no other', async () => {
  const person = await someone();
  const answer = await byHand((link) => link.modify(person.dn, replaced('lockoutTime', fileTime(Date.now()))));
  assert.is(answer.resultCode, 0);
  assert.is((await statusOf(person)).lock, 'lockout');
  isDone(await directory.passwords(person.account).unlock(quietly));
  assert.is(await read(person.dn, 'lockoutTime'), '0');
});

test('a write of userAccountControl takes a lockout away', async () => {
  const person = await someone();
  await samba.lock(person.dn);
  await samba.replace(person.dn, { userAccountControl: 0x202 });
  await samba.replace(person.dn, { userAccountControl: 0x200 });
  assert.equal([(await statusOf(person)).lock, (await statusOf(person)).failuresLeft], ['none', 3]);
  assert.is(await samba.bindSays(person.dn, first), 'in');
});

test('lockoutTime stays when a lockout has run out, and the failures count no more', async () => {
  const person = await someone();
  await domainPolicy({ lockoutDuration: interval(1000), lockOutObservationWindow: interval(1000) }, async () => {
    await samba.lock(person.dn);
    await new Promise((resolve) => setTimeout(resolve, 2100));
    assert.is.not(await read(person.dn, 'lockoutTime'), '0');
    assert.equal([(await statusOf(person)).lock, (await statusOf(person)).failuresLeft], ['none', 3]);
    isDone(await directory.passwords(person.account).change({ current: first, password: second }, quietly));
  });
});

test('a wrong old password counts in a change, which is therefore never sent with one', async () => {
  const person = await someone();
  const answer = await byHand((link) => link.modify(person.dn, exchanged('not the old one', second)));
  assert.equal([answer.resultCode, answer.diagnosticMessage.slice(0, 8), await read(person.dn, 'badPwdCount')], [19, '00000056', '1']);
  refuses(
    await directory.passwords(person.account).change({ current: 'not the old one', password: second }, never),
    'directory.wrong-old-password',
  );
  assert.is(await read(person.dn, 'badPwdCount'), '2', 'one for the proof');
  assert.is((await statusOf(person)).failuresLeft, 1);
});

test('a change skips nothing that a reset skips', async () => {
  const person = await someone();
  const passwords = directory.passwords(person.account);
  isDone(await passwords.set(first, quietly));
  refuses(await passwords.change({ current: first, password: first }, quietly), 'directory.history');
  refuses(await passwords.change({ current: first, password: 'nosignsandnodigits' }, quietly), 'directory.quality');
  refuses(await passwords.set('nosignsandnodigits', quietly), 'directory.quality');
  const { rules } = await statusOf(person);
  assert.equal([rules.isComplex, rules.onReset], [true, { history: false, minimumAge: false, excusesStaff: true }]);
  assert.is(await samba.bindSays(person.dn, first), 'in');
});

test('the names that complexity forbids are those of this moment', async () => {
  const person = await someone();
  await samba.replace(person.dn, { sAMAccountName: 'renamed-since', displayName: 'Wed Since' });
  assert.equal((await statusOf(person)).rules.names, { login: 'renamed-since', name: 'Wed Since' });
  await domainPolicy({ pwdProperties: 0 }, async () => assert.is((await statusOf(person)).rules.names, undefined));
});

test('a control that is not offered would refuse every reset', async () => {
  const person = await someone();
  const hint = { type: '1.2.840.113556.1.4.2239', isCritical: true, value: tlv(sequence, integer(1)) };
  const answer = await byHand((link) => link.modify(person.dn, replaced('unicodePwd', quoted(second)), { controls: [hint] }));
  assert.is(answer.resultCode, 12);
  isDone(await directory.passwords(person.account).set(second, quietly));
});

test('a fine-grained policy binds, and one that may not be read binds by no number of the domain', async () => {
  const person = await someone();
  const group = await samba.addGroup('strictly bound', [person.dn]);
  const fields = {
    'msDS-MinimumPasswordLength': 16,
    'msDS-PasswordHistoryLength': 8,
    'msDS-LockoutThreshold': 5,
    'msDS-MinimumPasswordAge': interval(60_000),
  };
  const policy = await samba.addPolicy('strict', fields, [group]);
  const { rules, failuresLeft, changeableAt, changedAt } = await statusOf(person);
  assert.equal([rules.minimumLength, rules.history, rules.isComplex, failuresLeft], [16, 8, true, 5]);
  assert.equal([rules.minimumAge, rules.maximumAge, changeableAt], [60_000, 90 * 86_400_000, (changedAt ?? 0) + 60_000]);
  const short = await directory.passwords(person.account).set('Only-15-signs-x', quietly);
  assert.ok(short.kind === 'refused' && short.refusal.key === 'directory.too-short' && short.refusal.params.least === 16);

  await samba.setRights(['reset', 'unlock', 'expire']);
  try {
    const hidden = await byHand((link) => link.search({ base: policy, scope: 'base', filter: present('objectClass'), attributes: ['*'] }));
    assert.equal(
      hidden.flatMap(({ names }) => names),
      [],
      'success, and nothing',
    );
    const blind = await statusOf(person);
    assert.equal(
      [blind.rules.minimumLength, blind.rules.history, blind.rules.minimumAge, blind.rules.maximumAge, blind.failuresLeft],
      [null, null, null, null, null],
    );
    assert.is(blind.changeableAt, null);
    assert.is(blind.expiresAt, (blind.changedAt ?? 0) + 90 * 86_400_000, 'computed by the server, which knows');
    const blindly = await directory.passwords(person.account).set('Only-15-signs-x', quietly);
    assert.ok(blindly.kind === 'refused' && blindly.refusal.key === 'directory.too-short' && blindly.refusal.params.least === undefined);
    assert.is((await statusOf(await someone())).rules.minimumLength, 12, 'whom none binds is bound by the domain');
  } finally {
    await samba.setRights(['reset', 'unlock', 'expire', 'policies']);
  }
});

test('a search for what is computed finds nobody, and says so with success', async () => {
  const person = await someone();
  await samba.lock(person.dn);
  const filter = and(activeDirectory.people, equal('msDS-User-Account-Control-Computed', '16'));
  assert.equal(await byHand((link) => link.search({ base: samba.people, scope: 'sub', filter, attributes: ['cn'] })), []);
  assert.is((await statusOf(person)).lock, 'lockout');
});

test('who is deleted is gone without a trace that the service account could see', async () => {
  const person = await someone();
  await samba.remove(person.dn);
  const filter = equal('objectGUID', guidBytes(person.account.remoteId ?? '') ?? '');
  const showDeleted = [{ type: '1.2.840.113556.1.4.417', isCritical: true }];
  assert.equal(
    await byHand((link) => link.search({ base: samba.base, scope: 'sub', filter, attributes: ['cn'], controls: showDeleted })),
    [],
  );
  assert.is(await directory.read(person.account.remoteId ?? ''), null);
  refuses(await directory.passwords(person.account).set(second, never), 'directory.not-found');
});

test('who is renamed and moved is still the same', async () => {
  const person = await someone();
  const place = `OU=A\\, "B" \\+ C\\\\ Ä\\ ,${samba.people}`.replaceAll('"', '\\"');
  await samba.add(place, { objectClass: 'organizationalUnit' });
  const moved = `CN=\\ \\#1 O\\"Neil\\, Ünïcö \\+ 山田\\\\ ,${place}`;
  await samba.rename(person.dn, moved);
  assert.is(good(await directory.find(person.account.login)).remoteId, person.account.remoteId);
  isDone(await directory.passwords(person.account).set(second, quietly));
  isDone(await directory.passwords(person.account).change({ current: second, password: third }, quietly));
  assert.is(await samba.bindSays(moved, third), 'in');
});

test('passwords of all signs, of 127 and of 256 characters are set as they are', async () => {
  const person = await someone();
  const passwords = directory.passwords(person.account);
  let current = first;
  for (const password of ['a"\'\\$`&<>%+ /äß€日本😀', `"Quoted-1" and "again"`, `Aa1-${'ö'.repeat(123)}`, `Aa1-${'日本'.repeat(126)}`]) {
    isDone(await passwords.set(password, quietly));
    isDone(await passwords.change({ current: password, password: `${password}'` }, quietly));
    assert.equal([await samba.bindSays(person.dn, `${password}'`), await samba.bindSays(person.dn, current)], ['in', '52e']);
    current = `${password}'`;
  }
});

test('who is disabled stays so, and so does an account that has ended', async () => {
  const [disabled, ended] = [await someone(), await someone()];
  await samba.replace(disabled.dn, { userAccountControl: 0x202 });
  await samba.replace(ended.dn, { accountExpires: fileTime(Date.now() - 60_000) });
  for (const [{ dn, account }, data] of [
    [disabled, '533'],
    [ended, '701'],
  ] as const) {
    assert.equal([await samba.bindSays(dn, first), await samba.bindSays(dn, second)], [data, '52e'], 'only the right password is told');
    says(await directory.passwords(account).verify(first), 'directory.disabled');
    refuses(await directory.passwords(account).set(second, never), 'directory.disabled');
    refuses(await directory.passwords(account).unlock(never), 'directory.disabled');
    const answer = await byHand((link) => link.modify(dn, replaced('unicodePwd', quoted(second))));
    assert.equal([answer.resultCode, await samba.bindSays(dn, second)], [0, data], 'a reset by hand lets nobody in either');
    assert.ok(good(await directory.read(account.remoteId ?? '')).isDisabled);
  }
});

test('whether somebody is disabled may not be read: nobody is taken for enabled', async () => {
  const person = await someone();
  await samba.replace(person.dn, { userAccountControl: 0x202 });
  // The right to read userAccountControl (MS-ADA3 2.349), which Authenticated Users have here and have not in a hardened domain.
  await samba.grant(person.dn, samba.serviceDn, ['(OD;;RP;bf967a68-0de6-11d0-a285-00aa003049e2;;{sid})']);
  try {
    assert.ok(good(await directory.read(person.account.remoteId ?? '')).isDisabled);
    assert.ok(good(await directory.find(person.account.login))?.isDisabled);
    for await (const page of directory.people())
      assert.is(page.find(({ login }) => login === person.account.login)?.isDisabled ?? true, true);
    const status = await directory.passwords(person.account).status();
    says(status, 'directory.no-permission');
    assert.match((status as Refusal).raw ?? '', /userAccountControl cannot be read/);
    refuses(await directory.passwords(person.account).set(second, never), 'directory.no-permission');
    refuses(await directory.passwords(person.account).unlock(never), 'directory.no-permission');
  } finally {
    await samba.grant(person.dn, samba.serviceDn, []);
  }
  assert.ok(good(await directory.read(person.account.remoteId ?? '')).isDisabled);
});

test('hours and machines that do not let one in still prove the password', async () => {
  const [hours, machines] = [await someone(), await someone()];
  await samba.replace(hours.dn, { logonHours: Buffer.alloc(21) });
  await samba.replace(machines.dn, { userWorkstations: 'ONLY-THAT-PC' });
  for (const [{ dn, account }, data] of [
    [hours, '530'],
    [machines, '531'],
  ] as const) {
    assert.is(await samba.bindSays(dn, first), data);
    const passwords = directory.passwords(account);
    assert.equal(await passwords.verify(first), { mustChange: false, isExpired: false });
    says(await passwords.verify(second), 'directory.wrong-old-password');
    isDone(await passwords.change({ current: first, password: second }, quietly));
    isDone(await passwords.set(third, quietly));
  }
});

test('a password that never expires does not', async () => {
  const person = await someone();
  await samba.replace(person.dn, { userAccountControl: 0x10200 });
  await samba.force(person.dn, { pwdLastSet: fileTime(Date.now() - 400 * 86_400_000) });
  const status = await statusOf(person);
  assert.equal([status.isExpired, status.expiresAt, status.rules.maximumAge], [false, null, null]);
  assert.equal(await directory.passwords(person.account).verify(first), { mustChange: false, isExpired: false });
});

test('only the password moves the marker: not "must change", not the lock, not the name', async () => {
  const person = await someone();
  const { marker } = await statusOf(person);
  await samba.replace(person.dn, { pwdLastSet: 0, description: 'other' });
  assert.is((await statusOf(person)).marker, marker);
  const passwords = directory.passwords(person.account);
  isDone(await passwords.setTemporary(second, quietly));
  assert.is.not((await statusOf(person)).marker, marker, 'who had to change has to change again, with another password');
  assert.is(await passwords.outcome({ act: 'reset by administrator', server: samba.ldaps, marker }), 'done');
});

test('nothing is said in clear, and StartTLS is as good as LDAPS', async () => {
  const person = await someone();
  await opened({ urls: [samba.ldap] }, async (clear) => says(await clear.find(person.account.login), 'directory.no-tls'));
  await opened({ urls: [samba.ldap], startTls: true }, async (safe) => {
    isDone(await safe.passwords(person.account).set(second, quietly));
    assert.is(good(await safe.probe()).problem, null);
  });
});

test('administrators are protected by mark, by group and by number, and so is the account that Latchkey works as', async () => {
  const [marked, nested, plain] = [await someone(), await someone(), await someone()];
  await samba.replace(marked.dn, { adminCount: 1 });
  await samba.extend(`CN=Domain Admins,CN=Users,${samba.base}`, { member: await samba.addGroup('helpers of admins', [nested.dn]) });
  const isProtected = async ({ account }: Someone) => [
    good(await directory.read(account.remoteId ?? '')).isProtected,
    ((await directory.passwords(account).status()) as { isProtected?: boolean }).isProtected,
  ];
  assert.equal(
    [await isProtected(marked), await isProtected(nested), await isProtected(plain)],
    [
      [true, true],
      [true, true],
      [false, false],
    ],
  );

  for (const bindDn of [samba.serviceDn, 'LATCHKEY@ad.latchkey.test', 'LATCHKEY\\latchkey', 'latchkey@LATCHKEY']) {
    await opened({ baseDn: samba.base, bindDn, kind: 'active-directory' }, async (whole) => {
      const everybody: DirectoryEntry[] = [];
      for await (const page of whole.people()) everybody.push(...page);
      const guarded = everybody.filter((entry) => entry.isProtected).map(({ login }) => login);
      assert.equal(
        guarded.sort(),
        ['Administrator', 'Guest', 'krbtgt', 'latchkey', marked.account.login, nested.account.login].sort(),
        bindDn,
      );
      assert.ok(everybody.some(({ login }) => login === plain.account.login));
    });
  }
});

test('a primary group counts, which lists nobody', async () => {
  const person = await someone();
  const group = await samba.addGroup('primary', [person.dn]);
  const above = await samba.addGroup('above the primary', [group]);
  await samba.replace(person.dn, { primaryGroupID: (await read(group, 'primaryGroupToken')) ?? '' });
  assert.is((await samba.read(group)).get('member'), undefined);
  for (const kind of ['samba', 'active-directory'] as const) {
    await opened({ kind, protectedGroups: [above] }, async (office) => {
      const entry = good(await office.read(person.account.remoteId ?? ''));
      assert.ok(entry.isProtected && entry.groups.includes(group) && entry.groups.includes(above));
      for await (const page of office.people()) {
        const same = page.find(({ remoteId }) => remoteId === entry.remoteId);
        if (same) assert.equal([...same.groups].sort(), [...entry.groups].sort());
      }
    });
  }
});

test('a list of members comes whole, in however many pieces', async () => {
  const people = [await someone(), await someone(), await someone(), await someone(), await someone()];
  const group = await samba.addGroup(
    'in pieces',
    people.map(({ dn }) => dn),
  );
  await byHand(async (link) => {
    const asked = { base: group, scope: 'base', filter: present('objectClass') } as const;
    for (const attributes of [['member'], ['member;range=0-1'], ['member;range=0-3'], ['member;range=0-1499']]) {
      const [entry] = await link.search({ ...asked, attributes });
      assert.ok(entry);
      if (entry) assert.equal([...(await allValues(entry, 'member', link))].sort(), people.map(({ dn }) => dn).sort(), String(attributes));
    }
  });
});

test.run();
