/** What a reading of a directory changes in our accounts, or why nothing may change. Pure: it reads no directory and writes no account. */

import { type Account, type AccountId, foldLogin, type Role } from '../rules/account.ts';
import { Refusal } from '../rules/refusal.ts';

/** A person as the directory shows them: world.ts's `DirectoryEntry`. */
export interface Entry {
  /** Never changes, whatever is renamed or moved: it alone links an account to its entry. */
  readonly remoteId: string;
  readonly dn: string;
  readonly listedAs?: string;
  readonly manager?: string | null;
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
export type Field = 'login' | 'dn' | 'manager' | 'name' | 'mail' | 'mobile' | 'groups' | 'isDisabled' | 'isProtected' | 'role';

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

/** What every reading is judged by, of everybody or of some. */
export interface Terms {
  readonly home: string;
  /** The role that the configuration gives to this person. */
  readonly roleOf: (entry: Entry) => Role;
  readonly maxDisablePercent: number;
  /** So many may be disabled whatever their share, for an administrator has seen the number; 0: nobody has. */
  readonly mayDisable: number;
}

/** A plan in the making, fed in any order: a directory and a store need not wait for each other. */
export interface Planning {
  /** People as they are read; `count` is how many there have been. */
  see(entries: readonly Entry[]): void;
  readonly count: number;
  /** Accounts of that home, until there are no more: the disabled ones included. */
  know(accounts: readonly Account[]): void;
  /** Refuses with `sync.empty` or `sync.brake`; whatever else is odd is told beside the changes. */
  end(): Plan | Refusal;
}

/** So many may always be disabled, however small the office. */
const alwaysAllowed = 5;

/** `localLogins`, folded: those of Latchkey's own accounts, which no entry may take. */
export function openPlan(terms: Terms, localLogins: ReadonlySet<string>): Planning {
  const entries: Entry[] = [];
  const people = new Map<string, Entry>();
  const logins = openLogins(localLogins);
  const known = new Map<string | null, Account>();
  const twins: Oddity[] = [];
  let enabled = 0;

  function end(): Plan | Refusal {
    // Nobody read though somebody was known is never believed, not even with the brake lifted.
    if (entries.length === 0 && enabled > 0) return new Refusal('sync.empty', { params: { enabled } });
    const { leftOut, oddities } = setApart(twins.length > 0 ? openLogins(localLogins, people.values()) : logins);
    const { adds, updates, met } = compared(people.values(), (id) => known.get(id) ?? null, terms);
    const isGone = ({ remoteId, isDisabled }: Account) =>
      remoteId !== null && !isDisabled && !people.has(remoteId) && !leftOut.has(remoteId);
    const disables = met === enabled ? [] : [...known.values()].filter(isGone).map(disableOf);
    return (
      braked({ disables, updates, enabled: () => enabled }, terms) ?? {
        changes: [...disables, ...updates, ...adds],
        unchanged: people.size - adds.length - updates.length,
        oddities: [...twins.filter(({ dns: [one, other] }) => one !== other), ...oddities],
      }
    );
  }

  /**
   * No two people behind one login: who has the login already keeps it, whoever comes to it waits outside. So nobody gets another person's
   * account by taking a login, and nobody loses theirs because somebody took it: the local administrator least of all.
   */
  function setApart({ contested }: Logins) {
    const oddities: Oddity[] = [];
    const leftOut = new Set<string>();
    const leave = ({ remoteId }: Entry): void => {
      people.delete(remoteId);
      leftOut.add(remoteId);
    };
    for (const [login, sharers] of contested) {
      if (login === '' || localLogins.has(login)) {
        for (const entry of sharers) oddities.push({ kind: login === '' ? 'no login' : 'same login', login, dns: [entry.dn] });
        sharers.forEach(leave);
        continue;
      }
      oddities.push({ kind: 'same login', login, dns: sharers.map(({ dn }) => dn) });
      sharers.filter(({ remoteId }) => foldLogin(known.get(remoteId)?.login ?? '') !== login).forEach(leave);
    }
    return { leftOut, oddities };
  }

  return {
    get count() {
      return entries.length;
    },
    see(page) {
      for (const entry of page) {
        entries.push(entry);
        people.set(entry.remoteId, entry);
        logins.take(entry);
        if (people.size + twins.length < entries.length) twins.push(twinOf(entry, entries)); // renamed while it was read: the later page is right
      }
    },
    know(accounts) {
      for (const account of accounts) {
        known.set(account.remoteId, account);
        if (!account.isDisabled) enabled += 1;
      }
    },
    end,
  };
}

function twinOf({ remoteId, login, dn }: Entry, entries: readonly Entry[]): Oddity {
  const before = entries.findLast((entry, place) => place < entries.length - 1 && entry.remoteId === remoteId);
  return { kind: 'same id', login, dns: [before?.dn ?? dn, dn] };
}

/** The logins that are no one person's, with whoever has them: those of several, those of Latchkey's own accounts, and the empty one. */
interface Logins {
  readonly contested: ReadonlyMap<string, readonly Entry[]>;
  take(entry: Entry): void;
}

function openLogins(localLogins: ReadonlySet<string>, people: Iterable<Entry> = []): Logins {
  const first = new Map<string, Entry>();
  const contested = new Map<string, Entry[]>();
  const take = (entry: Entry): void => {
    const login = foldLogin(entry.login);
    const holder = first.get(login);
    if (holder !== undefined) contested.set(login, [...(contested.get(login) ?? [holder]), entry]);
    else {
      first.set(login, entry);
      if (login === '' || localLogins.has(login)) contested.set(login, [entry]);
    }
  };
  for (const entry of people) take(entry);
  return { contested, take };
}

export const disableOf = ({ id, login }: Account): Disable => ({ kind: 'disable', id, login });

/** `met`: how many of the enabled accounts there are. */
export function compared(people: Iterable<Entry>, accountOf: (remoteId: string) => Account | null, { home, roleOf }: Terms) {
  const [adds, updates]: [Add[], Update[]] = [[], []];
  let met = 0;
  for (const entry of people) {
    const account = accountOf(entry.remoteId);
    const role = roleOf(entry);
    if (account === null) adds.push({ kind: 'add', home, entry, role });
    else {
      if (!account.isDisabled) met += 1;
      const fields = differences(account, entry, role);
      if (fields.length > 0) updates.push({ kind: 'update', id: account.id, entry, role, fields });
    }
  }
  return { adds, updates, met };
}

interface ShutOut {
  readonly disables: readonly Disable[];
  readonly updates: readonly Update[];
  /** How many accounts are enabled now. */
  enabled(): number;
}

/**
 * Why so many people may not be shut out at once. Who the directory itself now shows as disabled counts like who is gone: a wrong filter and
 * a wrong attribute do the same harm.
 */
export function braked(shutOut: ShutOut, { maxDisablePercent, mayDisable }: Terms): Refusal | null {
  const count = shutOut.disables.length + shutOut.updates.filter(shutsOut).length;
  if (count <= Math.max(alwaysAllowed, mayDisable)) return null;
  const enabled = shutOut.enabled();
  const most = Math.max(alwaysAllowed, Math.floor((enabled * maxDisablePercent) / 100));
  return count > most ? new Refusal('sync.brake', { params: { count, enabled, most } }) : null;
}

const shutsOut = ({ entry, fields }: Update): boolean => entry.isDisabled && fields.includes('isDisabled');

const plainFields = ['login', 'dn', 'name', 'mail', 'mobile', 'isDisabled', 'isProtected'] as const;
const noFields: readonly Field[] = [];

function differences(account: Account, entry: Entry, role: Role): readonly Field[] {
  const isSame =
    account.login === entry.login &&
    account.dn === entry.dn &&
    isSameManager(account, entry) &&
    account.name === entry.name &&
    account.mail === entry.mail &&
    account.mobile === entry.mobile &&
    account.isDisabled === entry.isDisabled &&
    account.isProtected === entry.isProtected &&
    account.role === role &&
    isSameSet(account.groups, entry.groups);
  if (isSame) return noFields;
  const fields: Field[] = plainFields.filter((field) => account[field] !== entry[field]);
  if (!isSameManager(account, entry)) fields.push('manager');
  if (account.role !== role) fields.push('role');
  if (!isSameSet(account.groups, entry.groups)) fields.push('groups');
  return fields;
}

const isSameManager = (account: Account, entry: Entry): boolean => (account.manager ?? null) === (entry.manager ?? null);

/** A directory keeps no order among the values of an attribute (RFC 4512 section 2.2). */
function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  if (some.length === others.length && some.every((value, place) => value === others[place])) return true;
  const [left, right] = [new Set(some), new Set(others)];
  return left.size === right.size && left.isSubsetOf(right);
}
