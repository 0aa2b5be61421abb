/** Temporary passes: right while they live, as often as was decided, for one person, and never given beyond their limits. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isRefusal } from '../rules/refusal.ts';
import { day, minute } from '../rules/time.ts';
import type { CastName } from '../testing/cast.ts';
import { type TestWorld, testWorld } from '../testing/world.ts';
import type { Challenge, Method } from './method.ts';
import { methodsHeld } from './methods.ts';
import { issuePass, type WantedPass } from './pass.ts';

const test = suite('temporary passes');

const heldBy = (world: TestWorld, name: CastName) => world.enrolments.of(world.people[name].id).filter(({ method }) => method === 'pass');
const challengeTo = (world: TestWorld, name: CastName = 'bob'): Challenge => ({
  ...{
    account: world.people[name],
    enrolments: heldBy(world, name),
    attempt: null,
    binding: 'attempt 1',
    language: 'en',
    at: world.clock.now(),
  },
});
async function desk() {
  const world = await testWorld();
  const wanted = (more: Partial<WantedPass> = {}): WantedPass => ({
    ...{
      account: world.people.bob,
      length: 12,
      life: 60 * minute,
      isOnce: true,
      actor: 'heidi',
      reason: 'lost phone',
      address: null,
      ...more,
    },
  });
  const issue = (more: Partial<WantedPass> = {}) => issuePass(world)(wanted(more));
  return { world, pass: world.methods.get('pass') as Method, issue };
}
async function issued(made: Promise<unknown>): Promise<string> {
  const pass = await made;
  if (typeof pass !== 'string') throw new Error('refused');
  return pass;
}

test('right once, read as people write it, and held only while it can be used', async () => {
  const { world, pass, issue } = await desk();
  const given = await issued(issue());
  assert.match(given, /^[0-9a-hjkmnp-tv-z]{12}$/);
  const held = () => methodsHeld(world.methods, world.people.bob, world.enrolments.of(world.people.bob.id)).includes('pass');
  assert.ok(held());
  assert.is(await pass.judge(challengeTo(world), `${given}x`), 'wrong');
  assert.is(
    await pass.judge(
      challengeTo(world),
      given
        .toUpperCase()
        .replace(/(.{4})/g, '$1-')
        .replaceAll('0', 'O'),
    ),
    'right',
  );
  assert.is(await pass.judge(challengeTo(world), given), 'wrong', 'a second time');
  assert.not.ok(held());
});

test('one that may be used often is, until its end', async () => {
  const { world, pass, issue } = await desk();
  const given = await issued(issue({ isOnce: false, life: 2 * day }));
  for (let nth = 0; nth < 3; nth += 1) assert.is(await pass.judge(challengeTo(world), given), 'right');
  world.clock.advance(2 * day);
  assert.is(await pass.judge(challengeTo(world), given), 'wrong');
  assert.not.ok(pass.isUsable(heldBy(world, 'bob')[0] as never, world.people.bob));
});

test('of several tries at once one is right', async () => {
  const { world, pass, issue } = await desk();
  const given = await issued(issue());
  const judged = await Promise.all([1, 2, 3].map(() => pass.judge(challengeTo(world), given)));
  assert.equal(judged.sort(), ['right', 'wrong', 'wrong']);
});

test("nobody else's, no stranger's, and no earlier one", async () => {
  const { world, pass, issue } = await desk();
  const first = await issued(issue());
  assert.is(await pass.judge(challengeTo(world, 'dave'), first), 'wrong');
  assert.is(await pass.judge(null, first), 'wrong');
  await issued(issue());
  assert.is(await pass.judge(challengeTo(world), first), 'wrong', 'replaced');
  assert.is(heldBy(world, 'bob').length, 1);
  assert.not.ok(world.db.$client.serialize().toString('latin1').includes(first));
});

test('given within its limits, not to oneself, not for the protected, and recorded with its reason', async () => {
  const { world, issue } = await desk();
  const wrong: Partial<WantedPass>[] = [
    { length: 7 },
    { length: 49 },
    { length: 8.5 },
    { life: 9 * minute },
    { life: 31 * day },
    { life: Number.NaN },
  ];
  for (const more of wrong) {
    const refusal = await issue(more);
    assert.is(isRefusal(refusal) && refusal.key, 'pass.limits', JSON.stringify(more));
  }
  for (const more of [{ account: { ...world.people.bob, isProtected: true } }, { actor: 'bob' }]) {
    const refusal = await issue(more);
    assert.is(isRefusal(refusal) && refusal.key, 'pass.not-here');
  }
  assert.is(heldBy(world, 'bob').length, 0);
  for (const length of [8, 48]) assert.is((await issued(issue({ length }))).length, length);
  const [row] = world.journal.latest(1);
  assert.equal([row?.event, row?.actor, row?.account, row?.raw], ['pass issued', 'heidi', 'bob', 'lost phone']);
});

test('its owner is told at every address, without the pass, and can say that it was not them', async () => {
  const { world, issue } = await desk();
  world.enrolments.add({ account: world.people.bob.id, method: 'email', label: 'bob@elsewhere.example.net', secret: '', at: 0 });
  const given = await issued(issue());
  const told = world.mail.filter(({ kind }) => kind === 'pass-issued');
  assert.equal(told.map(({ to }) => to).sort(), ['bob@elsewhere.example.net', 'bob@home.example.net']);
  assert.not.ok(JSON.stringify(told).includes(given));
  const notMe = (told[0]?.variables as { notMeLink?: string } | undefined)?.notMeLink ?? '';
  const secret = notMe.slice(notMe.lastIndexOf('/') + 1);
  assert.is(world.tokens.find('not me', secret, world.clock.now())?.account, world.people.bob.id);
  await issue({ length: 1 });
  assert.is(world.mail.filter(({ kind }) => kind === 'pass-issued').length, 2, 'what was refused is not told');
});

test.run();
