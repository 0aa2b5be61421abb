/** Codes of an app: RFC 6238's own numbers, each step once, forward only, and nothing that opens for another. */

import { HOTP, Secret, TOTP } from 'otpauth';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isRefusal } from '../rules/refusal.ts';
import { minute, second } from '../rules/time.ts';
import type { CastName } from '../testing/cast.ts';
import { type TestWorld, testWorld } from '../testing/world.ts';
import type { Challenge, Enrolling, Enrollable } from './method.ts';

const test = suite('codes of an app');
const step = 30 * second;

async function desk(options: Parameters<typeof testWorld>[0] = {}) {
  const world = await testWorld(options);
  return { world, totp: world.methods.get('totp') as Enrollable };
}
const challengeTo = (world: TestWorld, name: CastName = 'alice'): Challenge => ({
  account: world.people[name],
  enrolments: world.enrolments.of(world.people[name].id).filter(({ method }) => method === 'totp'),
  attempt: null,
  binding: 'session 1',
  language: 'en',
  at: world.clock.now(),
});
const codeOf = (seed: string, at: number): string => new TOTP({ secret: Secret.fromBase32(seed) }).generate({ timestamp: at });
const keyOf = (value: unknown): string => (isRefusal(value) ? (value as { key: string }).key : 'done');

/** An app of Bob's with this seed, as its registration would store it. */
function enrol(world: TestWorld, seed: string, account = world.people.bob.id) {
  return world.enrolments.add({
    account,
    method: 'totp',
    label: '',
    secret: world.vault.seal('totp', JSON.stringify({ seed, lastStep: 0 })),
    at: 1,
  });
}

test('the numbers of RFC 6238 appendix B, cut to six digits', async () => {
  const seed = Secret.fromUTF8('12345678901234567890').base32;
  for (const [seconds, code] of [
    [59, '287082'],
    [1111111109, '081804'],
    [1111111111, '050471'],
    [1234567890, '005924'],
    [2000000000, '279037'],
    [20000000000, '353130'],
  ] as const) {
    const { world, totp } = await desk({ at: seconds * second });
    enrol(world, seed);
    assert.is(await totp.judge(challengeTo(world, 'bob'), code), 'right', `${seconds} s`);
  }
});

test('the code of this step is right, once', async () => {
  const { world, totp } = await desk();
  const code = world.totpCode('alice');
  assert.equal([await totp.judge(challengeTo(world), code), await totp.judge(challengeTo(world), code)], ['right', 'wrong']);
  world.clock.advance(step);
  assert.is(await totp.judge(challengeTo(world), code), 'wrong', 'nor as the one before');
  assert.is(await totp.judge(challengeTo(world), world.totpCode('alice')), 'right');
});

test('this step and the one before, no older and none of the future', async () => {
  const { world } = await desk();
  const at = Math.floor(world.clock.now() / step) * step;
  for (const [steps, judgement] of [
    [0, 'right'],
    [1, 'right'],
    [2, 'wrong'],
    [-1, 'wrong'],
    [-2, 'wrong'],
  ] as const) {
    const door = await desk({ at });
    const seed = new Secret({ size: 20 }).base32;
    enrol(door.world, seed);
    assert.is(await door.totp.judge(challengeTo(door.world, 'bob'), codeOf(seed, at - steps * step)), judgement, `${steps} steps ago`);
  }
});

test('the strict switch leaves this step alone', async () => {
  const { world, totp } = await desk({ policy: { totp_strict: true } });
  const code = world.totpCode('alice');
  world.clock.advance(step);
  assert.is(await totp.judge(challengeTo(world), code), 'wrong');
  assert.is(await totp.judge(challengeTo(world), world.totpCode('alice')), 'right');
});

test('after a step no earlier one is right', async () => {
  const { world, totp } = await desk();
  const earlier = world.totpCode('alice');
  world.clock.advance(step);
  assert.is(await totp.judge(challengeTo(world), world.totpCode('alice')), 'right');
  assert.is(await totp.judge(challengeTo(world), earlier), 'wrong');
});

test('wrong, empty, nearly right, another person’s: wrong', async () => {
  const { world, totp } = await desk();
  const code = world.totpCode('alice');
  for (const wrong of ['', '000000', code.slice(1), `${code}0`, `0${code}`, `-${code.slice(0, 5)}`, world.totpCode('carol'), 'null'])
    assert.is(await totp.judge(challengeTo(world), wrong), 'wrong', wrong);
  assert.is(await totp.judge(challengeTo(world, 'carol'), code), 'wrong');
  assert.is(await totp.judge(challengeTo(world), ` ${code.slice(0, 3)} ${code.slice(3)}`), 'right', 'groups and spaces are fine');
});

test('the right code typed ten times at once passes once', async () => {
  const { world, totp } = await desk();
  const challenge = challengeTo(world);
  const judged = await Promise.all(Array.from({ length: 10 }, () => totp.judge(challenge, world.totpCode('alice'))));
  assert.is(judged.filter((judgement) => judgement === 'right').length, 1);
});

test('any of several apps will do, each by itself', async () => {
  const { world, totp } = await desk();
  const seed = new Secret({ size: 20 }).base32;
  enrol(world, seed, world.people.alice.id);
  assert.is(await totp.judge(challengeTo(world), codeOf(seed, world.clock.now())), 'right');
  assert.is(await totp.judge(challengeTo(world), world.totpCode('alice')), 'right', 'the other app’s step is not spent');
});

test('for a stranger every code is wrong, that of the decoy’s time too', async () => {
  const { world, totp } = await desk();
  assert.is(await totp.judge(null, '123456'), 'wrong');
  assert.is(await totp.judge(challengeTo(world, 'bob'), '123456'), 'wrong');
  const { calls, restore } = counted();
  await totp.judge(null, '123456');
  const stranger = calls();
  await totp.judge(challengeTo(world), '123456');
  restore();
  assert.equal([stranger, calls() - stranger], [2, 2], 'as many codes are computed for either');
});

/** How often a code is computed. */
function counted(): { calls: () => number; restore: () => void } {
  const { generate } = HOTP;
  let calls = 0;
  HOTP.generate = (options) => {
    calls += 1;
    return generate(options);
  };
  return {
    calls: () => calls,
    restore() {
      HOTP.generate = generate;
    },
  };
}

// ---- registering an app

const enrolling = (world: TestWorld, form: Record<string, string> = {}, name: CastName = 'bob'): Enrolling => ({
  account: world.people[name],
  session: 1,
  form,
  held: challengeTo(world, name).enrolments,
  language: 'en',
  at: world.clock.now(),
});
async function begun({ world, totp }: Awaited<ReturnType<typeof desk>>, name: CastName = 'bob'): Promise<string> {
  const shown = await totp.enrolment.begin(enrolling(world, {}, name));
  if (isRefusal(shown)) throw new Error(keyOf(shown));
  return String(shown.seed).replaceAll(' ', '');
}

test('a seed of 160 bits is shown as picture and text, the same when the page comes back, and another at the next start', async () => {
  const door = await desk({ policy: { office_name: 'Müller & Söhne: IT' } });
  const shown = await door.totp.enrolment.begin(enrolling(door.world));
  assert.ok(!isRefusal(shown));
  assert.equal(await door.totp.enrolment.resume(enrolling(door.world)), shown);
  assert.match(String((shown as { picture: string }).picture), /^<svg /);
  const seed = String((shown as { seed: string }).seed);
  assert.match(seed, /^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/);
  assert.is.not(await begun(door), seed.replaceAll(' ', ''));
  assert.is(await door.totp.enrolment.resume(enrolling(door.world, {}, 'dave')), null, 'nobody else sees it');
});

test('proved by its code it counts, and that code opens nothing afterwards', async () => {
  const door = await desk();
  const { world, totp } = door;
  const seed = await begun(door);
  const answer = codeOf(seed, world.clock.now());
  const settled: string[] = [];
  const added = await totp.enrolment.finish({
    ...enrolling(world, { answer, label: '  My phone, the blue one with the broken display  ' }),
    settle: ({ label }) => settled.push(label),
  });
  assert.ok(!isRefusal(added));
  assert.equal(settled, ['My phone, the blue one with the broken d']);
  assert.is(await totp.judge(challengeTo(world, 'bob'), answer), 'wrong');
  world.clock.advance(step);
  assert.is(await totp.judge(challengeTo(world, 'bob'), codeOf(seed, world.clock.now())), 'right');
  assert.is(
    keyOf(await totp.enrolment.finish(enrolling(world, { answer: codeOf(seed, world.clock.now()) }))),
    'method.code-wrong',
    'a start ends once',
  );
});

test('without its code, too late, or with another person’s start, nothing is registered', async () => {
  const door = await desk();
  const { world, totp } = door;
  const seed = await begun(door);
  const answer = codeOf(seed, world.clock.now());
  assert.is(keyOf(await totp.enrolment.finish(enrolling(world, { answer: '000000' }))), 'method.code-wrong');
  assert.is(keyOf(await totp.enrolment.finish(enrolling(world))), 'method.code-wrong');
  assert.is(keyOf(await totp.enrolment.finish(enrolling(world, { answer }, 'dave'))), 'method.code-wrong');
  world.clock.advance(15 * minute);
  assert.is(keyOf(await totp.enrolment.finish(enrolling(world, { answer: codeOf(seed, world.clock.now()) }))), 'method.code-wrong');
  assert.equal(world.enrolments.of(world.people.bob.id), []);
});

test('another session of the same account neither sees nor ends what was begun: it starts with a seed of its own', async () => {
  const door = await desk();
  const { world, totp } = door;
  const seed = await begun(door);
  const elsewhere = (form: Record<string, string> = {}): Enrolling => ({ ...enrolling(world, form), session: 2 });
  assert.is(await totp.enrolment.resume(elsewhere()), null);
  assert.is(keyOf(await totp.enrolment.finish(elsewhere({ answer: codeOf(seed, world.clock.now()) }))), 'method.code-wrong');
  const own = await totp.enrolment.begin(elsewhere());
  assert.is.not(String((own as { seed: string }).seed).replaceAll(' ', ''), seed);
  assert.is(await totp.enrolment.resume(enrolling(world)), null, 'replaced');
  assert.is(keyOf(await totp.enrolment.finish(enrolling(world, { answer: codeOf(seed, world.clock.now()) }))), 'method.code-wrong');
  assert.equal(world.enrolments.of(world.people.bob.id), []);
});

test('two who finish at once register one app', async () => {
  const door = await desk();
  const { world, totp } = door;
  const answer = codeOf(await begun(door), world.clock.now());
  const ended = await Promise.all([
    totp.enrolment.finish(enrolling(world, { answer })),
    totp.enrolment.finish(enrolling(world, { answer })),
  ]);
  assert.equal(ended.map(keyOf).sort(), ['done', 'method.code-wrong']);
  assert.is(world.enrolments.of(world.people.bob.id).length, 1);
});

test('five apps at most, also when the fifth came in between', async () => {
  const door = await desk();
  const { world, totp } = door;
  const seed = await begun(door);
  for (let app = 0; app < 5; app += 1) enrol(world, new Secret({ size: 20 }).base32);
  assert.is(keyOf(await totp.enrolment.finish(enrolling(world, { answer: codeOf(seed, world.clock.now()) }))), 'method.too-many');
  assert.is(keyOf(await totp.enrolment.begin(enrolling(world))), 'method.too-many');
});

test('no seed stands in the file, neither while it waits nor afterwards', async () => {
  const door = await desk();
  const { world, totp } = door;
  const seed = await begun(door);
  const isInFile = () => {
    const file = world.db.$client.serialize().toString('latin1');
    return file.includes(seed) || file.includes(Buffer.from(Secret.fromBase32(seed).bytes).toString('latin1'));
  };
  assert.not.ok(isInFile());
  await totp.enrolment.finish(enrolling(world, { answer: codeOf(seed, world.clock.now()) }));
  assert.not.ok(isInFile());
});

test('a seed sealed for something else is not taken for one', async () => {
  const { world, totp } = await desk();
  world.enrolments.add({
    account: world.people.bob.id,
    method: 'totp',
    label: '',
    secret: world.vault.seal('contact', JSON.stringify({ seed: 'JBSWY3DPEHPK3PXP', lastStep: 0 })),
    at: 1,
  });
  await totp.judge(challengeTo(world, 'bob'), codeOf('JBSWY3DPEHPK3PXP', world.clock.now())).then(
    () => assert.unreachable(),
    () => undefined,
  );
});

test.run();
