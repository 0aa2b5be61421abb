/** Sessions, and the counters of the limits. Both are found by an index, however many there are. */

import type { Policy } from '../rules/policy.ts';
import { type Limit, limits } from '../rules/throttle.ts';
import { hour, minute } from '../rules/time.ts';
import type { Session, Sessions, Throttle, Vault } from '../world.ts';
import { atomicallyOn, type Db } from './database.ts';
import { and, asc, count, desc, eq, gt, gte, lt, ne, sql } from './drizzle.ts';
import { hit, session, wrongPassword } from './schema.ts';

const useWrittenEvery = minute; // a session's last use is written at most once a minute

export function sessionsIn(db: Db, vault: Vault, policy: () => Policy): Sessions {
  const digestOf = (secret: string): string => vault.digest('session', secret);
  const byDigest = db
    .select()
    .from(session)
    .where(eq(session.tokenDigest, sql.placeholder('digest')))
    .prepare();
  const fromRow = ({ accountId, tokenDigest: _, ...row }: typeof session.$inferSelect): Session => ({
    ...row,
    account: accountId,
    standing: row.standing as Session['standing'],
  });
  const ends = () => ({ idle: policy().session_idle_minutes * minute, absolute: policy().session_hours * hour });
  return {
    start: ({ token, account: accountId, standing, address, device, at }) =>
      fromRow(
        db
          .insert(session)
          .values({ tokenDigest: digestOf(token), accountId, standing, address, device, createdAt: at, usedAt: at, provedAt: at })
          .returning()
          .get(),
      ),
    byToken(token, now) {
      const row = byDigest.get({ digest: digestOf(token) });
      if (!row) return null;
      const { idle, absolute } = ends();
      if (now >= row.usedAt + idle || now >= row.createdAt + absolute) {
        db.delete(session).where(eq(session.id, row.id)).run();
        return null;
      }
      if (now - row.usedAt >= useWrittenEvery) db.update(session).set({ usedAt: now }).where(eq(session.id, row.id)).run();
      return fromRow(row);
    },
    of: (accountId) => db.select().from(session).where(eq(session.accountId, accountId)).orderBy(desc(session.usedAt)).all().map(fromRow),
    renew(id, { token, standing, at, provedAt = at }) {
      db.update(session)
        .set({ tokenDigest: digestOf(token), standing, usedAt: at, provedAt })
        .where(eq(session.id, id))
        .run();
    },
    end(id) {
      db.delete(session).where(eq(session.id, id)).run();
    },
    endAll: (accountId, except) =>
      db
        .delete(session)
        .where(and(eq(session.accountId, accountId), ne(session.id, except ?? -1)))
        .run().changes,
    expire(now, limit) {
      const { idle, absolute } = ends();
      return db.$client
        .prepare('DELETE FROM session WHERE id IN (SELECT id FROM session WHERE used_at <= ? OR created_at <= ? LIMIT ?)')
        .run(now - idle, now - absolute, limit).changes;
    },
  };
}

export function throttleIn(db: Db): Throttle {
  const atomically = atomicallyOn(db);
  const within = (limit: Limit, key: string, now: number) => and(eq(hit.limit, limit.name), eq(hit.key, key), gt(hit.at, now - limit.span));
  return {
    count: (limit, key, now) =>
      db
        .select({ hits: count() })
        .from(hit)
        .where(within(limit, key, now))
        .get()?.hits ?? 0,
    hit(limit, key, now) {
      db.insert(hit)
        .values({ limit: limit.name, key, at: now, endsAt: now + limit.span })
        .run();
    },
    full: (limit, now, most) =>
      db
        .select({ key: hit.key, count: count() })
        .from(hit)
        .where(and(eq(hit.limit, limit.name), gt(hit.at, now - limit.span)))
        .groupBy(hit.key)
        .having(({ count: hits }) => gte(hits, limit.most))
        .orderBy(({ count: hits }) => desc(hits))
        .limit(most)
        .all(),
    easesAt(limit, key, now) {
      const oldest = db
        .select({ at: hit.at })
        .from(hit)
        .where(within(limit, key, now))
        .orderBy(asc(hit.at))
        .limit(1)
        .get();
      return oldest ? oldest.at + limit.span : null;
    },
    lastAt: (limit, key, now) =>
      db
        .select({ at: hit.at })
        .from(hit)
        .where(within(limit, key, now))
        .orderBy(desc(hit.at))
        .limit(1)
        .get()?.at ?? null,
    clear(limit, key) {
      db.delete(hit)
        .where(and(eq(hit.limit, limit.name), eq(hit.key, key)))
        .run();
    },
    clearPrefix(limit, prefix) {
      db.delete(hit)
        .where(and(eq(hit.limit, limit.name), gt(hit.key, prefix), lt(hit.key, `${prefix}\u{10ffff}`)))
        .run();
    },
    wrongPassword: (accountId, digest, now) =>
      db
        .select({ marker: wrongPassword.marker })
        .from(wrongPassword)
        .where(
          and(
            eq(wrongPassword.accountId, accountId),
            eq(wrongPassword.digest, digest),
            gt(wrongPassword.at, now - limits.wrongPassword.span),
          ),
        )
        .get() ?? null,
    rememberWrongPassword(accountId, digest, marker, now) {
      db.insert(wrongPassword)
        .values({ accountId, digest, marker, at: now })
        .onConflictDoUpdate({ target: [wrongPassword.accountId, wrongPassword.digest], set: { marker, at: now } })
        .run();
    },
    forgetWrongPasswords(accountId) {
      db.delete(wrongPassword).where(eq(wrongPassword.accountId, accountId)).run();
    },
    expire: (now, limit) =>
      atomically(() => {
        db.delete(wrongPassword)
          .where(lt(wrongPassword.at, now - limits.wrongPassword.span))
          .run();
        return db.$client.prepare('DELETE FROM hit WHERE rowid IN (SELECT rowid FROM hit WHERE ends_at < ? LIMIT ?)').run(now, limit)
          .changes;
      }),
  };
}
