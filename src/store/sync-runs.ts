/** What each reading of a directory did: the newest runs, and of each its first changes. It knows nothing of how they are made. */

import type { SyncChange, SyncRun, SyncRuns } from '../world.ts';
import { atomicallyOn, type Db } from './database.ts';
import { and, asc, desc, eq, gte, isNull } from './drizzle.ts';
import { syncChange, syncRun } from './schema.ts';

type Row = typeof syncRun.$inferSelect;

const runsKept = 200;
const idleRunsKept = 20;
const changesKept = 10_000;
const odditiesKept = 50;

const fromRow = ({ refusal, params, oddities, extent, ...row }: Row): SyncRun => ({
  ...row,
  extent: extent as SyncRun['extent'],
  refusal: refusal === null ? null : ({ key: refusal, params: JSON.parse(params) } as SyncRun['refusal']),
  oddities: JSON.parse(oddities) as SyncRun['oddities'],
});

export function syncRunsIn(db: Db): SyncRuns {
  const atomically = atomicallyOn(db);
  // Bare statements: a first reading keeps ten thousand changes at once.
  const addChange = db.$client.prepare('INSERT INTO sync_change (run_id, seq, kind, login, fields) VALUES (?, ?, ?, ?, ?)');
  const isIdle = 'refusal IS NULL AND added + updated + disabled = 0';
  const newest = (which: string, count: number): string =>
    `SELECT id FROM sync_run WHERE home = @home AND ${which} ORDER BY id DESC LIMIT ${count}`;
  const dropOld = db.$client.prepare(
    `DELETE FROM sync_run WHERE home = @home AND (id NOT IN (${newest('1', runsKept)}) OR (${isIdle} AND id NOT IN (${newest(isIdle, idleRunsKept)})))`,
  );

  return {
    add: (run, changes) =>
      atomically(() => {
        const { refusal, oddities, ...more } = run;
        const kept = Math.min(changes.length, changesKept);
        const row = { ...more, refusal: refusal?.key ?? null, params: JSON.stringify(refusal?.params ?? {}), kept };
        const { id } = db
          .insert(syncRun)
          .values({ ...row, oddities: JSON.stringify(oddities.slice(0, odditiesKept)) })
          .returning({ id: syncRun.id })
          .get();
        for (const [seq, { kind, login, fields }] of changes.slice(0, kept).entries())
          addChange.run(id, seq, kind, login, fields.join(' '));
        dropOld.run({ home: run.home });
      }),
    latest: (home, count) =>
      db.select().from(syncRun).where(eq(syncRun.home, home)).orderBy(desc(syncRun.id)).limit(count).all().map(fromRow),
    lastGood(home) {
      const good = and(eq(syncRun.home, home), isNull(syncRun.refusal));
      const row = db.select().from(syncRun).where(good).orderBy(desc(syncRun.id)).limit(1).get();
      return row ? fromRow(row) : null;
    },
    byId(id) {
      const row = db.select().from(syncRun).where(eq(syncRun.id, id)).get();
      return row ? fromRow(row) : null;
    },
    changes: (run, { from, count }) =>
      db
        .select()
        .from(syncChange)
        .where(and(eq(syncChange.runId, run), gte(syncChange.seq, from)))
        .orderBy(asc(syncChange.seq))
        .limit(count)
        .all()
        .map(({ kind, login, fields }) => ({ kind: kind as SyncChange['kind'], login, fields: fields === '' ? [] : fields.split(' ') })),
  };
}
