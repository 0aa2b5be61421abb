/** Where slapd surprises: rights that skip its policy, locks that a reset ends, sign-ins that are changes, ends that are none. */
// needs: slapd ldap-utils

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isRefusal } from '../rules/refusal.ts';
import { type Slapd, startSlapd } from '../testing/slapd.ts';
import { configOf, noLog, personLdif, realClock, timeAgo } from '../testing/slapd-bench.ts';
import {
  another,
  boundAs,
  configured,
  first,
  linked,
  opened,
  refusedWith,
  reset,
  root,
  second,
  service,
  someone,
  statusOf,
  valueAt,
  write,
} from '../testing/slapd-hands.ts';
import { openDirectory } from './directory.ts';
import { instantOf } from './generalized-time.ts';
import type { Change } from './ldap.ts';
import { policyAnswer, policyRequest } from './ppolicy.ts';

const test = suite('surprises of slapd');
let slapd: Slapd;

test.before(async () => {
  slapd = await startSlapd();
});
test.after(() => slapd?.close());

const quietly = () => undefined;
const never = () => assert.unreachable('nothing may be sent');

test('where entryCSN may not be searched, slapd finds no changes and says so as an answer: then there is no going on', async () => {
  const ldif = personLdif({ people: 'ou=people,dc=latchkey,dc=test' }, { login: 'p', name: 'P', password: first });
  for (const access of [[], ['to dn.subtree="ou=people,dc=latchkey,dc=test" attrs=entryCSN by * none']]) {
    const office = await startSlapd({ ldif, access });
    const directory = openDirectory(configOf(office), { clock: realClock, log: noLog });
    try {
      const reading = await directory.reading();
      assert.not.ok(isRefusal(reading));
      if (!isRefusal(reading)) {
        assert.is(reading.bookmark === null, access.length > 0);
        reading.close();
      }
    } finally {
      await directory.close();
      await office.close();
    }
  }
});

for (const [who, options, as] of [
  ['the service account with "=w"', { passwordRight: '=w' }, service],
  ['the service account with "manage"', { passwordRight: 'manage' }, service],
  ['the root of the database', {}, root],
] as const) {
  const isHeld = who.endsWith('"=w"');
  test(`${who} is ${isHeld ? '' : 'not '}held to the policy, and Latchkey knows it`, () =>
    another(options, async (at) => {
      const { account, dn: person } = await someone(at);
      await at.setPolicy({ pwdMinAge: 3600 });
      const { dn, password } = as(at);
      await opened(at, { bindDn: dn, bindPassword: password }, async (directory) => {
        const before = await at.read(person);
        const { rules } = await statusOf(directory, account);
        assert.equal(rules.onReset, { history: isHeld, minimumAge: isHeld });
        assert.equal([...(await at.read(person))], [...before], 'asking it changed nothing at all');
      });
      await boundAs(at, as(at), async (link) => {
        assert.is((await reset(link, person, second)).resultCode, isHeld ? 19 : 0, 'too young');
        await at.setPolicy({ pwdMinAge: 0 });
        for (const unfit of ['Sh0rt', first]) assert.is((await reset(link, person, unfit)).resultCode, isHeld ? 19 : 0, unfit);
        await at.setPolicy({ pwdSafeModify: 'TRUE' });
        assert.is((await reset(link, person, `${second} 2`)).resultCode, isHeld ? 50 : 0, 'without the old one');
      });
      assert.is(await valueAt(at, person, 'pwdReset'), isHeld ? undefined : 'TRUE', 'marked as temporary, unasked');
    }));
}

test('where locks may be written and not seen, an administrator’s looks like none: so nothing is set or unlocked', () => {
  const service = 'cn=latchkey,ou=services,dc=latchkey,dc=test';
  const hidden = `to dn.subtree="ou=people,dc=latchkey,dc=test" attrs=pwdAccountLockedTime by dn.exact="${service}" =w by * break`;
  return another({ access: [hidden] }, async (at) => {
    const [locked, free] = [await someone(at), await someone(at)];
    await write(at, locked.dn, 'pwdAccountLockedTime', '000001010000Z');
    await opened(at, {}, async (directory) => {
      for (const { account } of [locked, free]) {
        const passwords = directory.passwords(account);
        assert.is((await statusOf(directory, account)).lock, 'none');
        for (const outcome of [
          await passwords.set(second, never),
          await passwords.setTemporary(second, never),
          await passwords.unlock(never),
        ]) {
          assert.is(refusedWith(outcome), 'directory.no-permission');
          assert.match(outcome.kind === 'refused' ? (outcome.refusal.raw ?? '') : '', /pwdAccountLockedTime cannot be searched$/);
        }
      }
      assert.ok(directory.health().isUsable);
    });
    assert.is(await valueAt(at, locked.dn, 'pwdAccountLockedTime'), '000001010000Z');
  });
});

test('a pause after a wrong password outlives unlock and reset: the person is told its end, and nothing is sent', async () => {
  const { account, dn } = await someone(slapd);
  const end = timeAgo(-3_600_000);
  await write(slapd, dn, 'pwdAccountTmpLockoutEnd', end);
  await opened(slapd, {}, async (directory) => {
    const passwords = directory.passwords(account);
    assert.is((await statusOf(directory, account)).lock, 'lockout');
    for (const outcome of [await passwords.set(second, never), await passwords.unlock(never)]) {
      assert.ok(outcome.kind === 'refused' && outcome.refusal.key === 'directory.locked-until');
      assert.is(outcome.refusal.params.at, instantOf(end));
    }
    await boundAs(slapd, service(slapd), async (link) => {
      const taken = await link.modify(dn, [{ operation: 'delete', attribute: 'pwdAccountTmpLockoutEnd', values: [] }]);
      assert.equal([taken.resultCode, taken.diagnosticMessage], [19, 'pwdAccountTmpLockoutEnd: no user modification allowed']);
      assert.is((await reset(link, dn, second)).resultCode, 0);
    });
    assert.not.ok(await slapd.opens(dn, second));
    assert.is(await valueAt(slapd, dn, 'pwdAccountTmpLockoutEnd'), end);
    await slapd.setPolicy({ pwdLockout: 'FALSE' });
    assert.is((await statusOf(directory, account)).lock, 'none', 'slapd heeds it only where it locks at all');
    assert.ok(await slapd.opens(dn, second));
    await slapd.setPolicy({ pwdLockout: 'TRUE' });
  });
});

test('a server that does not say that it takes assertions is not believed to hold a reset to anything', () =>
  another({}, async (at) => {
    const { account } = await someone(at);
    const hidden = 'to dn.base="" attrs=supportedControl by * none';
    const frontend = `dn: olcDatabase={-1}frontend,cn=config\nchangetype: modify\nadd: olcAccess\nolcAccess: {0}${hidden}\n`;
    const onReset = () => opened(at, {}, async (directory) => (await statusOf(directory, account)).rules.onReset);
    assert.equal(await onReset(), { history: true, minimumAge: true });
    await configured(at, frontend);
    assert.equal(await onReset(), { history: false, minimumAge: false });
  }));

test('a reset ends every lock, an administrator’s too: so none is made there', async () => {
  const [reached, kept] = [await someone(slapd), await someone(slapd)];
  for (const { dn } of [reached, kept]) await write(slapd, dn, 'pwdAccountLockedTime', '000001010000Z');
  await boundAs(slapd, service(slapd), async (link) => assert.is((await reset(link, reached.dn, second)).resultCode, 0));
  assert.ok(await slapd.opens(reached.dn, second), 'slapd itself lets them in again');
  await opened(slapd, {}, async (directory) => {
    assert.is(refusedWith(await directory.passwords(kept.account).set(second, never)), 'directory.locked-by-administrator');
  });
  assert.is(await valueAt(slapd, kept.dn, 'pwdAccountLockedTime'), '000001010000Z');
});

test('pwdReset goes with the password in one request, by itself, and not away where it is not', async () => {
  const { dn } = await someone(slapd);
  const modify = (...changes: Change[]) =>
    boundAs(slapd, service(slapd), (link) => link.modify(dn, changes, { controls: [policyRequest] }));
  const password = { operation: 'replace', attribute: 'userPassword', values: [second] } as const;
  assert.is((await modify(password, { operation: 'replace', attribute: 'pwdReset', values: ['TRUE'] })).resultCode, 0);
  assert.is(await valueAt(slapd, dn, 'pwdReset'), 'TRUE');
  assert.is((await modify({ operation: 'replace', attribute: 'pwdReset', values: [] })).resultCode, 0);
  assert.is((await modify({ operation: 'delete', attribute: 'pwdReset', values: [] })).resultCode, 16);
});

test('an unlocking by replacement leaves the failures counted, Latchkey’s does not', async () => {
  const [replaced, unlocked] = [await someone(slapd), await someone(slapd)];
  for (const { dn } of [replaced, unlocked]) for (let tries = 0; tries < 3; tries++) await slapd.opens(dn, 'wrong');
  await boundAs(slapd, service(slapd), (link) =>
    link.modify(replaced.dn, [{ operation: 'replace', attribute: 'pwdAccountLockedTime', values: [] }]),
  );
  await opened(slapd, {}, (directory) => directory.passwords(unlocked.account).unlock(quietly));
  assert.is((await slapd.read(replaced.dn)).get('pwdFailureTime')?.length, 3);
  assert.not.ok((await slapd.read(unlocked.dn)).has('pwdFailureTime'));
});

test('a service account under the people’s policy is one day refused everything, and Latchkey says which words it was', () =>
  another({}, async (at) => {
    await at.force(`dn: ${at.serviceDn}\nchangetype: modify\ndelete: pwdPolicySubentry\n\n`);
    await at.modify(`dn: ${at.serviceDn}\nchangetype: modify\nreplace: userPassword\nuserPassword: ${at.servicePassword}\n\n`);
    await opened(at, {}, async (directory) => {
      const { isReachable, isUsable, problem } = await directory.probe();
      assert.equal([isReachable, isUsable, problem?.key], [true, false, 'directory.no-permission']);
      assert.match(problem?.raw ?? '', /50 Operations are restricted to bind\/unbind\/abandon\/StartTLS\/modify password/);
    });
  }));

test('the limit of 500 ends a paged search too, after good pages: that is no end', () => {
  const ldif = Array.from({ length: 600 }, (_, at) =>
    personLdif({ people: 'ou=people,dc=latchkey,dc=test' }, { login: `u${at}`, name: `U ${at}`, password: first }),
  ).join('');
  return another({ isLimited: true, ldif }, (at) =>
    opened(at, { pageSize: 200 }, async (directory) => {
      const pages: number[] = [];
      let thrown: unknown = null;
      try {
        for await (const page of directory.people()) pages.push(page.length);
      } catch (error) {
        thrown = error;
      }
      assert.ok(pages.length > 0 && pages.every((length) => length === 200), pages.join());
      assert.ok(isRefusal(thrown) && / 4\b/.test(thrown.raw ?? ''), String(thrown));
    }),
  );
});

test('a sign-in moves entryCSN and modifyTimestamp, wrong or right; our marker stays', async () => {
  const { dn, account } = await someone(slapd);
  const stamps = async () => ({ csn: await valueAt(slapd, dn, 'entryCSN'), by: await valueAt(slapd, dn, 'modifiersName') });
  const before = await stamps();
  await opened(slapd, {}, async (directory) => {
    const { marker } = await statusOf(directory, account);
    await slapd.opens(dn, 'wrong');
    const failed = await stamps();
    assert.is.not(failed.csn, before.csn);
    await slapd.opens(dn, first);
    const succeeded = await stamps();
    assert.is.not(succeeded.csn, failed.csn, 'the failure is forgotten');
    assert.is(succeeded.by, before.by, 'modifiersName does not tell of it');
    assert.is((await statusOf(directory, account)).marker, marker);
  });
});

test('the attempt that locks is still called wrong, the next one locked with any password; a lock ends by itself', async () => {
  const { dn, account } = await someone(slapd);
  const said: (number | null)[] = [];
  for (const password of ['wrong', 'wrong', 'wrong', first, 'wrong']) {
    said.push(await linked(slapd, async (link) => policyAnswer(await link.bind(dn, password, [policyRequest])).error));
  }
  assert.equal(said, [null, null, null, 1, 1]);
  await write(slapd, dn, 'pwdAccountLockedTime', timeAgo(3_600_000));
  await opened(slapd, {}, async (directory) => assert.is((await statusOf(directory, account)).lock, 'none'));
});

test.run();
