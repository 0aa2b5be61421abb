/** How administrators name a group: by its whole DN, or by its name alone. Knows no directory. */

import { foldLogin } from './account.ts';

/**
 * Whether a group, given as the directory spells its DN, is among the named ones. A name that holds `=` is a DN and meets that group
 * alone; another is compared with the first value of the DN: "staff" is `cn=staff,ou=groups,dc=example`.
 */
export function amongGroups(named: readonly string[]): (group: string) => boolean {
  const dns = new Set(named.filter((name) => name.includes('=')).map(comparableDn));
  const names = new Set(named.filter((name) => !name.includes('=')).map((name) => foldLogin(name.trim())));
  return (group) => dns.has(comparableDn(group)) || names.has(foldLogin(groupName(group)));
}

/** Letter case and the spaces around separators do not count (RFC 4514 section 2.4); what is escaped stays as it is. */
const comparableDn = (dn: string): string => foldLogin(dn.trim().replaceAll(/\s*(?<!\\)([,+=])\s*/g, '$1'));

/** The first of these groups that is among the named ones, by its name alone. */
export function groupAmong(groups: readonly string[], named: readonly string[]): string | null {
  const found = groups.find(amongGroups(named));
  return found === undefined ? null : groupName(found);
}

/** "Help Desk" of `cn=Help Desk,ou=groups,dc=example`; escapes as in RFC 4514 section 2.4. */
function groupName(dn: string): string {
  const [, value = dn] = /^[^=,+]+=((?:\\.|[^\\,+])*)/su.exec(dn) ?? [];
  const octets = (pairs: string): string => Buffer.from(pairs.replaceAll('\\', ''), 'hex').toString('utf8');
  return value.replaceAll(/(?:\\[0-9a-f]{2})+|\\(.)/giu, (pairs: string, character?: string) => character ?? octets(pairs)).trim();
}
