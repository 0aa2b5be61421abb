/** Runs and what they changed: the newest are kept, and those that changed something longest. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testWorld } from '../testing/world.ts';
import type { SyncChange, SyncRun } from '../world.ts';

const run = (more: Partial<SyncRun> = {}): Omit<SyncRun, 'id' | 'kept'> => ({
  ...{ home: 'office', startedAt: 1, endedAt: 2, extent: 'everybody', actor: null, refusal: null },
  ...{ read: 3, added: 0, updated: 0, disabled: 0, unchanged: 3, oddities: [], odd: 0, ...more },
});
const change = (login: string): SyncChange => ({ kind: 'update', login, fields: ['name', 'mail'] });

test('a run is told as it was recorded, with its changes in their order, page by page', async () => {
  const { syncRuns } = await testWorld();
  const oddities = [{ kind: 'no login', login: '', dns: ['cn=x,dc=example'] }];
  const given = run({ actor: 'carol', extent: 'changes and ids', updated: 3, oddities, odd: 7 });
  syncRuns.add(given, [change('a'), change('b'), { kind: 'disable', login: 'c', fields: [] }]);
  const [kept] = syncRuns.latest('office', 5);
  assert.equal(kept, { ...given, id: kept?.id, kept: 3 });
  assert.equal(syncRuns.byId(kept?.id ?? 0), kept);
  assert.equal(syncRuns.changes(kept?.id ?? 0, { from: 1, count: 5 }), [change('b'), { kind: 'disable', login: 'c', fields: [] }]);
  assert.equal([syncRuns.latest('school', 5), syncRuns.byId(99), syncRuns.changes(99, { from: 0, count: 5 })], [[], null, []]);
});

test('a refused run says why, and is not the last good one', async () => {
  const { syncRuns } = await testWorld();
  syncRuns.add(run({ endedAt: 10 }), []);
  const refusal = { key: 'sync.brake', params: { count: 9, enabled: 10, most: 5 } } as const;
  syncRuns.add(run({ endedAt: 20, refusal }), []);
  assert.equal(syncRuns.latest('office', 1)[0]?.refusal, refusal);
  assert.is(syncRuns.lastGood('office')?.endedAt, 10);
  assert.is(syncRuns.lastGood('school'), null);
});

test('200 runs are kept for each home, of those that changed nothing 20, and of one run 10,000 changes', async () => {
  const { syncRuns, db } = await testWorld();
  db.$client.exec('BEGIN');
  syncRuns.add(run({ home: 'school' }), []);
  for (let at = 0; at < 250; at++) {
    syncRuns.add(run({ startedAt: at, updated: 1 }), [change(`p${at}`)]);
    syncRuns.add(run({ startedAt: at }), []);
  }
  const kept = syncRuns.latest('office', 1000);
  assert.is(kept.filter(({ updated }) => updated === 0).length, 20);
  assert.ok(kept.length <= 200 && kept.length >= 180, String(kept.length));
  assert.is(syncRuns.latest('school', 10).length, 1);
  assert.is(
    db.$client.prepare('SELECT count(*) FROM sync_change').pluck().get(),
    kept.filter(({ updated }) => updated === 1).length,
    'the changes of a run go with it',
  );
  syncRuns.add(
    run({ added: 10_001 }),
    Array.from({ length: 10_001 }, (_, at) => change(String(at))),
  );
  const [large] = syncRuns.latest('office', 1);
  assert.equal([large?.added, large?.kept], [10_001, 10_000]);
  assert.equal(
    syncRuns.changes(large?.id ?? 0, { from: 9999, count: 5 }).map(({ login }) => login),
    ['9999'],
  );
});

test.run();
