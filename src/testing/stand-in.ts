/** The least that can be called a directory, for tests of what stands above it. Its behaviour in detail is the contract's matter. */

import { noDirectoryRules } from '../rules/password.ts';
import { Refusal } from '../rules/refusal.ts';
import type { BeforeSending, Clock, Directory, DirectoryEntry, PasswordStatus, Passwords, WriteOutcome } from '../world.ts';

interface Person {
  readonly entry: DirectoryEntry;
  password: string;
  /** Counts the passwords there have been. */
  generation: number;
  lock: PasswordStatus['lock'];
  isDisabled: boolean;
  isProtected: boolean;
  mustChange: boolean;
}

export interface StandIn extends Directory {
  isAway: boolean;
  add(entry: DirectoryEntry, password: string): void;
  person(login: string): Person;
}

export function standInDirectory({ id, clock }: { id: string; clock: Clock }): StandIn {
  const people = new Map<string, Person>();
  const server = `ldaps://${id}.example.com`;
  const away = () => new Refusal('directory.unreachable', { raw: 'connect ECONNREFUSED' });
  const byRemoteId = (remoteId: string | null): Person | undefined => [...people.values()].find(({ entry }) => entry.remoteId === remoteId);

  const directory: StandIn = {
    id,
    isAway: false,
    add(entry, password) {
      people.set(entry.login, { entry, password, generation: 1, lock: 'none', isDisabled: false, isProtected: false, mustChange: false });
    },
    person(login) {
      const found = people.get(login);
      if (!found) throw new Error(`${login} is not in the directory`);
      return found;
    },
    find: async (login) => (directory.isAway ? away() : (people.get(login)?.entry ?? null)),
    read: async (remoteId) => (directory.isAway ? away() : (byRemoteId(remoteId)?.entry ?? null)),
    async *people() {
      if (directory.isAway) throw away();
      yield [...people.values()].map(({ entry }) => entry);
    },
    passwords: ({ remoteId }) => passwordsOf(byRemoteId(remoteId)),
    health: () => ({
      id,
      isReachable: !directory.isAway,
      checkedAt: clock.now(),
      lastGoodAt: clock.now(),
      server,
      kind: 'stand-in',
      problem: directory.isAway ? away() : null,
    }),
    probe: async () => directory.health(),
    close: async () => {},
  };

  function passwordsOf(person: Person | undefined): Passwords {
    const missing = (): Refusal | null => (directory.isAway ? away() : person ? null : new Refusal('directory.not-found'));
    const marker = () => String(person?.generation ?? 0);
    function write(beforeSending: BeforeSending, change: (person: Person) => void): WriteOutcome {
      const refusal = missing();
      if (refusal || !person) return { kind: 'refused', refusal: refusal ?? new Refusal('directory.not-found') };
      beforeSending({ server, marker: marker() });
      change(person);
      return { kind: 'done', server, isProved: true, apply: () => {} };
    }
    const put = (password: string) => (person: Person) => {
      Object.assign(person, { password, generation: person.generation + 1, lock: 'none', mustChange: false });
    };
    return {
      async status() {
        const refusal = missing();
        if (refusal || !person) return refusal ?? new Refusal('directory.not-found');
        const { lock, isDisabled, isProtected, mustChange } = person;
        return {
          server,
          marker: marker(),
          isDisabled,
          lock,
          mustChange,
          isExpired: false,
          isProtected,
          changedAt: null,
          expiresAt: null,
          changeableAt: null,
          failuresLeft: null,
          rules: noDirectoryRules,
        };
      },
      async verify(password) {
        const refusal = missing();
        if (refusal) return refusal;
        if (person?.password !== password) return new Refusal('directory.wrong-old-password');
        return person.lock === 'none' ? { mustChange: person.mustChange, isExpired: false } : new Refusal('directory.locked');
      },
      set: async (password, beforeSending) => write(beforeSending, put(password)),
      change: async ({ current, password }, beforeSending) =>
        person && person.password !== current
          ? { kind: 'refused', refusal: new Refusal('directory.wrong-old-password') }
          : write(beforeSending, put(password)),
      unlock: async (beforeSending) =>
        write(beforeSending, (found) => {
          found.lock = 'none';
        }),
      async outcome({ marker: before, act }) {
        const refusal = missing();
        if (refusal || !person) return refusal ?? new Refusal('directory.not-found');
        const isDone = act.startsWith('unlock') ? person.lock === 'none' : before !== marker();
        return isDone ? 'done' : 'not done';
      },
    };
  }

  return directory;
}
