/** The people and groups of the fake directory, and what their entries say of them. It knows no verb that a flow may use. */

import type { Credential, PasswordPolicy } from '../directory/demo/password-policy.ts';
import { freshCredential, isExpired, isLocked } from '../directory/demo/password-policy.ts';
import { foldLogin } from '../rules/account.ts';
import type { DirectoryRules } from '../rules/password.ts';
import type { Instant } from '../rules/time.ts';
import type { DirectoryEntry, PasswordStatus } from '../world.ts';

export interface FakePerson {
  readonly login: string;
  /** Default: the login and "walks home at 5". */
  readonly password?: string;
  readonly name?: string;
  readonly mail?: string | null;
  readonly mobile?: string | null;
  readonly remoteId?: string;
  /** DNs of the groups the person is directly in; they need not have been made before. */
  readonly groups?: readonly string[];
}

/** A person as the directory's own administrator holds them: whatever is written here is so at once. */
export interface FakeResident {
  readonly login: string;
  readonly remoteId: string;
  readonly dn: string;
  name: string;
  mail: string | null;
  mobile: string | null;
  groups: readonly string[];
  /** Its `hash` is the password itself: this is a fake. */
  credential: Credential;
  /** Counts the passwords there have been: what `PasswordStatus.marker` shows. */
  generation: number;
}

export interface FakeOffice {
  policy: PasswordPolicy;
  /** What a reset is held to as well: Active Directory without its control, and older Sambas, skip both. */
  onReset: DirectoryRules['onReset'];
  /** Only said, and never held to: Samba's does not look for names either. */
  isComplex: boolean;
  /** DNs; members of these, through other groups too, are protected. */
  readonly protectedGroups: Set<string>;
  /** By remote id, in the order in which they came. */
  readonly residents: Map<string, FakeResident>;
  /** Into which groups a group goes. */
  readonly nested: Map<string, Set<string>>;
}

/** The numbers of the contract's bench, so that whoever reads a test knows them. */
export const fakePolicy: PasswordPolicy = {
  minimumLength: 12,
  history: 5,
  minimumAge: 0,
  maximumAge: 90 * 86_400_000,
  warning: 0,
  graceLogins: 0,
  failuresToLock: 3,
  lockMillis: 1_800_000,
  failureMillis: 0,
  safeModify: false,
};

export function residentOf(person: FakePerson, { policy }: FakeOffice, now: Instant): FakeResident {
  const {
    login,
    password = `${login} walks home at 5`,
    name = login,
    mail = null,
    mobile = null,
    groups = [],
    remoteId = `id-${login}`,
  } = person;
  // Long enough ago for the minimum age not to matter.
  const credential = freshCredential(password, now - policy.minimumAge);
  return { login, remoteId, dn: `uid=${login},ou=people,dc=latchkey,dc=example`, name, mail, mobile, groups, credential, generation: 1 };
}

/** By login or mail address. */
export const named = ({ residents }: FakeOffice, login: string): FakeResident[] =>
  [...residents.values()].filter((resident) =>
    [resident.login, resident.mail].some((name) => name !== null && foldLogin(name) === foldLogin(login)),
  );

export function entryOf(resident: FakeResident, office: FakeOffice, now: Instant): DirectoryEntry {
  const { remoteId, dn, login, name, mail, mobile } = resident;
  const groups = groupsOf(resident, office);
  return {
    remoteId,
    dn,
    login,
    name,
    mail,
    mobile,
    groups,
    isDisabled: isDisabled(resident, now),
    isProtected: isProtected(groups, office),
  };
}

/** Nested ones included, each once: a set that grows while it is walked. */
function groupsOf({ groups }: FakeResident, { nested }: FakeOffice): string[] {
  const all = new Set(groups);
  for (const group of all) for (const outer of nested.get(group) ?? []) all.add(outer);
  return [...all];
}

const isProtected = (groups: readonly string[], { protectedGroups }: FakeOffice): boolean =>
  groups.some((group) => protectedGroups.has(group));

export const isDisabled = ({ credential: { endsAt } }: FakeResident, now: Instant): boolean => endsAt !== null && endsAt <= now;

export function lockOf({ credential }: FakeResident, { policy }: Pick<FakeOffice, 'policy'>, now: Instant): PasswordStatus['lock'] {
  if (!isLocked({ ...credential, endsAt: null }, policy, now)) return 'none';
  return credential.lockedAt === 'for good' ? 'administrator' : 'lockout';
}

export function statusOf(resident: FakeResident, office: FakeOffice, now: Instant): Omit<PasswordStatus, 'server'> {
  const { policy } = office;
  const { changedAt, failedAt, mustChange } = resident.credential;
  const counted = failedAt.filter((at) => policy.failureMillis === 0 || now - at < policy.failureMillis);
  const changeableAt = changedAt + policy.minimumAge;
  return {
    marker: String(resident.generation),
    isDisabled: isDisabled(resident, now),
    lock: lockOf(resident, office, now),
    mustChange,
    isExpired: isExpired(resident.credential, policy, now),
    isProtected: isProtected(groupsOf(resident, office), office),
    changedAt,
    expiresAt: policy.maximumAge > 0 ? changedAt + policy.maximumAge : null,
    changeableAt: !mustChange && changeableAt > now ? changeableAt : null,
    failuresLeft: policy.failuresToLock === 0 ? null : Math.max(0, policy.failuresToLock - counted.length),
    rules: {
      minimumLength: policy.minimumLength || null,
      maximumLength: null,
      lengthUnit: 'bytes',
      isComplex: office.isComplex,
      history: policy.history,
      minimumAge: policy.minimumAge || null,
      maximumAge: policy.maximumAge || null,
      onReset: office.onReset,
    },
  };
}
