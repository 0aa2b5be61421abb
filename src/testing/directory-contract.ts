/** What every directory must do, as one list of tests: run against the fake, the demo directory and real servers. It knows the narrow waist only. */

import type { Account } from '../rules/account.ts';
import type { Directory } from '../world.ts';

/**
 * A directory under test, together with the hands of its own administrator, who works behind the adapter's back.
 * At the start its policy is `benchPolicy`, and no person has a policy of their own.
 */
export interface Bench {
  /** Opened through the adapter under test; its configuration lists `protectedGroup`. */
  readonly directory: Directory;
  /** What `group` returns for a group made under this name: its members are protected. */
  readonly protectedGroup: string;
  /** A new person with this password in force, set "long ago" where the minimum age is concerned. Named in the DN by `name` where the kind allows it. */
  addPerson(person: BenchPerson): Promise<Account>;
  /** A new group of people and other groups (as `addGroup` returned them). Resolves to its name as the directory spells it: a DN. */
  addGroup(name: string, members: readonly (Account | string)[]): Promise<string>;
  /** Adds a group to the members of another, so that they can form a circle. */
  nest(group: string, into: string): Promise<void>;
  /** By as many wrong passwords as it takes, or as an administrator does it for good. */
  lock(account: Account, by: 'failures' | 'administrator'): Promise<void>;
  /** The next sign-in must choose a new password. */
  markMustChange(account: Account): Promise<void>;
  /** Makes the password that many milliseconds old. */
  age(account: Account, milliseconds: number): Promise<void>;
  disable(account: Account): Promise<void>;
  /** Changes these rules for everybody; what is not named stays. */
  setPolicy(policy: Partial<BenchPolicy>): Promise<void>;
  /** Whether the password lets one in, asked of the server itself. A wrong one may count as a failure. */
  opens(account: Account, password: string): Promise<boolean>;
  /** Whether the entry is locked, read by the administrator. */
  isLocked(account: Account): Promise<boolean>;
  close(): Promise<void>;
}

export interface BenchPerson {
  readonly login: string;
  readonly name: string;
  readonly password: string;
  readonly mail?: string;
  readonly mobile?: string;
}

export interface BenchPolicy {
  readonly minimumLength: number;
  readonly history: number;
  /** Milliseconds; 0 is none. */
  readonly minimumAge: number;
  readonly maximumAge: number;
  readonly failuresToLock: number;
  readonly lockMillis: number;
}

/** What the people of a bench are bound by until a test says otherwise. The contract puts it back. */
export const benchPolicy: BenchPolicy = {
  minimumLength: 12,
  history: 5,
  minimumAge: 0,
  maximumAge: 90 * 86_400_000,
  failuresToLock: 3,
  lockMillis: 1_800_000,
};

/** Registers the whole list as one uvu suite under `name`. `open` is called once, before the first test. */
export declare function directoryContract(name: string, open: () => Promise<Bench>): void;
