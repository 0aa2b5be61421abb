/** People as the directory shows them: found by login, read by their id, or all of them page by page. It changes nothing. */

import { Refusal } from '../rules/refusal.ts';
import type { Instant } from '../rules/time.ts';
import type { DirectoryEntry } from '../world.ts';
import type { AttributeNames, DirectoryConfig } from './config.ts';
import type { Dialect } from './dialect.ts';
import { dnKey } from './dn.ts';
import { isFailure } from './failure.ts';
import { and, equal, type Filter, or, parseFilter } from './filter.ts';
import { groupsOf, readGroups } from './groups.ts';
import type { Entry } from './ldap.ts';
import { refusalOfFailure } from './refusals.ts';
import type { Desk } from './servers.ts';

export interface People {
  /** Null: nobody; a refusal: several. */
  find(desk: Desk, login: string): Promise<DirectoryEntry | null | Refusal>;
  read(desk: Desk, remoteId: string): Promise<DirectoryEntry | null>;
  /** The bare entry, for an act. */
  entry(desk: Desk, remoteId: string): Promise<Entry | null>;
  isProtected(desk: Desk, entry: Entry): Promise<boolean>;
  /** Throws an LdapFailure or a Refusal when the reading is not complete. */
  all(desk: Desk): AsyncGenerator<readonly DirectoryEntry[], void, void>;
}

/** The groups of one person, and of all groups those whose members are protected. */
interface Groups {
  readonly of: readonly string[];
  readonly guarded: ReadonlySet<string>;
}

const defaultPageSize = 500;
const sizeLimitExceeded = 4;

export function openPeople(config: DirectoryConfig, now: () => Instant): People {
  const { baseDn, bindDn, pageSize = defaultPageSize } = config;
  const configuredFilter = config.accountFilter === null ? null : parseFilter(config.accountFilter);
  const protectedKeys = new Set(config.protectedGroups.map(dnKey));

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
  const isProtectedBy = (entry: Entry, { of, guarded }: Groups, dialect: Dialect): boolean =>
    dialect.isProtected(entry) || dialect.isNamed(entry, bindDn) || of.some((group) => guarded.has(dnKey(group)));
  const guardedGroups = async ({ link, dialect, root }: Desk): Promise<ReadonlySet<string>> =>
    new Set([...protectedKeys, ...(await dialect.administrators(link, dialect.groupBase(root, baseDn))).map(dnKey)]);

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
  async function groupsNow(person: Entry, desk: Desk): Promise<Groups> {
    const { link, dialect, root } = desk;
    const of = await groupsOf(person, { link, baseDn: dialect.groupBase(root, baseDn), dialect });
    return { of, guarded: await guardedGroups(desk) };
  }

  return {
    async find(desk, login) {
      const { link, dialect } = desk;
      if (login === '') return null;
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
    isProtected: async (desk, person) => isProtectedBy(person, await groupsNow(person, desk), desk.dialect),
    async *all(desk) {
      const { link, dialect, root } = desk;
      const guarded = await guardedGroups(desk);
      const groups = await readGroups({ link, baseDn: dialect.groupBase(root, baseDn), dialect }, pageSize);
      for await (const page of link.pages(searchFor(dialect, filterOf(dialect)), pageSize)) {
        const people = page.filter((person) => loginOf(person, dialect) !== null);
        yield people.map((person) => shown(person, { of: groups.of(person), guarded }, dialect));
      }
    },
  };
}

/** An incomplete reading, as the one thing that is thrown for it. */
export const asRefusal = (error: unknown): unknown => (isFailure(error) ? refusalOfFailure(error) : error);
