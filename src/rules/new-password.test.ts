/** What forbids setting a password before the home is asked. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Account } from './account.ts';
import { barred, type Circumstances, lookedBack, objections, possibleFrom, tooEarly, type Way } from './new-password.ts';
import { noDirectoryRules, rulesFor } from './password.ts';
import { defaultPolicy } from './policy.ts';

const account = { home: 'office', isProtected: false } as Account;
const fine: Circumstances = {
  isDisabled: false,
  isProtected: false,
  lock: 'none',
  mustChange: false,
  changeableAt: null,
  rules: noDirectoryRules,
};
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
const refused = (password: string, current?: string) =>
  objections({ password, subject, ...(current === undefined ? {} : { current }) }, rules);

const ways: readonly Way[] = ['change', 'reset', 'reset by administrator'];
const heldBy = (isHeld: boolean, more: { excusesStaff?: true } = {}) => ({
  rules: { ...noDirectoryRules, onReset: { minimumAge: isHeld, history: isHeld, ...more } },
});

test('who has to wait for the minimum age: with the moment, unless the password must be changed', () => {
  const waiting = (
    isHeld: boolean,
    choice: 'block' | 'allow',
    { mustChange = false, ...more }: { mustChange?: boolean; excusesStaff?: true } = {},
  ) =>
    ways.filter((way) => {
      const now = { ...fine, changeableAt: 1000, mustChange, ...heldBy(isHeld, more) };
      return possibleFrom(way, now, { ...defaultPolicy, minimum_age_on_reset: choice }) === 1000;
    });
  assert.equal(waiting(true, 'allow'), ways, 'the directory would refuse');
  assert.equal(waiting(true, 'block'), ways);
  assert.equal(waiting(false, 'block'), ['change', 'reset'], 'nobody from staff waits where no directory makes them');
  assert.equal(waiting(false, 'allow'), ['change']);
  for (const choice of ['allow', 'block'] as const)
    assert.equal(waiting(true, choice, { excusesStaff: true }), ['change', 'reset'], 'staff can help who changed it an hour ago');
  for (const isHeld of [true, false]) assert.equal(waiting(isHeld, 'block', { mustChange: true }), []);
  const early = tooEarly('change', { ...fine, changeableAt: 1000 }, defaultPolicy);
  assert.equal([early?.key, early?.params], ['directory.minimum-age', { at: 1000 }]);
  assert.is(tooEarly('change', fine, defaultPolicy), null);
});

test('Latchkey looks back itself where the home does not, and never for who could learn a password from it', () => {
  const count = (isLocal: boolean, isHeld: boolean, history: number | null = 5, isExpired = false) => {
    const rules = { history, onReset: { history: isHeld, minimumAge: isHeld } };
    return ways.map((way) => lookedBack(way, { ...subject, isLocal }, { isExpired, rules }));
  };
  assert.equal(count(false, true), [0, 0, 0]);
  assert.equal(count(false, false), [0, 5, 0], 'a change the directory holds to its history');
  assert.equal(count(false, false, 5, true), [5, 5, 0], 'but for one of an expired password');
  assert.equal(count(true, false), [5, 5, 0]);
  assert.equal(count(false, false, null), [0, 0, 0]);
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
