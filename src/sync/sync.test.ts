/** Syncs into the real store: what is written, what is not, one at a time, and what is told afterwards. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isRefusal, Refusal } from '../rules/refusal.ts';
import { minute } from '../rules/time.ts';
import { bringUpToDate, openDatabase } from '../store/database.ts';
import { storeOn } from '../store/store.ts';
import { systemRandom } from '../system.ts';
import { createVault, keyFrom } from '../vault.ts';
import type { Directory, DirectoryEntry, Reading } from '../world.ts';
import { type SyncReport, syncState } from './report.ts';
import { type Sync, type SyncOptions, syncDirectory } from './sync.ts';

const entry = (id: string, more: Partial<DirectoryEntry> = {}): DirectoryEntry => ({
  ...{ remoteId: id, dn: `uid=${id},dc=example`, login: id, name: id, mail: null, mobile: null, groups: [], isDisabled: false },
  ...{ isProtected: false, ...more },
});
const people = (count: number) => Array.from({ length: count }, (_, i) => entry(`p${i}`));

/** A directory that can only be read whole. */
const directoryOf = (people: Reading['people']): Directory => {
  const reading = async () => ({ bookmark: null, people, changes: async () => null, close: () => undefined }) as unknown as Reading;
  return { id: 'office', reading } as unknown as Directory;
};

/** A directory that shows what it is told to, page by page. */
function shown(
  entries: readonly DirectoryEntry[],
  { pageSize = 100, between }: { pageSize?: number; between?: () => unknown } = {},
): Directory {
  async function* pages() {
    for (let from = 0; from < entries.length; from += pageSize) {
      yield entries.slice(from, from + pageSize);
      await between?.();
    }
  }
  return directoryOf(pages);
}

function house(file = ':memory:') {
  const db = openDatabase(file);
  bringUpToDate(db, file);
  const clock = { at: Date.UTC(2026, 0, 1), now: () => clock.at, sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) };
  const vault = createVault(keyFrom(Buffer.alloc(32, 7).toString('base64')), systemRandom);
  const store = storeOn(db, { vault, clock, random: systemRandom });
  const needs = {
    ...store,
    clock,
    random: systemRandom,
    roles: { administrators: ['p1'], helpdesk: [], auditors: [] },
    maxDisablePercent: 10,
  };
  return { ...needs, db, sync: syncDirectory(needs), state: () => syncState(needs, 'office') };
}

async function done(sync: Sync, directory: Directory, options?: SyncOptions): Promise<SyncReport> {
  const report = await sync(directory, options);
  if (isRefusal(report)) throw new Error(`refused: ${report.key}`);
  return report;
}
async function refused(sync: Sync, directory: Directory, options?: SyncOptions): Promise<string> {
  const refusal = await sync(directory, options);
  if (!isRefusal(refusal)) throw new Error('not refused');
  return refusal.key;
}

test('fetches, applies and tells; a second time there is nothing to do', async () => {
  const { sync, accounts, journal, state } = house();
  const read: number[] = [];
  const report = await done(sync, shown(people(250)), {
    actor: 'carol',
    onProgress: ({ step, done: count }) => step === 'reading' && read.push(count),
  });
  assert.equal([report.read, report.added, report.updated, report.disabled, report.unchanged], [250, 250, 0, 0, 0]);
  assert.equal(read, [100, 200, 250]);
  assert.is(accounts.all('office').length, 250);
  assert.is(accounts.byRemoteId('office', 'p1')?.role, 'administrator');
  const [event] = journal.latest(1);
  assert.equal([event?.event, event?.result, event?.actor], ['sync', 'succeeded', 'carol']);
  assert.is(event?.raw, 'office: 250 read, 250 added, 0 changed, 0 disabled, 0 odd');
  const again = await done(sync, shown([...people(249), entry('p249', { name: 'New name' })]));
  assert.equal([again.added, again.updated, again.unchanged], [0, 1, 249]);
  assert.equal(again.changes, [{ kind: 'update', login: 'p249', fields: ['name'] }]);
  const { last, running, lastGoodAt } = state();
  assert.is(running, null);
  assert.ok(lastGoodAt);
  assert.is(last?.updated, 1);
});

test('a dry run tells the same and changes nothing', async () => {
  const { sync, accounts, journal, state } = house();
  const report = await done(sync, shown(people(3)), { dryRun: true });
  assert.equal([report.isDryRun, report.added], [true, 3]);
  assert.equal([accounts.all('office').length, journal.latest(5).length, state().last], [0, 0, null]);
});

test('the brake leaves everything as it was, is told, and can be lifted for one run, though never for an empty reading', async () => {
  const { sync, accounts, journal, state } = house();
  await done(sync, shown(people(20)));
  assert.is(await refused(sync, shown(people(10))), 'sync.brake');
  assert.is(accounts.count().enabled, 20);
  const [event] = journal.latest(1);
  assert.equal([event?.result, event?.detail], ['failed', 'sync.brake']);
  const { last } = state();
  assert.equal(last?.refusal, { key: 'sync.brake', params: { count: 10, enabled: 20, most: 5 } });
  const lifted = await done(sync, shown(people(10)), { mayDisable: 1000 });
  assert.is(lifted.disabled, 10);
  assert.is(await refused(sync, shown([]), { mayDisable: 1000 }), 'sync.empty');
  assert.is(accounts.count().enabled, 10);
});

test('a reading that breaks off changes nothing, whether refused or thrown, and the next one may begin', async () => {
  const { sync, accounts, journal } = house();
  const breaking = (problem: unknown) =>
    shown(people(300), {
      between: () => {
        throw problem;
      },
    });
  assert.is(await refused(sync, breaking(new Refusal('directory.unreachable', { raw: 'read ECONNRESET' }))), 'directory.unreachable');
  assert.is(journal.latest(1)[0]?.raw, 'office: read ECONNRESET');
  try {
    await sync(breaking(new Error('surprise')));
    assert.unreachable();
  } catch (error) {
    assert.is((error as Error).message, 'surprise');
  }
  assert.is(journal.latest(1)[0]?.result, 'failed');
  assert.is(accounts.all('office').length, 0);
  await done(sync, shown(people(3)));
});

test('one at a time, over processes; a stopped one is given up after two minutes and then writes nothing any more', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-sync-'));
  const [here, there] = [house(join(folder, 'a.db')), house(join(folder, 'a.db'))];
  try {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const slow = here.sync(shown(people(150), { between: () => gate }));
    assert.is(await refused(there.sync, shown(people(2))), 'sync.running');
    assert.ok(there.state().running);
    assert.is((await done(there.sync, shown(people(2)), { dryRun: true })).added, 2);
    there.clock.at += 3 * minute;
    assert.is(there.state().running, null);
    await done(there.sync, shown(people(2)));
    open();
    const late = await slow;
    assert.ok(isRefusal(late) && (late.key as string) === 'sync.running');
    assert.is(there.accounts.all('office').length, 2);
  } finally {
    here.db.$client.close();
    there.db.$client.close();
    rmSync(folder, { recursive: true });
  }
});

test('whoever is slow keeps the turn as long as nobody else has taken it', async () => {
  const { sync, clock, accounts } = house();
  const between = () => {
    clock.at += 5 * minute;
  };
  assert.is((await done(sync, shown(people(300), { between }))).added, 300);
  assert.is(accounts.all('office').length, 300);
});

test('a long reading keeps its turn, and shows how far it is', async () => {
  const { sync, state, clock } = house();
  const seen: (number | undefined)[] = [];
  const between = () => {
    clock.at += minute;
    seen.push(state().running?.progress.done);
  };
  await done(sync, shown(people(500), { between }));
  assert.equal(seen, [0, 200, 300, 400, 500]);
});

test('thousands come in slices, and whatever was written of them is finished by the next run', async () => {
  const { sync, accounts, clock } = house();
  const office = people(1300);
  const { sleep } = clock;
  clock.sleep = async () => {
    await sleep();
    if (accounts.count().all >= 1000) throw new Error('killed');
  };
  try {
    await sync(shown(office));
    assert.unreachable();
  } catch (error) {
    assert.is((error as Error).message, 'killed');
  }
  assert.is(accounts.all('office').length, 1000);
  clock.sleep = sleep;
  assert.is((await done(sync, shown(office))).added, 300);
});

test('whatever directories show one after the other, a second look at the same finds nothing to change', async () => {
  const anyEntry = fc.record({
    remoteId: fc.constantFrom(...'abcdefghijklmnop'),
    dn: fc.string({ maxLength: 5 }),
    login: fc.oneof(fc.constantFrom('x', 'X', 'y'), fc.string({ maxLength: 3, unit: 'grapheme' })),
    name: fc.string({ maxLength: 5, unit: 'grapheme' }),
    mail: fc.option(fc.emailAddress()),
    mobile: fc.option(fc.constantFrom('1', '2')),
    groups: fc.array(fc.string({ maxLength: 2 }), { maxLength: 3 }),
    isDisabled: fc.boolean(),
    isProtected: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(anyEntry, { maxLength: 20 }), { maxLength: 4 }), async (readings) => {
      const { sync, db } = house();
      for (const entries of readings) {
        const first = await sync(shown(entries), { mayDisable: 1000 });
        if (!isRefusal(first)) assert.equal((await done(sync, shown(entries))).changes, []);
      }
      db.$client.close();
    }),
    { numRuns: 60 },
  );
});

/** A directory that tells what changed: `entries` may be replaced, and whoever is another object then has changed. */
function telling(entries: readonly DirectoryEntry[]) {
  let seen = entries;
  const asked: string[] = [];
  const directory = {
    entries,
    asked,
    isDoubtful: false,
    id: 'office',
    async reading(): Promise<Reading> {
      const now = directory.entries;
      const pages = async function* <T>(what: string, all: readonly T[]) {
        asked.push(what);
        yield all;
      };
      return {
        bookmark: 'here',
        people: () => pages('everybody', now),
        ids: () =>
          pages(
            'ids',
            now.map(({ remoteId }) => remoteId),
          ),
        groups: () => pages('groups', [...new Set(now.flatMap(({ groups }) => groups))]),
        async changes(since) {
          assert.is(since, 'here');
          asked.push('changes');
          const changed = now.filter((one) => !seen.includes(one));
          seen = now;
          return directory.isDoubtful ? null : changed;
        },
        close: () => undefined,
      };
    },
  };
  return directory as typeof directory & Directory;
}
const large = people(2500);

test('a large directory is asked for what changed, within the hour for the ids, within the day for everybody', async () => {
  const { sync, clock, accounts } = house();
  const directory = telling(large);
  const read = async (options?: SyncOptions): Promise<SyncReport> => {
    directory.asked.length = 0;
    return done(sync, directory, options);
  };
  assert.is((await read()).extent, 'everybody');
  directory.entries = large.map((one, place) => (place === 7 ? { ...one, name: 'Seventh' } : one));
  const { extent, read: count, updated, changes } = await read();
  assert.equal([extent, count, updated, changes], ['changes', 1, 1, [{ kind: 'update', login: 'p7', fields: ['name'] }]]);
  assert.equal(directory.asked, ['changes']);
  assert.is(accounts.byRemoteId('office', 'p7')?.name, 'Seventh');

  directory.entries = directory.entries.slice(0, 2499);
  assert.is((await read()).disabled, 0, 'who is gone does not show among the changes');
  clock.at += 56 * minute;
  const census = await read();
  assert.equal([census.extent, census.disabled, directory.asked], ['changes and ids', 1, ['changes', 'groups', 'ids']]);
  assert.is((await read()).extent, 'changes');
  for (let hours = 1; hours < 24; hours++) {
    clock.at += 60 * minute;
    assert.is((await read()).extent, hours === 23 ? 'everybody' : 'changes and ids');
  }
  assert.is((await read({ extent: 'everybody' })).extent, 'everybody');
  clock.at -= 48 * 60 * minute;
  assert.is((await read()).extent, 'everybody', 'a clock that was put back is no reason to wait');
});

test('whatever is in doubt is read whole: the directory, an oddity, another role, a small office', async () => {
  const { sync, db, ...needs } = house();
  const directory = telling(large);
  await done(sync, directory);
  directory.isDoubtful = true;
  assert.is((await done(sync, directory)).extent, 'everybody');
  directory.isDoubtful = false;
  assert.is((await done(sync, directory)).extent, 'changes');
  const others = syncDirectory({ ...needs, roles: { ...needs.roles, helpdesk: ['p5'] } });
  const promoted = await done(others, directory);
  assert.equal([promoted.extent, promoted.changes], ['everybody', [{ kind: 'update', login: 'p5', fields: ['role'] }]]);

  directory.entries = [...directory.entries, entry('twin', { login: 'P5' })];
  const odd = await done(others, directory);
  assert.equal([odd.extent, odd.oddities.length, odd.added], ['everybody', 1, 0]);
  assert.is((await done(others, directory)).extent, 'everybody', 'as long as somebody is left out');
  directory.entries = directory.entries.map((one) => (one.remoteId === 'p5' ? { ...one, login: 'other' } : one));
  assert.equal([(await done(others, directory)).added, (await done(others, directory)).extent], [1, 'changes']);

  const small = telling(people(10));
  const office = house();
  await done(office.sync, small);
  assert.is((await done(office.sync, small)).extent, 'everybody');
});

test('after the brake, after a crash half-way, everybody is read again', async () => {
  const { sync, clock, state } = house();
  const directory = telling(large);
  await done(sync, directory);
  directory.entries = large.map((one, place) => (place < 1500 ? { ...one, isDisabled: true } : one));
  assert.is(await refused(sync, directory), 'sync.brake');
  assert.equal([state().last?.extent, state().last?.refusal?.params], ['changes', { count: 1500, enabled: 2500, most: 250 }]);
  assert.is(await refused(sync, directory), 'sync.brake');
  assert.is(state().last?.extent, 'everybody');
  assert.is(await refused(sync, directory, { mayDisable: 1499 }), 'sync.brake');
  const { sleep } = clock;
  clock.sleep = async () => {
    throw new Error('killed');
  };
  const killed = await sync(directory, { mayDisable: 1500 }).catch((error: unknown) => String(error));
  assert.is(killed, 'Error: killed');
  clock.sleep = sleep;
  const rest = await done(sync, directory, { mayDisable: 1500 });
  assert.equal([rest.extent, rest.updated], ['everybody', 500]);
});

test('what is many is handed over before it is read, or as soon as it shows', async () => {
  const { sync: _, db, ...needs } = house();
  const handed: (SyncOptions | undefined)[] = [];
  const inside = syncDirectory(needs);
  const aside: Sync = (directory, options) => {
    handed.push(options);
    return inside(directory, options);
  };
  const sync = syncDirectory({ ...needs, aside });
  const directory = telling(large);
  assert.is((await done(sync, directory, { actor: 'carol' })).added, 2500);
  assert.equal(handed, [{ actor: 'carol', extent: 'everybody' }]);
  assert.equal(directory.asked, ['ids', 'everybody'], 'a count tells that they are many, and nothing else is read twice');
  assert.is((await done(sync, directory)).extent, 'changes');
  assert.is(handed.length, 1, 'a few changes are read here');
  assert.is((await done(sync, directory, { dryRun: true })).extent, 'everybody');
  needs.clock.at += 60 * minute;
  await done(sync, directory);
  directory.isDoubtful = true;
  await done(sync, directory);
  assert.equal(handed.slice(1), [{ dryRun: true, extent: 'everybody' }, { extent: 'changes and ids' }, { extent: 'everybody' }]);
});

test('a small office that has grown is handed over as soon as it shows', async () => {
  const { sync: _, db, ...needs } = house();
  let handed = 0;
  const inside = syncDirectory(needs);
  const sync = syncDirectory({
    ...needs,
    aside: (...given) => {
      handed += 1;
      return inside(...given);
    },
  });
  const directory = telling(people(2000));
  assert.equal([(await done(sync, directory)).added, handed], [2000, 0]);
  directory.asked.length = 0;
  directory.entries = large;
  assert.equal([(await done(sync, directory)).added, handed, directory.asked], [500, 1, ['everybody', 'everybody']]);
});

test('50,000 people come in, and stay, in memory that stays sane', async () => {
  const { sync, accounts } = house();
  const groups = Array.from({ length: 200 }, (_, i) => `cn=group ${i},ou=groups,dc=example,dc=org`);
  async function* pages() {
    for (let from = 0; from < 50_000; from += 500) {
      yield Array.from({ length: 500 }, (_, i) =>
        entry(`6f1c3e7e-0000-4000-8000-${String(from + i).padStart(12, '0')}`, {
          ...{ login: `person${from + i}`, name: `Person Number ${from + i}`, mail: `person${from + i}@example.org` },
          groups: groups.filter((_, g) => (from + i + g) % 20 === 0).map((name) => Buffer.from(name).toString()),
        }),
      );
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const directory = directoryOf(pages);
  const rss = () => process.memoryUsage().rss / 2 ** 20;
  const before = rss();
  for (const expected of [50_000, 0]) {
    let [longest, last, most] = [0, performance.now(), 0];
    const watch = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
      most = Math.max(most, rss());
    }, 1);
    const started = performance.now();
    assert.is((await done(sync, directory)).added, expected);
    clearInterval(watch);
    longest = Math.max(longest, performance.now() - last);
    most = Math.max(most, rss());
    const took = (performance.now() - started).toFixed(0);
    console.log(
      `  50,000 people, ${expected} new: ${took} ms, longest wait of the others ${longest.toFixed(0)} ms, ${(most - before).toFixed(0)} MiB more`,
    );
    assert.ok(most - before < 500, `${most - before} MiB`);
  }
  assert.is(accounts.count().enabled, 50_000);
});

test.run();
