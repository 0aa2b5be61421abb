/** The tables. Row types never leave this folder; instants are milliseconds since 1970 UTC, digests are keyed (see vault). */

import { index, integer, isNotNull, isNull, primaryKey, sql, sqliteTable, text, uniqueIndex } from './drizzle.ts';

const id = () => integer('id').primaryKey({ autoIncrement: true });
const instant = (name: string) => integer(name);
const truth = (name: string) => integer(name, { mode: 'boolean' });

export const account = sqliteTable(
  'account',
  {
    id: id(),
    login: text('login').notNull(),
    loginFold: text('login_fold').notNull(),
    home: text('home'),
    remoteId: text('remote_id'),
    name: text('name').notNull(),
    mail: text('mail'),
    mobile: text('mobile'),
    role: text('role').notNull(),
    groups: text('groups').notNull(),
    dn: text('dn'),
    listedAs: text('listed_as'),
    manager: text('manager'),
    isProtected: truth('is_protected').notNull(),
    isDisabled: truth('is_disabled').notNull(),
    suspendedAt: instant('suspended_at'),
    language: text('language'),
    passwordHash: text('password_hash'),
    passwordChangedAt: instant('password_changed_at'),
    mustChangePassword: truth('must_change_password').notNull().default(false),
    enrolUntil: instant('enrol_until'),
    snoozeTimes: integer('snooze_times').notNull().default(0),
    snoozeUntil: instant('snooze_until'),
    reviewedAt: instant('reviewed_at'),
    reviewWantedAt: instant('review_wanted_at'),
    toldWhyAt: instant('told_why_at'),
    createdAt: instant('created_at').notNull(),
  },
  (table) => [
    uniqueIndex('account_remote').on(table.home, table.remoteId),
    index('account_login').on(table.loginFold),
    // Managers are found by their DN, in whatever letters it is written (RFC 4517 section 4.2.15).
    index('account_dn').on(table.home, sql`${table.dn} COLLATE NOCASE`),
    uniqueIndex('account_local').on(table.loginFold).where(isNull(table.home)),
  ],
);

const accountId = () =>
  integer('account_id')
    .notNull()
    .references(() => account.id, { onDelete: 'cascade' });

export const enrolment = sqliteTable(
  'enrolment',
  {
    id: id(),
    accountId: accountId(),
    method: text('method').notNull(),
    label: text('label').notNull(),
    secret: text('secret').notNull(),
    isPreferred: truth('is_preferred').notNull().default(false),
    addedAt: instant('added_at').notNull(),
    usedAt: instant('used_at'),
  },
  (table) => [index('enrolment_account').on(table.accountId)],
);

export const reminder = sqliteTable(
  'reminder',
  {
    accountId: accountId(),
    kind: text('kind').notNull(),
    about: text('about').notNull(),
    at: instant('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.kind, table.about] }), index('reminder_at').on(table.at)],
);

export const attempt = sqliteTable(
  'attempt',
  {
    id: id(),
    /** Null once the attempt is over: its cookie opens nothing. */
    tokenDigest: text('token_digest'),
    supportCode: text('support_code').notNull(),
    intention: text('intention').notNull(),
    loginDigest: text('login_digest').notNull(),
    accountId: integer('account_id').references(() => account.id, { onDelete: 'cascade' }),
    refusedBy: text('refused_by'),
    address: text('address').notNull(),
    language: text('language').notNull(),
    createdAt: instant('created_at').notNull(),
    expiresAt: instant('expires_at').notNull(),
    state: text('state').notNull().default('open'),
    finishedAt: instant('finished_at'),
  },
  (table) => [
    uniqueIndex('attempt_token').on(table.tokenDigest),
    index('attempt_account').on(table.accountId, table.state),
    // Rows stay for years: the expiry looks at those alone that it has yet to wipe or remove.
    index('attempt_live').on(table.expiresAt).where(isNotNull(table.tokenDigest)),
    index('attempt_stranger').on(table.expiresAt).where(isNull(table.accountId)),
    index('attempt_support').on(table.supportCode),
  ],
);

export const attemptStep = sqliteTable(
  'attempt_step',
  {
    attemptId: integer('attempt_id')
      .notNull()
      .references(() => attempt.id, { onDelete: 'cascade' }),
    seq: integer('seq').notNull(),
    step: text('step').notNull(),
  },
  (table) => [primaryKey({ columns: [table.attemptId, table.seq] })],
);

export const token = sqliteTable(
  'token',
  {
    id: id(),
    purpose: text('purpose').notNull(),
    digest: text('digest').notNull(),
    accountId: accountId(),
    attemptId: integer('attempt_id').references(() => attempt.id, { onDelete: 'cascade' }),
    expiresAt: instant('expires_at').notNull(),
    triesLeft: integer('tries_left').notNull(),
    usedAt: instant('used_at'),
    note: text('note'),
  },
  (table) => [
    index('token_digest').on(table.digest),
    index('token_account').on(table.accountId, table.purpose),
    index('token_expiry').on(table.expiresAt),
  ],
);

export const session = sqliteTable(
  'session',
  {
    id: id(),
    tokenDigest: text('token_digest').notNull(),
    accountId: accountId(),
    standing: text('standing').notNull(),
    createdAt: instant('created_at').notNull(),
    usedAt: instant('used_at').notNull(),
    provedAt: instant('proved_at').notNull(),
    address: text('address').notNull(),
    device: text('device').notNull(),
  },
  (table) => [
    uniqueIndex('session_token').on(table.tokenDigest),
    index('session_account').on(table.accountId),
    index('session_used').on(table.usedAt),
    index('session_created').on(table.createdAt),
  ],
);

export const write = sqliteTable(
  'write',
  {
    id: id(),
    accountId: accountId(),
    attemptId: integer('attempt_id').references(() => attempt.id, { onDelete: 'set null' }),
    act: text('act').notNull(),
    server: text('server'),
    marker: text('marker'),
    supportCode: text('support_code').notNull(),
    address: text('address').notNull(),
    startedAt: instant('started_at').notNull(),
    sentAt: instant('sent_at'),
    endedAt: instant('ended_at'),
    outcome: text('outcome'),
  },
  (table) => [index('write_unsettled').on(table.endedAt, table.startedAt), index('write_account').on(table.accountId)],
);

export const passwordHistory = sqliteTable(
  'password_history',
  {
    id: id(),
    accountId: accountId(),
    /** While it is not known what became of this write; else null. */
    writeId: integer('write_id').references(() => write.id, { onDelete: 'cascade' }),
    salt: text('salt').notNull(),
    hash: text('hash').notNull(),
    marker: text('marker'),
    at: instant('at').notNull(),
  },
  (table) => [
    index('password_history_account').on(table.accountId, table.at),
    index('password_history_write').on(table.writeId).where(isNotNull(table.writeId)),
  ],
);

export const hit = sqliteTable(
  'hit',
  {
    limit: text('limit').notNull(),
    key: text('key').notNull(),
    at: instant('at').notNull(),
    /** After this the hit counts for nothing and is removed. */
    endsAt: instant('ends_at').notNull(),
  },
  (table) => [index('hit_key').on(table.limit, table.key, table.at), index('hit_end').on(table.endsAt)],
);

export const wrongPassword = sqliteTable(
  'wrong_password',
  { accountId: accountId(), digest: text('digest').notNull(), marker: text('marker'), at: instant('at').notNull() },
  (table) => [primaryKey({ columns: [table.accountId, table.digest] }), index('wrong_password_at').on(table.at)],
);

/** The chain. Personal values stand beside it, so that a person can be forgotten and the chain still verifies. */
export const journal = sqliteTable(
  'journal',
  {
    seq: integer('seq').primaryKey(),
    at: instant('at').notNull(),
    event: text('event').notNull(),
    method: text('method'),
    result: text('result').notNull(),
    detail: text('detail'),
    supportCode: text('support_code'),
    actorDigest: text('actor_digest'),
    accountDigest: text('account_digest'),
    addressDigest: text('address_digest'),
    rawDigest: text('raw_digest'),
    hash: text('hash').notNull(),
  },
  (table) => [index('journal_at').on(table.at), index('journal_support').on(table.supportCode)],
);

export const journalPersonal = sqliteTable(
  'journal_personal',
  {
    seq: integer('seq')
      .notNull()
      .references(() => journal.seq, { onDelete: 'cascade' }),
    field: text('field').notNull(),
    salt: text('salt').notNull(),
    value: text('value').notNull(),
  },
  (table) => [primaryKey({ columns: [table.seq, table.field] }), index('journal_personal_value').on(table.field, table.value)],
);

/** One row: how far the chain reaches, under the key, so that a cut tail is seen. */
export const journalHead = sqliteTable('journal_head', {
  id: integer('id').primaryKey(),
  seq: integer('seq').notNull(),
  mac: text('mac').notNull(),
});

export const outbox = sqliteTable(
  'outbox',
  {
    id: id(),
    kind: text('kind').notNull(),
    recipient: text('recipient').notNull(),
    /** Null as soon as it is sent, dead or useless. */
    sealed: text('sealed'),
    tries: integer('tries').notNull().default(0),
    tokenId: integer('token_id'),
    queuedAt: instant('queued_at').notNull(),
    /** Null when nothing more is to be done. */
    nextAt: instant('next_at'),
    expiresAt: instant('expires_at'),
    sentAt: instant('sent_at'),
    deadAt: instant('dead_at'),
    problem: text('problem'),
  },
  (table) => [
    index('outbox_next').on(table.nextAt).where(isNotNull(table.nextAt)),
    index('outbox_sent').on(table.sentAt),
    index('outbox_dead').on(table.deadAt).where(isNotNull(table.deadAt)),
    index('outbox_problem').on(table.id).where(isNotNull(table.problem)),
  ],
);

export const setting = sqliteTable('setting', { key: text('key').primaryKey(), value: text('value').notNull() });

export const note = sqliteTable('note', { name: text('name').primaryKey(), value: text('value').notNull() });

/** One reading of a directory, and what it changed. */
export const syncRun = sqliteTable(
  'sync_run',
  {
    id: id(),
    home: text('home').notNull(),
    startedAt: instant('started_at').notNull(),
    endedAt: instant('ended_at').notNull(),
    extent: text('extent').notNull(),
    actor: text('actor'),
    refusal: text('refusal'),
    params: text('params').notNull(),
    read: integer('read').notNull(),
    added: integer('added').notNull(),
    updated: integer('updated').notNull(),
    disabled: integer('disabled').notNull(),
    unchanged: integer('unchanged').notNull(),
    oddities: text('oddities').notNull(),
    odd: integer('odd').notNull(),
    kept: integer('kept').notNull(),
  },
  (table) => [index('sync_run_home').on(table.home, table.id)],
);

export const syncChange = sqliteTable(
  'sync_change',
  {
    runId: integer('run_id')
      .notNull()
      .references(() => syncRun.id, { onDelete: 'cascade' }),
    seq: integer('seq').notNull(),
    kind: text('kind').notNull(),
    login: text('login').notNull(),
    fields: text('fields').notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.seq] })],
);
