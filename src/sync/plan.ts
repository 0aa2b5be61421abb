/** What a reading of a directory changes in our accounts, or why nothing may change. Pure: it reads no directory and writes no account. */

import { type Account, type AccountId, foldLogin, type Role } from '../rules/account.ts';
import { Refusal } from '../rules/refusal.ts';

/** A person as the directory shows them: world.ts's `DirectoryEntry`. */
export interface Entry {
  /** Never changes, whatever is renamed or moved: it alone links an account to its entry. */
  readonly remoteId: string;
  readonly dn: string;
  readonly login: string;
  readonly name: string;
  readonly mail: string | null;
  readonly mobile: string | null;
  readonly groups: readonly string[];
  readonly isDisabled: boolean;
  readonly isProtected: boolean;
}

/** world.ts's `AccountChange`, with the names of what an update changes. */
export type Change = Add | Update | Disable;
type Add = { readonly kind: 'add'; readonly home: string; readonly entry: Entry; readonly role: Role };
type Update = {
  readonly kind: 'update';
  readonly id: AccountId;
  readonly entry: Entry;
  readonly role: Role;
  readonly fields: readonly Field[];
};
type Disable = { readonly kind: 'disable'; readonly id: AccountId; readonly login: string };
export type Field = 'login' | 'name' | 'mail' | 'mobile' | 'groups' | 'isDisabled' | 'isProtected' | 'role';

/** Entries that were left out, and why: their accounts, if they have any, stay as they are. */
export interface Oddity {
  readonly kind: 'same id' | 'same login' | 'no login';
  readonly login: string;
  readonly dns: readonly string[];
}

export interface Plan {
  /** In the order in which they are applied. */
  readonly changes: readonly Change[];
  readonly unchanged: number;
  readonly oddities: readonly Oddity[];
}

export interface Reading {
  readonly home: string;
  readonly entries: readonly Entry[];
  /** All accounts of that home, the disabled ones included. */
  readonly accounts: readonly Account[];
  /** Folded: the logins of Latchkey's own accounts, which no entry may take. */
  readonly localLogins: ReadonlySet<string>;
  /** The role that the configuration gives to this person. */
  readonly roleOf: (entry: Entry) => Role;
  readonly maxDisablePercent: number;
  readonly isBrakeLifted: boolean;
}

/** Work that pauses now and then, so that others may have their turn. */
export type Slices<T> = Generator<undefined, T, undefined>;
const slice = 1000;

/** So many may always be disabled, however small the office. */
const alwaysAllowed = 5;

/** Refuses with `sync.empty` or `sync.brake`; whatever else is odd is told beside the changes. */
export function plan(reading: Reading): Plan | Refusal {
  const work = planInSlices(reading);
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** The same with a pause after every thousand people, some 5 ms of work. */
export function* planInSlices(reading: Reading): Slices<Plan | Refusal> {
  const { home, accounts, roleOf } = reading;
  const known = new Map<string | null, Account>();
  for (const account of accounts) known.set(account.remoteId, account);
  const { people, leftOut, oddities } = yield* tellApart(reading, known);
  const [adds, updates]: [Change[], Update[]] = [[], []];
  let seen = 0;
  for (const entry of people.values()) {
    if (++seen % slice === 0) yield;
    const account = known.get(entry.remoteId);
    const role = roleOf(entry);
    if (account === undefined) adds.push({ kind: 'add', home, entry, role });
    else {
      const fields = differences(account, entry, role);
      if (fields.length > 0) updates.push({ kind: 'update', id: account.id, entry, role, fields });
    }
  }
  const isGone = ({ remoteId, isDisabled }: Account) => remoteId !== null && !isDisabled && !people.has(remoteId) && !leftOut.has(remoteId);
  const disables = accounts.filter(isGone).map(({ id, login }): Change => ({ kind: 'disable', id, login }));
  return (
    braked(reading, disables.length + updates.filter(shutsOut).length) ?? {
      changes: [...disables, ...updates, ...adds],
      unchanged: people.size - adds.length - updates.length,
      oddities,
    }
  );
}

/**
 * Why so many people may not be shut out at once. Nobody read though somebody was known is never believed, not even with the brake lifted.
 * Who the directory itself now shows as disabled counts like who is gone: a wrong filter and a wrong attribute do the same harm.
 */
function braked({ entries, accounts, maxDisablePercent, isBrakeLifted }: Reading, count: number): Refusal | null {
  const enabled = accounts.filter(({ isDisabled }) => !isDisabled).length;
  const most = Math.max(alwaysAllowed, Math.floor((enabled * maxDisablePercent) / 100));
  if (entries.length === 0 && enabled > 0) return new Refusal('sync.empty', { params: { enabled } });
  return count > most && !isBrakeLifted ? new Refusal('sync.brake', { params: { count, enabled, most } }) : null;
}

const shutsOut = ({ entry, fields }: Update): boolean => entry.isDisabled && fields.includes('isDisabled');

function differences(account: Account, entry: Entry, role: Role): readonly Field[] {
  const fields: Field[] = [];
  for (const field of ['login', 'name', 'mail', 'mobile', 'isDisabled', 'isProtected'] as const) {
    if (account[field] !== entry[field]) fields.push(field);
  }
  if (account.role !== role) fields.push('role');
  if (!isSameSet(account.groups, entry.groups)) fields.push('groups');
  return fields;
}

/** A directory keeps no order among the values of an attribute (RFC 4512 section 2.2). */
function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  if (some.length === others.length && some.every((value, place) => value === others[place])) return true;
  const [left, right] = [new Set(some), new Set(others)];
  return left.size === right.size && left.isSubsetOf(right);
}

/**
 * One entry per id, and no two people behind one login: who has the login already keeps it, whoever comes to it waits outside. So nobody
 * gets another person's account by taking a login, and nobody loses theirs because somebody took it: the local administrator least of all.
 */
function* tellApart({ entries, localLogins }: Reading, known: ReadonlyMap<string | null, Account>) {
  const oddities: Oddity[] = [];
  const leftOut = new Set<string>();
  const people = new Map<string, Entry>();
  for (const [place, entry] of entries.entries()) {
    if (place % slice === 0) yield;
    const twin = people.get(entry.remoteId);
    if (twin !== undefined && twin.dn !== entry.dn) oddities.push({ kind: 'same id', login: entry.login, dns: [twin.dn, entry.dn] });
    people.set(entry.remoteId, entry); // renamed while it was read: the later page is right
  }
  const leave = ({ remoteId }: Entry): void => {
    people.delete(remoteId);
    leftOut.add(remoteId);
  };
  let seen = 0;
  for (const entry of people.values()) {
    if (++seen % slice === 0) yield;
    if (!localLogins.has(foldLogin(entry.login))) continue;
    oddities.push({ kind: 'same login', login: foldLogin(entry.login), dns: [entry.dn] });
    leave(entry);
  }
  for (const [login, sharers] of yield* sharedLogins(people)) {
    if (login === '') {
      for (const entry of sharers) oddities.push({ kind: 'no login', login, dns: [entry.dn] });
      sharers.forEach(leave);
    } else {
      oddities.push({ kind: 'same login', login, dns: sharers.map(({ dn }) => dn) });
      sharers.filter(({ remoteId }) => foldLogin(known.get(remoteId)?.login ?? '') !== login).forEach(leave);
    }
  }
  return { people, leftOut, oddities };
}

/** Logins that are no one person's: those of several, and the empty one. */
function* sharedLogins(people: ReadonlyMap<string, Entry>): Slices<ReadonlyMap<string, readonly Entry[]>> {
  const first = new Map<string, Entry>();
  const shared = new Map<string, Entry[]>();
  for (const entry of people.values()) {
    if (first.size % slice === 0) yield;
    const login = foldLogin(entry.login);
    const holder = first.get(login);
    if (holder === undefined) first.set(login, entry);
    else if (shared.has(login)) shared.get(login)?.push(entry);
    else shared.set(login, [holder, entry]);
  }
  const nameless = first.get('');
  if (nameless !== undefined && !shared.has('')) shared.set('', [nameless]);
  return shared;
}
