/** What is explained of a person is what then happens: by many policies, one person after another goes to the door and tries everything. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { dryRun } from '../dry-run.ts';
import { frontDoor } from '../front-door.ts';
import type { Enrollable } from '../methods/method.ts';
import { issuePass } from '../methods/pass.ts';
import { explained } from '../rules/explanation.ts';
import type { Policy } from '../rules/policy.ts';
import { isRefusal } from '../rules/refusal.ts';
import { minute } from '../rules/time.ts';
import { type CheckName, methodNames } from '../rules/vocabulary.ts';
import { type CastName, cast } from '../testing/cast.ts';
import { type Known, walkThrough } from '../testing/reset-walk.ts';
import { type TestWorld, testWorld } from '../testing/world.ts';
import { createTexts } from '../text/texts.ts';
import { passwordReset } from './reset.ts';

const test = suite('explained');
const texts = createTexts();

/** What the person has come to hold besides. */
type Given = (world: TestWorld, name: CastName) => Promise<Known> | Known;

const aPass: Given = async (world, name) => {
  const wanted = { account: world.people[name], length: 12, life: 60 * minute, isOnce: true, actor: 'heidi', reason: 'x', address: null };
  const pass = await issuePass(world)(wanted);
  if (isRefusal(pass)) throw new Error(pass.key);
  return { pass: () => pass };
};

const answerTo = (question: string): string => `answer to ${question}`;
const questions: Given = async (world, name) => {
  const form = Object.fromEntries(
    ['q01', 'q02', 'q03', 'q04', 'q05'].flatMap((id, nth) => [
      [`question_${nth + 1}`, id],
      [`answer_${nth + 1}`, answerTo(id)],
    ]),
  );
  const about = { account: world.people[name], session: 1, form, held: [], language: 'en', at: world.clock.now() };
  await (world.methods.get('questions') as Enrollable).enrolment.begin(about);
  return { questions: (asked) => asked.map(answerTo).join('\n') };
};

const lastCode: Given = async (world, name) => {
  const about = { account: world.people[name], session: 1, form: {}, held: [], language: 'en', at: world.clock.now() };
  const made = await (world.methods.get('recovery-code') as Enrollable).enrolment.begin(about);
  const [held] = world.enrolments.of(world.people[name].id).filter(({ method }) => method === 'recovery-code');
  if (isRefusal(made) || !held) throw new Error('no codes');
  const [first = null, ...others] = JSON.parse(held.secret) as (string | null)[];
  world.enrolments.spend(held.id, held.secret, JSON.stringify([first, ...others.map(() => null)]), world.clock.now());
  return { 'recovery-code': () => (made.codes as string[])[0] ?? '' };
};

const number = '+447400123456';
const textedCode = (world: TestWorld): Known => ({
  sms: () => (world.mail.some(({ kind }) => kind === 'text-reset-code') ? world.codeFromText(number) : '00000000'),
});
const aNumber: Given = (world, name) => {
  world.enrolments.add({ account: world.people[name].id, method: 'sms', label: number, secret: '', at: world.clock.now() });
  return textedCode(world);
};

/** The directory knows a mobile number. */
const aMobile: Given = async (world, name) => {
  const entry = await world.directory.read(`id-${name}`);
  if (!entry || isRefusal(entry)) throw new Error('no entry');
  const synced = { kind: 'update', id: world.people[name].id, entry: { ...entry, mobile: number }, role: cast[name].role } as const;
  world.accounts.applySync([synced], world.clock.now());
  return textedCode(world);
};

const both =
  (...all: Given[]): Given =>
  async (world, name) =>
    Object.assign({}, ...(await Promise.all(all.map((given) => given(world, name)))));

const state =
  (change: (world: TestWorld, name: CastName) => void): Given =>
  (world, name) => {
    change(world, name);
    return {};
  };
const suspended = state((world, name) => world.accounts.suspend(world.people[name].id, world.clock.now()));
const disabled = state((world, name) => void world.credential(name, { endsAt: 0 }));
const lockedForGood = state((world, name) => void world.credential(name, { lockedAt: 'for good' }));
const lockedOut = state((world, name) => void world.credential(name, { lockedAt: world.clock.now() }));
const unregistered = state((world, name) => {
  for (const method of methodNames) world.enrolments.removeAll(world.people[name].id, method);
});
const isProtected = state((world, name) => void world.directory.protectedGroups.add(cast[name].groups[0]));
const nested: Given = async (world, name) => {
  world.directory.nest(cast[name].groups[0], 'cn=Everybody,ou=groups,dc=latchkey,dc=example');
  const entry = await world.directory.read(`id-${name}`);
  if (entry && !isRefusal(entry))
    world.accounts.applySync([{ kind: 'update', id: world.people[name].id, entry, role: cast[name].role }], world.clock.now());
  return {};
};

const one = { second_gate_when_stronger: false } as const;
const all = { ...one, methods: [...methodNames] };
const twoDeliveries = { ...all, mail_and_text_are_two: true, gates: 2 } as const;
const byDirectory = { directory_mail_is_proof: true, directory_mobile_is_proof: true } as const;
const profile = (more: object) => [{ name: 'Staff', groups: ['staff'], ...more }] as Policy['profiles'];
type Row = readonly [CastName, Partial<Policy>, CheckName | null, (Given | 'unlock' | undefined)?, string?];

const rows: readonly Row[] = [
  ['alice', {}, null],
  ['alice', one, null],
  ['alice', { ...one, gates: 2 }, null],
  ['alice', { methods: ['email'] }, 'methods'],
  ['alice', { ...one, methods: ['email'] }, null],
  ['alice', { ...one, methods: ['totp'] }, null],
  ['alice', { ...one, methods: ['passkey', 'recovery-code'] }, 'methods'],
  ['alice', { methods: [] }, 'methods'],
  ['alice', { ...one, methods: ['email', 'sms'], gates: 2 }, 'methods'],
  ['alice', { scope: 'nobody' }, 'in scope'],
  ['alice', { scope: 'groups' }, 'in scope'],
  ['alice', { scope: 'groups', scope_groups: ['staff'] }, null],
  ['alice', { scope: 'groups', scope_groups: ['Everybody'] }, 'in scope'],
  ['alice', { scope: 'groups', scope_groups: ['everybody'] }, null, nested],
  ['alice', { scope: 'everybody', scope_exclusions: ['everybody'] }, 'in scope', nested],
  ['alice', { scope: 'groups', scope_groups: ['staff'], scope_exclusions: [cast.alice.groups[0]] }, 'in scope'],
  ['alice', { available_directory_people: ['change', 'unlock'] }, 'available'],
  ['alice', { available_local_people: [], available_directory_administrators: [] }, null],
  ['alice', { writeback: false }, 'writeback'],
  ['alice', {}, 'not suspended', suspended],
  ['alice', {}, 'not disabled', disabled],
  ['alice', {}, 'not disabled', lockedForGood],
  ['alice', {}, 'not protected', isProtected],
  ['alice', { open_about_accounts: true }, null],
  ['alice', { open_about_accounts: true, scope: 'nobody' }, 'in scope'],
  ['alice', { open_about_accounts: true, methods: ['passkey'] }, 'methods'],
  ['alice', {}, null, lockedOut],
  ['alice', {}, null, 'unlock'],
  ['alice', { unlock_without_reset: false }, 'available', 'unlock'],
  ['alice', { available_directory_people: ['change', 'reset'] }, 'available', 'unlock'],
  ['bob', {}, 'methods'],
  ['bob', { directory_mail_is_proof: true }, null],
  ['bob', { directory_mail_is_proof: true, gates: 2 }, 'methods'],
  ['bob', { directory_mail_is_proof: true, methods: ['totp'] }, 'methods'],
  ['bob', all, null, aPass],
  ['bob', { ...all, gates: 2 }, 'methods', aPass],
  ['bob', { ...all, methods: ['email'] }, 'methods', aPass],
  ['bob', all, 'methods', questions],
  ['bob', { ...all, directory_mail_is_proof: true, gates: 2 }, null, questions],
  ['bob', { ...all, gates: 2 }, null, both(questions, aPass)],
  ['bob', { ...all, gates: 2 }, null, both(lastCode, aPass)],
  ['bob', { ...all, gates: 2 }, 'methods', lastCode],
  ['bob', all, null, lastCode],
  ['carol', { gates: 1, second_gate_when_stronger: false }, null],
  ['carol', { methods: ['email'] }, 'methods'],
  ['carol', { methods: ['email', 'questions'] }, 'methods', questions],
  ['alice', { ...twoDeliveries, methods: ['email', 'sms'] }, null, aNumber],
  ['carol', { ...twoDeliveries, methods: ['email', 'sms'] }, 'methods', aNumber],
  ['carol', { ...all, methods: ['email', 'sms'], profiles: profile({ mail_and_text_are_two: true }) }, 'methods', aNumber, 'Staff'],
  ['carol', { ...all, methods: ['sms', 'totp'] }, null, aNumber],
  ['alice', { ...twoDeliveries, ...byDirectory }, null, both(unregistered, aMobile)],
  ['carol', { ...twoDeliveries, ...byDirectory }, 'methods', both(unregistered, aMobile)],
  [
    'carol',
    { ...all, profiles: profile({ ...byDirectory, mail_and_text_are_two: true }) },
    'methods',
    both(unregistered, aMobile),
    'Staff',
  ],
  ['carol', { ...all, ...byDirectory, methods: ['sms', 'totp'] }, 'methods', aMobile],
  ['carol', { scope: 'nobody' }, null],
  ['carol', { scope_exclusions: ['staff'] }, null],
  ['carol', { available_directory_administrators: [] }, 'available'],
  ['carol', { profiles: profile({ gates: 1, second_gate_when_stronger: false, methods: ['email'] }) }, 'methods', undefined, 'Staff'],
  ['carol', { writeback: false }, 'writeback'],
  ['dave', {}, 'in scope'],
  ['dave', { scope_exclusions: [] }, null],
  ['laura', {}, null],
  ['laura', { writeback: false }, null],
  ['laura', { available_local_people: ['change'] }, 'available'],
  ['laura', { scope: 'groups', scope_groups: ['staff'] }, 'in scope'],
  ['laura', { methods: ['email'], profiles: profile({ methods: ['email', 'totp'] }) }, 'methods'],
  ['alice', { methods: ['email'], profiles: profile({ methods: ['email', 'totp'] }) }, null, undefined, 'Staff'],
  ['alice', { ...one, profiles: profile({ gates: 2, methods: ['email'] }) }, 'methods', undefined, 'Staff'],
  ['alice', { gates: 2, methods: ['email'], profiles: profile({ gates: 1, ...one }) }, null, undefined, 'Staff'],
  ['bob', { profiles: profile({ directory_mail_is_proof: true }) }, null, undefined, 'Staff'],
  ['bob', { ...all, profiles: profile({ questions_to_answer: 4, directory_mail_is_proof: true, gates: 2 }) }, null, questions, 'Staff'],
  ['dave', { ...one, scope_exclusions: [], profiles: profile({ methods: [] }) }, null],
];

for (const [nth, [name, policy, refusedBy, more, by = null]] of rows.entries())
  test(`${nth + 1}: ${name}, ${JSON.stringify(policy)}: ${refusedBy ?? 'may'}`, async () => {
    const world = await testWorld({ policy, texts: true });
    const isUnlock = more === 'unlock';
    if (isUnlock) lockedOut(world, name);
    const known = typeof more === 'function' ? await more(world, name) : {};
    const intention = isUnlock ? 'unlock' : 'reset';
    const run = await dryRun(name, { ...world, door: frontDoor(world) }, intention);
    if (run.kind !== 'found') throw new Error(run.kind);
    const first = run.checks.find(({ isPassed }) => !isPassed)?.name ?? null;
    assert.is(first, refusedBy);
    assert.is(run.profile, by);
    const said = explained(run, (key, params) => texts.find('en', key, params) ?? key);
    assert.match(said[0]?.says ?? '', by === null ? 'the policy of the office' : `the profile ${by}`);
    for (const { name: check, isPassed, says } of said.slice(1)) {
      assert.match(says, isPassed ? /^yes/ : /^no/, check);
      assert.not(/[{}…]|undefined|check\./.test(says), says);
    }
    const walked = await walkThrough({ world, reset: passwordReset(world) }, { name, intention, known });
    if (refusedBy === null) {
      assert.is(walked.end, 'done', JSON.stringify(walked));
      const { needed } = run.checks.find((check) => check.name === 'methods')?.params ?? {};
      assert.is(walked.proofs.length, needed);
    } else {
      assert.is.not(walked.end, 'done');
      assert.equal([walked.proofs, walked.codes], [[], 0], 'whoever cannot get to the end is not let begin');
      const told = world.mail.find(({ kind }) => kind === 'reset-not-possible');
      assert.is((told?.variables as { reason?: string } | undefined)?.reason, world.people[name].mail === null ? undefined : refusedBy);
    }
  });

test('the table is large enough, and people are told in their own words what there is', async () => {
  assert.ok(rows.length >= 40);
  const world = await testWorld({ policy: { methods: ['email'], scope: 'groups', scope_groups: ['staff'] } });
  const run = await dryRun('alice', { ...world, door: frontDoor(world) });
  if (run.kind !== 'found') throw new Error(run.kind);
  const said = explained(run, (key, params) => texts.find('en', key, params) ?? key).map(({ label, says }) => `${label}: ${says}`);
  assert.equal(said, [
    'Judged by: the policy of the office',
    'Offered: yes, for people of the directory',
    'In scope: yes, group staff',
    'Ways to prove who it is: no, 1 of 2 (E-mail code); registered, but not to be used by the policy: Authenticator app',
    'Not specially protected: yes',
    'Self-service not suspended: yes',
    'Not disabled: yes',
    'Writing to the directory switched on: yes',
    'The directory answers: yes',
  ]);
});

test.run();
