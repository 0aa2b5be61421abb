/** Deferred work: order, floor, bounds, errors and the end, on the real clock with short spans. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createDeferral, type DeferralNeeds } from './deferral.ts';
import { systemClock } from './system.ts';
import { testClock } from './testing/stand-still.ts';

const pause = (span: number) => systemClock.sleep(span);

function setUp(more: Partial<DeferralNeeds> = {}) {
  const errors: Record<string, unknown>[] = [];
  const log = { error: (fields: object) => void errors.push({ ...fields }) } as DeferralNeeds['log'];
  return { errors, deferral: createDeferral({ clock: systemClock, log, floor: 30, lead: 5, ...more }) };
}

test('nothing runs in the caller’s tick, nor before the reply has had its time', async () => {
  const { deferral } = setUp({ lead: 400 });
  let startedAt = 0;
  const acceptedAt = systemClock.now();
  deferral.accept('a', async () => {
    startedAt = systemClock.now();
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.is(startedAt, 0);
  await deferral.settled('a');
  assert.ok(startedAt - acceptedAt >= 399);
});

test('one key is served in order, others meanwhile', async () => {
  const { deferral } = setUp();
  const seen: string[] = [];
  const task = (name: string, span: number) => async () => {
    await pause(span);
    seen.push(name);
  };
  deferral.accept('a', task('a1', 60));
  deferral.accept('a', task('a2', 1));
  deferral.accept('b', task('b1', 1));
  await deferral.settled('a');
  assert.equal(seen, ['b1', 'a1', 'a2']);
});

test('no task ends before its floor, however little it did; a longer one takes its time', async () => {
  const clock = testClock(0);
  const { deferral } = setUp({ floor: 80, lead: 0, clock });
  const spans: number[] = [];
  for (const span of [0, 40, 160]) {
    const startedAt = clock.now();
    deferral.accept('a', () => clock.sleep(span));
    await deferral.settled('a');
    spans.push(clock.now() - startedAt);
  }
  assert.equal(spans, [80, 80, 160]);
});

test('a full queue accepts nothing and forgets nothing, and serves again once there is room', async () => {
  const { deferral } = setUp({ waiting: 3, running: 2, floor: 10 });
  let done = 0;
  const accepted = Array.from({ length: 8 }, (_, i) =>
    deferral.accept(`k${i}`, async () => {
      done += 1;
    }),
  );
  assert.equal(accepted, [true, true, true, true, true, false, false, false]);
  await Promise.all(['k0', 'k1', 'k2', 'k3', 'k4'].map((key) => deferral.settled(key)));
  assert.is(done, 5);
  assert.is(
    deferral.accept('k7', async () => {
      done += 1;
    }),
    true,
  );
  await deferral.settled('k7');
  assert.is(done, 6);
});

test('one key cannot fill the queue alone', async () => {
  const { deferral } = setUp({ most: 2 });
  const work = async () => {};
  assert.equal([deferral.accept('a', work), deferral.accept('a', work), deferral.accept('a', work)], [true, true, false]);
  assert.ok(deferral.accept('b', work));
  await deferral.drain();
});

test('one owner cannot fill the queue with many keys, and has room again once its work is done', async () => {
  const { deferral } = setUp({ mostOfOwner: 3, floor: 10 });
  const accept = (key: string, owner: string) => deferral.accept(key, async () => {}, { owner });
  assert.equal(
    ['a', 'b', 'c', 'd', 'a'].map((key) => accept(key, 'one')),
    [true, true, true, false, false],
  );
  assert.ok(accept('e', 'another') && deferral.accept('f', async () => {}));
  await Promise.all(['a', 'b', 'c'].map(deferral.settled));
  assert.equal(
    ['a', 'b', 'c', 'd'].map((key) => accept(key, 'one')),
    [true, true, true, false],
  );
  await deferral.drain();
});

test('never more at once than may run', async () => {
  const { deferral } = setUp({ running: 3, floor: 5 });
  let running = 0;
  let most = 0;
  for (let i = 0; i < 20; i += 1) {
    deferral.accept(`k${i}`, async () => {
      running += 1;
      most = Math.max(most, running);
      await pause(5);
      running -= 1;
    });
  }
  await deferral.drain();
  assert.is(most, 3);
});

test('an error, thrown or rejected, is logged and stops neither its key nor its floor', async () => {
  const { deferral, errors } = setUp({ lead: 0 });
  const startedAt = systemClock.now();
  let isDone = false;
  deferral.accept('a', () => {
    throw new Error('at once');
  });
  deferral.accept('a', () => Promise.reject(new Error('later')));
  deferral.accept('a', async () => {
    isDone = true;
  });
  await deferral.settled('a');
  assert.ok(isDone);
  assert.ok(systemClock.now() - startedAt >= 88);
  assert.equal(
    errors.map(({ failure, err }) => [failure, (err as Error).message]),
    [
      [1, 'at once'],
      [2, 'later'],
    ],
  );
});

test('an unknown key is settled at once, a finished one too, and nothing of it is kept', async () => {
  const { deferral } = setUp({ floor: 1, lead: 0, waiting: 20_000 });
  await deferral.settled('nobody');
  const before = heap();
  for (let round = 0; round < 5; round += 1) {
    const keys = Array.from({ length: 400 }, (_, i) => `${round} ${i} ${'x'.repeat(2000)}`.split('').join(''));
    for (const key of keys) deferral.accept(key, async () => {});
    await Promise.all(keys.map((key) => deferral.settled(key)));
  }
  await deferral.drain();
  await deferral.settled('0 0');
  assert.ok(heap() - before < 1_500_000, `${heap() - before}`);
});

test('drain accepts nothing more and waits for what was accepted', async () => {
  const { deferral } = setUp();
  let done = 0;
  for (let i = 0; i < 12; i += 1) {
    deferral.accept(`k${i % 5}`, async () => {
      await pause(10);
      done += 1;
    });
  }
  const drained = deferral.drain();
  assert.is(
    deferral.accept('late', async () => {}),
    false,
  );
  await drained;
  assert.is(done, 12);
});

function heap(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

test.run();
