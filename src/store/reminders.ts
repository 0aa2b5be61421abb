/** Who was reminded of what: one row for each, and the row that could not be added is the reminder that is not sent. */

import type { Reminders } from '../world.ts';
import type { Db } from './database.ts';
import { reminder } from './schema.ts';

export function remindersIn(db: Db): Reminders {
  // Asked for everybody in a run: a bare statement, for Drizzle would make it anew each time.
  const told = db.$client.prepare(
    'SELECT count(*) AS times, max(at) AS lastAt FROM reminder WHERE account_id = ? AND kind = ? AND at >= ?',
  );
  return {
    remember: ({ account: accountId, kind, about, at }) =>
      db.insert(reminder).values({ accountId, kind, about, at }).onConflictDoNothing().run().changes === 1,
    told: (accountId, kind, since) => told.get(accountId, kind, since) as ReturnType<Reminders['told']>,
    expire: (before, limit) =>
      db.$client.prepare('DELETE FROM reminder WHERE rowid IN (SELECT rowid FROM reminder WHERE at < ? LIMIT ?)').run(before, limit)
        .changes,
  };
}
