/** What a change does to people is told before it is made; made, it is in force at once and whole, and each row is recorded. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { methodsWith } from './methods/methods.ts';
import { policyChange } from './policy-change.ts';
import type { Policy } from './rules/policy.ts';
import { type TestWorldOptions, testWorld } from './testing/world.ts';

async function desk(policy: TestWorldOptions['policy'] = {}) {
  const world = await testWorld({ policy });
  const methodsUnder = (wanted: Policy) =>
    methodsWith({ ...world, settings: { ...world.settings, policy: () => wanted }, ownDomains: [], texts: null });
  return { world, change: policyChange({ ...world, methodsUnder }) };
}
const logins = (people: readonly { login: string }[]): string[] => people.map(({ login }) => login).sort();

test('who would lose reset and who would gain it', async () => {
  const { world, change } = await desk();
  const tightened = await change.effect({ scope: 'nobody' });
  assert.equal([logins(tightened.loses), logins(tightened.gains), tightened.of], [['alice', 'laura'], [], 5]);
  const widened = await change.effect({ scope_exclusions: [] });
  assert.equal([logins(widened.loses), logins(widened.gains)], [[], ['dave']]);
  const given = await change.effect({ directory_mail_is_proof: true });
  assert.equal([logins(given.loses), logins(given.gains)], [[], ['bob']], 'an address of the directory counts only under the new policy');
  const profile = { name: 'Staff', groups: ['staff'], methods: ['passkey'] as const };
  assert.equal(logins((await change.effect({ profiles: [profile] })).loses), ['alice', 'carol']);
  assert.equal(
    world.journal.latest(100).filter(({ event }) => event === 'policy change'),
    [],
  );
  assert.is(world.settings.policy().scope, 'everybody', 'asking changes nothing');
});

test('the disabled are not counted', async () => {
  const { world, change } = await desk();
  world.accounts.applySync([{ kind: 'disable', id: world.people.alice.id }], world.clock.now());
  const { loses, of } = await change.effect({ scope: 'nobody' });
  assert.equal([logins(loses), of], [['laura'], 4]);
});

test('a decision is in force at once, and each row that changed is recorded, old and new', async () => {
  const { world, change } = await desk();
  const made = change.decide({ gates: 2, snooze_days: 3, writeback: false }, { actor: 'carol', address: '192.0.2.1' });
  assert.equal(made, [
    { key: 'gates', from: 1, to: 2 },
    { key: 'writeback', from: true, to: false },
  ]);
  assert.equal([world.settings.policy().gates, world.settings.policy().writeback], [2, false]);
  const rows = world.journal.latest(3).map(({ event, detail, actor, raw }) => [event, detail, actor, raw]);
  assert.equal(rows.reverse(), [
    ['policy change', 'gates', 'carol', '{"from":1,"to":2}'],
    ['policy change', 'writeback', 'carol', '{"from":true,"to":false}'],
    ['writeback', 'off', 'carol', null],
  ]);
  assert.equal(change.decide({ gates: 2 }, { actor: 'carol' }), [], 'the same once more changes nothing');
});

test('all or nothing', async () => {
  const { world, change } = await desk();
  const rows = world.journal.latest(100).length;
  assert.throws(() => change.decide({ gates: 2, snooze_days: 999 }, { actor: 'carol' }), RangeError);
  assert.equal([world.settings.policy().gates, world.settings.policy().snooze_days], [1, 3]);
  assert.is(world.journal.latest(100).length, rows);
});

test.run();
