/** A bench of the directory contract on the fake directory. */

import { day } from '../rules/time.ts';
import { systemClock } from '../system.ts';
import { type Bench, benchPolicy, overlayTraits } from './directory-contract.ts';
import { accountOf, fakeDirectory } from './fake-directory.ts';
import { isDisabled, lockOf } from './fake-residents.ts';

export async function fakeBench(): Promise<Bench> {
  const groupDn = (name: string) => (name.startsWith('cn=') ? name : `cn=${name},ou=groups,dc=latchkey,dc=example`);
  const protectedGroup = groupDn('protected');
  const clock = systemClock;
  const directory = fakeDirectory({ clock, policy: benchPolicy, protectedGroups: [protectedGroup] });
  const { resident } = directory;
  const write = (login: string, credential: object) => {
    const found = resident(login);
    found.credential = { ...found.credential, ...credential };
  };
  const isLocked = (login: string) => lockOf(resident(login), directory, clock.now()) !== 'none';
  let made = 0;

  return {
    traits: overlayTraits,
    givePolicy: null,
    directory,
    protectedGroup,
    async addPerson(person) {
      directory.add(person);
      write(person.login, { changedAt: clock.now() - day });
      return accountOf(directory, person.login, ++made);
    },
    async addGroup(name, members) {
      const dn = groupDn(name);
      for (const member of members) {
        if (typeof member === 'string') directory.nest(member, dn);
        else resident(member.login).groups = [...resident(member.login).groups, dn];
      }
      return dn;
    },
    nest: async (group, into) => directory.nest(group, into),
    async lock({ login }, by) {
      const now = clock.now();
      const failures = Array<number>(benchPolicy.failuresToLock).fill(now);
      write(login, by === 'administrator' ? { lockedAt: 'for good' } : { lockedAt: now, failedAt: failures });
    },
    markMustChange: async ({ login }) => write(login, { mustChange: true }),
    age: async ({ login }, milliseconds) => write(login, { changedAt: clock.now() - milliseconds }),
    disable: async ({ login }) => write(login, { endsAt: clock.now() }),
    async setPolicy(policy) {
      directory.policy = { ...directory.policy, ...policy };
    },
    async opens({ login }, password) {
      const found = resident(login);
      return found.credential.hash === password && !isDisabled(found, clock.now()) && !isLocked(login);
    },
    isLocked: async ({ login }) => isLocked(login),
    kept: null,
    close: () => directory.close(),
  };
}
