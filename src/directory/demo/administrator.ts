/** What an administrator of the demo directory does behind everybody's back: for its bench of tests, and to set a scene. */

import { day, type Instant } from '../../rules/time.ts';
import type { Building } from './building.ts';
import { personDn } from './building.ts';
import type { Entry } from './entries.ts';
import type { DemoPerson } from './office.ts';
import type { PasswordHash } from './password-hash.ts';
import { type Credential, isLocked, lockedByFailures, type PasswordPolicy } from './password-policy.ts';

/** People by login, groups by DN. A login or group that is not there throws. */
export interface AdministratorHands {
  /** Resolves to the entryUUID. The password counts as a day old. */
  addPerson(person: DemoPerson): Promise<{ dn: string; uuid: string }>;
  /** Members are DNs of people and groups. Resolves to the group's DN. */
  addGroup(name: string, members: readonly string[]): Promise<string>;
  nest(group: string, into: string): Promise<void>;
  lock(login: string, by: 'failures' | 'administrator'): Promise<void>;
  markMustChange(login: string): Promise<void>;
  /** Makes the password that many milliseconds old. */
  age(login: string, milliseconds: number): Promise<void>;
  /** pwdEndTime: from now on nobody gets in. */
  disable(login: string): Promise<void>;
  setPolicy(policy: Partial<PasswordPolicy>): Promise<void>;
  isLocked(login: string): boolean;
  /** Whether the password is the person's, lock or no lock; counts nothing. */
  isPassword(login: string, password: string): Promise<boolean>;
}

type Needs = Building & { readonly passwords: PasswordHash; readonly now: () => Instant; readonly keep: () => Promise<void> };

export function administratorHands({ entries, addPerson, addGroup, passwords, now, keep }: Needs): AdministratorHands {
  const entry = (dn: string): Entry => entries.find(dn) ?? fail(dn);
  const credentialOf = (login: string): Credential => entry(personDn(login)).credential ?? fail(login);

  function write(login: string, change: Partial<Credential>): Promise<void> {
    Object.assign(entry(personDn(login)), { credential: { ...credentialOf(login), ...change }, modifiedAt: now() });
    return keep();
  }

  return {
    async addPerson(person) {
      const { dn, uuid } = await addPerson(person);
      await write(person.login, { changedAt: now() - day });
      return { dn, uuid };
    },
    async addGroup(name, members) {
      const { dn } = addGroup(name, members.map(entry));
      await keep();
      return dn;
    },
    async nest(group, into) {
      entry(into).members?.push(entry(group));
    },
    lock: (login, by) =>
      write(login, by === 'administrator' ? { lockedAt: 'for good' } : lockedByFailures(credentialOf(login), entries.policy, now())),
    markMustChange: (login) => write(login, { mustChange: true }),
    age: (login, milliseconds) => write(login, { changedAt: now() - milliseconds }),
    disable: (login) => write(login, { endsAt: now() }),
    async setPolicy(policy) {
      entries.policy = { ...entries.policy, ...policy };
    },
    isLocked: (login) => isLocked(credentialOf(login), entries.policy, now()),
    isPassword: (login, password) => passwords.matches(password, credentialOf(login).hash),
  };
}

function fail(name: string): never {
  throw new Error(`the demo directory has no ${name}`);
}
