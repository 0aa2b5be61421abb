/** Accounts and what they have registered. One intention at a time: there is no save of a whole row. */

import { type Account, type AccountId, foldLogin } from '../rules/account.ts';
import { amongGroups } from '../rules/group.ts';
import type { MethodName } from '../rules/vocabulary.ts';
import type { Accounts, Enrolment, Enrolments } from '../world.ts';
import type { Db } from './database.ts';
import { and, desc, eq, gt, isNotNull, like, or, sql } from './drizzle.ts';
import { mirrorIn } from './mirror.ts';
import { account, enrolment } from './schema.ts';

type AccountRow = typeof account.$inferSelect;

const atATime = 500;
/** An expression of SQLite may be a thousand deep. */
const mostPatterns = 100;

const fromRow = (row: AccountRow): Account => ({
  id: row.id,
  login: row.login,
  home: row.home,
  remoteId: row.remoteId,
  dn: row.dn,
  manager: row.manager,
  name: row.name,
  mail: row.mail,
  mobile: row.mobile,
  role: row.role as Account['role'],
  groups: JSON.parse(row.groups) as string[],
  isProtected: row.isProtected,
  isDisabled: row.isDisabled,
  suspendedAt: row.suspendedAt,
  language: row.language,
});

export function accountsIn(db: Db): Accounts {
  const byId = db
    .select()
    .from(account)
    .where(eq(account.id, sql.placeholder('id')))
    .prepare();
  const byFold = db
    .select()
    .from(account)
    .where(eq(account.loginFold, sql.placeholder('fold')))
    .orderBy(account.id)
    .prepare();
  const byRemote = db
    .select()
    .from(account)
    .where(and(eq(account.home, sql.placeholder('home')), eq(account.remoteId, sql.placeholder('remoteId'))))
    .prepare();
  const sharedLocal = db.$client.prepare(
    `SELECT 1 FROM account AS here JOIN account AS there ON there.login_fold = here.login_fold AND there.home IS NOT NULL
       WHERE here.home IS NULL AND NOT here.is_disabled AND NOT there.is_disabled LIMIT 1`,
  );
  const byDn = db
    .select()
    .from(account)
    .where(
      and(
        eq(account.home, sql.placeholder('home')),
        eq(account.isDisabled, false),
        sql`${account.dn} = ${sql.placeholder('dn')} COLLATE NOCASE`,
      ),
    )
    .limit(2)
    .prepare();
  const review = db.$client.prepare('SELECT reviewed_at AS at, review_wanted_at AS wantedAt FROM account WHERE id = ?');
  const mirror = mirrorIn(db);
  const row = (id: AccountId): AccountRow | undefined => byId.get({ id });
  const set = (id: AccountId, change: Partial<AccountRow>): void => {
    db.update(account).set(change).where(eq(account.id, id)).run();
  };

  return {
    byId(id) {
      const found = row(id);
      return found ? fromRow(found) : null;
    },
    byLogin: (login) => byFold.all({ fold: foldLogin(login) }).map(fromRow),
    byRemoteId(home, remoteId) {
      const found = byRemote.get({ home, remoteId });
      return found ? fromRow(found) : null;
    },
    managerOf({ home, manager }) {
      const [found, another] = home === null || !manager ? [] : byDn.all({ home, dn: manager });
      return found && !another ? fromRow(found) : null;
    },
    inGroups: (named, most) => membersOf(db, named, most).map(fromRow),
    hasSharedLocalLogin: () => sharedLocal.get() !== undefined,
    all: mirror.all,
    inSlices: mirror.inSlices,
    enabledIn: mirror.enabledIn,
    count: () =>
      db.$client
        .prepare(
          `SELECT count(*) AS "all", coalesce(sum(is_disabled = 0), 0) AS enabled,
             coalesce(sum(is_disabled = 0 AND EXISTS (SELECT 1 FROM enrolment WHERE account_id = account.id)), 0) AS registered FROM account`,
        )
        .get() as { all: number; enabled: number; registered: number },
    createLocal({ login, name, mail, role, passwordHash, at }) {
      const made = db
        .insert(account)
        .values({
          login,
          loginFold: foldLogin(login),
          name,
          mail,
          role,
          passwordHash,
          passwordChangedAt: at,
          groups: '[]',
          isProtected: false,
          isDisabled: false,
          createdAt: at,
        })
        .returning()
        .get();
      return fromRow(made);
    },
    passwordHash: (id) => row(id)?.passwordHash ?? null,
    setPasswordHash: (id, passwordHash, at) => set(id, { passwordHash, passwordChangedAt: at, mustChangePassword: false }),
    rehashPassword(id, from, to) {
      db.update(account)
        .set({ passwordHash: to })
        .where(and(eq(account.id, id), eq(account.passwordHash, from)))
        .run();
    },
    mustChangePassword: (id) => row(id)?.mustChangePassword ?? false,
    setMustChangePassword: (id, mustChangePassword) => set(id, { mustChangePassword }),
    passwordChangedAt: (id) => row(id)?.passwordChangedAt ?? null,
    createdAt: (id) => row(id)?.createdAt ?? null,
    listedAs: (id) => row(id)?.listedAs ?? null,
    enrolUntil: (id) => row(id)?.enrolUntil ?? null,
    setEnrolUntil: (id, enrolUntil) => set(id, { enrolUntil }),
    setRole: (id, role) => set(id, { role }),
    suspend: (id, suspendedAt) => set(id, { suspendedAt }),
    suspended: (most) =>
      db.select().from(account).where(isNotNull(account.suspendedAt)).orderBy(desc(account.suspendedAt)).limit(most).all().map(fromRow),
    setLanguage: (id, language) => set(id, { language }),
    snooze(id) {
      const found = row(id);
      return { times: found?.snoozeTimes ?? 0, until: found?.snoozeUntil ?? null };
    },
    setSnooze: (id, { times, until }) => set(id, { snoozeTimes: times, snoozeUntil: until }),
    review: (id) => (review.get(id) as ReturnType<Accounts['review']> | undefined) ?? { at: null, wantedAt: null },
    setReviewed: (id, reviewedAt) => set(id, { reviewedAt, reviewWantedAt: null, snoozeTimes: 0, snoozeUntil: null }),
    wantReview: (id, reviewWantedAt) =>
      db
        .update(account)
        .set({ reviewWantedAt, snoozeTimes: 0, snoozeUntil: null })
        .where(id === null ? eq(account.isDisabled, false) : eq(account.id, id))
        .run().changes,
    toldWhyAt: (id) => row(id)?.toldWhyAt ?? null,
    setToldWhyAt: (id, toldWhyAt) => set(id, { toldWhyAt }),
    applySync: mirror.apply,
  };
}

/** SQLite only sifts, by the letters and digits of a name in their order: the rules say what a name meets. */
function membersOf(db: Db, named: readonly string[], most: number): readonly AccountRow[] {
  const isAmong = amongGroups(named);
  const patterns = named.map((name) => `%${name.replaceAll(/[^a-z0-9]+/gi, '%')}%`);
  const sieve = patterns.length <= mostPatterns ? or(...patterns.map((pattern) => like(account.groups, pattern))) : undefined;
  const found: AccountRow[] = [];
  let more = named.length > 0;
  for (let after = 0; more && found.length < most; ) {
    const isNext = and(gt(account.id, after), eq(account.isDisabled, false), sieve);
    const rows = db.select().from(account).where(isNext).orderBy(account.id).limit(atATime).all();
    found.push(...rows.filter(({ groups }) => (JSON.parse(groups) as string[]).some(isAmong)));
    after = rows.at(-1)?.id ?? after;
    more = rows.length === atATime;
  }
  return found.slice(0, most);
}

type EnrolmentRow = typeof enrolment.$inferSelect;

const enrolmentFrom = ({ accountId, method, ...row }: EnrolmentRow): Enrolment => ({
  ...row,
  account: accountId,
  method: method as MethodName,
});

export function enrolmentsIn(db: Db): Enrolments {
  const ofAccount = db
    .select()
    .from(enrolment)
    .where(eq(enrolment.accountId, sql.placeholder('account')))
    .orderBy(enrolment.id)
    .prepare();
  return {
    of: (id) => ofAccount.all({ account: id }).map(enrolmentFrom),
    add: ({ account: accountId, method, label, secret, at }) =>
      enrolmentFrom(db.insert(enrolment).values({ accountId, method, label, secret, addedAt: at }).returning().get()),
    remove(id) {
      db.delete(enrolment).where(eq(enrolment.id, id)).run();
    },
    removeAll(accountId, method) {
      db.delete(enrolment)
        .where(and(eq(enrolment.accountId, accountId), eq(enrolment.method, method)))
        .run();
    },
    prefer(accountId, id) {
      db.update(enrolment)
        .set({ isPreferred: sql`${enrolment.id} = ${id}` })
        .where(eq(enrolment.accountId, accountId))
        .run();
    },
    spend: (id, from, to, at) =>
      db
        .update(enrolment)
        .set({ secret: to, usedAt: at })
        .where(and(eq(enrolment.id, id), eq(enrolment.secret, from)))
        .run().changes === 1,
  };
}
