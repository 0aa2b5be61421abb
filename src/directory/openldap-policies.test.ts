/** Which policy of slapd binds whom, and in what it counts. */
// needs: slapd ldap-utils

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isRefusal } from '../rules/refusal.ts';
import { type Slapd, startSlapd } from '../testing/slapd.ts';
import {
  another,
  boundAs,
  configured,
  first,
  opened,
  refusedWith,
  reset,
  second,
  service,
  someone,
  statusOf,
  write,
} from '../testing/slapd-hands.ts';
import type { Directory } from '../world.ts';

const test = suite('policies of slapd');
let slapd: Slapd;

test.before(async () => {
  slapd = await startSlapd();
});
test.after(() => slapd?.close());

const quietly = () => undefined;
const never = () => assert.unreachable('nothing may be sent');

test('who has not signed in for longer than pwdMaxIdle is as one switched off, though a reset would let them in', () =>
  another({ policy: { pwdMaxIdle: 5 } }, async (at) => {
    await configured(at, 'dn: olcDatabase={1}mdb,cn=config\nchangetype: modify\nreplace: olcLastBind\nolcLastBind: TRUE\n');
    const { account, dn } = await someone(at);
    assert.ok(await at.opens(dn, first));
    await opened(at, {}, async (directory) => {
      const passwords = directory.passwords(account);
      assert.is((await statusOf(directory, account)).isDisabled, false);
      await new Promise((resolve) => setTimeout(resolve, 6100));
      assert.is((await statusOf(directory, account)).isDisabled, true);
      const verified = await passwords.verify(first);
      assert.ok(isRefusal(verified) && verified.key === 'directory.disabled' && verified.raw === '49; ppolicy 1', JSON.stringify(verified));
      assert.is(refusedWith(await passwords.set(second, never)), 'directory.disabled');
      await boundAs(at, service(at), async (link) => assert.is((await reset(link, dn, second)).resultCode, 0));
      assert.ok(await at.opens(dn, second));
      assert.is((await statusOf(directory, account)).isDisabled, false);
    });
  }));

test('a default policy of another name is read where config.toml names it; otherwise no rule is shown that may not be true', () =>
  another({}, async (at) => {
    const standard = await at.addPolicy('standard', { pwdMinLength: 17, pwdInHistory: 3 });
    const inForce = (dn: string) =>
      `dn: olcOverlay={0}ppolicy,olcDatabase={1}mdb,cn=config\nchangetype: modify\nreplace: olcPPolicyDefault\nolcPPolicyDefault: ${dn}\n`;
    await configured(at, inForce(standard));
    await at.modify(`dn: ${at.policyDn}\nchangetype: delete\n\n`);
    const [{ account }, own] = [await someone(at), await someone(at)];
    await write(at, own.dn, 'pwdPolicySubentry', await at.addPolicy('own', { pwdMinLength: 25 }));
    const lengths = (directory: Directory) =>
      Promise.all([account, own.account].map(async (one) => (await statusOf(directory, one)).rules.minimumLength));
    await opened(at, { passwordPolicyDn: standard.toUpperCase() }, async (directory) => {
      assert.equal(await lengths(directory), [17, 25], 'one’s own policy goes first');
      const outcome = await directory.passwords(account).set('Sixteen-Letters!', quietly);
      assert.ok(outcome.kind === 'refused' && outcome.refusal.key === 'directory.too-short' && outcome.refusal.params.least === 17);
    });
    await opened(at, {}, async (directory) => {
      const { rules, failuresLeft, expiresAt } = await statusOf(directory, account);
      assert.equal([rules.minimumLength, rules.history, failuresLeft, expiresAt], [null, null, null, null]);
      assert.equal(await lengths(directory), [null, 25]);
      const outcome = await directory.passwords(account).set('Sixteen-Letters!', quietly);
      assert.ok(outcome.kind === 'refused' && outcome.refusal.key === 'directory.too-short' && !('least' in outcome.refusal.params));
    });
    await opened(at, { passwordPolicyDn: 'cn=nowhere,dc=latchkey,dc=test' }, async (directory) => {
      assert.is(
        (await statusOf(directory, account)).rules.minimumLength,
        null,
        'a policy that is not there binds nobody, as far as can be told',
      );
    });
  }));

test('a password is measured in bytes: told in characters, whoever keeps to it is never refused', async () => {
  const { account } = await someone(slapd);
  await opened(slapd, {}, async (directory) => {
    const { rules } = await statusOf(directory, account);
    assert.equal([rules.minimumLength, rules.lengthUnit], [12, 'bytes']);
    const passwords = directory.passwords(account);
    assert.is(refusedWith(await passwords.set('elevenbytes', quietly)), 'directory.too-short');
    for (const password of ['äöüßéñ', '日本語日', '😀😀😀', 'äöüßéñ日本語😀!?']) {
      assert.ok(Buffer.byteLength(password) >= 12);
      assert.is((await passwords.set(password, quietly)).kind, 'done', password);
    }
  });
});

test('slapd takes a longer one than pwdMaxLength for bad quality, and says in the control what is wrong', async () => {
  const { account } = await someone(slapd);
  await slapd.setPolicy({ pwdMaxLength: 20 });
  await opened(slapd, {}, async (directory) => {
    const outcome = await directory.passwords(account).set(`${second} and more`, quietly);
    assert.ok(outcome.kind === 'refused' && outcome.refusal.key === 'directory.too-long');
    assert.is(outcome.refusal.raw, '19 Password fails quality checking policy; ppolicy 9');
    assert.is((await statusOf(directory, account)).rules.maximumLength, 20);
    await slapd.setPolicy({ pwdCheckQuality: 0 });
    assert.is((await statusOf(directory, account)).rules.maximumLength, null);
    assert.is((await directory.passwords(account).set(`${second} and more`, quietly)).kind, 'done');
  });
  await slapd.setPolicy({ pwdCheckQuality: 2 });
  await slapd.setPolicy({ pwdMaxLength: 0 });
});

test.run();
