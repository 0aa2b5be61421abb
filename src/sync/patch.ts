/** What a reading of some people changes in our accounts, or null: then only a reading of everybody can tell. Pure, as `plan.ts` is. */

import { type Account, foldLogin } from '../rules/account.ts';
import { Refusal } from '../rules/refusal.ts';
import { braked, compared, disableOf, type Entry, type Plan, type Terms } from './plan.ts';

export interface PartialReading extends Terms {
  /** The people that changed. */
  readonly changed: readonly Entry[];
  /** What tells who is gone; null where it was not read. */
  readonly census: Census | null;
  accountOf(remoteId: string): Account | null;
  /** Over all homes. */
  accountsOf(login: string): readonly Account[];
  enabled(): number;
}

export interface Census {
  /** Of all people of the directory. */
  readonly ids: ReadonlySet<string>;
  /** The names of all its groups. */
  readonly groups: ReadonlySet<string>;
  /** All our accounts of that home. */
  readonly accounts: readonly Account[];
}

/** Refuses with `sync.empty` or `sync.brake`, as the plan of everybody does. Where that one would tell of oddities, this one says null. */
export function patch(reading: PartialReading): Plan | Refusal | null {
  const people = new Map(reading.changed.map((entry) => [entry.remoteId, entry]));
  const { census } = reading;
  if (census !== null && census.ids.size === 0) return new Refusal('sync.empty', { params: { enabled: reading.enabled() } });
  if (people.size < reading.changed.length || isContested(people, reading) || (census !== null && isStrange(census, people))) return null;
  const { adds, updates } = compared(people.values(), reading.accountOf, reading);
  const disables = census === null ? [] : census.accounts.filter((account) => isGone(account, census, people)).map(disableOf);
  return (
    braked({ disables, updates, enabled: reading.enabled }, reading) ?? {
      changes: [...disables, ...updates, ...adds],
      unchanged: people.size - adds.length - updates.length,
      oddities: [],
    }
  );
}

type People = ReadonlyMap<string, Entry>;

/** Whether somebody has no login, or one that is also another's: here, as a local account, or as the directory showed it before. */
function isContested(people: People, { home, accountsOf }: PartialReading): boolean {
  const logins = new Set<string>();
  for (const { login, remoteId } of people.values()) {
    const folded = foldLogin(login);
    const isOther = (account: Account) =>
      account.home === null || (account.home === home && account.remoteId !== remoteId && !people.has(account.remoteId ?? ''));
    if (folded === '' || logins.has(folded) || accountsOf(login).some(isOther)) return true;
    logins.add(folded);
  }
  return false;
}

/** Whether somebody is there whom we have never seen and who has not changed either, or a group is gone that we know people by. */
function isStrange({ ids, groups, accounts }: Census, people: People): boolean {
  const known = new Set(accounts.map(({ remoteId }) => remoteId));
  for (const id of ids) if (!known.has(id) && !people.has(id)) return true;
  const lists = new Set(accounts.filter(({ remoteId }) => remoteId !== null && ids.has(remoteId)).map((account) => account.groups));
  for (const list of lists) if (!list.every((name) => groups.has(name))) return true;
  return false;
}

const isGone = ({ remoteId, isDisabled }: Account, { ids }: Census, people: People): boolean =>
  remoteId !== null && !isDisabled && !ids.has(remoteId) && !people.has(remoteId);
