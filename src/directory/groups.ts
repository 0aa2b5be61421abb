/** Who is in which groups, groups within groups included. It reads the groups' lists of members; what entries say of themselves (memberOf) may be missing. */

import type { Dialect } from './dialect.ts';
import { dnKey } from './dn.ts';
import { equal, type Filter, or } from './filter.ts';
import type { Entry, Link } from './ldap.ts';
import { allValues } from './ranges.ts';

export interface Groups {
  /** DNs as the server spells them. */
  of(person: Entry): readonly string[];
}

interface Where {
  readonly link: Link;
  readonly baseDn: string;
  readonly dialect: Dialect;
}

const nameKey = (attribute: string, name: string): string => `${attribute.toLowerCase()} ${name.toLowerCase()}`;

/** Reads every group once, for a whole synchronisation: as they came, to be sorted out by `sortGroups`. */
export async function gatherGroups({ link, baseDn, dialect }: Where, pageSize: number): Promise<readonly Entry[]> {
  const gathered: Entry[] = [];
  const search = { base: baseDn, scope: 'sub', filter: dialect.groups, attributes: attributesOf(dialect) } as const;
  for await (const page of link.pages(search, pageSize)) for (const group of page) gathered.push(group);
  return gathered;
}

export async function sortGroups(gathered: readonly Entry[], { link, dialect }: Omit<Where, 'baseDn'>): Promise<Groups> {
  const lists = openLists();
  /** Of each member, by its DN or its name, the list of the groups that list it. */
  const listedIn = new Map<string, List>();
  const hasNames = gathered.some((entry) => dialect.memberNames !== null && entry.text(dialect.memberNames.attribute) !== null);
  let members = 0;
  for (const [group, entry] of gathered.entries()) {
    for (const member of await memberKeys(entry, { link, dialect })) {
      listedIn.set(member, lists.extended(listedIn.get(member) ?? lists.empty, group));
      // A group may have 50,000 members: other people's pages are served in between.
      if (++members % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const nextAbove = (group: number) => lists.groups(listedIn.get(dnKey(gathered[group]?.dn ?? '')) ?? lists.empty);
  const reached = remembered((list: List) => upward(lists.groups(list), nextAbove).map((group) => gathered[group]?.dn ?? ''));
  return {
    of(person) {
      let all = lists.empty;
      for (const key of hasNames ? personKeys(person, dialect) : [dnKey(person.dn)]) {
        const list = listedIn.get(key) ?? lists.empty;
        all = all === lists.empty ? list : lists.groups(list).reduce(lists.extended, all);
      }
      return reached(all);
    },
  };
}

/** The number of a list of groups, which are numbers, too. */
type List = number;

/**
 * Lists, each kept once as the list that it extends and the group that it adds: whole teams share theirs, and fifty thousand small arrays
 * would be as many places in memory to look at.
 */
function openLists() {
  const shorter: List[] = [0];
  const last: number[] = [-1];
  const longer: Map<number, List>[] = [];
  const extended = (list: List, group: number): List => {
    let next = longer[group];
    if (!next) {
      next = new Map();
      longer[group] = next;
    }
    const known = next.get(list);
    if (known !== undefined) return known;
    next.set(list, shorter.length);
    last.push(group);
    return shorter.push(list) - 1;
  };
  const groups = (list: List): readonly number[] => {
    const found: number[] = [];
    for (let at = list; at > 0; at = shorter[at] ?? 0) found.push(last[at] ?? -1);
    return found.reverse();
  };
  return { empty: 0, extended, groups };
}

/** By small numbers. */
function remembered<T>(make: (key: number) => T): (key: number) => T {
  const known: T[] = [];
  return (key) => {
    const made = known[key] ?? make(key);
    known[key] = made;
    return made;
  };
}

/** Asks for one person's groups, and for the groups of those, until there are no more. */
export async function groupsOf(person: Entry, { link, baseDn, dialect }: Where): Promise<readonly string[]> {
  const found = new Map<string, string>();
  const byName = dialect.memberNames?.groupsOf(person) ?? [];
  let wanted: Filter[] = [...dialect.memberAttributes.map((attribute) => equal(attribute, person.dn)), ...byName];
  while (wanted.length > 0) {
    const filter: Filter = { kind: 'and', parts: [dialect.groups, or(...wanted)] };
    const groups = await link.search({ base: baseDn, scope: 'sub', filter, attributes: ['1.1'] });
    const fresh = groups.filter(({ dn }) => !found.has(dnKey(dn)));
    for (const { dn } of fresh) found.set(dnKey(dn), dn);
    wanted = fresh.flatMap(({ dn }) => dialect.memberAttributes.map((attribute) => equal(attribute, dn)));
  }
  return [...found.values()];
}

const attributesOf = ({ memberAttributes, memberRange, memberNames }: Dialect): string[] => [
  ...memberAttributes.map((attribute) => (memberRange === null ? attribute : `${attribute};${memberRange}`)),
  ...(memberNames ? [memberNames.attribute] : []),
];

async function memberKeys(group: Entry, { link, dialect }: Pick<Where, 'link' | 'dialect'>): Promise<readonly string[]> {
  const { memberAttributes, memberNames } = dialect;
  const listed: string[] = [];
  for (const attribute of memberAttributes) for (const member of await allValues(group, attribute, link)) listed.push(dnKey(member));
  if (memberNames) for (const name of group.texts(memberNames.attribute)) listed.push(nameKey(memberNames.means, name));
  return listed;
}

function personKeys(person: Entry, { memberNames }: Dialect): string[] {
  const keys = [dnKey(person.dn)];
  if (memberNames) for (const name of person.texts(memberNames.means)) keys.push(nameKey(memberNames.means, name));
  return keys;
}

/** By what groups may list somebody beside the DN, in one text. */
export function listedAs(person: Entry, { memberNames }: Dialect): string {
  const names = memberNames ? person.texts(memberNames.means) : [];
  return names.length < 2 ? (names[0] ?? '') : [...names].sort().join('\n');
}

/** All that is reached from `start`, itself included; circles end. */
function upward(start: readonly number[], next: (group: number) => readonly number[]): readonly number[] {
  const reached = new Set(start);
  for (const name of reached) for (const further of next(name)) reached.add(further);
  return [...reached];
}
