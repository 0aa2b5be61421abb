// needs: slapd ldap-utils
/** `latchkey check` as an operator runs it, on broken set-ups of a real slapd: each names its fault and its cure, and the cure cures. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { day } from '../../rules/time.ts';
import { openRealHouse, type Person, type RealHouse } from '../house.ts';
import { startProxy } from '../proxy.ts';
import { testAuthority } from '../slapd.ts';
import { type Checked, checked, faultsOf, isAllWell } from './check-up.ts';

const anna: Person = { login: 'anna', name: 'Anna, "née" Ö+x', password: 'first words of 4 years', address: 'anna@home.example.net' };

const test = suite<{ house: RealHouse; before: ReadonlyMap<string, readonly string[]> }>('the doctor, at OpenLDAP');

test.before(async (room) => {
  room.house = await openRealHouse();
  await room.house.admit([anna]);
  room.before = await room.house.slapd.read(room.house.dn(anna));
});
test.after(({ house }) => house.close());
test.after.each(async ({ house, before }) => {
  assert.equal(await house.slapd.read(house.dn(anna)), before, 'nothing of the person was changed');
});

const says = (result: Checked, key: RegExp) => assert.match(result.stdout, key);

/** A rule of the office's own, in front of all others, until it is taken away again with whatever came before it. */
async function withRule(house: RealHouse, rule: string, work: () => Promise<void>): Promise<void> {
  const { slapd } = house;
  const configure = (lines: string) =>
    slapd.asRoot(`ldapmodify -Q -Y EXTERNAL -H ldapi:/// <<'END'\ndn: olcDatabase={1}mdb,cn=config\nchangetype: modify\n${lines}\nEND`);
  const count = async () => (await slapd.read(house.dn(anna))).size;
  await configure(`add: olcAccess\nolcAccess: {0}${rule}`);
  await work();
  // The cure stands before it.
  await configure('delete: olcAccess\nolcAccess: {0}\n-\ndelete: olcAccess\nolcAccess: {0}');
  assert.ok((await count()) > 0);
}

test('all is well: every step is named, and nothing is missing', async ({ house }) => {
  const result = await checked(house);
  isAllWell(result);
  for (const step of ['connection', 'tls', 'bind', 'root', 'controls', 'clock', 'base', 'reading', 'account', 'policy', 'rights', 'power'])
    assert.ok(
      result.findings.some(({ part }) => part === `office, ${step}`),
      step,
    );
  assert.ok(
    result.findings.some(({ raw }) => /SHA-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}/.test(raw ?? '')),
    'the chain is shown',
  );
  const words = await house.command(['check', '--account', 'anna']);
  assert.is(words.code, 0, words.stdout);
  assert.match(words.stdout, /^ok {4}office, rights: The service account may set its password\.$/m);
  assert.match(words.stdout, /^ok {4}anna: methods: yes/m);
});

test('a wrong authority: the right one is offered with its fingerprint, and cures', async ({ house }) => {
  const { slapd, folder } = house;
  writeFileSync(join(folder, 'other.pem'), (await testAuthority()).ca);
  const result = await checked(house, (text) => text.replace('"ca.pem"', '"other.pem"'));
  assert.equal(faultsOf(result), ['office, tls']);
  says(result, /an authority that Latchkey has not been told to trust/);
  const [pem = ''] = /-----BEGIN.+END CERTIFICATE-----/s.exec(result.lines()) ?? [];
  assert.is(pem.trim(), slapd.ca.trim());
  assert.match(result.lines(), /ca_file = "ca.pem"/);
  writeFileSync(join(folder, 'offered.pem'), pem);
  isAllWell(await checked(house, (text) => text.replace('"ca.pem"', '"offered.pem"')));
});

test('a wrong name: those of the certificate are offered', async ({ house }) => {
  const result = await checked(house, (text) => text.replace('ldaps://127.0.0.1', 'ldaps://localhost'));
  assert.ok(faultsOf(result).includes('office, tls'));
  says(result, /The certificate is not for localhost: it is for 127\.0\.0\.1, ldap\.latchkey\.test/);
  isAllWell(await checked(house, (text) => text.replace(/^urls = .*$/m, result.lines())));
});

test('a certificate that has ended, and one that is not good yet', async ({ house }) => {
  const { slapd } = house;
  const times = [
    { wish: { validFrom: Date.now() - 9 * day, validUntil: Date.now() - 2 * day }, words: /ended on \d{4}-\d\d-\d\d/ },
    { wish: { validFrom: Date.now() + 2 * day, validUntil: Date.now() + 9 * day }, words: /is not good before \d{4}-\d\d-\d\d/ },
  ];
  for (const { wish, words } of times) {
    const proxy = await startProxy(slapd.ldapPort, await slapd.authority.issue(wish));
    const result = await checked(house, (text) => text.replace(/^urls = .*$/m, `urls = ["${proxy.url}"]`));
    assert.equal(faultsOf(result), ['office, tls']);
    says(result, words);
    await proxy.close();
  }
});

test('a port that speaks without encryption', async ({ house }) => {
  const { slapd } = house;
  const result = await checked(house, (text) => text.replace(slapd.ldaps, slapd.ldap.replace('ldap:', 'ldaps:')));
  assert.equal(faultsOf(result), ['office, tls']);
  says(result, /speaks LDAP without encryption, and urls says ldaps/);
  const [, startTls = ''] = result.lines().split('# or StartTLS, on this one:\n');
  isAllWell(await checked(house, (text) => text.replace(/^urls = .*\nstart_tls = .*$/m, startTls)));
  const clear = await checked(house, (text) => text.replace(slapd.ldaps, slapd.ldap));
  assert.is(clear.code, 2, 'a configuration that would speak in clear is not used at all');
  assert.match(clear.stderr, /would send passwords in clear: use ldaps:\/\/, or set start_tls = true/);
});

test('a wrong password of the service account is tried once, and not at every server', async ({ house }) => {
  const { slapd, folder } = house;
  writeFileSync(join(folder, 'secrets/other'), 'not the password\n', { mode: 0o600 });
  const result = await checked(
    house,
    (text) =>
      text
        .replace(slapd.ldaps, `${slapd.ldaps}", "ldaps://ldap.latchkey.invalid", "${slapd.ldaps}/`)
        .replace('secrets/directory', 'secrets/other'),
    ['--account', 'anna'],
  );
  assert.is(result.code, 1);
  says(result, /its password here is not the one there, or there is no such account/);
  says(result, /No name server knows ldap\.latchkey\.invalid/);
  says(result, /The password was not tried here/);
  assert.is(
    result.findings.filter(({ says: words }) => /does not take the service account .*: its password/.test(words)).length,
    2,
    'summary and step',
  );
  assert.match(result.lines(), /^ldapsearch -x -W -H ldaps:/m);
  assert.not.match(result.stdout, /not the password/);
});

for (const { name, rule, right = 'none', fault } of [
  { name: 'no right to set passwords', rule: 'attrs=userPassword', fault: /may not set its password/ },
  { name: 'no right to unlock', rule: 'attrs=pwdAccountLockedTime', fault: /may not unlock it/ },
  {
    name: 'a right to unlock without one to look',
    rule: 'attrs=pwdAccountLockedTime',
    right: '=w',
    fault: /cannot see whether an administrator locked it/,
  },
  {
    name: 'no right to say that a password must be changed',
    rule: 'attrs=pwdReset',
    fault: /may not say that its password must be changed/,
  },
]) {
  test(`${name}: the line that is printed grants it`, async ({ house }) => {
    const { slapd } = house;
    await withRule(house, `to dn.subtree="${slapd.people}" ${rule} by dn.exact="${slapd.serviceDn}" ${right} by * break`, async () => {
      const result = await checked(house);
      assert.equal(faultsOf(result), ['office, rights']);
      says(result, fault);
      await slapd.asRoot(result.lines());
      isAllWell(await checked(house));
    });
  });
}

test('a policy that cannot be read: the line that is printed lets it be read', async ({ house }) => {
  const { slapd } = house;
  await withRule(house, `to dn.subtree="ou=policies,${slapd.base}" by dn.exact="${slapd.serviceDn}" none by * break`, async () => {
    const result = await checked(house);
    assert.equal(faultsOf(result), ['office, policy']);
    says(result, /A policy binds this account, and the service account cannot read it/);
    await slapd.asRoot(result.lines());
    isAllWell(await checked(house));
  });
});

test('a protected group that is not there, or lies beside the base, protects nobody, and that is said', async ({ house }) => {
  const { slapd } = house;
  const there = `cn=guarded,${slapd.groups}`;
  await slapd.add(`dn: ${there}\nobjectClass: groupOfNames\ncn: guarded\nmember: ${slapd.serviceDn}\n\n`);
  const protecting = (group: string, base = slapd.base) =>
    checked(house, (text) =>
      text.replace(/^base_dn = .*$/m, `base_dn = ${JSON.stringify(base)}\nprotected_groups = [${JSON.stringify(group)}]`),
    );
  const misspelt = await protecting(there.replace('guarded', 'gaurded'));
  assert.equal(faultsOf(misspelt), ['office, groups']);
  says(misspelt, /gaurded.*is not found/);
  assert.is(misspelt.code, 1);
  assert.equal(faultsOf(await protecting(there, slapd.people)), ['office, groups']);
  assert.not.ok(faultsOf(await protecting(there.toUpperCase())).includes('office, groups'));
});

test('a service account that may too much is warned about: no fault, but a sentence', async ({ house }) => {
  const { slapd, folder } = house;
  writeFileSync(join(folder, 'secrets/root'), 'Adm1n-Passw0rd!\n', { mode: 0o600 });
  const root = await checked(house, (text) => text.replace(slapd.serviceDn, slapd.adminDn).replace('secrets/directory', 'secrets/root'));
  assert.is(root.code, 0, root.stdout);
  says(root, /is the root of the directory/);
  await withRule(
    house,
    `to dn.subtree="${slapd.people}" attrs=userPassword by dn.exact="${slapd.serviceDn}" manage by * break`,
    async () => {
      const manage = await checked(house);
      assert.is(manage.code, 0, manage.stdout);
      says(manage, /for it has the right “manage”/);
      await slapd.asRoot(manage.lines());
      assert.not.match((await checked(house)).stdout, /manage/);
    },
  );
});

test('a dry run for one person says what stands in the way, and touches neither their lock nor their mark', async (room) => {
  const { house } = room;
  const { slapd } = house;
  for (let tries = 0; tries < 3; tries += 1) await slapd.opens(house.dn(anna), 'a wrong password');
  await slapd.force(`dn:: ${Buffer.from(house.dn(anna)).toString('base64')}\nchangetype: modify\nreplace: pwdReset\npwdReset: TRUE\n\n`);
  const locked = await slapd.read(house.dn(anna));
  assert.ok(locked.has('pwdAccountLockedTime') && locked.has('pwdFailureTime'));
  const result = await checked(house, undefined, ['--account', 'anna']);
  assert.is(result.code, 0, result.stdout);
  assert.equal(await slapd.read(house.dn(anna)), locked);
  await slapd.force(
    `dn:: ${Buffer.from(house.dn(anna)).toString('base64')}\nchangetype: modify\nreplace: pwdReset\n-\nreplace: pwdAccountLockedTime\n-\nreplace: pwdFailureTime\n\n`,
  );
  room.before = await slapd.read(house.dn(anna));
});

test('a stranger’s login is told, with exit 1, and a data folder that is none with exit 2', async ({ house }) => {
  const stranger = await checked(house, undefined, ['--account', 'nobody']);
  assert.is(stranger.code, 1);
  says(stranger, /nobody is not found below/);
  const nowhere = await checked(house, (text) => text.replace('folder = "data"', 'folder = "ca.pem/data"'));
  assert.is(nowhere.code, 2);
});

test.run();
