/** Letters on their way: sealed bodies that vanish as soon as they are sent, dead, or useless. */

import type { Letter, Outbox } from '../world.ts';
import { atomicallyOn, type Db } from './database.ts';
import { and, asc, count, desc, eq, isNotNull, lte, max, sql } from './drizzle.ts';
import { outbox, token } from './schema.ts';

export function outboxIn(db: Db): Outbox {
  const atomically = atomicallyOn(db);
  const letters = {
    id: outbox.id,
    kind: outbox.kind,
    to: outbox.recipient,
    sealed: outbox.sealed,
    tries: outbox.tries,
    queuedAt: outbox.queuedAt,
  };

  function wipeUseless(now: number): void {
    const isSpent = sql`EXISTS (SELECT 1 FROM ${token} WHERE ${token.id} = ${outbox.tokenId} AND ${token.usedAt} IS NOT NULL)`;
    const isGone = sql`NOT EXISTS (SELECT 1 FROM ${token} WHERE ${token.id} = ${outbox.tokenId})`;
    db.update(outbox)
      .set({ sealed: null, nextAt: null, problem: null })
      .where(
        and(
          isNotNull(outbox.nextAt),
          sql`(coalesce(${outbox.expiresAt}, ${now} + 1) <= ${now} OR (${outbox.tokenId} IS NOT NULL AND (${isSpent} OR ${isGone})))`,
        ),
      )
      .run();
  }

  return {
    put({ kind, to, sealed, at, expiresAt, token: tokenId }) {
      db.insert(outbox).values({ kind, recipient: to, sealed, queuedAt: at, nextAt: at, expiresAt, tokenId }).run();
    },
    due: (now, most) =>
      atomically(() => {
        wipeUseless(now);
        return db
          .select(letters)
          .from(outbox)
          .where(and(isNotNull(outbox.nextAt), lte(outbox.nextAt, now), isNotNull(outbox.sealed)))
          .orderBy(asc(outbox.nextAt), asc(outbox.id))
          .limit(most)
          .all() as Letter[];
      }) as readonly Letter[],
    sent(id, at) {
      db.update(outbox).set({ sealed: null, nextAt: null, sentAt: at, problem: null }).where(eq(outbox.id, id)).run();
    },
    failed(id, { problem, nextAt, at }) {
      const change = nextAt === null ? { sealed: null, nextAt: null, deadAt: at } : { nextAt };
      db.update(outbox)
        .set({ ...change, problem, tries: sql`${outbox.tries} + 1` })
        .where(eq(outbox.id, id))
        .run();
    },
    counts() {
      const waiting = db.select({ letters: count() }).from(outbox).where(isNotNull(outbox.nextAt)).get()?.letters ?? 0;
      const dead = db.select({ letters: count() }).from(outbox).where(isNotNull(outbox.deadAt)).get()?.letters ?? 0;
      const last = db
        .select({ at: max(outbox.sentAt) })
        .from(outbox)
        .get();
      const troubled = db
        .select({ problem: outbox.problem })
        .from(outbox)
        .where(isNotNull(outbox.problem))
        .orderBy(desc(outbox.id))
        .limit(1)
        .get();
      return { waiting, dead, lastSentAt: last?.at ?? null, lastProblem: troubled?.problem ?? null };
    },
    nextAt: () =>
      db.select({ at: outbox.nextAt }).from(outbox).where(isNotNull(outbox.nextAt)).orderBy(asc(outbox.nextAt)).limit(1).get()?.at ?? null,
  };
}
