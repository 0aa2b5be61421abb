/** Reminders of passwords that end: on the chosen days of the office's calendar, once, whatever was down, and to nobody whom they would only puzzle. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { expiryReminders } from './expiry-reminders.ts';
import type { Policy } from './rules/policy.ts';
import { day, hour } from './rules/time.ts';
import { cast } from './testing/cast.ts';
import { unreachable } from './testing/faults.ts';
import { testWorld } from './testing/world.ts';

const test = suite('expiry reminders');
const noon = Date.UTC(2026, 2, 2, 12);

async function desk({ policy = {}, timezone = 'UTC', left = 14 }: { policy?: Partial<Policy>; timezone?: string; left?: number } = {}) {
  const world = await testWorld({ at: noon, policy });
  const reminders = expiryReminders({ ...world, timezone });
  const maximumAge = 90 * day;
  world.directory.policy = { ...world.directory.policy, maximumAge };
  for (const name of ['alice', 'bob', 'dave'] as const) world.credential(name, { changedAt: noon - maximumAge + 400 * day });
  const ends = (name: 'alice' | 'bob' | 'dave', at: number) => void world.credential(name, { changedAt: at - maximumAge });
  ends('alice', noon + left * day);
  const told = (name: keyof typeof cast = 'alice') =>
    world.mail
      .filter(({ kind, to }) => kind === 'password-expiring' && to === cast[name].mail)
      .map(({ variables }) => (variables as { days: number }).days);
  return { world, reminders, ends, told };
}

test('on each chosen day once, and not in between', async () => {
  const { world, reminders, told } = await desk({ left: 15 });
  for (let nth = 0; nth <= 20; nth += 1) {
    await reminders.tellEverybody();
    await reminders.tellEverybody();
    world.clock.advance(day);
  }
  assert.equal(told(), [14, 7, 1]);
});

test('after a downtime the day that is reached is told, and those that went by are not made up for', async () => {
  const { world, reminders, told } = await desk({ left: 16 });
  await reminders.tellEverybody();
  world.clock.advance(10 * day);
  await reminders.tellEverybody();
  assert.equal(told(), [6]);
  world.clock.advance(20 * day);
  await reminders.tellEverybody();
  assert.equal(told(), [6], 'it has ended: there is nothing to warn of');
});

test('a new password, and a new end, is told of anew', async () => {
  const { world, reminders, ends, told } = await desk({ left: 7 });
  await reminders.tellEverybody();
  ends('alice', world.clock.now() + 30 * day);
  await reminders.tellEverybody();
  assert.equal(told(), [7]);
  ends('alice', world.clock.now() + 5 * day);
  await reminders.tellEverybody();
  assert.equal(told(), [7, 5]);
});

test('days end where the office is, also in the night when the clocks change', async () => {
  // Ends 2026-03-30 00:30 in Berlin; at 2026-03-28 23:30 two midnights lie before it, although only 48 hours less one are left.
  const { world, reminders, ends, told } = await desk({ policy: { expiry_reminder_days: [1] }, timezone: 'Europe/Berlin' });
  ends('alice', Date.parse('2026-03-30T00:30:00+02:00'));
  world.clock.advance(Date.parse('2026-03-28T23:30:00+01:00') - noon);
  await reminders.tellEverybody();
  assert.equal(told(), []);
  world.clock.advance(hour);
  await reminders.tellEverybody();
  assert.equal(told(), [1]);
});

test('to nobody who must change, is disabled, suspended or out of scope, whose password never ends, or who may not change it here', async () => {
  const { world, reminders, ends, told } = await desk({ left: 7 });
  ends('dave', noon + 7 * day);
  ends('bob', noon + 7 * day);
  world.accounts.suspend(world.people.bob.id, noon);
  await reminders.tellEverybody();
  assert.equal([told('alice'), told('bob'), told('dave')], [[7], [], []]);
  const closed = await desk({ left: 7, policy: { available_directory_people: ['reset'] } });
  await closed.reminders.tellEverybody();
  assert.equal(closed.told(), []);
  const off = await desk({ left: 7, policy: { expiry_reminder_days: [] } });
  await off.reminders.tellEverybody();
  assert.equal(off.told(), []);
});

test('the silent directory is asked again at the next run, and two runs at once tell once', async () => {
  const { world, reminders, told } = await desk({ left: 7 });
  world.directory.faults.set('all', unreachable);
  await reminders.tellEverybody();
  assert.equal(told(), []);
  world.directory.faults.clear();
  await Promise.all([reminders.tellEverybody(), reminders.tellEverybody()]);
  assert.equal(told(), [7]);
});

test('nothing secret stands in it', async () => {
  const { world, reminders } = await desk({ left: 7 });
  await reminders.tellEverybody();
  const [letter] = world.mail.filter(({ kind }) => kind === 'password-expiring');
  assert.equal(letter?.variables, { days: 7, changeLink: `${world.publicUrl}/change` });
});

test.run();
