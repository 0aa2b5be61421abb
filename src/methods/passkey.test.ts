/** Passkeys: what the owner's device says is right once, and nothing that was said for another page, person, asking or time. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isRefusal } from '../rules/refusal.ts';
import { minute } from '../rules/time.ts';
import { type Authenticator, authenticator } from '../testing/authenticator.ts';
import type { CastName } from '../testing/cast.ts';
import { publicUrl, type TestWorld, testWorld } from '../testing/world.ts';
import type { Challenge, Enrollable, Enrolling } from './method.ts';

const test = suite('passkeys');

async function desk() {
  const world = await testWorld();
  return { world, passkey: world.methods.get('passkey') as Enrollable };
}
const enrolling = (world: TestWorld, form: Record<string, string>, { name = 'bob' as CastName, session = 1 } = {}): Enrolling => ({
  account: world.people[name],
  session,
  form,
  held: world.enrolments.of(world.people[name].id).filter(({ method }) => method === 'passkey'),
  language: 'en',
  at: world.clock.now(),
});
const challengeTo = (world: TestWorld, { name = 'bob' as CastName, binding = 'attempt 1' } = {}): Challenge => ({
  account: world.people[name],
  enrolments: world.enrolments.of(world.people[name].id).filter(({ method }) => method === 'passkey'),
  attempt: null,
  binding,
  language: 'en',
  at: world.clock.now(),
});
const keyOf = (value: unknown): string => (isRefusal(value) ? (value as { key: string }).key : 'done');
const optionsOf = (shown: unknown): string => (shown as { options: string }).options;
const asked = (passkey: Enrollable, binding = 'attempt 1'): string =>
  optionsOf(passkey.ask?.({ binding, loginDigest: '', challenge: null }));

async function enrolled(world: TestWorld, passkey: Enrollable, name: CastName = 'bob'): Promise<Authenticator> {
  const device = authenticator(publicUrl);
  const options = optionsOf(await passkey.enrolment.begin(enrolling(world, {}, { name })));
  const added = await passkey.enrolment.finish(enrolling(world, { answer: device.create(options), label: ' phone ' }, { name }));
  assert.is(keyOf(added), 'done');
  return device;
}

test('made once, proved once in each asking', async () => {
  const { world, passkey } = await desk();
  const device = await enrolled(world, passkey);
  const answer = device.get(asked(passkey));
  assert.is(await passkey.judge(challengeTo(world), answer), 'right');
  assert.is(await passkey.judge(challengeTo(world), answer), 'wrong', 'replayed');
  assert.is(await passkey.judge(challengeTo(world, { binding: 'attempt 2' }), answer), 'wrong', 'in another attempt');
  assert.is(await passkey.judge(challengeTo(world, { binding: 'attempt 2' }), device.get(asked(passkey, 'attempt 2'))), 'right');
});

test('of the same answer sent twice at once, one is right', async () => {
  const { world, passkey } = await desk();
  const device = await enrolled(world, passkey);
  const answer = device.get(asked(passkey));
  const judged = await Promise.all([1, 2, 3].map(() => passkey.judge(challengeTo(world), answer)));
  assert.equal(judged.sort(), ['right', 'wrong', 'wrong']);
});

test('the page is the same for a stranger, and asks the device to see its owner', async () => {
  const { passkey } = await desk();
  const options = JSON.parse(asked(passkey));
  assert.equal(Object.keys(options).sort(), ['challenge', 'rpId', 'timeout', 'userVerification']);
  assert.is(options.userVerification, 'required');
  assert.ok(Buffer.from(options.challenge, 'base64url').length >= 16);
  assert.is.not(asked(passkey), asked(passkey, 'attempt 2'));
});

test('nothing said for another page, by another device, or without seeing the owner is right', async () => {
  const { world, passkey } = await desk();
  const [device, other] = [await enrolled(world, passkey), await enrolled(world, passkey, 'dave')];
  const options = asked(passkey);
  const wrong = [
    device.get(options, { origin: 'https://evil.example' }),
    device.get(options, { rpId: 'evil.example' }),
    device.get(options, { flags: 0x01 }),
    device.get(options, { flags: 0 }),
    device.get(options, { type: 'webauthn.create' }),
    device.get(asked(passkey, 'session 1')),
    other.get(options),
    authenticator(publicUrl).get(options),
    device.get(options).replace(/"signature":"..../, '"signature":"AAAA'),
    '',
    '{',
    '[]',
    'null',
    '123456',
    JSON.stringify({ id: device.id }),
    device.get(options).replace('"type"', '"extra":1,"type"'),
  ];
  for (const answer of wrong) assert.is(await passkey.judge(challengeTo(world), answer), 'wrong', answer);
  assert.is(await passkey.judge(null, device.get(options)), 'wrong', 'a stranger');
  assert.is(await passkey.judge(challengeTo(world), device.get(options)), 'right', 'none of it has spent anything');
});

test('a counter that runs backwards is a copied key', async () => {
  const { world, passkey } = await desk();
  const device = await enrolled(world, passkey);
  assert.is(await passkey.judge(challengeTo(world), device.get(asked(passkey), { counter: 50 })), 'right');
  const second = challengeTo(world, { binding: 'attempt 2' });
  assert.is(await passkey.judge(second, device.get(asked(passkey, 'attempt 2'), { counter: 49 })), 'wrong');
  assert.is(await passkey.judge(second, device.get(asked(passkey, 'attempt 2'), { counter: 51 })), 'right');
});

test('made only by the session that began, in time, once, on this site, with its owner seen', async () => {
  const { world, passkey } = await desk();
  const device = authenticator(publicUrl);
  const options = optionsOf(await passkey.enrolment.begin(enrolling(world, {})));
  const answer = device.create(options);
  const refused = [
    enrolling(world, { answer }, { session: 2 }),
    enrolling(world, { answer }, { name: 'dave' }),
    { ...enrolling(world, { answer }), at: world.clock.now() + 15 * minute },
    enrolling(world, { answer: device.create(options, { origin: 'https://evil.example' }) }),
    enrolling(world, { answer: device.create(options, { flags: 0x01 }) }),
    enrolling(world, { answer: device.create(options, { type: 'webauthn.get' }) }),
    enrolling(world, {
      answer: device.create(
        optionsOf(await passkey.enrolment.resume(enrolling(world, {}))).replace(/"challenge":"..../, '"challenge":"AAAA'),
      ),
    }),
    enrolling(world, { answer: 'x' }),
    enrolling(world, {}),
  ];
  for (const wanted of refused) assert.is(keyOf(await passkey.enrolment.finish(wanted)), 'method.passkey-unusable');
  assert.is(await passkey.enrolment.resume(enrolling(world, {}, { session: 2 })), null);
  const ends = await Promise.all([1, 2].map(() => passkey.enrolment.finish(enrolling(world, { answer }))));
  assert.equal(ends.map(keyOf).sort(), ['done', 'method.passkey-unusable']);
  const again = optionsOf(await passkey.enrolment.begin(enrolling(world, {})));
  assert.equal(JSON.parse(again).excludeCredentials, [{ type: 'public-key', id: device.id }]);
  assert.is(keyOf(await passkey.enrolment.finish(enrolling(world, { answer: device.create(again) }))), 'method.already-registered');
});

test('what is kept is sealed, and the user id names nobody', async () => {
  const { world, passkey } = await desk();
  const device = await enrolled(world, passkey);
  const [kept] = challengeTo(world).enrolments;
  assert.not.ok(kept?.secret.includes(device.id));
  assert.is(kept?.label, 'phone');
  const { user } = JSON.parse(optionsOf(await passkey.enrolment.begin(enrolling(world, {}))));
  assert.is(Buffer.from(user.id, 'base64url').length, 32);
});

test.run();
