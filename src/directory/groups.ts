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

/** Reads every group once, for a whole synchronisation. */
export async function readGroups({ link, baseDn, dialect }: Where, pageSize: number): Promise<Groups> {
  const attributes = attributesOf(dialect);
  /** Of each member, by its DN or its name, the groups that list it. */
  const listedIn = new Map<string, string[]>();
  const list = (member: string, group: string) => {
    const groups = listedIn.get(member);
    if (groups) groups.push(group);
    else listedIn.set(member, [group]);
  };
  let members = 0;
  for await (const page of link.pages({ base: baseDn, scope: 'sub', filter: dialect.groups, attributes }, pageSize)) {
    for (const group of page) {
      for (const member of await memberKeys(group, { link, dialect })) {
        list(member, group.dn);
        // A group may have 50,000 members: other people's pages are served in between.
        if (++members % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }
  const aboveGroup = new Map<string, readonly string[]>();
  const above = (group: string): readonly string[] => {
    const known = aboveGroup.get(group) ?? upward([group], (name) => listedIn.get(dnKey(name)) ?? []);
    aboveGroup.set(group, known);
    return known;
  };
  /** Whole teams share their groups: one list for all of them. */
  const reached = new Map<string, readonly string[]>();
  return {
    of(person) {
      let direct: readonly string[] = [];
      for (const key of personKeys(person, dialect)) {
        const listed = listedIn.get(key);
        if (listed) direct = direct.length === 0 ? listed : [...direct, ...listed];
      }
      const name = direct.join('\n');
      const known = reached.get(name) ?? [...new Set(direct.flatMap(above))];
      reached.set(name, known);
      return known;
    },
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

const personKeys = (person: Entry, { memberNames }: Dialect): string[] => [
  dnKey(person.dn),
  ...(memberNames ? person.texts(memberNames.means).map((name) => nameKey(memberNames.means, name)) : []),
];

/** By what groups may list somebody beside the DN, in one text. */
export const listedAs = (person: Entry, { memberNames }: Dialect): string =>
  memberNames ? [...person.texts(memberNames.means)].sort().join('\n') : '';

/** All that is reached from `start`, itself included; circles end. */
function upward(start: readonly string[], next: (name: string) => readonly string[]): string[] {
  const reached = new Set(start);
  for (const name of reached) for (const further of next(name)) reached.add(further);
  return [...reached];
}
