/** Which role the configuration gives to a person of a directory: by login, by a group's DN, or by a group's name. Pure. */

import { foldLogin, type Role } from '../rules/account.ts';

/** Each a list of logins, DNs of groups and names of groups (the first value of their DN). A full DN is the strictest. */
export interface Roles {
  readonly administrators: readonly string[];
  readonly helpdesk: readonly string[];
  readonly auditors: readonly string[];
}

type Ranked = Exclude<Role, 'person'>;
const ranks: readonly (readonly [Ranked, keyof Roles])[] = [
  ['administrator', 'administrators'],
  ['helpdesk', 'helpdesk'],
  ['auditor', 'auditors'],
];

/** The first that matches of administrator, helpdesk, auditor; else a person. */
export function roleBy(roles: Roles): (entry: { readonly login: string; readonly groups: readonly string[] }) => Role {
  const lists = ranks.map(([role, key]) => ({ role, ...listed(roles[key]) }));
  const ofGroup = new Map<string, ReadonlySet<Role>>();
  const rolesOfGroup = (group: string): ReadonlySet<Role> => {
    let found = ofGroup.get(group);
    if (found === undefined) {
      const [dn, name] = [comparable(group), foldLogin(nameOf(group))];
      found = new Set(lists.filter(({ dns, names }) => dns.has(dn) || names.has(name)).map(({ role }) => role));
      ofGroup.set(group, found);
    }
    return found;
  };
  return ({ login, groups }) =>
    lists.find(({ role, names }) => names.has(foldLogin(login)) || groups.some((group) => rolesOfGroup(group).has(role)))?.role ?? 'person';
}

/** A DN is met by that group alone: neither a login nor a group's name that spells like it comes into its place. */
function listed(list: readonly string[]): { dns: ReadonlySet<string>; names: ReadonlySet<string> } {
  const [dns, names] = [new Set<string>(), new Set<string>()];
  for (const item of list.filter((one) => one.trim() !== '')) {
    if (item.includes('=')) dns.add(comparable(item));
    else names.add(foldLogin(item.trim()));
  }
  return { dns, names };
}

/** Letter case and the spaces around separators do not count (RFC 4514 section 2.4); what is escaped stays as it is. */
const comparable = (name: string): string => foldLogin(name.trim().replaceAll(/\s*(?<!\\)([,+=])\s*/g, '$1'));

/** "Help Desk" of `cn=Help Desk,ou=groups,dc=example`; escapes as in RFC 4514 section 2.4. */
function nameOf(dn: string): string {
  const [, value = dn] = /^[^=,+]+=((?:\\.|[^\\,+])*)/su.exec(dn) ?? [];
  const octets = (pairs: string): string => Buffer.from(pairs.replaceAll('\\', ''), 'hex').toString('utf8');
  return value.replaceAll(/(?:\\[0-9a-f]{2})+|\\(.)/giu, (pairs: string, character?: string) => character ?? octets(pairs)).trim();
}
