/** Which role the configuration gives to a person of a directory: by login, by a group's DN, or by a group's name. Pure. */

import { foldLogin, type Role } from '../rules/account.ts';
import { amongGroups } from '../rules/group.ts';

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
  const lists = ranks.map(([role, key]) => {
    const named = roles[key].filter((name) => name.trim() !== '');
    // A DN is met by that group alone: a login that spells like it does not come into its place.
    const logins = new Set(named.filter((name) => !name.includes('=')).map((name) => foldLogin(name.trim())));
    return { role, logins, areAmong: anyOf(amongGroups(named)) };
  });
  return ({ login, groups }) => {
    const folded = foldLogin(login);
    return lists.find(({ logins, areAmong }) => logins.has(folded) || areAmong(groups))?.role ?? 'person';
  };
}

/** Tens of thousands of people share a few groups, and whole teams one list of them. */
function anyOf(isAmong: (group: string) => boolean): (groups: readonly string[]) => boolean {
  const known = new Map<string, boolean>();
  const knownLists = new WeakMap<readonly string[], boolean>();
  const isOne = (group: string): boolean => {
    const answer = known.get(group) ?? isAmong(group);
    known.set(group, answer);
    return answer;
  };
  return (groups) => {
    const answer = knownLists.get(groups) ?? groups.some(isOne);
    knownLists.set(groups, answer);
    return answer;
  };
}
