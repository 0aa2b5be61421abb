/** The narrow waist: all that lies outside the rules, in our own words. Adapters fulfil it, flows receive what they list, tests replace it. */

import type { Account, AccountId } from './rules/account.ts';
import type { Attempt, AttemptId, Step } from './rules/attempt.ts';
import type { DirectoryRules } from './rules/password.ts';
import type { Policy, SettingKey } from './rules/policy.ts';
import type { Refusal } from './rules/refusal.ts';
import type { Limit } from './rules/throttle.ts';
import type { Instant } from './rules/time.ts';
import type { EventName, Intention, MethodName, Result } from './rules/vocabulary.ts';

export interface World {
  readonly clock: Clock;
  readonly random: Random;
  readonly vault: Vault;
  readonly slowHash: SlowHash;
  readonly lore: Lore;
  readonly accounts: Accounts;
  readonly passwordHistory: PasswordHistory;
  readonly enrolments: Enrolments;
  readonly attempts: Attempts;
  readonly tokens: Tokens;
  readonly sessions: Sessions;
  readonly writes: Writes;
  readonly throttle: Throttle;
  readonly journal: Journal;
  readonly syncRuns: SyncRuns;
  readonly settings: Settings;
  readonly directories: Directories;
  readonly passwordsFor: (account: Account) => Passwords;
  readonly outbox: Outbox;
  readonly reminders: Reminders;
  readonly deliver: Deliver;
  readonly deferral: Deferral;
  readonly atomically: Atomically;
}

/** Runs `work` in one short transaction. Work is synchronous: a promise is refused by the type and at run time. */
export type Atomically = <T>(work: () => T extends PromiseLike<unknown> ? never : T) => T;

export interface Clock {
  now(): Instant;
  sleep(milliseconds: number): Promise<void>;
}

export interface Random {
  /** Base64url of 32 random bytes: sessions, links, ids that must not be guessed. */
  token(): string;
  /** That many decimal digits, each equally likely. */
  digits(count: number): string;
  bytes(count: number): Uint8Array;
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number;
}

/** What the key file opens. Each purpose has a key of its own, derived from it. */
export interface Vault {
  /** AES-256-GCM under the key file; `purpose` is authenticated, so that a value cannot be moved to another place. */
  seal(purpose: string, secret: string): string;
  /** Throws when the value was not sealed here for this purpose. */
  open(purpose: string, sealed: string): string;
  /** Keyed digest (HMAC-SHA-256, base64url): for tokens, codes and logins that are only ever compared. */
  digest(purpose: string, value: string): string;
}

/** scrypt with the key file's HMAC before it; two at once and a bounded queue, beyond which it refuses with `desk.busy`. */
export interface SlowHash {
  hash(secret: string): Promise<string | Refusal>;
  /** Against null it does the same work and says no: a stranger costs what a member costs. */
  verify(secret: string, hash: string | null): Promise<{ isRight: boolean; isOutdated: boolean } | Refusal>;
  /** A salt for `withSalt`: the earlier one while it asks today's cost, else a new one. */
  salt(earlier: string | null): string;
  /** Equal secrets under one salt make equal texts: one of them, computed once, is compared with many. */
  withSalt(secret: string, salt: string): Promise<string | Refusal>;
}

/** What is known of passwords outside this house. */
export interface Lore {
  commonest(): Promise<Commonest>;
  /** In the offline list of breached passwords. */
  isBreached(password: string): boolean;
  /** Asks the range service, which sees five hex digits of a digest. Null: no usable answer within two seconds. */
  askRange(password: string): Promise<boolean | null>;
  /** 0 (at once) to 4 (not by ten thousand million guesses), an estimate; null: none in time. `about`: names that are easily guessed. */
  strength(password: string, about: readonly string[]): Promise<number | null>;
  /** Words to make a passphrase of, in this language where there is a list. */
  words(language: string): Promise<readonly string[]>;
}

/** The commonest passwords, in lower case and lookalikes undone. */
export interface Commonest {
  /** Those that may not even be parts of a password, the commonest first. */
  readonly words: readonly string[];
  has(text: string): boolean;
}

export interface Accounts {
  byId(id: AccountId): Account | null;
  /** Every account with this login, over all homes: none, one, or several that must be told apart, never guessed. */
  byLogin(login: string): readonly Account[];
  /** Whether a local account has the login of somebody in a directory. */
  hasSharedLocalLogin(): boolean;
  byRemoteId(home: string, remoteId: string): Account | null;
  /** Whom the directory names as this person's manager, as far as they have an enabled account of the same home. */
  managerOf(account: Pick<Account, 'home' | 'manager'>): Account | null;
  /** Enabled accounts in one of these groups, named as administrators name them; `most` at most. It looks at all accounts. */
  inGroups(named: readonly string[], most: number): readonly Account[];
  all(home: string | null): readonly Account[];
  /** The same, by and by: what is read meanwhile may already be changed. */
  inSlices(home: string): IterableIterator<readonly Account[]>;
  /** How many of that home are not disabled. */
  enabledIn(home: string): number;
  count(): { all: number; enabled: number; registered: number };
  createLocal(account: {
    login: string;
    name: string;
    mail: string | null;
    role: Account['role'];
    passwordHash: string;
    at: Instant;
  }): Account;
  /** The slow hash of a local account's password. */
  passwordHash(id: AccountId): string | null;
  /** A new password, which lasts. */
  setPasswordHash(id: AccountId, hash: string, at: Instant): void;
  /** The same password under another hash, only if it still is `from`. */
  rehashPassword(id: AccountId, from: string, to: string): void;
  /** Whether a local account's password is good for one sign-in only, which must choose another. */
  mustChangePassword(id: AccountId): boolean;
  setMustChangePassword(id: AccountId, mustChange: boolean): void;
  passwordChangedAt(id: AccountId): Instant | null;
  /** Since when it is here: what was done under the same login before was somebody else's. */
  createdAt(id: AccountId): Instant | null;
  /** By what else than its DN groups listed it when it was last written. */
  listedAs(id: AccountId): string | null;
  /** Until when a first second step may be enrolled with the password alone; set by `admin create` and `admin recover`. */
  enrolUntil(id: AccountId): Instant | null;
  setEnrolUntil(id: AccountId, until: Instant | null): void;
  setRole(id: AccountId, role: Account['role']): void;
  suspend(id: AccountId, at: Instant | null): void;
  /** Those whose self-service is suspended, the latest first. It looks at all accounts. */
  suspended(most: number): readonly Account[];
  setLanguage(id: AccountId, language: string | null): void;
  /** Registration reminders put off so far, and when next to ask. */
  snooze(id: AccountId): { times: number; until: Instant | null };
  setSnooze(id: AccountId, snooze: { times: number; until: Instant | null }): void;
  /** When they last had enough registered or said that it is still right, and since when an administrator wants that anew; null: never. */
  review(id: AccountId): { at: Instant | null; wantedAt: Instant | null };
  /** Nothing is wanted any more, and what was put off may be put off anew. */
  setReviewed(id: AccountId, at: Instant): void;
  /** Of this account, or with null of all that are enabled, who may put it off anew. Returns how many that are. */
  wantReview(id: AccountId | null, at: Instant): number;
  /** When the person was last mailed why a reset was not possible (at most once a day). */
  toldWhyAt(id: AccountId): Instant | null;
  setToldWhyAt(id: AccountId, at: Instant): void;
  /** Last sync's copy of the directory, staged and switched over by the sync; see `AccountChange`. */
  applySync(changes: readonly AccountChange[], at: Instant): void;
}

/** One planned change of a sync, in the order in which it is applied. */
export type AccountChange =
  | { kind: 'add'; home: string; entry: DirectoryEntry; role: Account['role'] }
  | { kind: 'update'; id: AccountId; entry: DirectoryEntry; role: Account['role'] }
  | { kind: 'disable'; id: AccountId };

/** A password that is or was in force, as a slow hash under a salt (`SlowHash.withSalt`). */
export interface EarlierPassword {
  readonly salt: string;
  readonly hash: string;
  /** The home's change marker when it was proved to be the present one; null when that was not looked at. */
  readonly marker: string | null;
}
export type PasswordTrace = Pick<EarlierPassword, 'salt' | 'hash'>;

/** For accounts whose home does not hold a reset to its history. It goes with the account. */
export interface PasswordHistory {
  /** Newest first; without those of writes whose end is not known. */
  of(account: AccountId): readonly EarlierPassword[];
  /** The present one, as was proved at `at`. One that is here already is not kept twice. */
  keep(earlier: PasswordTrace & { account: AccountId; marker: string | null; at: Instant }): void;
  /** Counts once it is confirmed that the write came about. */
  pend(earlier: PasswordTrace & { account: AccountId; write: Write['id']; at: Instant }): void;
  confirm(write: Write['id'], at: Instant): void;
  drop(write: Write['id']): void;
  /** Leaves the newest `most`. */
  prune(account: AccountId, most: number): void;
}

/** A method that a person has registered. What is secret in it is sealed or hashed by the method before it comes here. */
export interface Enrolment {
  readonly id: number;
  readonly account: AccountId;
  readonly method: MethodName;
  /** What the person sees: the address, the device's name, the number of codes left is counted from `items`. */
  readonly label: string;
  /** Sealed seed, sealed address, or a list of slow hashes as JSON; the method alone reads it. */
  readonly secret: string;
  readonly isPreferred: boolean;
  readonly addedAt: Instant;
  readonly usedAt: Instant | null;
}

export interface Enrolments {
  of(account: AccountId): readonly Enrolment[];
  add(enrolment: { account: AccountId; method: MethodName; label: string; secret: string; at: Instant }): Enrolment;
  remove(id: number): void;
  removeAll(account: AccountId, method: MethodName): void;
  prefer(account: AccountId, id: number): void;
  /** Replaces the secret only if it still is `from`: the row count decides, so one code cannot be spent twice. */
  spend(id: number, from: string, to: string, at: Instant): boolean;
}

export interface Attempts {
  open(attempt: {
    token: string;
    supportCode: string;
    intention: Intention;
    login: string;
    address: string;
    language: string;
    at: Instant;
    expiresAt: Instant;
  }): Attempt;
  byToken(token: string): Attempt | null;
  byId(id: AttemptId): Attempt | null;
  /** The account behind the login, or null for a stranger, and what eligibility said. Once known, the account stays. */
  identify(id: AttemptId, account: AccountId | null, refusedBy: string | null): void;
  /** Appends a step; false when the attempt is over. While it is being written, only how that ended is appended. */
  step(id: AttemptId, step: Step): boolean;
  /** Another browser holds the attempt from now on: the old cookie opens nothing. */
  move(id: AttemptId, token: string): boolean;
  /** One guarded UPDATE from open to writing: whoever comes second gets false. */
  claim(id: AttemptId, at: Instant): boolean;
  release(id: AttemptId): void;
  /** At the start, before anybody is let in: what was claimed by a process that died before it had written anything is open again. */
  releaseStranded(): number;
  finish(id: AttemptId, at: Instant): void;
  /** Every other open attempt of the account opens nothing any more: closed, or where nothing was proved in it, like a stranger's. */
  closeOthers(account: AccountId, except: AttemptId | null, at: Instant): number;
  /** It ends no sooner than this. */
  extend(id: AttemptId, until: Instant): void;
  /** A colleague says that it is somebody else: nothing comes of it any more, though without a proof it goes on looking like a stranger's. */
  deny(id: AttemptId, at: Instant): boolean;
  /** Open attempts in which this colleague was asked, the oldest first. */
  asking(colleague: AccountId, now: Instant): readonly Attempt[];
  /** Wipes what expired: secrets of attempts past their end, strangers' rows after 7 days. */
  expire(now: Instant, limit: number): number;
}

/** One-time codes and links (REQ-14): only digests are kept, bound to purpose, account and attempt, with their own end and tries. */
export interface Token {
  readonly id: number;
  readonly purpose: TokenPurpose;
  readonly account: AccountId;
  readonly attempt: AttemptId | null;
  readonly expiresAt: Instant;
  readonly triesLeft: number;
  readonly note: string | null;
}
export type TokenPurpose =
  | 'seed'
  | 'seed passkey'
  | 'reset code'
  | 'reset link'
  | 'text code'
  | 'approval code'
  | 'contact code'
  | 'contact text'
  | 'proof code'
  | 'not me'
  | 'pass'
  | 'setup';
export interface Tokens {
  /** Replaces an earlier one of the same purpose, account and attempt. `note` is sealed by the caller if it is personal. */
  issue(token: {
    purpose: TokenPurpose;
    secret: string;
    account: AccountId;
    attempt: AttemptId | null;
    at: Instant;
    expiresAt: Instant;
    tries: number;
    note?: string;
  }): number;
  /** By its secret alone (links): null when unknown, spent or past its end. Looking spends nothing. */
  find(purpose: TokenPurpose, secret: string, now: Instant): Token | null;
  /** The live code of this account and attempt, to be compared by `matches`. */
  live(purpose: TokenPurpose, account: AccountId, attempt: AttemptId | null, now: Instant): Token | null;
  /** Compares in constant time and counts the try before it answers; a token without tries left matches nothing. */
  matches(id: number, secret: string): boolean;
  /** Guarded UPDATE: true for the one who spent it. */
  spend(id: number, at: Instant): boolean;
  /** Spends every live token of the account, but for "this was not me": who took it over must not be able to silence that. */
  spendAll(account: AccountId, at: Instant): void;
  expire(now: Instant, limit: number): number;
}

export interface Session {
  readonly id: number;
  readonly account: AccountId;
  readonly createdAt: Instant;
  readonly usedAt: Instant;
  /** When the person last proved who they are; managing methods needs this to be fresh. */
  readonly provedAt: Instant;
  /** `full`; `second step` waits for it; `enrolment` may only enrol one. */
  readonly standing: 'full' | 'second step' | 'enrolment';
  readonly address: string;
  readonly device: string;
}
export interface Sessions {
  start(session: {
    token: string;
    account: AccountId;
    standing: Session['standing'];
    address: string;
    device: string;
    at: Instant;
  }): Session;
  /** Null when unknown or past its idle or absolute end. */
  byToken(token: string, now: Instant): Session | null;
  of(account: AccountId): readonly Session[];
  /** Gives the session a new token and standing: at every change of trust. Proved now, where `provedAt` does not say when. */
  renew(id: number, change: { token: string; standing: Session['standing']; at: Instant; provedAt?: Instant }): void;
  end(id: number): void;
  endAll(account: AccountId, except?: number): number;
  expire(now: Instant, limit: number): number;
}

/** Passwords and locks on their way into a home: the row that lets a crash or a silence be settled. */
export interface Write {
  readonly id: number;
  readonly account: AccountId;
  readonly attempt: AttemptId | null;
  readonly act: 'reset' | 'change' | 'unlock' | 'reset by administrator' | 'unlock by administrator';
  readonly server: string | null;
  readonly marker: string | null;
  readonly startedAt: Instant;
  readonly sentAt: Instant | null;
}
export interface Writes {
  start(write: {
    account: AccountId;
    attempt: AttemptId | null;
    act: Write['act'];
    supportCode: string;
    address: string;
    at: Instant;
  }): number;
  /** Called just before the request leaves for `server`. */
  sent(id: number, sent: { server: string; marker: string | null; at: Instant }): void;
  end(id: number, outcome: 'done' | 'not proved' | 'refused' | 'unknown', at: Instant): void;
  /** Whether a later write of the same account has succeeded: then nobody can tell any more what became of this one. */
  isOvertaken(write: Pick<Write, 'id' | 'account'>): boolean;
  /** Sent before `before`, or started by then and never sent, and not ended: with the support code and address of the act. */
  unsettled(before: Instant): readonly (Write & { supportCode: string; address: string })[];
}

export interface Throttle {
  /** How many hits of this limit the key has inside its span. */
  count(limit: Limit, key: string, now: Instant): number;
  hit(limit: Limit, key: string, now: Instant): void;
  /** The keys that have reached the limit, the fullest first. */
  full(limit: Limit, now: Instant, most: number): readonly { readonly key: string; readonly count: number }[];
  /** When the oldest hit inside the span leaves it: the earliest moment at which the limit eases. */
  easesAt(limit: Limit, key: string, now: Instant): Instant | null;
  lastAt(limit: Limit, key: string, now: Instant): Instant | null;
  clear(limit: Limit, key: string): void;
  /** Clears all keys that begin with the prefix (an account's keys over all addresses). */
  clearPrefix(limit: Limit, prefix: string): void;
  /** Wrong passwords of the last hour, as keyed digests with the directory's change marker. */
  wrongPassword(account: AccountId, digest: string, now: Instant): { marker: string | null } | null;
  rememberWrongPassword(account: AccountId, digest: string, marker: string | null, now: Instant): void;
  forgetWrongPasswords(account: AccountId): void;
  expire(now: Instant, limit: number): number;
}

export interface JournalEvent {
  readonly event: EventName;
  readonly result: Result;
  /** A word of the vocabulary, never free text of a person. */
  readonly detail?: string;
  readonly method?: MethodName | null;
  readonly actor?: string | null;
  readonly account?: string | null;
  readonly address?: string | null;
  readonly supportCode?: string | null;
  /** What an outside system answered, word for word. */
  readonly raw?: string | null;
}
export interface JournalRow extends Required<JournalEvent> {
  readonly seq: number;
  readonly at: Instant;
  readonly hash: string;
}
export interface Journal {
  append(event: JournalEvent): void;
  latest(count: number): readonly JournalRow[];
  ofAccount(login: string, count: number): readonly JournalRow[];
  rows(): Iterable<JournalRow>;
  verify(): { rows: number } | { brokenAt: number; rows: number };
}

export interface Settings {
  policy(): Policy;
  set(key: SettingKey, value: unknown): void;
  /** Small facts of the house's own: last runs of jobs, health. */
  note(name: string): string | null;
  setNote(name: string, value: string): void;
}

/** What one reading of a directory did. */
export interface SyncRun {
  readonly id: number;
  readonly home: string;
  readonly startedAt: Instant;
  readonly endedAt: Instant;
  /** Everybody was read, or only what had changed, with or without the ids of all to find who is gone. */
  readonly extent: 'everybody' | 'changes' | 'changes and ids';
  /** Who asked for it; null: the timetable. */
  readonly actor: string | null;
  /** Why nothing was changed, or null. */
  readonly refusal: { readonly key: Refusal['key']; readonly params: Refusal['params'] } | null;
  readonly read: number;
  readonly added: number;
  readonly updated: number;
  readonly disabled: number;
  readonly unchanged: number;
  /** Entries that were left out, the first of them; `odd` counts them all. */
  readonly oddities: readonly { readonly kind: string; readonly login: string; readonly dns: readonly string[] }[];
  readonly odd: number;
  /** How many of its changes were kept; the others are only counted. */
  readonly kept: number;
}
export interface SyncChange {
  readonly kind: AccountChange['kind'];
  readonly login: string;
  /** The names of what an update changed. */
  readonly fields: readonly string[];
}
export interface SyncRuns {
  /** Drops what is older than the newest 200, and of the runs that changed nothing all but the newest 20. */
  add(run: Omit<SyncRun, 'id' | 'kept'>, changes: readonly SyncChange[]): void;
  /** Newest first. */
  latest(home: string, count: number): readonly SyncRun[];
  lastGood(home: string): SyncRun | null;
  byId(id: number): SyncRun | null;
  /** As they were applied. */
  changes(run: number, page: { from: number; count: number }): readonly SyncChange[];
}

/** A person as a directory shows them. */
export interface DirectoryEntry {
  readonly remoteId: string;
  /** Exactly as the server spelled it. */
  readonly dn: string;
  /** What groups may list it by beside its DN; opaque. As long as both stay, its groups change only where a group does. */
  readonly listedAs?: string;
  /** The DN of the manager, as the server spells names of entries. */
  readonly manager?: string | null;
  readonly login: string;
  readonly name: string;
  readonly mail: string | null;
  readonly mobile: string | null;
  readonly groups: readonly string[];
  readonly isDisabled: boolean;
  readonly isProtected: boolean;
}

/** What the home says of an account at this moment. */
export interface PasswordStatus {
  readonly server: string;
  /** An opaque value that moves whenever the password does (pwdChangedTime, pwdLastSet); null where there is none. */
  readonly marker: string | null;
  readonly isDisabled: boolean;
  readonly lock: 'none' | 'lockout' | 'administrator';
  readonly mustChange: boolean;
  readonly isExpired: boolean;
  readonly isProtected: boolean;
  readonly changedAt: Instant | null;
  readonly expiresAt: Instant | null;
  /** From when the minimum age lets the password be changed; null when now. */
  readonly changeableAt: Instant | null;
  /** How many more wrong passwords that server would bear before it locks; null when it never locks or does not say. */
  readonly failuresLeft: number | null;
  readonly rules: DirectoryRules;
}

export interface Verified {
  /** The password is right, and is of use only for choosing a new one. */
  readonly mustChange: boolean;
  readonly isExpired: boolean;
}

/** Called synchronously just before a request that changes something leaves: whatever it records survives a crash after it. */
export type BeforeSending = (request: { server: string; marker: string | null }) => void;

export type WriteOutcome =
  | {
      kind: 'done';
      server: string;
      isProved: boolean;
      /** Runs inside the settling transaction: the local home writes here, the directory has already. */
      apply: () => void;
      /** What was answered to a later step that failed, and so leaves it unproved. */
      raw?: string;
    }
  /** Certainly nothing was changed. */
  | { kind: 'refused'; refusal: Refusal }
  /** Sent, and no answer came. */
  | { kind: 'unknown'; server: string; raw: string };

/** Local and directory passwords behind the same verbs, so that no flow asks where a password lives. */
export interface Passwords {
  status(): Promise<PasswordStatus | Refusal>;
  /** Bound as typed. Refuses with `directory.wrong-old-password`, `.locked`, `.disabled`, `.expired`, `.unreachable` ... */
  verify(password: string): Promise<Verified | Refusal>;
  set(password: string, beforeSending: BeforeSending): Promise<WriteOutcome>;
  /** As `set`, but good for one sign-in, which must choose another. Done and not proved: it is in force, and may lack that mark. */
  setTemporary(password: string, beforeSending: BeforeSending): Promise<WriteOutcome>;
  change(passwords: { current: string; password: string }, beforeSending: BeforeSending): Promise<WriteOutcome>;
  unlock(beforeSending: BeforeSending): Promise<WriteOutcome>;
  /** Asks the server that was written what became of it. A Refusal: it does not answer yet. */
  outcome(
    write: Pick<Write, 'act' | 'server' | 'marker'> & Partial<Pick<Write, 'sentAt'>>,
  ): Promise<'done' | 'not done' | 'cannot tell' | Refusal>;
}

export interface DirectoryHealth {
  readonly id: string;
  readonly isReachable: boolean;
  /** It answers, takes the service account, and lets it read what it must: without that nobody is served. */
  readonly isUsable: boolean;
  readonly checkedAt: Instant | null;
  readonly lastGoodAt: Instant | null;
  readonly server: string | null;
  readonly kind: string | null;
  /** Why not, as a refusal with the raw answer. */
  readonly problem: Refusal | null;
}

/** One thing that the doctor looked at, on one server. */
export interface DirectoryFinding {
  readonly server: string;
  readonly verdict: 'well' | 'warning' | 'fault';
  /** The text `doctor.<key>`, and in words what to do `doctor.<key>.cure`; up to its first full stop the step: `tls.expired`. */
  readonly key: string;
  readonly params: Readonly<Record<string, string | number>>;
  /** The exact lines that cure it: of config.toml, or of the directory's own tools. */
  readonly cure: string | null;
  /** What was answered or shown, word for word. */
  readonly raw: string | null;
}

/** One reading of a directory, at one server from its beginning to its end. What breaks off throws a `Refusal`: an incomplete reading is none. */
export interface Reading {
  /** Where a later reading may go on, as the server stood before this one began; null: only a whole reading is sure. Opaque. */
  readonly bookmark: string | null;
  /** All people, page by page. A size limit is not an end. */
  people(): AsyncIterable<readonly DirectoryEntry[]>;
  /** The ids of all people. */
  ids(): AsyncIterable<readonly string[]>;
  /** The names of all groups, as people's lists have them. */
  groups(): AsyncIterable<readonly string[]>;
  /** The people that changed since; null when that cannot be said for sure: then everybody must be read. Who is gone does not show. */
  changes(
    since: string,
    known: (remoteId: string) => Pick<DirectoryEntry, 'dn' | 'listedAs' | 'groups'> | null,
  ): Promise<readonly DirectoryEntry[] | null>;
  close(): void;
}

export interface Directory {
  readonly id: string;
  /** Live search by the configured login attributes; more than one entry is `directory.ambiguous`. */
  find(login: string): Promise<DirectoryEntry | null | Refusal>;
  read(remoteId: string): Promise<DirectoryEntry | null | Refusal>;
  /** All people, page by page. Throws a `Refusal` when the reading is not complete (a size limit is not an end). */
  people(): AsyncIterable<readonly DirectoryEntry[]>;
  /** To be closed. */
  reading(): Promise<Reading | Refusal>;
  passwords(account: Account): Passwords;
  /** As last seen; `probe` asks now. */
  health(): DirectoryHealth;
  probe(): Promise<DirectoryHealth>;
  /** Every server, step by step, and what may be done with one account: the one named, or null for any. Changes nothing. */
  examine(login: string | null): Promise<readonly DirectoryFinding[]>;
  close(): Promise<void>;
}
export interface Directories {
  readonly all: readonly Directory[];
  of(account: Account): Directory | null;
}

/** What somebody was reminded of, so that no reminder goes out twice. */
export interface Reminders {
  /** False when this very thing was told before. Call it in the transaction that queues the message. */
  remember(reminder: { account: AccountId; kind: 'expiry' | 'invitation' | 'review'; about: string; at: Instant }): boolean;
  /** How often they were told of this kind since `since`, and when last. */
  told(account: AccountId, kind: 'expiry' | 'invitation' | 'review', since: Instant): { times: number; lastAt: Instant | null };
  expire(before: Instant, limit: number): number;
}

/** The messages, one member each: the variables of a message are named here, and none of them is a password. */
export interface Messages {
  'reset-code': { code: string; link: string; minutes: number };
  'contact-code': { code: string; minutes: number };
  /** `login`: as it is to be typed, where the reason is that it was not told apart. */
  'text-reset-code': { code: string; minutes: number; host: string };
  'text-contact-code': { code: string; minutes: number; host: string };
  /** To somebody who has signed in and proves anew who they are. */
  'proof-code': { code: string; minutes: number };
  'text-proof-code': { code: string; minutes: number; host: string };
  'password-expiring': { days: number; changeLink: string };
  'sign-in-new-address': { address: string; device: string };
  'registration-invitation': { link: string };
  'registration-review': { link: string };
  'reset-not-possible': { reason: string; helpdesk: string; login?: string };
  'approval-asked': { asker: string; login: string; link: string };
  'reset-denied': { colleague: string };
  'password-reset': { notMeLink: string; isProved: string };
  'password-changed': { notMeLink: string };
  'account-unlocked': { notMeLink: string };
  'write-settled': { outcome: string; notMeLink: string };
  'method-added': { method: string; label: string; notMeLink: string };
  'method-preferred': { method: string; label: string; notMeLink: string };
  'method-removed': { method: string; label: string; notMeLink: string };
  'pass-issued': { notMeLink: string };
  'suspension-lifted': { notMeLink: string };
  'block-lifted': { notMeLink: string };
  'registration-asked-again': { notMeLink: string };
  'administrator-recovered': { isPasswordNew: string; notMeLink: string };
  'not-me-received': { login: string; supportCode: string; blocksLink: string };
  'help-asked': { login: string; asker: string; contact: string; words: string; supportCode: string };
}
export type MessageKind = keyof Messages;
export interface Message<Kind extends MessageKind = MessageKind> {
  readonly kind: Kind;
  readonly to: string;
  readonly language: string;
  readonly name: string;
  readonly variables: Messages[Kind];
  /** After this the message is useless and is not sent (a code's end). */
  readonly expiresAt?: Instant;
  /** The one-time token that this message carries: spent or replaced, the message dies with it. */
  readonly token?: number;
}
export interface Deliver {
  /** Puts the message into the durable outbox, inside the caller's transaction; it is sent afterwards. */
  queue<Kind extends MessageKind>(message: Message<Kind>): void;
  /** Sends what is due, now. */
  flush(): Promise<void>;
  health(): { waiting: number; dead: number; lastSentAt: Instant | null; lastProblem: string | null };
}

/** The durable rows behind `Deliver`: bodies are sealed by it, and wiped as soon as they are sent or useless. */
export interface Letter {
  readonly id: number;
  readonly kind: string;
  readonly to: string;
  readonly sealed: string;
  readonly tries: number;
  readonly queuedAt: Instant;
}
export interface Outbox {
  put(letter: { kind: string; to: string; sealed: string; at: Instant; expiresAt: Instant | null; token: number | null }): void;
  /** What may be sent now, oldest first. What expired, or whose token is spent or replaced, is wiped instead of returned. */
  due(now: Instant, most: number): readonly Letter[];
  sent(id: number, at: Instant): void;
  /** Kept for another try at `nextAt`, or with null as a dead letter: its body is wiped, its row and the problem stay. */
  failed(id: number, failure: { problem: string; nextAt: Instant | null; at: Instant }): void;
  counts(): { waiting: number; dead: number; lastSentAt: Instant | null; lastProblem: string | null };
  /** When the next letter falls due. */
  nextAt(): Instant | null;
}

/** Work that waits until the reply has left: nothing in the reply, its time included, can depend on it. */
export interface Deferral {
  /** In order per key. False when the queue is full, or the key or the owner has its share of it: then nothing was accepted. */
  accept(key: string, task: () => Promise<void>, whose?: { readonly owner: string }): boolean;
  /** Resolves when all accepted for the key has ended, each task not before its floor. */
  settled(key: string): Promise<void>;
  /** Accepts no more, and waits for what was accepted. */
  drain(): Promise<void>;
}
