/** Codes by text: to the number that was registered, for five minutes, once, within the limits of the number and of the desk. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Attempt } from '../rules/attempt.ts';
import { isRefusal } from '../rules/refusal.ts';
import { minute } from '../rules/time.ts';
import type { CastName } from '../testing/cast.ts';
import { type TestWorld, testWorld } from '../testing/world.ts';
import type { Challenge, Enrollable, Enrolling } from './method.ts';
import { numberIn } from './sms.ts';

const test = suite('codes by text');
const number = '+447400123456';

const heldBy = (world: TestWorld, name: CastName) => world.enrolments.of(world.people[name].id).filter(({ method }) => method === 'sms');
function challengeTo(world: TestWorld, name: CastName = 'bob', token = 'cookie'): Challenge {
  const at = world.clock.now();
  const place = { intention: 'reset', address: '', language: 'en' } as const;
  const attempt: Attempt =
    world.attempts.byToken(token) ??
    world.attempts.open({ ...place, token, supportCode: token, login: name, at, expiresAt: at + 15 * minute });
  return { account: world.people[name], enrolments: heldBy(world, name), attempt, binding: token, language: 'en', at };
}
const enrolling = (world: TestWorld, form: Record<string, string>, { name = 'bob' as CastName, session = 1 } = {}): Enrolling => ({
  ...{ account: world.people[name], session, form, held: heldBy(world, name), language: 'en', at: world.clock.now() },
});
const keyOf = (value: unknown): string => (isRefusal(value) ? (value as { key: string }).key : 'done');

async function desk() {
  const world = await testWorld({ texts: true });
  return { world, sms: world.methods.get('sms') as Enrollable };
}
async function enrolled() {
  const { world, sms } = await desk();
  assert.equal(await sms.enrolment.begin(enrolling(world, { number: '07400 123456' })), { number });
  assert.is(keyOf(await sms.enrolment.finish(enrolling(world, { answer: world.codeFromText(number) }))), 'done');
  return { world, sms };
}

test('numbers as people write them, and nothing else', () => {
  const good = [
    ['07400 123456', 'GB'],
    ['+44 (0)7400 123456', 'US'],
    ['0044 7400 123456', 'GB'],
    ['+44-7400-123-456', 'DE'],
    ['＋４４７４００１２３４５６', 'GB'],
  ] as const;
  for (const [typed, country] of good) assert.is(numberIn(typed, country), number, typed);
  const bad = [
    '',
    '112',
    '12',
    'call me',
    '+44',
    '+447400123456;ext=5',
    '+447400123456 x5',
    `${number}\r\nBcc: x`.slice(0, 3),
    '+999123456789',
    'a@b.example',
  ];
  for (const typed of bad) assert.is(numberIn(typed, 'GB'), null, typed);
});

test('a texted code is right, once, for five minutes, for this attempt and person', async () => {
  const { world, sms } = await enrolled();
  const challenge = challengeTo(world);
  sms.send?.(challenge);
  const code = world.codeFromText(number);
  assert.match(code, /^\d{6}$/);
  assert.is(await sms.judge(challengeTo(world, 'bob', 'other'), code), 'wrong', 'another attempt');
  assert.is(await sms.judge(challengeTo(world, 'dave', 'dave'), code), 'wrong', 'another person');
  assert.is(await sms.judge(null, code), 'wrong', 'a stranger');
  assert.is(await sms.judge({ ...challenge, attempt: null }, code), 'wrong', 'outside an attempt');
  assert.is(await sms.judge(challenge, '000000'), 'wrong');
  assert.equal((await Promise.all([1, 2, 3].map(() => sms.judge(challengeTo(world), ` ${code.slice(0, 3)} ${code.slice(3)}`)))).sort(), [
    'right',
    'wrong',
    'wrong',
  ]);
  sms.send?.(challengeTo(world, 'bob', 'late'));
  world.clock.advance(5 * minute);
  assert.is(await sms.judge(challengeTo(world, 'bob', 'late'), world.codeFromText(number)), 'wrong', 'too late');
});

test('the sixth try of a code is wrong, whatever it is; a new code replaces it', async () => {
  const { world, sms } = await enrolled();
  sms.send?.(challengeTo(world));
  const code = world.codeFromText(number);
  for (let tries = 0; tries < 5; tries += 1) assert.is(await sms.judge(challengeTo(world), 'x'), 'wrong');
  assert.is(await sms.judge(challengeTo(world), code), 'wrong');
  sms.send?.(challengeTo(world));
  assert.is(await sms.judge(challengeTo(world), code), 'wrong');
  assert.is(await sms.judge(challengeTo(world), world.codeFromText(number)), 'right');
});

test('registered by whoever began, in their session, with a number that can be texted, two at most', async () => {
  const { world, sms } = await enrolled();
  assert.is(keyOf(await sms.enrolment.begin(enrolling(world, { number: 'none' }))), 'method.number-malformed');
  assert.is(keyOf(await sms.enrolment.begin(enrolling(world, { number }))), 'method.already-registered');
  await sms.enrolment.begin(enrolling(world, { number: '+447400123555' }));
  const answer = world.codeFromText('+447400123555');
  assert.is(keyOf(await sms.enrolment.finish(enrolling(world, { answer }, { session: 2 }))), 'method.code-wrong');
  assert.is(keyOf(await sms.enrolment.finish(enrolling(world, { answer }, { name: 'dave' }))), 'method.code-wrong');
  assert.is(
    keyOf(await sms.enrolment.finish({ ...enrolling(world, { answer }), at: world.clock.now() + 5 * minute })),
    'method.code-wrong',
  );
  assert.is(keyOf(await sms.enrolment.finish(enrolling(world, { answer, number: '+447400123777' }))), 'done', 'the number that was proved');
  assert.equal(
    heldBy(world, 'bob').map(({ label }) => label),
    [number, '+447400123555'],
  );
  assert.is(keyOf(await sms.enrolment.begin(enrolling(world, { number: '+447400123777' }))), 'method.too-many');
});

test('the limits are those of the number and of the desk, and name no number', async () => {
  const { world, sms } = await enrolled();
  world.decide({ texts_a_day: 7 });
  const counters = sms.countersOf?.(challengeTo(world)) ?? [];
  assert.equal(
    counters.map(({ limit }) => [limit.name, limit.most]),
    [
      ['texts', 5],
      ['texts a day', 7],
    ],
  );
  assert.not.ok(JSON.stringify(counters).includes('7400'));
  assert.equal(counters, sms.enrolment.countersOf?.({ number: '07400 123456' }));
  assert.equal(sms.countersOf?.(challengeTo(world, 'dave', 'x')), []);
});

test("the directory's number opens a gate only where policy takes it for a proof", async () => {
  const { world, sms } = await desk();
  const account = { ...world.people.bob, mobile: '07400 123123' };
  assert.is(sms.isGiven?.(account), false);
  world.decide({ directory_mobile_is_proof: true });
  assert.is(sms.isGiven?.(account), true);
  assert.is(sms.isGiven?.({ ...account, mobile: 'extension 12' }), false);
  assert.is(sms.destination?.({ account, enrolments: [] }), '•••• 3123');
  sms.send?.({ ...challengeTo(world), account });
  assert.match(world.codeFromText('+447400123123'), /^\d{6}$/);
});

test('without a gateway there is no such method', async () => {
  assert.not.ok((await testWorld()).methods.has('sms'));
});

test.run();
