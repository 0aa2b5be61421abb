/** What stops the service for everybody, and what concerns one person alone: held to a real slapd. */
// needs: slapd ldap-utils

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isRefusal } from '../rules/refusal.ts';
import { dnOf, personLdif } from '../testing/slapd-bench.ts';
import { another, good, opened, refusedWith, someone, statusOf, write } from '../testing/slapd-hands.ts';

const test = suite('who is served');
const quietly = () => undefined;
const keyOf = (value: unknown) => (isRefusal(value) ? value.key : value);

test('while a protected group is renamed nobody is served, nobody loses protection, and everybody is told why', () =>
  another({}, async (at) => {
    const [member, other] = [await someone(at), await someone(at)];
    const board = `cn=board,${at.groups}`;
    await at.add(`dn: ${board}\nobjectClass: groupOfNames\ncn: board\nmember: ${member.dn}\n\n`);
    const rename = (from: string, to: string) =>
      at.modify(`dn: cn=${from},${at.groups}\nchangetype: modrdn\nnewrdn: cn=${to}\ndeleteoldrdn: 1\n\n`);
    await opened(at, { protectedGroups: [board] }, async (directory) => {
      assert.is((await statusOf(directory, member.account)).isProtected, true);
      assert.is((await statusOf(directory, other.account)).isProtected, false);
      assert.is((await directory.probe()).problem, null);

      await rename('board', 'directors');
      for (const { account } of [member, other]) {
        assert.is(keyOf(await directory.passwords(account).status()), 'directory.protected-group');
        assert.is(keyOf(await directory.find(account.login)), 'directory.protected-group');
      }
      const reading = good(await directory.reading());
      try {
        for await (const _ of reading.people()) assert.unreachable('an incomplete reading is none');
      } catch (error) {
        assert.is(keyOf(error), 'directory.protected-group');
      } finally {
        reading.close();
      }
      const { isReachable, isUsable, problem } = await directory.probe();
      assert.equal([isReachable, isUsable, problem?.key], [true, false, 'directory.protected-group']);
      assert.match(problem?.raw ?? '', board);

      await rename('directors', 'board');
      assert.is((await directory.probe()).isUsable, true);
      assert.is((await statusOf(directory, member.account)).isProtected, true);
    });
  }));

test('a protected group where no groups are read, or that is none, is missing', () =>
  another({}, async (at) => {
    const { account, dn } = await someone(at);
    for (const group of [dn, 'cn=board,dc=elsewhere', 'board'])
      await opened(at, { protectedGroups: [group] }, async (directory) => {
        assert.is(keyOf(await directory.passwords(account).status()), 'directory.protected-group', group);
      });
  }));

test('a person whose entry hides what must be read is refused, and the directory is as well as before', () => {
  const people = 'ou=people,dc=latchkey,dc=test';
  const hidden = dnOf({ people }, 'Hidden');
  const ldif = personLdif({ people }, { login: 'hidden', name: 'Hidden', password: 'First-Passw0rd-of-all' });
  return another({ ldif, access: [`to dn.base="${hidden}" attrs=entryUUID by * none`] }, async (at) => {
    const { account } = await someone(at);
    await opened(at, {}, async (directory) => {
      await directory.probe();
      assert.is(keyOf(await directory.find('hidden')), 'directory.no-permission');
      const { isUsable, problem } = directory.health();
      assert.equal([isUsable, problem], [true, null]);
      assert.is(refusedWith(await directory.passwords(account).set('Second-Passw0rd-of-all', quietly)), 'done');
    });
  });
});

test('a policy of their own that is hidden, or is not there, is one that cannot be read', () => {
  const policy = 'cn=secret,ou=policies,dc=latchkey,dc=test';
  return another({ access: [`to dn.base="${policy}" by * none`] }, async (at) => {
    const { account, dn } = await someone(at);
    await opened(at, {}, async (directory) => {
      assert.is.not((await statusOf(directory, account)).rules.minimumLength, null);
      for (const named of [policy, 'cn=gone,ou=policies,dc=latchkey,dc=test']) {
        await write(at, dn, 'pwdPolicySubentry', named);
        assert.is((await statusOf(directory, account)).rules.minimumLength, null, named);
      }
    });
  });
});

test.run();
