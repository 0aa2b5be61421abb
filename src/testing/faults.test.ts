/** The fake directory's faults: what each leaves behind, so that a test above it can rely on that. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Refusal } from '../rules/refusal.ts';
import type { Clock } from '../world.ts';
import { accountOf, fakeDirectory } from './fake-directory.ts';
import { held, refusing, silent, slow, unreachable } from './faults.ts';

const old = 'alice walks home at 5';
const next = 'alice runs home at 6';

function scene() {
  let now = Date.UTC(2026, 2, 2);
  const clock: Clock = {
    now: () => now,
    async sleep(milliseconds) {
      now += milliseconds;
    },
  };
  const directory = fakeDirectory({ clock, people: [{ login: 'alice' }] });
  const sent: { server: string; marker: string | null }[] = [];
  const passwords = directory.passwords(accountOf(directory, 'alice'));
  return { clock, directory, passwords, sent, announce: (request: (typeof sent)[number]) => void sent.push(request) };
}
const isInForce = (directory: ReturnType<typeof scene>['directory'], password: string) =>
  assert.is(directory.resident('alice').credential.hash, password);

test('unreachable: every verb says so, nothing is announced, and it ends when the fault is deleted', async () => {
  const { directory, passwords, sent, announce } = scene();
  directory.faults.set('all', unreachable);
  for (const answer of [
    await directory.find('alice'),
    await directory.read('id-alice'),
    await passwords.status(),
    await passwords.verify(old),
  ]) {
    assert.is((answer as Refusal).key, 'directory.unreachable');
  }
  const outcome = await passwords.set(next, announce);
  assert.is(outcome.kind === 'refused' && outcome.refusal.key, 'directory.unreachable');
  assert.is((await directory.probe()).isReachable, false);
  assert.equal(sent, []);
  directory.faults.clear();
  assert.is((await passwords.set(next, announce)).kind, 'done');
  assert.is((await directory.probe()).isReachable, true);
  isInForce(directory, next);
});

test('silent: announced, unknown, and later the same directory says whether it was done', async () => {
  for (const left of ['done', 'undone'] as const) {
    const { directory, passwords, sent, announce } = scene();
    directory.faults.set('set', silent(left));
    directory.faults.set('outcome', unreachable);
    assert.is((await passwords.set(next, announce)).kind, 'unknown');
    const [write] = sent;
    const asked = { act: 'reset', server: write?.server ?? null, marker: write?.marker ?? null } as const;
    assert.instance(await passwords.outcome(asked), Refusal);
    directory.faults.clear();
    assert.is(await passwords.outcome(asked), left === 'done' ? 'done' : 'not done');
    isInForce(directory, left === 'done' ? next : old);
  }
});

test('refusing: announced, refused as wished, and the old password is in force', async () => {
  const { directory, passwords, sent, announce } = scene();
  directory.faults.set('change', refusing(new Refusal('directory.no-permission', { raw: '50' })));
  const outcome = await passwords.change({ current: old, password: next }, announce);
  assert.is(outcome.kind === 'refused' && outcome.refusal.raw, '50');
  assert.is(sent.length, 1);
  isInForce(directory, old);
});

test('a fault of the proof leaves a password that is set and not proved', async () => {
  const { directory, passwords, announce } = scene();
  directory.faults.set('prove', unreachable);
  const outcome = await passwords.set(next, announce);
  assert.is(outcome.kind === 'done' && outcome.isProved, false);
  isInForce(directory, next);
});

test('held: sent, and nothing more until the test releases it', async () => {
  const { directory, passwords, sent, announce } = scene();
  const { fault, release } = held();
  directory.faults.set('set', fault);
  let outcome: string | null = null;
  const setting = passwords.set(next, announce).then(({ kind }) => (outcome = kind));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal([sent.length, outcome], [1, null]);
  isInForce(directory, old);
  release();
  await setting;
  assert.is(outcome, 'done');
});

test('slow: takes that long on the test’s clock', async () => {
  const { clock, directory } = scene();
  const from = clock.now();
  directory.faults.set('find', slow(700));
  assert.ok(await directory.find('alice'));
  assert.is(clock.now() - from, 700);
});

test('a reading that fails is thrown as a refusal', async () => {
  const { directory } = scene();
  directory.faults.set('people', unreachable);
  try {
    for await (const page of directory.people()) assert.unreachable(`${page.length} people`);
    assert.unreachable('came to an end');
  } catch (error) {
    assert.instance(error, Refusal);
  }
});

test.run();
