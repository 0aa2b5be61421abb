/** What forbids setting a password before the home is asked. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Account } from './account.ts';
import { barred, type Circumstances, objections } from './new-password.ts';
import { noDirectoryRules, rulesFor } from './password.ts';
import { defaultPolicy } from './policy.ts';

const account = { home: 'office', isProtected: false } as Account;
const fine: Circumstances = { isDisabled: false, isProtected: false, lock: 'none', mustChange: false, changeableAt: null };
const barrier = (more: { account?: Account; knowsCurrent?: boolean; now?: Partial<Circumstances>; writeback?: boolean } = {}) =>
  barred(
    { account: more.account ?? account, knowsCurrent: more.knowsCurrent ?? false },
    { ...fine, ...more.now },
    { ...defaultPolicy, writeback: more.writeback ?? true },
  )?.key ?? null;

test('a plain account is not barred, and a lock-out bars nobody', () => {
  assert.is(barrier(), null);
  assert.is(barrier({ now: { lock: 'lockout' } }), null);
});

test('what an administrator closed stays closed, even to who knows the password', () => {
  for (const knowsCurrent of [true, false]) {
    assert.is(barrier({ knowsCurrent, now: { isDisabled: true } }), 'directory.disabled');
    assert.is(barrier({ knowsCurrent, now: { lock: 'administrator' } }), 'directory.locked-by-administrator');
  }
});

test('a protected account changes its own password, and nobody sets it: neither by the live state nor by the copy', () => {
  for (const how of [{ now: { isProtected: true } }, { account: { ...account, isProtected: true } }]) {
    assert.is(barrier(how), 'attempt.not-eligible');
    assert.is(barrier({ ...how, knowsCurrent: true }), null);
  }
});

test('without writeback nothing goes to a directory; local accounts do not care', () => {
  assert.is(barrier({ writeback: false, knowsCurrent: true }), 'attempt.not-eligible');
  assert.is(barrier({ writeback: false, account: { ...account, home: null } }), null);
});

const subject = { login: 'jane', name: 'Jane', isLocal: false };
const rules = rulesFor(subject, defaultPolicy, noDirectoryRules);
const refused = (password: string, current?: string, now: Partial<Circumstances> = {}) =>
  objections({ password, subject, ...(current === undefined ? {} : { current }) }, rules, { ...fine, ...now });

test('too early is said alone, with the moment, unless the password must be changed', () => {
  const [early, ...more] = refused('short', undefined, { changeableAt: 1000 });
  assert.equal([early?.key, early?.params, more.length], ['directory.minimum-age', { at: 1000 }, 0]);
  assert.equal(refused('a good long one', undefined, { changeableAt: 1000, mustChange: true }), []);
});

test('every broken rule is a refusal at the field, each once', () => {
  assert.equal(
    refused('jane\t').map(({ key, field }) => `${key} ${field}`),
    ['password.too-short password', 'password.contains-name password', 'password.unacceptable-character password'],
  );
  assert.is(refused('short')[0]?.params.least, 12);
});

test('the present password is none of the new ones, however it is composed', () => {
  assert.equal(
    refused('über den Wolken', 'u\u0308ber den Wolken').map(({ key }) => key),
    ['password.same-as-current'],
  );
  assert.equal(refused('über den Wolken', 'unter den Wolken'), []);
});

test.run();
