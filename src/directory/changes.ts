/**
 * What changed in a directory since it was last read. Only a plain change of a few people is told; whatever may reach further (a group, a
 * folder, another server, another configuration) is a doubt, and then everybody must be read. Who is gone does not show here.
 */

import type { Instant } from '../rules/time.ts';
import type { DirectoryConfig } from './config.ts';
import { isWithin } from './dn.ts';
import { isFailure } from './failure.ts';
import { and, equal, type Filter, or } from './filter.ts';
import type { Known, People } from './people.ts';
import type { Desk } from './servers.ts';
import type { DirectoryEntry } from '../world.ts';

/** To be raised when what is read of an entry, or what is made of it, becomes another. */
const version = 2;
/** More are read with everybody else. */
const mostChanged = 2000;
const mostFar = 200;

/** Whoever is moved with a folder does not change, and neither does who comes in with one (measured with Samba and slapd). */
const folders = ['organizationalUnit', 'organization', 'container', 'nsContainer', 'locality', 'country'].map((name) =>
  equal('objectClass', name),
);

interface Bookmark {
  readonly print: string;
  readonly server: string;
  readonly standing: string;
  /** What had reached further before, and is told again; null: too much. */
  readonly seen: readonly string[] | null;
}

export type Changes = ReturnType<typeof openChanges>;

export function openChanges(config: DirectoryConfig, { people, now }: { people: People; now: () => Instant }) {
  const { baseDn } = config;
  const { kind, accountFilter, loginAttributes, attributes, protectedGroups, bindDn } = config;
  const print = JSON.stringify([version, kind, baseDn, bindDn, accountFilter, loginAttributes, attributes, protectedGroups]);

  /** Where a later reading may go on. Take it before reading: what changes meanwhile is then read twice, and never missed. */
  async function bookmark(desk: Desk): Promise<string | null> {
    try {
      const { changes } = desk.dialect;
      const standing = await changes.standing(desk.link, now());
      if (standing === null || (changes.asksBy !== null && !(await people.canAskBy(desk, changes.asksBy)))) return null;
      const told = changes.stamp === null ? null : changes.since(standing, standing);
      const seen = told === null ? [] : await farChanges(desk, told);
      return JSON.stringify({ print, server: desk.server, standing, seen } satisfies Bookmark);
    } catch (error) {
      return withoutAnswer(error);
    }
  }

  function filterSince(before: Bookmark, after: Bookmark, { changes }: Desk['dialect']): Filter | null {
    if (before.print !== after.print || before.server !== after.server) return null;
    return changes.since(before.standing, after.standing);
  }

  /** What reaches further than one person, each with its stamp where there is one; null: too many, or stamps that may not be read. */
  async function farChanges({ link, dialect, root }: Desk, filter: Filter): Promise<readonly string[] | null> {
    const groupBase = dialect.groupBase(root, baseDn);
    const bases = isWithin(baseDn, groupBase) ? [groupBase] : [groupBase, baseDn];
    const { stamp } = dialect.changes;
    const wanted = { filter: and(filter, or(dialect.groups, ...folders)), attributes: [stamp ?? '1.1'], sizeLimit: mostFar } as const;
    const found = await Promise.all(bases.map((base) => link.search({ base, scope: 'sub', ...wanted })));
    const entries = found.flat();
    const canTell = entries.length < mostFar && (stamp === null || entries.every((entry) => entry.text(stamp) !== null));
    return canTell ? entries.map((entry) => `${stamp === null ? '' : entry.text(stamp)} ${entry.dn}`) : null;
  }

  /** The people who changed between two bookmarks, or null when that cannot be said. Throws what `People` throws, but for a server's plain no. */
  async function between(
    since: string,
    until: string,
    { desk, known }: { desk: Desk; known: Known },
  ): Promise<readonly DirectoryEntry[] | null> {
    const [before, after] = [JSON.parse(since), JSON.parse(until)] as [Bookmark, Bookmark];
    const filter = filterSince(before, after, desk.dialect);
    if (filter === null || before.seen === null) return null;
    try {
      const [far, changed] = await Promise.all([farChanges(desk, filter), people.some(desk, { filter, most: mostChanged, known })]);
      return far?.every((change) => before.seen?.includes(change)) ? changed : null;
    } catch (error) {
      return withoutAnswer(error);
    }
  }

  return { bookmark, between };
}

/** What a server says no to, it may yet say as a part of everything; that it is silent or gone is another matter. */
function withoutAnswer(error: unknown): null {
  if (isFailure(error) && error.answer) return null;
  throw error;
}
