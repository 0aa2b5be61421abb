/** Attempts with their steps, one-time tokens, and the writes on their way into a home. Every consuming act is a guarded UPDATE. */

import { timingSafeEqual } from 'node:crypto';
import { type Attempt, denied, type Loss, proofsOf, type Step, superseded } from '../rules/attempt.ts';
import { day, minute } from '../rules/time.ts';
import type { Intention } from '../rules/vocabulary.ts';
import type { Attempts, Token, TokenPurpose, Tokens, Vault, Write, Writes } from '../world.ts';
import { atomicallyOn, type Db } from './database.ts';
import { and, eq, gt, inArray, isNotNull, isNull, lt, ne, or, sql } from './drizzle.ts';
import { attempt, attemptStep, token, write } from './schema.ts';

const strangersKept = 7 * day;
/** A colleague's page shows so many. */
const mostAsking = 100;
/** Claimed, and then the process ended before the write began: nobody will settle it. */
const isForsaken = (now: number) =>
  and(
    lt(attempt.expiresAt, now - minute),
    sql`NOT EXISTS (SELECT 1 FROM ${write} WHERE ${write.attemptId} = ${attempt.id} AND ${write.endedAt} IS NULL)`,
  );

export function attemptsIn(db: Db, vault: Vault): Attempts {
  const atomically = atomicallyOn(db);
  const digestOf = (secret: string): string => vault.digest('attempt', secret);
  const byDigest = db
    .select()
    .from(attempt)
    .where(eq(attempt.tokenDigest, sql.placeholder('digest')))
    .prepare();
  const byNumber = db
    .select()
    .from(attempt)
    .where(eq(attempt.id, sql.placeholder('id')))
    .prepare();
  const stepsOf = db
    .select({ step: attemptStep.step })
    .from(attemptStep)
    .where(eq(attemptStep.attemptId, sql.placeholder('id')))
    .orderBy(attemptStep.seq)
    .prepare();
  const appendStep = db.$client.prepare(
    'INSERT INTO attempt_step (attempt_id, seq, step) SELECT ?, (SELECT coalesce(max(seq), 0) + 1 FROM attempt_step WHERE attempt_id = ?), ?',
  );
  // Of those that live now and are somebody's, each of few steps; in the order of their numbers SQLite would go through years of them.
  const asking = db.$client
    .prepare(
      `SELECT attempt.id FROM attempt INDEXED BY attempt_live JOIN attempt_step ON attempt_step.attempt_id = attempt.id
       WHERE token_digest IS NOT NULL AND expires_at > ? AND state = 'open' AND account_id IS NOT NULL
         AND step ->> 'kind' = 'colleagues asked' AND EXISTS (SELECT 1 FROM json_each(step, '$.colleagues') WHERE value = ?)
       ORDER BY attempt.id LIMIT ?`,
    )
    .pluck();
  const append = (id: number, step: Step): void => {
    appendStep.run(id, id, JSON.stringify(step));
  };
  const fromRow = (row: typeof attempt.$inferSelect | undefined): Attempt | null =>
    row
      ? {
          id: row.id,
          intention: row.intention as Intention,
          supportCode: row.supportCode,
          address: row.address,
          language: row.language,
          createdAt: row.createdAt,
          expiresAt: row.expiresAt,
          state: row.state as Attempt['state'],
          loginDigest: row.loginDigest,
          account: row.accountId,
          refusedBy: row.refusedBy,
          steps: stepsOf.all({ id: row.id }).map(({ step }) => JSON.parse(step) as Step),
        }
      : null;
  const move = (id: number, from: Attempt['state'], change: Partial<typeof attempt.$inferInsert>): boolean =>
    db
      .update(attempt)
      .set(change)
      .where(and(eq(attempt.id, id), eq(attempt.state, from)))
      .run().changes === 1;
  /** Without a proof it stays open as a stranger's does: whoever only typed the login must not see what its owner, or a colleague, did. */
  function close(other: Attempt, loss: Loss, at: number): void {
    if (proofsOf(other).length === 0) {
      const isRefused = other.refusedBy !== null && other.refusedBy !== 'reachable';
      if (!isRefused) move(other.id, 'open', { refusedBy: loss });
      return;
    }
    append(other.id, { kind: loss, at });
    move(other.id, 'open', { state: 'finished', finishedAt: at, tokenDigest: null });
  }

  return {
    open: ({ token: secret, supportCode, intention, login, address, language, at, expiresAt }) =>
      atomically(() => {
        const { id } = db
          .insert(attempt)
          .values({
            tokenDigest: digestOf(secret),
            supportCode,
            intention,
            loginDigest: vault.digest('login', login),
            address,
            language,
            createdAt: at,
            expiresAt,
          })
          .returning({ id: attempt.id })
          .get();
        append(id, { kind: 'identified', at });
        return fromRow(byNumber.get({ id })) as Attempt;
      }) as Attempt,
    byToken: (secret) => fromRow(byDigest.get({ digest: digestOf(secret) })),
    byId: (id) => fromRow(byNumber.get({ id })),
    identify(id, accountId, refusedBy) {
      // Proofs that one account gave must never open another.
      const isNobodyElses =
        accountId === null ? isNull(attempt.accountId) : or(isNull(attempt.accountId), eq(attempt.accountId, accountId));
      db.update(attempt)
        .set({ accountId, refusedBy })
        .where(and(eq(attempt.id, id), isNobodyElses))
        .run();
    },
    step: (id, step) =>
      atomically(() => {
        const row = byNumber.get({ id });
        const isOpen =
          row !== undefined &&
          row.state !== 'finished' &&
          (row.state === 'open' ? step.at < row.expiresAt : step.kind === 'ended' || step.kind === 'refused');
        if (isOpen) append(id, step);
        return isOpen;
      }),
    move: (id, secret) => move(id, 'open', { tokenDigest: digestOf(secret) }),
    claim: (id, at) =>
      db
        .update(attempt)
        .set({ state: 'writing' })
        .where(and(eq(attempt.id, id), eq(attempt.state, 'open'), gt(attempt.expiresAt, at)))
        .run().changes === 1,
    release(id) {
      move(id, 'writing', { state: 'open' });
    },
    releaseStranded: () =>
      db.$client
        .prepare(
          "UPDATE attempt SET state = 'open' WHERE state = 'writing' AND NOT EXISTS (SELECT 1 FROM write WHERE attempt_id = attempt.id AND ended_at IS NULL)",
        )
        .run().changes,
    finish(id, at) {
      db.update(attempt)
        .set({ state: 'finished', finishedAt: at })
        .where(and(eq(attempt.id, id), ne(attempt.state, 'finished')))
        .run();
    },
    closeOthers: (accountId, except, at) =>
      atomically(() => {
        const others = db
          .select()
          .from(attempt)
          .where(and(eq(attempt.accountId, accountId), eq(attempt.state, 'open'), ne(attempt.id, except ?? -1)))
          .all()
          .map((row) => fromRow(row) as Attempt);
        for (const other of others) close(other, superseded, at);
        return others.length;
      }),
    extend(id, until) {
      db.update(attempt)
        .set({ expiresAt: until })
        .where(and(eq(attempt.id, id), eq(attempt.state, 'open'), lt(attempt.expiresAt, until)))
        .run();
    },
    deny: (id, at) =>
      atomically(() => {
        const row = byNumber.get({ id });
        const isOpen = row?.state === 'open' && at < row.expiresAt;
        if (isOpen) close(fromRow(row) as Attempt, denied, at);
        return isOpen;
      }),
    asking: (colleague, now) => asking.all(now, colleague, mostAsking).map((id) => fromRow(byNumber.get({ id: id as number })) as Attempt),
    expire: (now, limit) =>
      atomically(() => {
        const past = db
          .select({ id: attempt.id })
          .from(attempt)
          .where(and(lt(attempt.expiresAt, now), isNotNull(attempt.tokenDigest), or(ne(attempt.state, 'writing'), isForsaken(now))))
          .limit(limit)
          .all()
          .map(({ id }) => id);
        if (past.length > 0) {
          db.update(attempt)
            .set({ tokenDigest: null, state: 'finished', finishedAt: sql`coalesce(${attempt.finishedAt}, ${now})` })
            .where(inArray(attempt.id, past))
            .run();
        }
        const strangers = db
          .select({ id: attempt.id })
          .from(attempt)
          .where(and(lt(attempt.expiresAt, now - strangersKept), isNull(attempt.accountId)))
          .limit(limit)
          .all()
          .map(({ id }) => id);
        if (strangers.length > 0) db.delete(attempt).where(inArray(attempt.id, strangers)).run();
        return past.length + strangers.length;
      }),
  };
}

export function tokensIn(db: Db, vault: Vault): Tokens {
  const atomically = atomicallyOn(db);
  // A code is short, so its digest is bound to whom it was issued for; a link is found by its secret alone.
  const digestOf = (purpose: TokenPurpose, secret: string, owner: { accountId: number; attemptId: number | null }): string =>
    vault.digest(
      'token',
      purpose.endsWith('code') ? `${purpose}\n${owner.accountId}/${owner.attemptId}\n${secret}` : `${purpose}\n${secret}`,
    );
  const nobody = { accountId: 0, attemptId: null };
  const columns = {
    id: token.id,
    purpose: token.purpose,
    account: token.accountId,
    attempt: token.attemptId,
    expiresAt: token.expiresAt,
    triesLeft: token.triesLeft,
    note: token.note,
  };
  const byDigest = db
    .select(columns)
    .from(token)
    .where(and(eq(token.digest, sql.placeholder('digest')), isNull(token.usedAt), gt(token.expiresAt, sql.placeholder('now'))))
    .prepare();
  const sameKind = (purpose: TokenPurpose, accountId: number, attemptId: number | null) =>
    and(
      eq(token.accountId, accountId),
      eq(token.purpose, purpose),
      attemptId === null ? isNull(token.attemptId) : eq(token.attemptId, attemptId),
      isNull(token.usedAt),
    );
  return {
    issue: ({ purpose, secret, account: accountId, attempt: attemptId, at, expiresAt, tries, note }) =>
      atomically(() => {
        if (purpose !== 'not me')
          db.update(token)
            .set({ usedAt: at })
            .where(sameKind(purpose, accountId, attemptId))
            .run();
        return db
          .insert(token)
          .values({
            purpose,
            digest: digestOf(purpose, secret, { accountId, attemptId }),
            accountId,
            attemptId,
            expiresAt,
            triesLeft: tries,
            note: note ?? null,
          })
          .returning({ id: token.id })
          .get().id;
      }),
    find: (purpose, secret, now) => (byDigest.get({ digest: digestOf(purpose, secret, nobody), now }) as Token | undefined) ?? null,
    live: (purpose, accountId, attemptId, now) =>
      (db
        .select(columns)
        .from(token)
        .where(and(sameKind(purpose, accountId, attemptId), gt(token.expiresAt, now)))
        .get() as Token | undefined) ?? null,
    matches: (id, secret) =>
      atomically(() => {
        const row = db.select().from(token).where(eq(token.id, id)).get();
        if (!row || row.usedAt !== null || row.triesLeft <= 0) return false;
        db.update(token)
          .set({ triesLeft: row.triesLeft - 1 })
          .where(eq(token.id, id))
          .run();
        return timingSafeEqual(Buffer.from(row.digest), Buffer.from(digestOf(row.purpose as TokenPurpose, secret, row)));
      }),
    spend: (id, at) =>
      db
        .update(token)
        .set({ usedAt: at })
        .where(and(eq(token.id, id), isNull(token.usedAt), gt(token.expiresAt, at)))
        .run().changes === 1,
    spendAll(accountId, at) {
      db.update(token)
        .set({ usedAt: at })
        .where(and(eq(token.accountId, accountId), ne(token.purpose, 'not me'), isNull(token.usedAt)))
        .run();
    },
    expire: (now, limit) =>
      db.$client.prepare('DELETE FROM token WHERE id IN (SELECT id FROM token WHERE expires_at < ? LIMIT ?)').run(now, limit).changes,
  };
}

export function writesIn(db: Db): Writes {
  return {
    start: ({ account: accountId, attempt: attemptId, act, supportCode, address, at }) =>
      db.insert(write).values({ accountId, attemptId, act, supportCode, address, startedAt: at }).returning({ id: write.id }).get().id,
    sent(id, { server, marker, at }) {
      db.update(write).set({ server, marker, sentAt: at }).where(eq(write.id, id)).run();
    },
    end(id, outcome, at) {
      db.update(write)
        .set({ outcome, endedAt: at })
        .where(and(eq(write.id, id), isNull(write.endedAt)))
        .run();
    },
    isOvertaken: ({ id, account: accountId }) =>
      db.$client
        .prepare("SELECT 1 FROM write WHERE account_id = ? AND id > ? AND outcome IN ('done', 'not proved') LIMIT 1")
        .get(accountId, id) !== undefined,
    unsettled: (before) =>
      db
        .select()
        .from(write)
        .where(and(isNull(write.endedAt), lt(write.startedAt, before), or(isNull(write.sentAt), lt(write.sentAt, before))))
        .orderBy(write.id)
        .limit(200)
        .all()
        .map(({ accountId, attemptId, act, ...row }) => ({ ...row, account: accountId, attempt: attemptId, act: act as Write['act'] })),
  };
}
