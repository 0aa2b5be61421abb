/** People and groups as the Internet's own schemas have them (RFC 4519, 2798, 2307): what OpenLDAP and 389 Directory Server say alike. */

import type { Dialect } from './dialect.ts';
import { isSameDn } from './dn.ts';
import { equal, or } from './filter.ts';

export const internetSchema = {
  loginAttributes: ['uid', 'mail'],
  attributes: { name: 'cn', mail: 'mail', mobile: 'mobile', phone: 'telephoneNumber', manager: 'manager' },
  isProtected: () => false,
  isNamed: (entry, bindName) => isSameDn(entry.dn, bindName),

  /** The last is of RFC 2307bis; a class that a server does not know is no entry's (RFC 4511 4.5.1.7). */
  groups: or(...['groupOfNames', 'groupOfUniqueNames', 'posixGroup', 'groupOfMembers'].map((name) => equal('objectClass', name))),
  groupBase: (_root, baseDn) => baseDn,
  administrators: async () => [],
  memberAttributes: ['member', 'uniqueMember'],
  memberRange: null,
  memberNames: { attribute: 'memberUid', means: 'uid', groupsOf: (person) => person.texts('uid').map((uid) => equal('memberUid', uid)) },
} satisfies Partial<Dialect>;
