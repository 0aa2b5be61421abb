/** Who was reminded of what: one row for each, and the row that could not be added is the reminder that is not sent. */

import type { Reminders } from '../world.ts';
import type { Db } from './database.ts';
import { and, count, eq, gte, max } from './drizzle.ts';
import { reminder } from './schema.ts';

export function remindersIn(db: Db): Reminders {
  return {
    remember: ({ account: accountId, kind, about, at }) =>
      db.insert(reminder).values({ accountId, kind, about, at }).onConflictDoNothing().run().changes === 1,
    told(accountId, kind, since) {
      const found = db
        .select({ times: count(), lastAt: max(reminder.at) })
        .from(reminder)
        .where(and(eq(reminder.accountId, accountId), eq(reminder.kind, kind), gte(reminder.at, since)))
        .get();
      return { times: found?.times ?? 0, lastAt: found?.lastAt ?? null };
    },
    expire: (before, limit) =>
      db.$client.prepare('DELETE FROM reminder WHERE rowid IN (SELECT rowid FROM reminder WHERE at < ? LIMIT ?)').run(before, limit)
        .changes,
  };
}
