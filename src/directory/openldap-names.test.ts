/** Names in slapd: escaped in its own way, left in groups that lost them, unknown to memberOf, compared over all of Unicode. */
// needs: slapd ldap-utils

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ldifLine, type Slapd, startSlapd } from '../testing/slapd.ts';
import { dnOf, personLdif } from '../testing/slapd-bench.ts';
import { another, configured, first, good, opened, second, someone, valueAt } from '../testing/slapd-hands.ts';
import type { DirectoryEntry } from '../world.ts';

const test = suite('names in slapd');
let slapd: Slapd;

test.before(async () => {
  slapd = await startSlapd();
});
test.after(() => slapd?.close());

const quietly = () => undefined;
const loadModule = (name: string) => `dn: cn=module{0},cn=config\nchangetype: modify\nadd: olcModuleLoad\nolcModuleLoad: ${name}\n\n`;
const overlay = (name: string, kind: string) =>
  `dn: olcOverlay=${name},olcDatabase={1}mdb,cn=config\nchangetype: add\nobjectClass: olcOverlayConfig\nobjectClass: ${kind}\nolcOverlay: ${name}\n`;

test('memberOf: missing for what slapadd loaded, silent in the member’s entryCSN; Latchkey counts by the groups', async () => {
  const [base, name] = ['dc=latchkey,dc=test', 'Loaded One'];
  const dn = `cn=${name},ou=people,${base}`;
  const ldif = `${personLdif({ people: `ou=people,${base}` }, { login: 'loaded', name, password: first })}dn: cn=loaded,ou=groups,${base}\nobjectClass: groupOfNames\ncn: loaded\nmember: ${dn}\n`;
  await another({ ldif }, async (at) => {
    await configured(at, `${loadModule('memberof')}${overlay('memberof', 'olcMemberOfConfig')}`);
    const { csn, remoteId } = { csn: await valueAt(at, dn, 'entryCSN'), remoteId: (await valueAt(at, dn, 'entryUUID')) ?? '' };
    assert.is(await valueAt(at, dn, 'memberOf'), undefined);
    await at.add(`dn: cn=live,${at.groups}\nobjectClass: groupOfNames\ncn: live\nmember: ${dn}\n`);
    assert.is(await valueAt(at, dn, 'memberOf'), `cn=live,${at.groups}`);
    assert.is(await valueAt(at, dn, 'entryCSN'), csn, 'the member’s own entry has not changed, for who asks only for changes');
    await opened(at, {}, async (directory) => {
      assert.equal([...good(await directory.read(remoteId)).groups].sort(), [`cn=live,${at.groups}`, `cn=loaded,${at.groups}`]);
    });
  });
});

test('the last member’s name stays in the group when its entry is gone, even with refint; nobody inherits it', () =>
  another({}, async (at) => {
    const refint = `${overlay('refint', 'olcRefintConfig')}olcRefintAttribute: member\n`;
    await configured(at, `${loadModule('refint')}${refint}`);
    const [gone, here] = [await someone(at), await someone(at)];
    await at.add(`dn: cn=lonely,${at.groups}\nobjectClass: groupOfNames\ncn: lonely\nmember: ${gone.dn}\n`);
    await at.modify(`dn: ${gone.dn}\nchangetype: delete\n\n`);
    await opened(at, { protectedGroups: [`cn=lonely,${at.groups}`] }, async (directory) => {
      const people: DirectoryEntry[] = [];
      for await (const page of directory.people()) people.push(...page);
      assert.equal(
        people.map(({ login, groups, isProtected }) => ({ login, groups, isProtected })),
        [{ login: here.account.login, groups: [], isProtected: false }],
      );
    });
    assert.ok(await valueAt(at, `cn=lonely,${at.groups}`, 'member'), 'the name is still there');
  }));

test('a group that may be empty (RFC 2307bis) counts like any other, where the schema has it', () =>
  another({}, async (at) => {
    const { account, dn } = await someone(at);
    const groupOfMembers = "( 1.3.6.1.1.1.2.65535 NAME 'groupOfMembers' SUP top STRUCTURAL MUST cn MAY ( member $ description ) )";
    await configured(at, `dn: cn=schema,cn=config\nchangetype: modify\nadd: olcObjectClasses\nolcObjectClasses: ${groupOfMembers}\n`);
    await at.add(`dn: cn=empty,${at.groups}\nobjectClass: groupOfMembers\ncn: empty\n\n`);
    await at.add(`dn: cn=full,${at.groups}\nobjectClass: groupOfMembers\ncn: full\nmember: ${dn}\n\n`);
    await opened(at, { protectedGroups: [`cn=full,${at.groups}`] }, async (directory) => {
      const found = good(await directory.read(account.remoteId ?? ''));
      assert.equal([found.groups, found.isProtected], [[`cn=full,${at.groups}`], true]);
      for await (const page of directory.people())
        assert.equal(
          page.map(({ groups }) => groups),
          [[`cn=full,${at.groups}`]],
        );
    });
  }));

test('a name comes back escaped as it was not written, is sent back as it came, and means the same in a group', async () => {
  const name = 'Comma, "Quote" + Plus \\ Back < > ; = # End';
  const { account } = await someone(slapd, { name, login: 'escaped' });
  const written = dnOf(slapd, name);
  const double = `cn=Twice+employeeNumber=67,${slapd.people}`;
  await slapd.add(
    `dn: ${double}\nobjectClass: inetOrgPerson\ncn: Twice\nsn: T\nemployeeNumber: 67\nuid: twice\nuserPassword: ${first}\n\n`,
  );
  const members = [ldifLine('member', written), `member: employeeNumber=67+CN=twice, ${slapd.people.toUpperCase()}`];
  await slapd.add(
    ['dn: cn=spelled,ou=groups,dc=latchkey,dc=test', 'objectClass: groupOfNames', 'cn: spelled', ...members, '\n'].join('\n'),
  );
  await opened(slapd, {}, async (directory) => {
    const found = good(await directory.find('escaped'));
    for (const hex of ['\\2C', '\\22', '\\2B', '\\5C', '\\3C', '\\3E', '\\3B', '\\3D']) assert.ok(found.dn.includes(hex), found.dn);
    assert.is.not(found.dn, written);
    assert.ok((await directory.passwords(account).set(second, quietly)).kind === 'done');
    assert.ok(await slapd.opens(written, second));
    const twice = good(await directory.find('twice'));
    for (const person of [found, twice]) assert.equal(person.groups, [`cn=spelled,${slapd.groups}`]);
    const outcome = await directory.passwords({ ...account, remoteId: twice.remoteId }).set(second, quietly);
    assert.ok(outcome.kind === 'done' && outcome.isProved);
    const all: DirectoryEntry[] = [];
    for await (const page of directory.people()) all.push(...page);
    for (const { login } of [found, twice]) assert.equal(all.find((one) => one.login === login)?.groups, [`cn=spelled,${slapd.groups}`]);
  });
});

test('capital letters do not count, in no script; accents do', async () => {
  await someone(slapd, { login: 'José.Ångström' });
  await someone(slapd, { login: 'ΕΛΈΝΗ' });
  await opened(slapd, {}, async (directory) => {
    for (const typed of ['JOSÉ.ÅNGSTRÖM', 'josé.ångström']) assert.is(good(await directory.find(typed)).login, 'José.Ångström');
    assert.is(good(await directory.find('ελένη')).login, 'ΕΛΈΝΗ');
    for (const typed of ['Jose.Ångström', 'José.Angström', 'ελενη']) assert.is(await directory.find(typed), null, typed);
  });
});

test.run();
