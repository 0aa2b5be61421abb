/** Invitations by mail: to whom they are of use, in batches, on days of the office's calendar, and each once, whatever was down. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Policy } from '../rules/policy.ts';
import { day, hour, minute } from '../rules/time.ts';
import { cast } from '../testing/cast.ts';
import { type TestWorldOptions, testWorld } from '../testing/world.ts';
import { askingAgain } from './ask-again.ts';
import { invitations } from './invitations.ts';

const test = suite('invitations');
const morning = Date.UTC(2026, 2, 2, 9);

async function desk({ timezone = 'UTC', at = morning, policy = {}, ...more }: TestWorldOptions & { timezone?: string } = {}) {
  const world = await testWorld({ ...more, at, policy: { invitation_days: 7, invitation_times: 3, ...policy } });
  const inviting = invitations({ ...world, timezone });
  const letters = () => world.mail.filter(({ kind }) => kind === 'registration-invitation');
  return { world, inviting, letters, invited: () => letters().map(({ to }) => to) };
}

/** More people of the directory, who have registered nothing. */
function addPeople({ world }: Awaited<ReturnType<typeof desk>>, count: number): void {
  const entries = Array.from({ length: count }, (_unused, nth) => ({
    ...{ remoteId: `id-p${nth}`, dn: `cn=p${nth},dc=latchkey,dc=example`, login: `p${nth}`, name: `Person ${nth}` },
    ...{ mail: `p${nth}@home.example.net`, mobile: null, groups: [], isDisabled: false, isProtected: false },
  }));
  world.accounts.applySync(
    entries.map((entry) => ({ kind: 'add', home: world.directory.id, entry, role: 'person' })),
    world.clock.now(),
  );
}

test('whoever lacks something, and nobody whom it would only puzzle', async () => {
  const { inviting, invited } = await desk();
  assert.is(await inviting.inviteSome(), 1);
  assert.equal(invited(), [cast.bob.mail], 'Alice and Laura have enough, Dave is out of scope');
});

test('nobody by default, and nobody who is exempt, suspended, protected, switched off or without an address', async () => {
  const none: Partial<Policy>[] = [
    { invitation_days: 0 },
    { registration_exempt: ['staff'] },
    { scope: 'nobody' },
    { available_directory_people: ['change', 'unlock'] },
    { writeback: false },
    { methods: ['totp'] },
  ];
  for (const policy of none) assert.is(await (await desk({ policy })).inviting.inviteSome(), 0, JSON.stringify(policy));
  for (const column of ['suspended_at = 1', 'is_protected = 1', 'is_disabled = 1', 'mail = NULL']) {
    const { world, inviting } = await desk();
    world.db.$client.exec(`UPDATE account SET ${column} WHERE login = 'bob'`);
    assert.is(await inviting.inviteSome(), 0, column);
  }
});

test('again after so many days, so many times, and then no more', async () => {
  const { world, inviting, invited } = await desk();
  const days: number[] = [];
  for (let nth = 0; nth < 60; nth += 1) {
    const before = invited().length;
    await inviting.inviteSome();
    await inviting.inviteSome();
    if (invited().length > before) days.push(nth);
    world.clock.advance(day);
  }
  assert.equal(days, [0, 7, 14]);
});

test('after a downtime once, and not for each run that was missed', async () => {
  const { world, inviting, invited } = await desk();
  await inviting.inviteSome();
  world.clock.advance(30 * day);
  await inviting.inviteSome();
  await inviting.inviteSome();
  assert.is(invited().length, 2);
  world.clock.advance(7 * day - hour);
  await inviting.inviteSome();
  assert.is(invited().length, 3, 'the calendar counts: the seventh day has begun');
});

test('days are those of the office, also when the clocks change', async () => {
  // A run at nine by the wall: in Berlin the seven days over 29 March 2026 have an hour less, those over 25 October an hour more.
  for (const [from, to, early] of [
    ['2026-03-25T09:00:00+01:00', '2026-04-01T09:00:00+02:00', '2026-03-31T23:59:59+02:00'],
    ['2026-10-21T09:00:00+02:00', '2026-10-28T09:00:00+01:00', '2026-10-27T23:59:59+01:00'],
  ] as const) {
    const { world, inviting } = await desk({ timezone: 'Europe/Berlin', at: Date.parse(from) });
    assert.is(await inviting.inviteSome(), 1);
    world.clock.advance(Date.parse(early) - world.clock.now());
    assert.is(await inviting.inviteSome(), 0, early);
    world.clock.advance(Date.parse(to) - world.clock.now());
    assert.is(await inviting.inviteSome(), 1, to);
  }
  const { world, inviting } = await desk({ timezone: 'Pacific/Auckland', at: Date.parse('2026-03-02T23:30:00+13:00') });
  await inviting.inviteSome();
  world.clock.advance(6 * day + hour);
  assert.is(await inviting.inviteSome(), 1, 'there the seventh day has begun, in Greenwich it has not');
});

test('a hundred a run, the longest waiting first, until all have had each of theirs', async () => {
  const office = await desk({ policy: { invitation_days: 2, invitation_times: 2 } });
  const { world, inviting, invited } = office;
  addPeople(office, 249); // and Bob
  const runs: number[] = [];
  for (let nth = 0; nth < 8; nth += 1) {
    runs.push(await inviting.inviteSome());
    if (nth === 2) assert.is(new Set(invited()).size, 250, 'nobody has a second before all have a first');
    world.clock.advance(day);
  }
  assert.equal(runs, [100, 100, 100, 100, 100, 0, 0, 0], 'the third run has room for fifty second ones');
  assert.is(new Set(invited()).size, 250);
});

test('two runs at once invite once, and a run that could not be finished is finished by the next', async () => {
  const office = await desk();
  const { world, inviting, invited } = office;
  addPeople(office, 3);
  const stopped = new AbortController();
  stopped.abort();
  assert.is(await invitations({ ...world, timezone: 'UTC', closing: stopped.signal }).inviteSome(), 0);
  await Promise.all([inviting.inviteSome(), inviting.inviteSome()]);
  assert.is(invited().length, 4);
});

test('what cannot be queued is not remembered', async () => {
  const { world, inviting, invited } = await desk();
  world.db.$client.exec('ALTER TABLE outbox RENAME TO away');
  const thrown = await inviting.inviteSome().then(
    () => false,
    () => true,
  );
  world.db.$client.exec('ALTER TABLE away RENAME TO outbox');
  assert.ok(thrown);
  assert.is(await inviting.inviteSome(), 1);
  assert.is(invited().length, 1);
});

test('whoever had enough in between is invited from the beginning', async () => {
  const { world, inviting } = await desk({ policy: { invitation_times: 1 } });
  await inviting.inviteSome();
  world.clock.advance(30 * day);
  assert.is(await inviting.inviteSome(), 0);
  world.accounts.setReviewed(world.people.bob.id, world.clock.now());
  world.clock.advance(minute);
  assert.is(await inviting.inviteSome(), 1);
});

test('the letter leads to the registration page, holds nothing else, and is dropped when the next is due', async () => {
  const { world, inviting, letters } = await desk();
  await inviting.inviteSome();
  const [letter] = letters();
  assert.equal(letter?.variables, { link: `${world.publicUrl}/registration` });
  assert.is(letter?.expiresAt, morning + 7 * day);
});

/** Alice, who has enough, and Bob, who has nothing; they came this morning. */
async function reviewDesk(policy: Partial<Policy> = {}, more: { timezone?: string; at?: number } = {}) {
  const made = await desk({ policy: { reconfirm_days: 30, invitation_times: 2, ...policy }, ...more });
  const { world, inviting } = made;
  world.db.$client.exec("UPDATE account SET is_disabled = 1 WHERE login NOT IN ('alice', 'bob')");
  const reviews = () => world.mail.filter(({ kind }) => kind === 'registration-review').map(({ to }) => to);
  /** Two runs a day, as after a restart. */
  async function daysTold(days: number): Promise<number[]> {
    const told: number[] = [];
    for (let nth = 0; nth < days; nth += 1) {
      const before = reviews().length;
      await inviting.inviteSome();
      await inviting.inviteSome();
      if (reviews().length > before) told.push(nth);
      world.clock.advance(day);
    }
    return told;
  }
  return { ...made, alice: world.people.alice, reviews, daysTold };
}

test('whoever is to look through what they registered is told once it is due, so many times, and no more', async () => {
  const { reviews, daysTold, world, alice } = await reviewDesk();
  assert.equal(await daysTold(60), [30, 37]);
  assert.equal(reviews(), [cast.alice.mail, cast.alice.mail]);
  world.accounts.setReviewed(alice.id, world.clock.now());
  assert.equal(await daysTold(40), [30, 37], 'and again when it is due again');
});

test('nobody is told to look through it who has done so, has put it off, is exempt, or where policy asks nobody', async () => {
  const { world, daysTold, alice } = await reviewDesk();
  world.clock.advance(29 * day);
  world.accounts.setReviewed(alice.id, world.clock.now());
  assert.equal(await daysTold(29), []);
  world.accounts.setSnooze(alice.id, { times: 1, until: world.clock.now() + 3 * day });
  assert.equal(await daysTold(5), [3]);
  for (const policy of [{ reconfirm_days: 0 }, { invitation_days: 0 }, { registration_exempt: ['staff'] }])
    assert.equal(await (await reviewDesk(policy)).daysTold(40), [], JSON.stringify(policy));
});

test('whoever is asked again is told at once, also who had been told often enough', async () => {
  const { world, daysTold, inviting, invited, alice, reviews } = await reviewDesk({ reconfirm_days: 0 });
  assert.equal(await daysTold(20), []);
  assert.is(invited().length, 2, 'Bob, who has nothing');
  askingAgain(world)(null, { actor: 'carol' });
  assert.is(await inviting.inviteSome(), 2);
  assert.equal([reviews(), invited().length], [[cast.alice.mail], 3]);
  world.clock.advance(minute);
  world.accounts.setReviewed(alice.id, world.clock.now());
  world.clock.advance(30 * day);
  await inviting.inviteSome();
  assert.is(reviews().length, 1);
});

test('a reminder to look through it keeps to the office’s days, and goes out once after a downtime', async () => {
  for (const [from, early, to] of [
    ['2026-03-25T09:00:00+01:00', '2026-03-31T23:59:59+02:00', '2026-04-01T09:00:00+02:00'],
    ['2026-10-21T09:00:00+02:00', '2026-10-27T23:59:59+01:00', '2026-10-28T09:00:00+01:00'],
  ] as const) {
    const { world, alice, inviting, reviews } = await reviewDesk(
      { invitation_times: 12 },
      { timezone: 'Europe/Berlin', at: Date.parse(from) },
    );
    world.accounts.setReviewed(alice.id, world.clock.now() - 30 * day);
    world.db.$client.exec(`UPDATE account SET created_at = 1; UPDATE enrolment SET added_at = 1`);
    const counts = [];
    for (const at of [from, early, to]) {
      world.clock.advance(Date.parse(at) - world.clock.now());
      await Promise.all([inviting.inviteSome(), inviting.inviteSome()]);
      counts.push(reviews().length);
    }
    assert.equal(counts, [1, 1, 2], from);
    world.clock.advance(50 * day);
    await inviting.inviteSome();
    await inviting.inviteSome();
    assert.is(reviews().length, 3, 'after a downtime once');
  }
});

test.run();
