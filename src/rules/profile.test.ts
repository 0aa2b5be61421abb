/** Which policy is whose, and what no policy and no profile can weaken. */

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { anyPolicy } from '../testing/any-policy.ts';
import type { Account, Role } from './account.ts';
import { type Attempt, gatesHeld, gatesNeeded, gatesPassed, methodsOpen, placeOf, type Step, usableMethods } from './attempt.ts';
import { eligibility } from './eligibility.ts';
import { barred } from './new-password.ts';
import {
  availabilityPresets,
  defaultPolicy,
  isDirectoryProof,
  methodsAnywhere,
  type Policy,
  policyFor,
  profileOf,
  settings,
} from './policy.ts';
import { type MethodName, methodNames } from './vocabulary.ts';

const dn = (name: string): string => `cn=${name},ou=groups,dc=example`;
const [staff, finance, board] = [dn('staff'), dn('finance'), dn('board')];
const account = (more: Partial<Account> = {}): Account => ({
  ...{ id: 1, login: 'alice', home: 'office', remoteId: 'id', dn: null, name: 'Alice', mail: null, mobile: null, role: 'person' },
  ...{ groups: [staff], isProtected: false, isDisabled: false, suspendedAt: null, language: null },
  ...more,
});
const live = { isDisabled: false, isProtected: false, lock: 'none' } as const;

test('the first profile that fits is the person’s, by name or DN, and decides only what it names', () => {
  const policy: Policy = {
    ...defaultPolicy,
    snooze_days: 7,
    profiles: [
      { name: 'Board', groups: [board], gates: 2, methods: ['passkey'] },
      { name: 'Money', groups: ['finance', board], gates: 2 },
    ],
  };
  assert.is(profileOf(account(), policy), null);
  assert.is(policyFor(account(), policy), policy);
  const money = policyFor(account({ groups: [staff, finance] }), policy);
  assert.equal([money.gates, money.methods, money.snooze_days], [2, defaultPolicy.methods, 7]);
  assert.is(profileOf(account({ groups: [finance, board] }), policy)?.name, 'Board');
  assert.equal(policyFor(account({ groups: [board] }), policy).methods, ['passkey']);
  assert.not.ok('name' in money || 'groups' in money);
  assert.equal(policyFor(account({ groups: [board] }), money), policyFor(account({ groups: [board] }), policy), 'judged twice is the same');
});

test('what is shown to strangers is what anybody may use', () => {
  const profiles: Policy['profiles'] = [
    { name: 'a', groups: ['a'], methods: ['passkey', 'email'] },
    { name: 'b', groups: ['b'], gates: 2 },
  ];
  assert.equal(methodsAnywhere({ ...defaultPolicy, methods: ['email', 'totp'], profiles }), ['email', 'totp', 'passkey']);
});

test('a profile has a name of its own and its groups, and only rows that a profile may decide', () => {
  const good = { name: 'a', groups: ['x'], gates: 2 };
  const read = (...profiles: unknown[]) => settings.profiles.read(profiles);
  assert.equal(read(good, { name: 'b', groups: ['y'] }), [good, { name: 'b', groups: ['y'] }]);
  for (const bad of [
    null,
    'a',
    { name: 'a' },
    { groups: ['x'] },
    { ...good, name: '' },
    { ...good, name: 'a\nb' },
    { ...good, groups: [] },
    { ...good, groups: 'x' },
    { ...good, gates: 3 },
    { ...good, scope: 'nobody' },
    { ...good, available_local_people: [] },
    { ...good, writeback: false },
    { ...good, profiles: [] },
    { ...good, constructor: 1 },
  ])
    assert.is(read(bad), null, JSON.stringify(bad));
  assert.is(read(good, good), null, 'two of one name');
});

test('the presets of availability decide all four rows', () => {
  const served = Object.entries(availabilityPresets).map(([name, rows]) => [name, Object.values(rows).map((doors) => doors.length)]);
  assert.equal(served, [
    ['administrators only', [3, 0, 3, 0]],
    ['local accounts', [3, 3, 0, 0]],
    ['everyone', [3, 3, 3, 3]],
  ]);
});

const policies = anyPolicy([staff, finance, 'board']);
const held = fc.subarray([...methodNames]);
const groups = fc.subarray([staff, finance, board]);
const attempt = (methods: readonly MethodName[]): Attempt => ({
  ...{ id: 1, intention: 'reset', supportCode: '', address: '', language: 'en', createdAt: 0, expiresAt: 1000, state: 'open' },
  ...{ loginDigest: '', account: 1, refusedBy: null },
  steps: [{ kind: 'identified', at: 0 }, ...methods.map((method): Step => ({ kind: 'passed', method, at: 1 }))],
});

test('no policy and no profile lets an administrator by with less than two different ways, mail and text being one, or with questions', () => {
  const kindsOf = (methods: readonly MethodName[]): number =>
    new Set(methods.filter((method) => method !== 'questions').map((method) => (method === 'sms' ? 'email' : method))).size;
  fc.assert(
    fc.property(policies, held, groups, fc.array(fc.constantFrom(...methodNames), { maxLength: 4 }), (office, has, among, proofs) => {
      const person = account({ role: 'administrator', groups: among });
      const policy = policyFor(person, office);
      assert.is(gatesNeeded(person, has, policy), 2);
      for (const usable of [usableMethods(has, policy, 'administrator'), methodsOpen(has, attempt(proofs), policy, 'administrator')])
        assert.not.ok(usable.includes('questions'));
      const passed = gatesPassed(attempt(proofs), policy, 'administrator');
      assert.ok(passed <= kindsOf(proofs));
      const left = Math.max(0, 2 - passed);
      const isThere = placeOf(attempt(proofs), left, 2) === 'password';
      assert.ok(!isThere || kindsOf(proofs.filter((method) => policy.methods.includes(method))) >= 2);
      for (const data of ['mail', 'mobile'] as const) assert.not.ok(isDirectoryProof(data, person, office));
      const { refusedBy } = eligibility({ account: person, intention: 'reset', held: has, live, isBlocked: false }, office);
      assert.ok(refusedBy !== null || kindsOf(has) >= 2);
    }),
    { numRuns: 2000 },
  );
});

test('no policy and no profile lets questions be the only way, and staff use them at all', () => {
  const roles = fc.constantFrom<Role>('person', 'helpdesk', 'auditor', 'administrator');
  fc.assert(
    fc.property(policies, roles, groups, (office, role, among) => {
      const policy = policyFor({ groups: among }, office);
      assert.is(gatesPassed(attempt(['questions', 'questions']), policy, role), 0);
      assert.is(gatesHeld(['questions'], policy, role), 0);
      if (role !== 'person') assert.not.ok(usableMethods([...methodNames], policy, role).includes('questions'));
    }),
    { numRuns: 500 },
  );
});

test('no policy and no profile opens a protected account to a reset, an unlock or help', () => {
  const roles = fc.constantFrom<Role>('person', 'helpdesk', 'auditor', 'administrator');
  const circumstances = { ...live, mustChange: false, changeableAt: null, rules: { onReset: { history: true, minimumAge: true } } };
  fc.assert(
    fc.property(policies, held, groups, roles, fc.constantFrom('synced', 'live'), (office, has, among, role, where) => {
      const person = account({ role, groups: among, isProtected: where === 'synced' });
      const seen = { ...live, isProtected: where === 'live' };
      for (const intention of ['reset', 'unlock'] as const) {
        const judged = eligibility({ account: person, intention, held: has, live: seen, isBlocked: false }, office);
        assert.is(judged.checks.find(({ name }) => name === 'not protected')?.isPassed, false);
        assert.is.not(judged.refusedBy, null);
      }
      const now = { ...circumstances, ...seen };
      assert.is.not(barred({ account: person, knowsCurrent: false }, now, policyFor(person, office)), null);
    }),
    { numRuns: 1000 },
  );
});

test('a profile that asks for two gates is obeyed whatever the office asks for', () => {
  fc.assert(
    fc.property(policies, held, (office, has) => {
      const policy = policyFor(account(), { ...office, profiles: [{ name: 'all', groups: ['staff'], gates: 2 }, ...office.profiles] });
      assert.is(gatesNeeded({ role: 'person' }, has, policy), 2);
    }),
  );
});

test('a protected account is changed by who knows its password, and by nobody else', () => {
  const now = {
    ...live,
    isProtected: true,
    mustChange: false,
    changeableAt: null,
    rules: { onReset: { history: true, minimumAge: true } },
  };
  assert.is(barred({ account: account(), knowsCurrent: true }, now, defaultPolicy), null);
});

test.run();
