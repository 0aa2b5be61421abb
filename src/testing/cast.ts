/** The people of the tests: Alice and Bob, Carol, Dave, and Eve, who is nobody here and must always fail. */

import type { Role } from '../rules/account.ts';
import type { MethodName } from '../rules/vocabulary.ts';

export interface CastMember {
  readonly login: string;
  readonly name: string;
  readonly mail: string;
  readonly password: string;
  readonly role: Role;
  readonly groups: readonly [string, ...string[]];
  readonly holds: readonly MethodName[];
}

export const outsiders = 'cn=outsiders,ou=groups,dc=latchkey,dc=example';

const member = (login: string, name: string, more: Partial<CastMember> = {}): CastMember => ({
  login,
  name,
  mail: `${login}@home.example.net`,
  password: `${name} walks home at 5`,
  role: 'person',
  groups: ['cn=staff,ou=groups,dc=latchkey,dc=example'],
  holds: [],
  ...more,
});

/** All in the directory `office`, but for Laura, whose password lives in Latchkey. */
export const cast = {
  /** Registered. */
  alice: member('alice', 'Alice Ackroyd', { holds: ['email', 'totp'] }),
  /** Too few methods. */
  bob: member('bob', 'Bob Baker'),
  carol: member('carol', 'Carol Cook', { role: 'administrator', holds: ['totp', 'email'] }),
  /** Out of scope, though registered. */
  dave: member('dave', 'Dave Dyer', { groups: [outsiders], holds: ['email', 'totp'] }),
  /** Registered, with a local account. */
  laura: member('laura', 'Laura Lock', { holds: ['email', 'totp'] }),
} as const;

export type CastName = keyof typeof cast;
export const directoryCast: readonly CastName[] = ['alice', 'bob', 'carol', 'dave'];

/** A stranger: no account has this login. */
export const eve = 'eve';
