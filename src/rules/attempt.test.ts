/** Where an attempt is and how it ended, read from its steps; and that no order of proofs opens a gate that is not paid for. */

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Attempt,
  chosen,
  gatesNeeded,
  gatesPassed,
  gatesHeld,
  methodsOpen,
  type Place,
  placeOf,
  resultOf,
  type Step,
  usableMethods,
} from './attempt.ts';
import { defaultPolicy, type Policy } from './policy.ts';
import { minute } from './time.ts';
import { type MethodName, methodNames, type Result } from './vocabulary.ts';

type Bare<T> = T extends unknown ? Omit<T, 'at'> : never;
type Happening = Bare<Step>;
const everything: Policy = { ...defaultPolicy, methods: [...methodNames], second_gate_when_stronger: false };
const end = 15 * minute;
const attempt = (happenings: readonly Happening[], more: Partial<Attempt> = {}): Attempt => ({
  id: 1,
  intention: 'reset',
  supportCode: 'AB12',
  address: '192.0.2.1',
  language: 'en',
  createdAt: 0,
  expiresAt: end,
  state: 'open',
  loginDigest: 'digest',
  account: 1,
  refusedBy: null,
  steps: [{ kind: 'identified', at: 0 }, ...happenings.map((happening, index) => ({ ...happening, at: index + 1 }) as Step)],
  ...more,
});
const chose = (method: MethodName): Happening => ({ kind: 'chosen', method });
const passed = (method: MethodName): Happening => ({ kind: 'passed', method });
const wrong = (method: MethodName): Happening => ({ kind: 'wrong', method });
const ended = (outcome: 'done' | 'not proved' | 'unknown' | 'not done'): Happening => ({ kind: 'ended', outcome });
const person = { role: 'person' } as const;
const administrator = { role: 'administrator' } as const;

test('the method that waits is the one chosen last, until it is passed or left', () => {
  assert.is(chosen(attempt([])), null);
  assert.equal(chosen(attempt([chose('email'), wrong('email')])), { method: 'email', at: 1 });
  assert.is(chosen(attempt([chose('email'), { kind: 'another way' }])), null);
  assert.is(chosen(attempt([chose('email'), passed('email')])), null);
  assert.is(chosen(attempt([chose('email'), chose('totp')]))?.method, 'totp');
});

test('administrators pass two gates, whatever the policy', () => {
  assert.is(gatesNeeded(administrator, [], { ...everything, gates: 1 }), 2);
});

test('who holds an app or a passkey is asked for two, if the policy says so', () => {
  const policy = { ...defaultPolicy, gates: 1 } as const;
  assert.is(gatesNeeded(person, ['email', 'totp'], policy), 2);
  assert.is(gatesNeeded(person, ['email', 'passkey'], policy), 2);
  assert.is(gatesNeeded(person, ['email', 'recovery-code'], policy), 1);
  assert.is(gatesNeeded(person, ['email', 'totp'], { ...policy, second_gate_when_stronger: false }), 1);
});

test('the same proof twice is one gate, and mail and text are one until the policy says two, and an administrator’s always', () => {
  assert.is(gatesPassed(attempt([passed('email'), passed('email')]), everything, 'person'), 1);
  assert.is(gatesPassed(attempt([passed('email'), passed('sms')]), everything, 'person'), 1);
  assert.is(gatesPassed(attempt([passed('email'), passed('sms')]), { ...everything, mail_and_text_are_two: true }, 'person'), 2);
  assert.is(gatesPassed(attempt([passed('email'), passed('sms')]), { ...everything, mail_and_text_are_two: true }, 'administrator'), 1);
  assert.is(gatesPassed(attempt([passed('email'), passed('totp')]), everything, 'person'), 2);
});

test('a proof by a method that has been switched off meanwhile counts no more', () => {
  assert.is(gatesPassed(attempt([passed('email'), passed('totp')]), { ...everything, methods: ['totp'] }, 'person'), 1);
});

test('of somebody who has come to be staff the questions that were answered before count no more', () => {
  assert.is(gatesPassed(attempt([passed('questions'), passed('email')]), everything, 'administrator'), 1);
});

test('questions never open the only gate', () => {
  assert.is(gatesPassed(attempt([passed('questions')]), everything, 'person'), 0);
  assert.is(gatesPassed(attempt([passed('questions'), passed('email')]), everything, 'person'), 2);
});

test('a way that was used, or its twin, is not offered again; questions not to staff', () => {
  const held: MethodName[] = ['email', 'sms', 'totp', 'questions'];
  assert.equal(methodsOpen(held, attempt([passed('email')]), everything, 'person'), ['totp', 'questions']);
  assert.equal(methodsOpen(held, attempt([]), everything, 'administrator'), ['email', 'sms', 'totp']);
  assert.equal(usableMethods(['email', 'totp'], { ...everything, methods: ['totp', 'pass'] }, 'person'), ['totp']);
});

test('who has enough methods can pass the gates with them, and who has not cannot', () => {
  const held = fc.subarray([...methodNames]);
  const role = fc.constantFrom('person', 'administrator', 'helpdesk', 'auditor');
  const policies = fc.record({ methods: fc.subarray([...methodNames]), mail_and_text_are_two: fc.boolean(), gates: fc.constantFrom(1, 2) });
  fc.assert(
    fc.property(held, role, policies, (has, as, some) => {
      const policy = { ...everything, ...some };
      const needed = gatesNeeded({ role: as }, has, policy);
      const all = usableMethods(has, policy, as).reduce((course, method) => attempt([...steps(course), passed(method)]), attempt([]));
      assert.is(gatesHeld(has, policy, as), gatesPassed(all, policy, as));
      const open = methodsOpen(has, attempt([]), policy, as);
      assert.is(open.length > 0 && !(open.length === 1 && open[0] === 'questions'), gatesHeld(has, policy, as) > 0);
      assert.ok(as !== 'administrator' || needed === 2);
    }),
  );
});
const steps = (course: Attempt): Happening[] => course.steps.slice(1);

test('no sequence of steps reaches the password before its gates are passed', () => {
  const step = fc.oneof(
    fc.constantFrom(...methodNames).map(chose),
    fc.constantFrom(...methodNames).map(wrong),
    fc.constantFrom(...methodNames).map(passed),
    fc.constant<Happening>({ kind: 'another way' }),
    fc.constant<Happening>({ kind: 'refused', reason: 'directory.history' }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), fc.constantFrom(1, 2), (course, gates) => {
      const policy = { ...everything, gates };
      const left = Math.max(0, gatesNeeded(person, [...methodNames], policy) - gatesPassed(attempt(course), policy, 'person'));
      const proofs = course.filter(({ kind }) => kind === 'passed').map((one) => (one as { method: MethodName }).method);
      const kinds = new Set(proofs.map((method) => (method === 'sms' ? 'email' : method)));
      const isThere = placeOf(attempt(course), left, 20) === 'password';
      assert.is(isThere, kinds.size >= gates && !(kinds.size === 1 && kinds.has('questions')));
    }),
  );
});

const places: readonly [string, Attempt, number, number, Place][] = [
  ['a fresh one', attempt([]), 1, 20, 'method'],
  ['a chosen method', attempt([chose('email')]), 1, 20, 'answer'],
  ['a wrong answer', attempt([chose('email'), wrong('email')]), 1, 20, 'answer'],
  ['the second gate', attempt([chose('email'), passed('email')]), 1, 20, 'method'],
  ['all gates', attempt([passed('email')]), 0, 20, 'password'],
  ['all gates of an unlock', attempt([passed('email')], { intention: 'unlock' }), 0, 20, 'unlock'],
  ['nothing proved, though nothing is asked', attempt([]), 0, 20, 'method'],
  ['the last moment', attempt([passed('email')]), 0, end - 1, 'password'],
  ['the end', attempt([passed('email')]), 0, end, 'expired'],
  ['a write under way', attempt([passed('email')], { state: 'writing' }), 0, 20, 'writing'],
  ['a write under way past the end', attempt([passed('email')], { state: 'writing' }), 0, end + 1, 'writing'],
  ['a write without an answer', attempt([passed('email'), ended('unknown')], { state: 'writing' }), 0, 20, 'unknown'],
  ['success, for as long as it is looked at', attempt([ended('done')], { state: 'finished' }), 0, end + 1, 'done'],
  ['set, but not proved', attempt([ended('not proved')], { state: 'finished' }), 0, 20, 'not proved'],
  ['settled late: nothing was changed', attempt([ended('unknown'), ended('not done')], { state: 'finished' }), 0, 20, 'ended'],
  ['a cancelled one', attempt([{ kind: 'cancelled' }], { state: 'finished' }), 1, 20, 'ended'],
];
for (const [name, course, left, now, place] of places)
  test(`${name} is at "${place}"`, () => {
    assert.is(placeOf(course, left, now), place);
  });

const outcomes: readonly [string, Attempt, number, Result, string][] = [
  ['only the login', attempt([]), 20, 'open', 'after login'],
  ['only the login, later', attempt([]), end, 'abandoned', 'after login'],
  ['left while a code was out', attempt([chose('email')]), end, 'abandoned', 'after start email'],
  ['left after a proof', attempt([chose('email'), passed('email')]), end, 'abandoned', 'after passing email'],
  ['left at the second gate', attempt([passed('email'), chose('totp'), wrong('totp')]), end, 'abandoned', 'after start totp'],
  ['blocked', attempt([wrong('email'), { kind: 'blocked', reason: 'within limits' }]), 20, 'blocked', 'after start email'],
  ['help asked', attempt([chose('email'), { kind: 'asked for help' }]), 20, 'asked for help', 'after start email'],
  ['help asked, and then done alone', attempt([{ kind: 'asked for help' }, passed('email'), ended('done')]), 20, 'succeeded', 'proved'],
  ['cancelled', attempt([chose('totp'), { kind: 'cancelled' }], { state: 'finished' }), 20, 'cancelled', 'after start totp'],
  [
    'another one succeeded',
    attempt([passed('totp'), { kind: 'superseded' }], { state: 'finished' }),
    20,
    'abandoned',
    'after passing totp',
  ],
  [
    'another one succeeded, and nothing was proved in this',
    attempt([chose('totp')], { refusedBy: 'superseded' }),
    20,
    'abandoned',
    'after start totp',
  ],
  ['a failed check', attempt([], { refusedBy: 'methods' }), 20, 'failed', 'methods'],
  [
    'refused, and tried no more',
    attempt([passed('email'), { kind: 'refused', reason: 'directory.history' }]),
    end,
    'failed',
    'directory.history',
  ],
  [
    'refused, and tried again',
    attempt([passed('email'), { kind: 'refused', reason: 'directory.history' }, ended('done')]),
    end,
    'succeeded',
    'proved',
  ],
  [
    'refused, and not over',
    attempt([passed('email'), { kind: 'refused', reason: 'directory.history' }]),
    20,
    'open',
    'after passing email',
  ],
  ['not proved', attempt([ended('not proved')]), 20, 'succeeded', 'not proved'],
  ['no answer', attempt([ended('unknown')], { state: 'writing' }), end, 'unknown', 'outcome unknown'],
  ['no answer, settled: not done', attempt([ended('unknown'), ended('not done')]), end, 'failed', 'old password in force'],
  ['under way', attempt([passed('email')], { state: 'writing' }), 20, 'open', 'writing'],
];
for (const [name, course, now, result, detail] of outcomes)
  test(`${name}: ${result}, ${detail}`, () => {
    const found = resultOf(course, now);
    assert.equal([found.result, found.detail], [result, detail]);
  });

test('the methods of a result are those that were passed', () => {
  assert.equal(resultOf(attempt([passed('email'), wrong('totp'), passed('totp')]), 20).methods, ['email', 'totp']);
});

test.run();
