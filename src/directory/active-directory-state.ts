/**
 * What Active Directory says of one person's password, live: what it computes itself first, and the policy that binds this very person, or
 * an honest "cannot be read". It changes nothing.
 */

import { type DirectoryRules, noDirectoryRules } from '../rules/password.ts';
import { Refusal } from '../rules/refusal.ts';
import type { Instant } from '../rules/time.ts';
import type { Place, State } from './dialect.ts';
import { instantOf, spanOf } from './file-time.ts';
import type { Entry } from './ldap.ts';
import { readEntry } from './read-entry.ts';
import { passwordVersion } from './replication.ts';

/** Bits of userAccountControl (MS-ADTS 2.2.16), and of the same as the server computes it (3.1.1.4.5.17). */
const flags = { disabled: 0x2, locked: 0x10, passwordNeverExpires: 0x10000, passwordExpired: 0x800000 } as const;

const attributes = [
  ...['pwdLastSet', 'lockoutTime', 'badPwdCount', 'badPasswordTime', 'userAccountControl', 'accountExpires', 'replPropertyMetaData'],
  // What a password may not contain where it must be complex (MS-SAMR 3.1.1.7.2).
  ...['sAMAccountName', 'displayName'],
  // Computed: by name, of one entry. A filter that asks for them finds nobody, and says so with success.
  ...['msDS-User-Account-Control-Computed', 'msDS-UserPasswordExpiryTimeComputed', 'msDS-ResultantPSO'],
];

/** Throws a Refusal where the directory hides whether this account is switched off. */
export async function readState(place: Place, now: Instant, onReset: DirectoryRules['onReset']): Promise<State> {
  const entry = (await readEntry(place.link, place.dn, { attributes })) ?? place.entry;
  if (!showsFlags(entry)) throw new Refusal('directory.no-permission', { raw: `${place.dn}: userAccountControl cannot be read` });
  const policy = await policyOf(place, entry);
  const lock = isLocked(entry, policy, now) ? 'lockout' : 'none';
  const changedAt = instantOf(entry.text('pwdLastSet'));
  const ended = hasEnded(entry, policy, now);
  const mustChange = ended && entry.text('pwdLastSet') === '0';
  const youngUntil = changedAt !== null && policy?.minimumAge ? changedAt + policy.minimumAge : null;
  return {
    // Setting the same password again moves pwdLastSet, and "must change" makes it 0 whatever it was.
    marker: passwordVersion(entry.bytes('replPropertyMetaData')) ?? entry.text('pwdLastSet'),
    isDisabled: isDisabled(entry, now),
    lock,
    mustChange,
    isExpired: ended && !mustChange,
    changedAt,
    expiresAt: expiryOf(entry, policy),
    changeableAt: youngUntil !== null && youngUntil > now ? youngUntil : null,
    failuresLeft: lock === 'lockout' ? 0 : failuresLeft(entry, policy, now),
    rules: {
      ...noDirectoryRules,
      onReset,
      ...(policy && { minimumLength: policy.minimumLength, isComplex: policy.isComplex, history: policy.history }),
      ...(policy?.isComplex && { names: { login: entry.text('sAMAccountName') ?? '', name: entry.text('displayName') ?? '' } }),
      minimumAge: policy?.minimumAge ?? null,
      maximumAge: has(entry, 'passwordNeverExpires') ? null : (policy?.maximumAge ?? null),
    },
  };
}

/**
 * An account that has come to its own end is switched off as one that an administrator disabled. So is one that does not show it (a hardened
 * domain hides the whole property set, and everywhere from the administrators' own entries inherited rights are gone), and what is no account.
 */
export function isDisabled(entry: Entry, now: Instant): boolean {
  const end = instantOf(entry.text('accountExpires'));
  return !showsFlags(entry) || has(entry, 'disabled') || (end !== null && end <= now);
}

/** The naming context of a domain is named by `DC` alone (MS-ADTS 3.1.1.1.5), which is known where the root entry is hidden, too. */
export const domainOf = (dn: string): string => /(?:^|(?<!\\),)\s*(DC=[^,]+(?:,\s*DC=[^,]+)*)$/i.exec(dn)?.[1] ?? dn;

const bits = (entry: Entry, attribute: string): number | null => wholeNumber(entry.text(attribute));
const showsFlags = (entry: Entry): boolean => bits(entry, 'userAccountControl') !== null;
const has = (entry: Entry, flag: keyof typeof flags): boolean => ((bits(entry, 'userAccountControl') ?? 0) & flags[flag]) !== 0;
const computed = (entry: Entry, flag: keyof typeof flags): boolean | null => {
  const told = bits(entry, 'msDS-User-Account-Control-Computed');
  return told === null ? null : (told & flags[flag]) !== 0;
};

/** lockoutTime stays as it is when a lockout has run out, until the next good sign-in. */
function isLocked(entry: Entry, policy: Policy | null, now: Instant): boolean {
  const told = computed(entry, 'locked');
  if (told !== null) return told;
  const since = instantOf(entry.text('lockoutTime'));
  const duration = policy?.lockMillis ?? null;
  return since !== null && (duration === null || since + duration > now);
}

function hasEnded(entry: Entry, policy: Policy | null, now: Instant): boolean {
  const told = computed(entry, 'passwordExpired');
  if (told !== null) return told;
  const expiresAt = expiryOf(entry, policy);
  return !has(entry, 'passwordNeverExpires') && (entry.text('pwdLastSet') === '0' || (expiresAt !== null && expiresAt <= now));
}

function expiryOf(entry: Entry, policy: Policy | null): Instant | null {
  const told = entry.text('msDS-UserPasswordExpiryTimeComputed');
  if (told !== null) return instantOf(told);
  const changedAt = instantOf(entry.text('pwdLastSet'));
  return changedAt === null || !policy?.maximumAge || has(entry, 'passwordNeverExpires') ? null : changedAt + policy.maximumAge;
}

/** badPwdCount stays, too, and counts only within the window after the last wrong password (MS-SAMR 3.1.5.14.7). */
function failuresLeft(entry: Entry, policy: Policy | null, now: Instant): number | null {
  if (!policy?.failuresToLock) return null;
  const last = instantOf(entry.text('badPasswordTime'));
  const isOver = last !== null && policy.windowMillis !== null && last + policy.windowMillis <= now;
  return Math.max(0, policy.failuresToLock - (isOver ? 0 : (wholeNumber(entry.text('badPwdCount')) ?? 0)));
}

interface Policy {
  readonly minimumLength: number | null;
  readonly history: number | null;
  readonly isComplex: boolean;
  /** Milliseconds; null where there is no such limit. */
  readonly minimumAge: number | null;
  readonly maximumAge: number | null;
  readonly failuresToLock: number | null;
  readonly windowMillis: number | null;
  readonly lockMillis: number | null;
}

/** The same under the names of the domain's own entry, and of a fine-grained policy (MS-ADTS 3.1.1.3.1.5 and 3.1.1.4.5.36). */
const domainNames = {
  minimumLength: 'minPwdLength',
  history: 'pwdHistoryLength',
  complexity: 'pwdProperties',
  minimumAge: 'minPwdAge',
  maximumAge: 'maxPwdAge',
  failuresToLock: 'lockoutThreshold',
  window: 'lockOutObservationWindow',
  lock: 'lockoutDuration',
} as const;
const fineGrainedNames: Readonly<Record<keyof typeof domainNames, string>> = {
  minimumLength: 'msDS-MinimumPasswordLength',
  history: 'msDS-PasswordHistoryLength',
  complexity: 'msDS-PasswordComplexityEnabled',
  minimumAge: 'msDS-MinimumPasswordAge',
  maximumAge: 'msDS-MaximumPasswordAge',
  failuresToLock: 'msDS-LockoutThreshold',
  window: 'msDS-LockoutObservationWindow',
  lock: 'msDS-LockoutDuration',
};

/** Null where it may not be read: then the domain's numbers are somebody else's. A server says so with success and no entry. */
async function policyOf({ link, dn }: Place, person: Entry): Promise<Policy | null> {
  const own = person.text('msDS-ResultantPSO');
  const names = own === null ? domainNames : fineGrainedNames;
  const found = await readEntry(link, own ?? domainOf(dn), { attributes: Object.values(names) });
  const text = (name: keyof typeof names) => found?.text(names[name]) ?? null;
  if (text('minimumLength') === null) return null;
  return {
    minimumLength: wholeNumber(text('minimumLength')),
    history: wholeNumber(text('history')),
    isComplex: text('complexity') === 'TRUE' || ((wholeNumber(text('complexity')) ?? 0) & 1) === 1,
    minimumAge: spanOf(text('minimumAge')),
    maximumAge: spanOf(text('maximumAge')),
    failuresToLock: wholeNumber(text('failuresToLock')) || null,
    windowMillis: spanOf(text('window')),
    lockMillis: spanOf(text('lock')),
  };
}

/** Flags come with a sign (MS-ADTS 3.1.1.2.2.2, Integer). */
const wholeNumber = (text: string | null): number | null => (text !== null && /^-?\d{1,10}$/.test(text) ? Number(text) : null);
