/** A directory in memory, for tests of all that stands above one: it obeys the contract, its clock is the test's, and it fails on demand. */

import type { Account } from '../rules/account.ts';
import { Refusal } from '../rules/refusal.ts';
import type { Instant } from '../rules/time.ts';
import type { PasswordPolicy } from '../directory/demo/password-policy.ts';
import type { Clock, Directory } from '../world.ts';
import { entryOf, type FakeOffice, type FakePerson, fakePolicy, type FakeResident, named, residentOf } from './fake-residents.ts';
import { fakePasswords } from './fake-passwords.ts';
import { away, type Faults, faultTable } from './faults.ts';

export interface FakeDirectory extends Directory, Pick<FakeOffice, 'policy' | 'onReset' | 'isComplex' | 'protectedGroups'> {
  /** What goes wrong, by step, until it is deleted: `directory.faults.set('set', unreachable)`. */
  readonly faults: Faults;
  add(person: FakePerson): FakeResident;
  /** A group within another, by DN. */
  nest(group: string, into: string): void;
  /** Throws when there is none. */
  resident(login: string): FakeResident;
  remove(login: string): void;
}

interface Wish {
  readonly clock: Clock;
  readonly id?: string;
  readonly people?: readonly FakePerson[];
  readonly policy?: Partial<PasswordPolicy>;
  /** DNs. */
  readonly protectedGroups?: readonly string[];
}

const pageSize = 100;

export function fakeDirectory({ clock, id = 'office', people = [], policy = {}, protectedGroups = [] }: Wish): FakeDirectory {
  const office: FakeOffice = {
    policy: { ...fakePolicy, ...policy },
    onReset: { history: true, minimumAge: true },
    isComplex: false,
    protectedGroups: new Set(protectedGroups),
    residents: new Map(),
    nested: new Map(),
  };
  const table = faultTable(clock);
  const server = `ldaps://${id}.example.com`;
  const seen = (resident: FakeResident) => entryOf(resident, office, clock.now());
  let lastGoodAt: Instant | null = null;
  let probedAt: Instant | null = null;

  const directory: FakeDirectory = {
    id,
    faults: table.faults,
    protectedGroups: office.protectedGroups,
    get policy() {
      return office.policy;
    },
    set policy(wanted) {
      office.policy = wanted;
    },
    get onReset() {
      return office.onReset;
    },
    set onReset(wanted) {
      office.onReset = wanted;
    },
    get isComplex() {
      return office.isComplex;
    },
    set isComplex(wanted) {
      office.isComplex = wanted;
    },
    add(person) {
      const resident = residentOf(person, office, clock.now());
      office.residents.set(resident.remoteId, resident);
      return resident;
    },
    nest(group, into) {
      office.nested.set(group, (office.nested.get(group) ?? new Set()).add(into));
    },
    resident: (login) => named(office, login)[0] ?? fail(login),
    remove: (login) => void office.residents.delete(directory.resident(login).remoteId),
    async find(login) {
      const fault = await table.meet('find');
      const [found, another] = named(office, login);
      if (fault || another) return fault ? away(fault) : new Refusal('directory.ambiguous');
      return found ? seen(found) : null;
    },
    async read(remoteId) {
      const fault = await table.meet('read');
      const found = office.residents.get(remoteId);
      return fault ? away(fault) : found ? seen(found) : null;
    },
    async *people() {
      const fault = await table.meet('people');
      if (fault) throw away(fault);
      const all = [...office.residents.values()].map(seen);
      for (let from = 0; from < all.length; from += pageSize) yield all.slice(from, from + pageSize);
    },
    async reading() {
      const ids = [...office.residents.keys()];
      return {
        bookmark: null,
        people: () => directory.people(),
        ids: () => pagesOf(ids),
        groups: () => pagesOf([...office.nested.keys()]),
        changes: async () => null,
        close: () => undefined,
      };
    },
    passwords: ({ remoteId }) => fakePasswords(remoteId ?? '', { office, clock, server, faults: table }),
    health() {
      const fault = table.at('health');
      const problem = fault && fault.kind !== 'held' && fault.kind !== 'slow' ? away(fault) : null;
      const isUsable = problem === null;
      return {
        id,
        isReachable: isUsable || fault?.kind === 'refused',
        isUsable,
        checkedAt: probedAt ?? clock.now(),
        lastGoodAt,
        server,
        kind: 'fake',
        problem,
      };
    },
    async probe() {
      const isGood = (await table.meet('health')) === null;
      probedAt = clock.now();
      if (isGood) lastGoodAt = probedAt;
      return directory.health();
    },
    /** As much as there is to look at in memory: whether it answers, and whether it knows the person. */
    async examine(login) {
      const { problem } = directory.health();
      const found = login === null || named(office, login).length === 1;
      const finding = { server, params: { name: 'fake', login: login ?? '', base: id }, cure: null, raw: problem?.raw ?? null };
      if (problem) return [{ ...finding, verdict: 'fault', key: 'connection.lost' }];
      return [
        { ...finding, verdict: 'well', key: 'bind.good' },
        ...(found ? [] : [{ ...finding, verdict: 'fault', key: 'account.unknown' } as const]),
      ];
    },
    close: async () => undefined,
  };

  for (const person of people) directory.add(person);
  return directory;
}

async function* pagesOf<T>(all: readonly T[]): AsyncGenerator<readonly T[], void, void> {
  for (let from = 0; from < all.length; from += pageSize) yield all.slice(from, from + pageSize);
}

function fail(login: string): never {
  throw new Error(`${login} is not in the fake directory`);
}

/** The account that a sync would have made of a resident. */
export function accountOf(directory: FakeDirectory, login: string, id = 1): Account {
  const { remoteId, name, mail, mobile, groups } = directory.resident(login);
  const flags = { dn: null, isProtected: false, isDisabled: false, suspendedAt: null, language: null } as const;
  return { id, login, home: directory.id, remoteId, name, mail, mobile, role: 'person', groups, ...flags };
}
