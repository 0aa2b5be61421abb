/** People as the directory shows them: found by login, read by their id, or all of them page by page. It changes nothing. */

import { Refusal } from '../rules/refusal.ts';
import type { Instant } from '../rules/time.ts';
import type { DirectoryEntry } from '../world.ts';
import type { AttributeNames, DirectoryConfig } from './config.ts';
import type { Dialect } from './dialect.ts';
import { dnKey, isWithin } from './dn.ts';
import { isFailure } from './failure.ts';
import { and, equal, type Filter, or, parseFilter, present } from './filter.ts';
import { gatherGroups, groupsOf, listedAs, sortGroups } from './groups.ts';
import type { Entry } from './ldap.ts';
import { readEntry } from './read-entry.ts';
import { refusalOfFailure } from './refusals.ts';
import type { Desk } from './servers.ts';

export interface People {
  /** Null: nobody; a refusal: several. */
  find(desk: Desk, login: string): Promise<DirectoryEntry | null | Refusal>;
  read(desk: Desk, remoteId: string): Promise<DirectoryEntry | null>;
  /** The bare entry, for an act. */
  entry(desk: Desk, remoteId: string): Promise<Entry | null>;
  isProtected(desk: Desk, entry: Entry): Promise<boolean>;
  /** Of the configured protected groups those that are not there: they would protect nobody. */
  missingGroups(desk: Desk): Promise<readonly string[]>;
  /** Throws `directory.protected-group`: while one is missing, renamed perhaps, nobody can tell who is protected. */
  requireGroups(desk: Desk): Promise<void>;
  /** This and all that follow throw an LdapFailure or a Refusal when the reading is not complete. */
  all(desk: Desk): AsyncGenerator<readonly DirectoryEntry[], void, void>;
  /** The ids of all whom `all` shows. */
  ids(desk: Desk): AsyncGenerator<readonly string[], void, void>;
  /** Whether anybody of all has this attribute and lets it be searched for. */
  canAskBy(desk: Desk, attribute: string): Promise<boolean>;
  /** The DNs of all groups that `all` knows of. */
  groups(desk: Desk): AsyncGenerator<readonly string[], void, void>;
  /** Those who meet the filter too, while no group has changed. Null: too many, or somebody among them cannot be shown any more. */
  some(desk: Desk, which: { filter: Filter; most: number; known: Known }): Promise<readonly DirectoryEntry[] | null>;
}

/** What was last read of somebody. */
export type Known = (remoteId: string) => Pick<DirectoryEntry, 'dn' | 'listedAs' | 'groups'> | null;

/** The groups of one person, and whether the members of one among such groups are protected. */
interface Groups {
  readonly of: readonly string[];
  areGuarded(groups: readonly string[]): boolean;
}

/** No more come at once from Active Directory (MaxPageSize, MS-ADTS 3.1.1.3.4.6). */
const defaultPageSize = 1000;
/** The groups of so many may be asked for one by one; those of more are sooner read as a whole. */
const mostAsked = 200;
const sizeLimitExceeded = 4;

export function openPeople(config: DirectoryConfig, now: () => Instant): People {
  const { baseDn, bindDn, protectedGroups, pageSize = defaultPageSize } = config;
  const configuredFilter = config.accountFilter === null ? null : parseFilter(config.accountFilter);
  const protectedKeys = new Set(protectedGroups.map(dnKey));

  const filterOf = (dialect: Dialect): Filter => configuredFilter ?? dialect.people;
  const loginsOf = (dialect: Dialect) => (config.loginAttributes.length > 0 ? config.loginAttributes : dialect.loginAttributes);
  /** The first login attribute is the account's own; who has none cannot come to any door. */
  const loginOf = (entry: Entry, dialect: Dialect): string | null => entry.text(loginsOf(dialect)[0] ?? '');
  /** Made once for a kind, and not for each of fifty thousand people. */
  const named = new Map<Dialect, AttributeNames>();
  function namesOf(dialect: Dialect): AttributeNames {
    const known = named.get(dialect) ?? { ...dialect.attributes, ...config.attributes };
    named.set(dialect, known);
    return known;
  }
  const attributesOf = (dialect: Dialect): string[] => {
    const logins = dialect.memberNames ? [...loginsOf(dialect), dialect.memberNames.means] : loginsOf(dialect);
    return [...new Set([...Object.values(namesOf(dialect)), ...logins, ...dialect.personAttributes])];
  };
  const searchFor = (dialect: Dialect, filter: Filter) =>
    ({ base: baseDn, scope: 'sub', filter, attributes: attributesOf(dialect) }) as const;
  const isProtectedBy = (entry: Entry, { of, areGuarded }: Groups, dialect: Dialect): boolean =>
    dialect.isProtected(entry) || dialect.isNamed(entry, bindDn) || areGuarded(of);

  async function missingGroups({ link, dialect, root }: Desk): Promise<readonly string[]> {
    const isThere = async (group: string): Promise<boolean> =>
      isWithin(group, dialect.groupBase(root, baseDn)) &&
      (await readEntry(link, group, { filter: dialect.groups, attributes: ['1.1'] })) !== null;
    const found = await Promise.all(protectedGroups.map(isThere));
    return protectedGroups.filter((_, place) => !found[place]);
  }

  async function requireGroups(desk: Desk): Promise<void> {
    const [missing] = await missingGroups(desk);
    if (missing !== undefined) throw new Refusal('directory.protected-group', { raw: `${desk.server}: no group ${missing}` });
  }

  async function guard(desk: Desk): Promise<Groups['areGuarded']> {
    const { link, dialect, root } = desk;
    await requireGroups(desk);
    const administrators = await dialect.administrators(link, dialect.groupBase(root, baseDn));
    const guarded = new Set([...protectedKeys, ...administrators.map(dnKey)]);
    /** Whole teams share one list. */
    const judged = new Map<readonly string[], boolean>();
    return (groups) => {
      const isGuarded = judged.get(groups) ?? groups.some((group) => guarded.has(dnKey(group)));
      judged.set(groups, isGuarded);
      return isGuarded;
    };
  }

  function shown(entry: Entry, groups: Groups, dialect: Dialect): DirectoryEntry {
    const remoteId = dialect.idOf(entry);
    if (remoteId === null) throw new Refusal('directory.no-permission', { raw: `${entry.dn}: its immutable id cannot be read` });
    const names = namesOf(dialect);
    const login = loginOf(entry, dialect) ?? '';
    return {
      remoteId,
      dn: entry.dn,
      login,
      name: entry.text(names.name) ?? entry.text('cn') ?? login,
      mail: entry.text(names.mail),
      mobile: entry.text(names.mobile) ?? entry.text(names.phone),
      groups: groups.of,
      listedAs: listedAs(entry, dialect),
      manager: managerOf(entry, names),
      isDisabled: dialect.isDisabled(entry, now()),
      isProtected: isProtectedBy(entry, groups, dialect),
    };
  }

  async function entry({ link, dialect }: Desk, remoteId: string): Promise<Entry | null> {
    const withId = dialect.withId(remoteId);
    if (withId === null) return null;
    const [found] = await link.search(searchFor(dialect, and(filterOf(dialect), withId)));
    return found ?? null;
  }
  const groupsBy = (person: Entry, { link, dialect, root }: Desk) =>
    groupsOf(person, { link, baseDn: dialect.groupBase(root, baseDn), dialect });
  const groupsNow = async (person: Entry, desk: Desk): Promise<Groups> => ({
    of: await groupsBy(person, desk),
    areGuarded: await guard(desk),
  });

  async function some(desk: Desk, { filter, most, known }: { filter: Filter; most: number; known: Known }) {
    const { link, dialect } = desk;
    const found: Entry[] = [];
    for await (const page of link.pages(searchFor(dialect, and(filterOf(dialect), filter)), pageSize)) {
      found.push(...page);
      if (found.length > most) return null;
    }
    if (found.some((person) => loginOf(person, dialect) === null)) return null;
    const asBefore = found.map((person) => {
      const before = known(dialect.idOf(person) ?? '');
      return before?.dn === person.dn && before.listedAs === listedAs(person, dialect) ? before.groups : null;
    });
    if (asBefore.filter((groups) => groups === null).length > mostAsked) return null;
    if (found.length === 0) return [];
    const areGuarded = await guard(desk);
    return Promise.all(
      found.map(async (person, place) => shown(person, { of: asBefore[place] ?? (await groupsBy(person, desk)), areGuarded }, dialect)),
    );
  }

  return {
    async find(desk, login) {
      const { link, dialect } = desk;
      // Samba and 389 Directory Server read a name up to the first NUL: what nobody can be called would be somebody.
      if (login === '' || login.includes('\0')) return null;
      const filter = and(filterOf(dialect), or(...loginsOf(dialect).map((attribute) => equal(attribute, login))));
      const ambiguous = new Refusal('directory.ambiguous', { raw: `${desk.server}: several entries have this login` });
      try {
        const [found, another] = await link.search({ ...searchFor(dialect, filter), sizeLimit: 2 });
        if (another) return ambiguous;
        return found && loginOf(found, dialect) !== null ? shown(found, await groupsNow(found, desk), dialect) : null;
      } catch (error) {
        if (isFailure(error) && error.answer?.resultCode === sizeLimitExceeded) return ambiguous;
        throw error;
      }
    },
    async read(desk, remoteId) {
      const found = await entry(desk, remoteId);
      return found ? shown(found, await groupsNow(found, desk), desk.dialect) : null;
    },
    entry,
    missingGroups,
    requireGroups,
    isProtected: async (desk, person) => isProtectedBy(person, await groupsNow(person, desk), desk.dialect),
    async *all(desk) {
      const { link, dialect, root } = desk;
      const areGuarded = await guard(desk);
      const gathered = await gatherGroups({ link, baseDn: dialect.groupBase(root, baseDn), dialect }, pageSize);
      const pages = link.pages(searchFor(dialect, filterOf(dialect)), pageSize);
      // Asked for before the groups are sorted out, so that the server is at work meanwhile. OpenLDAP knows one paged search at a time.
      const first = pages.next();
      first.catch(() => undefined);
      const groups = await sortGroups(gathered, { link, dialect });
      for (let page = await first; !page.done; page = await pages.next()) {
        const people = page.value.filter((person) => loginOf(person, dialect) !== null);
        yield people.map((person) => shown(person, { of: groups.of(person), areGuarded }, dialect));
      }
    },
    async canAskBy({ link, dialect }, attribute) {
      const filter = and(filterOf(dialect), present(attribute));
      try {
        return (await link.search({ base: baseDn, scope: 'sub', filter, attributes: ['1.1'], sizeLimit: 1 })).length > 0;
      } catch (error) {
        if (isFailure(error) && error.answer?.resultCode === sizeLimitExceeded) return true;
        throw error;
      }
    },
    async *ids({ link, dialect }) {
      const filter = and(filterOf(dialect), present(loginsOf(dialect)[0] ?? 'objectClass'));
      for await (const page of link.pages({ base: baseDn, scope: 'sub', filter, attributes: [dialect.idAttribute] }, pageSize))
        yield page.map((person) => dialect.idOf(person) ?? '');
    },
    async *groups({ link, dialect, root }) {
      const base = dialect.groupBase(root, baseDn);
      for await (const page of link.pages({ base, scope: 'sub', filter: dialect.groups, attributes: ['1.1'] }, pageSize))
        yield page.map(({ dn }) => dn);
    },
    some,
  };
}

/** 389 Directory Server gives it back as it was typed, with spaces that no entry's own name has. */
const managerOf = (entry: Entry, { manager }: AttributeNames): string | null =>
  entry.text(manager)?.replaceAll(/\s*(?<!\\)([,+=])\s*/g, '$1') ?? null;

/** An incomplete reading, as the one thing that is thrown for it. */
export const asRefusal = (error: unknown): unknown => (isFailure(error) ? refusalOfFailure(error) : error);
