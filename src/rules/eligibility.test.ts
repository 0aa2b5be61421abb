/** Each check by itself, their order, and that nobody who fails one gets by. */

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Account } from './account.ts';
import { eligibility, type Facts, isAvailable, isInScope } from './eligibility.ts';
import { defaultPolicy, type Policy } from './policy.ts';
import { type CheckName, checks, methodNames } from './vocabulary.ts';

const staff = 'cn=staff,ou=groups,dc=example';
const account: Account = {
  id: 1,
  login: 'alice',
  home: 'office',
  remoteId: 'id-alice',
  dn: 'uid=alice,dc=example',
  name: 'Alice',
  mail: null,
  mobile: null,
  role: 'person',
  groups: [staff],
  isProtected: false,
  isDisabled: false,
  suspendedAt: null,
  language: null,
};
const live = { isDisabled: false, isProtected: false, lock: 'none' } as const;
const able: Facts = { account, intention: 'reset', held: ['email', 'totp'], live, isBlocked: false };
const refusedBy = (facts: Partial<Facts>, policy: Partial<Policy> = {}) =>
  eligibility({ ...able, ...facts }, { ...defaultPolicy, ...policy }).refusedBy;
const but = (change: Partial<Account>): Partial<Facts> => ({ account: { ...account, ...change } });

test('who lacks nothing may', () => {
  assert.is(refusedBy({}), null);
  assert.is(refusedBy({ intention: 'unlock', live: { ...live, lock: 'lockout' } }), null);
});

test('the checks are those of the vocabulary, in its order; the first two were answered by finding the account', () => {
  assert.equal(['known', 'one home', ...eligibility(able, defaultPolicy).checks.map(({ name }) => name)], [...checks]);
});

/** One way to fail each check, and only that. */
const failures: readonly [CheckName, Partial<Facts>, Partial<Policy>][] = [
  ['available', {}, { available_directory_people: ['change', 'unlock'] }],
  ['available', but({ home: null }), { available_local_people: [] }],
  ['available', { ...but({ role: 'administrator' }) }, { available_directory_administrators: [] }],
  ['available', { intention: 'unlock' }, { unlock_without_reset: false }],
  ['in scope', {}, { scope: 'nobody' }],
  ['in scope', {}, { scope: 'groups', scope_groups: ['sales'] }],
  ['in scope', {}, { scope_exclusions: [staff] }],
  ['methods', { held: [] }, {}],
  ['methods', { held: ['totp'] }, {}],
  ['methods', { held: ['email', 'totp'] }, { methods: ['email'], gates: 2 }],
  ['methods', { ...but({ role: 'administrator' }), held: ['email'] }, {}],
  ['not protected', but({ isProtected: true }), {}],
  ['not protected', { live: { ...live, isProtected: true } }, {}],
  ['not suspended', but({ suspendedAt: 1 }), {}],
  ['not disabled', { live: { ...live, isDisabled: true } }, {}],
  ['not disabled', { live: { ...live, lock: 'administrator' } }, {}],
  ['writeback', {}, { writeback: false }],
  ['reachable', { live: null }, {}],
  ['within limits', { isBlocked: true }, {}],
];

for (const [name, facts, policy] of failures)
  test(`${name} says no: ${JSON.stringify({ ...facts, ...policy }).slice(0, 80)}`, () => {
    const { checks: made, refusedBy: first } = eligibility({ ...able, ...facts }, { ...defaultPolicy, ...policy });
    assert.is(first, name);
    assert.equal(
      made.filter(({ isPassed }) => !isPassed).map((check) => check.name),
      [name],
    );
  });

test('of several failures the first in the order is told', () => {
  fc.assert(
    fc.property(fc.subarray([...failures], { minLength: 1 }), (chosen) => {
      const facts: Facts = Object.assign({}, able, ...chosen.map(([, some]) => some));
      const policy: Policy = Object.assign({}, defaultPolicy, ...chosen.map(([, , some]) => some));
      const { checks: made, refusedBy: first } = eligibility(facts, policy);
      const failed = made.filter(({ isPassed }) => !isPassed).map(({ name }) => name);
      assert.is(first, failed[0] ?? null);
      assert.equal(
        failed,
        checks.filter((name) => failed.includes(name)),
      );
    }),
  );
});

test('the synced copy says "disabled" only while the directory is not heard: live it decides', () => {
  assert.is(refusedBy({ ...but({ isDisabled: true }), live: null }), 'not disabled');
  assert.is(refusedBy(but({ isDisabled: true })), null);
});

test('what is protected stays so, whichever of the two says it', () => {
  assert.is(refusedBy({ ...but({ isProtected: true }), live: { ...live, isProtected: false } }), 'not protected');
});

test('local accounts do not depend on writeback', () => {
  assert.is(refusedBy(but({ home: null, remoteId: null }), { writeback: false }), null);
});

test('administrators are in every scope; exclusions come before groups for all others', () => {
  const policy = { ...defaultPolicy, scope: 'groups', scope_groups: ['staff'], scope_exclusions: ['guests'] } as const;
  assert.ok(isInScope({ role: 'person', groups: [staff] }, policy));
  assert.not.ok(isInScope({ role: 'helpdesk', groups: [staff, 'cn=guests,dc=example'] }, policy));
  assert.ok(isInScope({ role: 'administrator', groups: [] }, { ...policy, scope: 'nobody' }));
});

test('helpdesk and auditors go through the doors of people', () => {
  const policy = { ...defaultPolicy, available_directory_people: [], available_directory_administrators: ['reset'] } as const;
  assert.not.ok(isAvailable({ home: 'office', role: 'helpdesk' }, 'reset', policy));
  assert.ok(isAvailable({ home: 'office', role: 'administrator' }, 'reset', policy));
});

test('questions alone are never enough, and for staff they are none at all', () => {
  const policy = { methods: [...methodNames], second_gate_when_stronger: false };
  assert.is(refusedBy({ held: ['questions'] }, policy), 'methods');
  assert.is(refusedBy({ held: ['questions', 'email'] }, { ...policy, gates: 2 }), null);
  assert.is(refusedBy({ ...but({ role: 'administrator' }), held: ['questions', 'email'] }, policy), 'methods');
});

test.run();
