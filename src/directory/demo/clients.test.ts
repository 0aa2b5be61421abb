// needs: ldap-utils
/** The demo directory as OpenLDAP's own command line tools see it, over LDAP and LDAPS. */

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { systemClock, systemRandom } from '../../system.ts';
import { testDemo } from '../../testing/demo-directory.ts';
import { certificateAuthority } from '../certificate.ts';

const test = suite('the tools of OpenLDAP at the demo directory');
const demo = await testDemo();
const folder = mkdtempSync(join(tmpdir(), 'latchkey-clients-'));
const caFile = join(folder, 'ca.pem');
writeFileSync(caFile, demo.ca);
test.after(async () => {
  await demo.close();
  rmSync(folder, { recursive: true });
});

interface Said {
  readonly code: number | null;
  /** Both streams; one line each. */
  readonly text: string;
}

function run(program: string, args: readonly string[], input = ''): Promise<Said> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { env: { ...process.env, LDAPTLS_CACERT: caFile }, timeout: 300_000 });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    child.stdin.end(input);
    child.on('close', (code) => resolve({ code, text }));
  });
}

const as = (dn: string, password: string) => ['-x', '-H', demo.secureUrl, '-D', dn, '-w', password];
const service = as(demo.serviceDn, demo.servicePassword);
const person = (login: string, password = demo.passwordOf(login)) => as(demo.personDn(login), password);
const whoAmI = (login: string, password: string, ...more: string[]) => run('ldapwhoami', [...person(login, password), ...more]);
const search = (...args: string[]) => run('ldapsearch', [...service, '-LLL', '-o', 'ldif-wrap=no', '-b', demo.baseDn, ...args]);
const modify = (account: readonly string[], login: string, ...lines: string[]) =>
  run('ldapmodify', [...account, '-e', 'ppolicy'], [`dn: ${demo.personDn(login)}`, 'changetype: modify', ...lines, ''].join('\n'));
const setPassword = (password: string, login: string, ...more: string[]) =>
  run('ldappasswd', [...service, '-e', 'ppolicy', '-s', password, ...more, demo.personDn(login)]);

test('a modify under an assertion that the entry does not meet changes nothing, and is judged by the policy before (RFC 4528)', async () => {
  const login = 'alice';
  const under = (filter: string, value: string) =>
    run(
      'ldapmodify',
      [...service, '-e', 'ppolicy', '-e', `!assert=${filter}`],
      [`dn: ${demo.personDn(login)}`, 'changetype: modify', 'replace: userPassword', `userPassword: ${value}`, ''].join('\n'),
    );
  assert.is((await under('(!(objectClass=*))', 'a long enough sentence')).code, 122);
  assert.is((await under('(!(objectClass=*))', 'x')).code, 19);
  assert.is((await whoAmI(login, demo.passwordOf(login))).code, 0, 'nothing was changed');
});

test('everybody’s first password opens, over both ports', async () => {
  for (const { login, password, begins } of demo.office.people) {
    const { code, text } = await whoAmI(login, password);
    assert.is(code, begins === 'locked' ? 49 : 0, text);
    if (code === 0) assert.match(text, `dn:${demo.personDn(login)}`);
  }
  const plain = await run('ldapwhoami', ['-x', '-H', demo.plainUrl, '-D', demo.personDn('alice'), '-w', demo.passwordOf('alice')]);
  assert.is(plain.code, 0, plain.text);
});

test('nobody gets in with a wrong password, none, a name that is none or one that is nobody’s', async () => {
  assert.is((await whoAmI('alice', 'wrong')).code, 49);
  assert.match((await whoAmI('alice', '')).text, /\(53\).*unauthenticated bind \(DN with no password\) disallowed/s);
  assert.is((await whoAmI('nobody', 'x')).code, 49);
  assert.is((await run('ldapwhoami', as('no name', 'x'))).code, 34);
  assert.match((await run('ldapwhoami', ['-x', '-H', demo.plainUrl])).text, /^anonymous$/m);
});

test('pages come to an end with everybody in them', async () => {
  const { text } = await search('-E', '!pr=7/noprompt', '(objectClass=inetOrgPerson)', 'uid');
  assert.is(text.match(/^uid: /gm)?.length, demo.office.people.length);
});

test('finds by names of every script, however they are escaped', async () => {
  const finds = async (filter: string, login: string) =>
    assert.match((await search(filter, 'uid')).text, new RegExp(`^uid: ${login}$`, 'm'));
  await finds('(cn=佐藤 花子)', 'hsato');
  await finds('(cn=\\e4\\bd\\90\\e8\\97\\a4 花子)', 'hsato');
  await finds('(cn=*MÜLLER-*)', 'fmueller');
  await finds("(cn=chiara d'angelo)", 'cdangelo');
  await finds('(cn=olivia smith, phd)', 'osmith');
  await finds('(&(mail=alice@*)(!(uid=bob)))', 'alice');
  assert.is((await search('(cn=\\2a)', 'uid')).text.trim(), '');
});

test('shows what was asked for: user attributes, operational ones, names only, and never a password', async () => {
  const all = (await search('(uid=mallory)', '*', '+')).text;
  for (const line of [/^mail: mallory@mail\.example$/m, /^entryUUID: [0-9a-f-]{36}$/m, /^pwdAccountLockedTime: \d{14}Z$/m])
    assert.match(all, line);
  assert.match(all, /^memberOf: cn=staff,ou=groups,/m);
  assert.not.match(all, /userPassword/i);
  const usual = (await search('(uid=mallory)')).text;
  assert.not.match(usual, /entryUUID/);
  assert.is((await search('(uid=mallory)', '1.1')).text.trim(), `dn: ${demo.personDn('mallory')}`);
  assert.match((await search('-A', '(uid=mallory)', 'mail')).text, /^mail:\s*$/m);
  assert.is((await search('(userPassword=*)', '1.1')).text.trim(), '');
  const root = await run('ldapsearch', ['-x', '-H', demo.plainUrl, '-LLL', '-b', '', '-s', 'base', '+']);
  assert.match(root.text, /supportedExtension: 1\.3\.6\.1\.4\.1\.4203\.1\.11\.1/);
});

test('says where a search fails: a missing base, a limit, nobody bound, an unknown critical control', async () => {
  assert.is((await run('ldapsearch', [...service, '-b', `ou=nowhere,${demo.baseDn}`])).code, 32);
  assert.is((await search('-z', '3', '(uid=*)')).code, 4);
  assert.is((await run('ldapsearch', ['-x', '-H', demo.plainUrl, '-b', demo.baseDn])).code, 8);
  assert.is((await search('-e', '!1.2.3.4', '(uid=alice)')).code, 12);
  assert.match((await run('ldapexop', [...service, '1.2.3.4'])).text, /Protocol error \(2\)/);
  assert.is((await run('ldapdelete', [...service, demo.personDn('alice')])).code, 53);
});

test('the service account sets passwords, and the policy answers as slapd’s', async () => {
  const refusal = async (password: string, error: number) =>
    assert.match((await setPassword(password, 'bob')).text, new RegExp(`Constraint violation \\(19\\).*ppolicy: error=${error} `, 's'));
  const first = demo.passwordOf('bob');
  await refusal('short', 6);
  await refusal('{SSHA}aaaaaaaaaaaaaaaaaaaa', 5);
  await refusal(first, 8);
  assert.is((await setPassword('Neues Paßwort ☃ 1', 'bob')).code, 0);
  await refusal(first, 8);
  assert.is((await whoAmI('bob', 'Neues Paßwort ☃ 1')).code, 0);
  assert.is((await whoAmI('bob', first)).code, 49);
  assert.not.match((await run('ldappasswd', [...service, '-s', 'short', demo.personDn('bob')])).text, /ppolicy/, 'not asked for');
});

test('a person changes the own password with the old one, and nobody else’s', async () => {
  const first = demo.passwordOf('oscar');
  const wrong = await run('ldappasswd', [...person('oscar'), '-a', 'not the old one', '-s', 'quite-a-new-password']);
  assert.match(wrong.text, /\(53\).*unwilling to verify old password/s);
  assert.match((await run('ldappasswd', [...person('oscar'), '-s', 'quite-a-new-password', demo.personDn('alice')])).text, /\(50\)/);
  assert.is((await run('ldappasswd', [...person('oscar'), '-a', first, '-s', 'quite-a-new-password'])).code, 0);
  assert.is((await whoAmI('oscar', 'quite-a-new-password')).code, 0);
  assert.match((await run('ldappasswd', [...service, demo.personDn('oscar')])).text, /\(53\).*password generation is not offered/s);
});

test('who must change can do nothing else before', async () => {
  const first = demo.passwordOf('peggy');
  assert.match((await whoAmI('peggy', first, '-e', 'ppolicy')).text, /Password must be changed/);
  assert.is((await run('ldapsearch', [...person('peggy'), '-b', demo.baseDn])).code, 50);
  assert.is((await modify(person('peggy'), 'peggy', 'replace: pwdReset', 'pwdReset: FALSE')).code, 50);
  const changed = await modify(
    person('peggy'),
    'peggy',
    'delete: userPassword',
    `userPassword: ${first}`,
    '-',
    'add: userPassword',
    'userPassword: peggy-chose-this',
  );
  assert.is(changed.code, 0, changed.text);
  assert.is((await run('ldapsearch', [...person('peggy', 'peggy-chose-this'), '-b', demo.baseDn, '(uid=peggy)'])).code, 0);
});

test('the locked are told so, if they ask, and are unlocked by the service account', async () => {
  const password = demo.passwordOf('mallory');
  assert.match((await whoAmI('mallory', password, '-e', 'ppolicy')).text, /Account locked/);
  assert.not.match((await whoAmI('mallory', password)).text, /locked/);
  assert.is((await modify(service, 'mallory', 'delete: pwdAccountLockedTime')).code, 0);
  assert.is((await modify(service, 'mallory', 'delete: pwdAccountLockedTime')).code, 16);
  assert.is((await whoAmI('mallory', password)).code, 0);
  assert.not.match((await search('(uid=mallory)', 'pwdFailureTime')).text, /pwdFailureTime/);
});

test('so many failures lock, and an administrator’s lock is another thing', async () => {
  const last = demo.office.policy.failuresToLock;
  for (let failure = 1; failure <= last; failure++) assert.not.match((await whoAmI('dave', 'wrong', '-e', 'ppolicy')).text, /locked/);
  assert.match((await whoAmI('dave', demo.passwordOf('dave'), '-e', 'ppolicy')).text, /Account locked/);
  assert.is((await modify(service, 'dave', 'replace: pwdAccountLockedTime', 'pwdAccountLockedTime: 000001010000Z')).code, 0);
  assert.match((await search('(uid=dave)', 'pwdAccountLockedTime')).text, /: 000001010000Z$/m);
});

test('a modify is granted as a whole, and only what the service account may write', async () => {
  assert.is((await modify(service, 'carol', 'replace: mail', 'mail: thief@example.org')).code, 50);
  assert.match((await modify(service, 'carol', 'delete: pwdFailureTime')).text, /\(19\).*no user modification allowed/s);
  const both = ['replace: userPassword', 'userPassword: carol-should-not-get-this', '-', 'replace: pwdReset', 'pwdReset: PERHAPS'];
  assert.is((await modify(service, 'carol', ...both)).code, 21);
  assert.is((await whoAmI('carol', demo.passwordOf('carol'))).code, 0);
  const good = ['replace: userPassword', 'userPassword: carol-gets-this-one', '-', 'replace: pwdReset', 'pwdReset: TRUE'];
  assert.is((await modify(service, 'carol', ...good)).code, 0);
  assert.match((await whoAmI('carol', 'carol-gets-this-one', '-e', 'ppolicy')).text, /must be changed/);
  assert.is((await modify(service, 'nobody', 'replace: pwdReset', 'pwdReset: TRUE')).code, 32);
});

test('StartTLS is not offered, and the certificate is not trusted without the authority', async () => {
  assert.match((await run('ldapwhoami', ['-x', '-ZZ', '-H', demo.plainUrl])).text, /Protocol error \(2\)/);
  const { ca } = await certificateAuthority({ clock: systemClock, random: systemRandom });
  writeFileSync(join(folder, 'another.pem'), ca);
  const child = await run('env', [`LDAPTLS_CACERT=${join(folder, 'another.pem')}`, 'ldapwhoami', '-x', '-H', demo.secureUrl]);
  assert.not(child.code === 0);
});

test.run();
