/** Passwords that are or were in force, as slow hashes: newest first, and only as many as are asked for. It knows neither secret nor cost. */

import type { EarlierPassword, PasswordHistory } from '../world.ts';
import { atomicallyOn, type Db } from './database.ts';
import { and, desc, eq, isNull, ne, sql } from './drizzle.ts';
import { passwordHistory } from './schema.ts';

type Row = typeof passwordHistory.$inferSelect;

export function passwordHistoryIn(db: Db): PasswordHistory {
  const atomically = atomicallyOn(db);
  const ofAccount = db
    .select({ salt: passwordHistory.salt, hash: passwordHistory.hash, marker: passwordHistory.marker })
    .from(passwordHistory)
    .where(and(eq(passwordHistory.accountId, sql.placeholder('account')), isNull(passwordHistory.writeId)))
    .orderBy(desc(passwordHistory.at), desc(passwordHistory.id))
    .prepare();
  const put = (row: Omit<Row, 'id'>): Row => db.insert(passwordHistory).values(row).returning().get();

  function dropOthers({ id, accountId, salt, hash }: Row): void {
    const isSame = and(eq(passwordHistory.accountId, accountId), eq(passwordHistory.salt, salt), eq(passwordHistory.hash, hash));
    db.delete(passwordHistory)
      .where(and(isSame, isNull(passwordHistory.writeId), ne(passwordHistory.id, id)))
      .run();
  }

  return {
    of: (account) => ofAccount.all({ account }) as EarlierPassword[],
    keep: ({ account, salt, hash, marker, at }) =>
      atomically(() => dropOthers(put({ accountId: account, writeId: null, salt, hash, marker, at }))),
    pend({ account, write, salt, hash, at }) {
      put({ accountId: account, writeId: write, salt, hash, marker: null, at });
    },
    confirm: (write, at) =>
      atomically(() => {
        const row = db.update(passwordHistory).set({ writeId: null, at }).where(eq(passwordHistory.writeId, write)).returning().get();
        if (row) dropOthers(row);
      }),
    drop(write) {
      db.delete(passwordHistory).where(eq(passwordHistory.writeId, write)).run();
    },
    prune(account, most) {
      db.$client
        .prepare(
          `DELETE FROM password_history WHERE account_id = ? AND write_id IS NULL AND id NOT IN
             (SELECT id FROM password_history WHERE account_id = ? AND write_id IS NULL ORDER BY at DESC, id DESC LIMIT ?)`,
        )
        .run(account, account, most);
    },
  };
}
