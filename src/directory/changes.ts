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
const version = 1;
/** More are read with everybody else. */
const mostChanged = 2000;

/** Whoever is moved with a folder does not change, and neither does who comes in with one (measured with Samba and slapd). */
const folders = ['organizationalUnit', 'organization', 'container', 'nsContainer', 'locality', 'country'].map((name) =>
  equal('objectClass', name),
);

export type Changes = ReturnType<typeof openChanges>;

export function openChanges(config: DirectoryConfig, { people, now }: { people: People; now: () => Instant }) {
  const { baseDn } = config;
  const { kind, accountFilter, loginAttributes, attributes, protectedGroups, bindDn } = config;
  const print = JSON.stringify([version, kind, baseDn, bindDn, accountFilter, loginAttributes, attributes, protectedGroups]);

  /** Where a later reading may go on. Take it before reading: what changes meanwhile is then read twice, and never missed. */
  async function bookmark(desk: Desk): Promise<string | null> {
    const standing = await desk.dialect.changes.standing(desk.link, now()).catch(withoutAnswer);
    return standing === null ? null : JSON.stringify({ print, server: desk.server, standing });
  }

  function filterSince(before: string, after: string, { changes }: Desk['dialect']): Filter | null {
    const [then, here] = [before, after].map((text) => JSON.parse(text) as { print: string; server: string; standing: string });
    if (!then || !here || then.print !== here.print || then.server !== here.server) return null;
    return changes.since(then.standing, here.standing);
  }

  async function reachesFurther({ link, dialect, root }: Desk, filter: Filter): Promise<boolean> {
    const groupBase = dialect.groupBase(root, baseDn);
    const bases = isWithin(baseDn, groupBase) ? [groupBase] : [groupBase, baseDn];
    const wanted = and(filter, or(dialect.groups, ...folders));
    const found = await Promise.all(
      bases.map((base) => link.search({ base, scope: 'sub', filter: wanted, attributes: ['1.1'], sizeLimit: 1 })),
    );
    return found.some((entries) => entries.length > 0);
  }

  /** The people who changed between two bookmarks, or null when that cannot be said. Throws what `People` throws, but for a server's plain no. */
  async function between(
    before: string,
    after: string,
    { desk, known }: { desk: Desk; known: Known },
  ): Promise<readonly DirectoryEntry[] | null> {
    const filter = filterSince(before, after, desk.dialect);
    if (filter === null) return null;
    try {
      const [isDoubtful, changed] = await Promise.all([
        reachesFurther(desk, filter),
        people.some(desk, { filter, most: mostChanged, known }),
      ]);
      return isDoubtful ? null : changed;
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
