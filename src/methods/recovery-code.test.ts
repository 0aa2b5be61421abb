/** Printed codes: each once, read as people write them, and nothing to be learnt from a wrong one. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isRefusal } from '../rules/refusal.ts';
import type { CastName } from '../testing/cast.ts';
import { type TestWorld, testWorld } from '../testing/world.ts';
import type { Challenge, Enrolling, Enrollable } from './method.ts';
import { methodsWith } from './methods.ts';

const test = suite('printed codes');

const challengeTo = (world: TestWorld, name: CastName = 'bob'): Challenge => ({
  account: world.people[name],
  enrolments: world.enrolments.of(world.people[name].id).filter(({ method }) => method === 'recovery-code'),
  attempt: null,
  binding: 'session 1',
  language: 'en',
  at: world.clock.now(),
});
const enrolling = (world: TestWorld, name: CastName = 'bob'): Enrolling => ({
  account: world.people[name],
  session: 1,
  form: {},
  held: challengeTo(world, name).enrolments,
  language: 'en',
  at: world.clock.now(),
});
async function desk() {
  const world = await testWorld();
  const printed = world.methods.get('recovery-code') as Enrollable;
  return { world, printed, codes: await codesOf(world, printed) };
}
async function codesOf(world: TestWorld, printed: Enrollable, name: CastName = 'bob'): Promise<string[]> {
  const shown = await printed.enrolment.begin(enrolling(world, name));
  if (isRefusal(shown)) throw new Error('refused');
  return [...(shown.codes as string[])];
}
const left = (world: TestWorld, printed: Enrollable): unknown =>
  challengeTo(world).enrolments.map((enrolment) => printed.describe(enrolment).left);

test('ten codes of 65 bits, numbered, all different, none of them in the file', async () => {
  const { world, codes } = await desk();
  assert.is(codes.length, 10);
  for (const [number, code] of codes.entries())
    assert.match(code, new RegExp(`^${number}-[0-9a-hjkmnp-tv-z]{4}-[0-9a-hjkmnp-tv-z]{4}-[0-9a-hjkmnp-tv-z]{4}-[0-9a-hjkmnp-tv-z]$`));
  assert.is(new Set(codes.map((code) => code.slice(2))).size, 10);
  const file = world.db.$client.serialize().toString('latin1');
  for (const code of codes) assert.not.ok(file.includes(code) || file.includes(code.slice(2).replaceAll('-', '')));
});

test('each is right once, and the others stay', async () => {
  const { world, printed, codes } = await desk();
  for (const [used, code] of codes.entries()) {
    assert.equal([await printed.judge(challengeTo(world), code), await printed.judge(challengeTo(world), code)], ['right', 'wrong'], code);
    assert.equal(left(world, printed), [9 - used]);
  }
});

test('as people write them: any case, with or without hyphens, l and o for what they look like', async () => {
  const { world, printed, codes } = await desk();
  const written = [
    (code: string) => code.toUpperCase(),
    (code: string) => code.replaceAll('-', ''),
    (code: string) => ` ${code.replaceAll('-', ' ')} `,
    (code: string) => code.replaceAll('1', 'l').replaceAll('0', 'O'),
  ];
  for (const [index, write] of written.entries())
    assert.is(await printed.judge(challengeTo(world), write(codes[index] ?? '')), 'right', write(codes[index] ?? ''));
});

test('wrong, empty, of another number or another person: wrong, and nothing is spent', async () => {
  const { world, printed, codes } = await desk();
  const others = await codesOf(world, printed, 'alice');
  const [first = '', second = ''] = codes;
  const renumbered = `1${first.slice(1)}`;
  for (const wrong of [
    '',
    '0',
    first.slice(0, -1),
    `${first}0`,
    renumbered,
    `x${first.slice(1)}`,
    others[0] ?? '',
    `0-${second.slice(2)}`,
    'null',
    '0'.repeat(14),
  ])
    assert.is(await printed.judge(challengeTo(world), wrong), 'wrong', wrong);
  assert.is(await printed.judge(challengeTo(world, 'alice'), first), 'wrong');
  assert.equal([left(world, printed), await printed.judge(challengeTo(world), first)], [[10], 'right']);
});

test('one code typed ten times at once passes once', async () => {
  const { world, printed, codes } = await desk();
  const challenge = challengeTo(world);
  const judged = await Promise.all(Array.from({ length: 10 }, () => printed.judge(challenge, codes[3] ?? '')));
  assert.is(judged.filter((judgement) => judgement === 'right').length, 1);
});

test('one try costs one slow hash, for who has codes, has none, has spent them, types nonsense, or is nobody', async () => {
  const { world, codes } = await desk();
  let hashes = 0;
  const slowHash = {
    ...world.slowHash,
    verify: (secret: string, hash: string | null) => {
      hashes += 1;
      return world.slowHash.verify(secret, hash);
    },
  };
  const printed = methodsWith({ ...world, slowHash, ownDomains: [] }).get('recovery-code') as Enrollable;
  const used = codes[0] ?? '';
  await printed.judge(challengeTo(world), used);
  for (const judge of [
    () => printed.judge(challengeTo(world), used),
    () => printed.judge(challengeTo(world), codes[1] ?? ''),
    () => printed.judge(challengeTo(world), 'nonsense'),
    () => printed.judge(challengeTo(world, 'dave'), used),
    () => printed.judge(null, used),
  ]) {
    hashes = 0;
    await judge();
    assert.is(hashes, 1);
  }
});

test('a fresh set takes the place of the old one, whole', async () => {
  const { world, printed, codes } = await desk();
  const fresh = await codesOf(world, printed);
  assert.is(challengeTo(world).enrolments.length, 1);
  assert.is(await printed.judge(challengeTo(world), codes[0] ?? ''), 'wrong');
  assert.is(await printed.judge(challengeTo(world), fresh[0] ?? ''), 'right');
});

test('a busy desk refuses, spends nothing and keeps the old set', async () => {
  const { world, printed, codes } = await desk();
  const crowd = Array.from({ length: 66 }, () => world.slowHash.hash('x'));
  assert.ok(isRefusal(await printed.judge(challengeTo(world), codes[0] ?? '')));
  assert.ok(isRefusal(await printed.enrolment.begin(enrolling(world))));
  await Promise.all(crowd);
  assert.is(await printed.judge(challengeTo(world), codes[0] ?? ''), 'right');
});

test('what fails to be recorded is not stored', async () => {
  const { world, printed, codes } = await desk();
  const settle = () => {
    throw new Error('the journal is full');
  };
  await printed.enrolment.begin({ ...enrolling(world), settle }).then(
    () => assert.unreachable(),
    () => undefined,
  );
  assert.is(await printed.judge(challengeTo(world), codes[0] ?? ''), 'right', 'the old set is whole');
});

test('nothing waits to be proved, and the set is what finishing finds', async () => {
  const { world, printed } = await desk();
  assert.is(await printed.enrolment.resume(enrolling(world)), null);
  const found = await printed.enrolment.finish(enrolling(world));
  assert.ok(!isRefusal(found) && found.method === 'recovery-code');
  assert.ok(isRefusal(await printed.enrolment.finish(enrolling(world, 'dave'))));
});

test.run();
