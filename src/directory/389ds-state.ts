/**
 * What 389 Directory Server says of one person's password, and the policy that binds this very person, or an honest "cannot be read". Measured
 * with 2.3. It changes nothing.
 */

import { noDirectoryRules } from '../rules/password.ts';
import { day, hour, type Instant, minute, second } from '../rules/time.ts';
import type { Place, State } from './dialect.ts';
import { instantOf } from './generalized-time.ts';
import type { Entry, Link } from './ldap.ts';
import { readEntry } from './read-entry.ts';

export const stateAttributes = [
  ...['pwdPolicySubentry', 'pwdUpdateTime', 'passwordExpirationTime', 'passwordAllowChangeTime', 'nsAccountLock'],
  ...['passwordRetryCount', 'retryCountResetTime', 'accountUnlockTime'],
];

/** Stands where the password is good for one sign-in; the server itself looks for it and not at pwdReset, which nobody may write. */
export const firstSignIn = '19700101000000Z';
/** Stands where a password does not expire but others must be changed. */
const neverExpires = second;

export async function readState(place: Place, now: Instant): Promise<State> {
  const { entry } = place;
  const policy = await policyOf(place);
  const lock = isLocked(entry, policy, now) ? 'lockout' : 'none';
  const end = instantOf(entry.text('passwordExpirationTime'));
  const mustChange = entry.text('passwordExpirationTime') === firstSignIn && policy.flag('passwordMustChange') !== false;
  const expiresAt = end !== null && end > neverExpires && policy.flag('passwordExp') !== false ? end : null;
  // Written with the password, by the policy of that day.
  const youngUntil = policy.millis('passwordMinAge') === 0 ? null : instantOf(entry.text('passwordAllowChangeTime'));
  const updatedAt = policy.flag('passwordTrackUpdateTime') ? entry.text('pwdUpdateTime') : null;
  const checksSyntax = policy.flag('passwordCheckSyntax') === true;
  return {
    /**
     * Nothing else will do: a sign-in shortly before the end moves passwordExpirationTime, and modifyTimestamp moves with everything. Where it
     * is no longer tracked the attribute stays and lies.
     */
    marker: policy.flag('passwordTrackUpdateTime') ? (updatedAt ?? 'never') : null,
    isDisabled: isDisabled(entry),
    lock,
    mustChange,
    isExpired: expiresAt !== null && expiresAt <= now,
    changedAt: instantOf(updatedAt),
    expiresAt,
    // Who must change may, however young the password is; a reset of theirs may still be refused (measured).
    changeableAt: youngUntil !== null && youngUntil > now && !mustChange ? youngUntil : null,
    failuresLeft: lock === 'lockout' ? 0 : failuresLeft(entry, policy, now),
    rules: {
      ...noDirectoryRules,
      minimumLength: checksSyntax ? policy.number('passwordMinLength') : null,
      // The nearest that can be said beforehand: this server takes a space for a sign, letters beyond ASCII for a class, and refuses any three
      // letters in a row of a name, a login or an address (passwordMinTokenLength).
      isComplex: checksSyntax && (policy.number('passwordMinCategories') ?? 0) >= 3,
      history: policy.flag('passwordHistory') ? policy.number('passwordInHistory') : null,
      minimumAge: policy.millis('passwordMinAge') || null,
      maximumAge: policy.flag('passwordExp') ? policy.millis('passwordMaxAge') : null,
      onReset: { history: true, minimumAge: true },
    },
  };
}

/** Computed where roles switch accounts off, and read like any other. */
export const isDisabled = (entry: Entry): boolean => entry.text('nsAccountLock')?.toLowerCase() === 'true';

/** A failure too many AND a time to come: a good sign-in, or a reset, sets the count back and leaves the time as it is. */
function isLocked(entry: Entry, policy: Policy, now: Instant): boolean {
  const until = instantOf(entry.text('accountUnlockTime'));
  const failures = countOf(entry);
  if (until === null || failures === 0 || policy.flag('passwordLockout') === false) return false;
  if (failures < (policy.number('passwordMaxFailure') ?? 1)) return false;
  // Without passwordUnlock it is 1970 for "until an administrator comes".
  return until > now || (until === 0 && policy.flag('passwordUnlock') === false);
}

/** When a lockout has run out the count stays, and the next wrong password locks again. */
function failuresLeft(entry: Entry, policy: Policy, now: Instant): number | null {
  const most = policy.number('passwordMaxFailure') ?? 0;
  if (policy.flag('passwordLockout') !== true || most === 0) return null;
  const forgottenAt = instantOf(entry.text('retryCountResetTime'));
  const counted = forgottenAt !== null && forgottenAt <= now ? 0 : countOf(entry);
  return Math.max(1, most - counted);
}

const countOf = (entry: Entry): number => Number(entry.text('passwordRetryCount') ?? 0);

/** The fields of a policy; null where it cannot be read. */
interface Policy {
  flag(name: string): boolean | null;
  number(name: string): number | null;
  /** Of a span of time. */
  millis(name: string): number | null;
}

/** The policy of the person or of their subtree, where those count at all; else that of the whole server, which lies in its configuration. */
async function policyOf({ link, entry }: Place): Promise<Policy> {
  const own = entry.text('pwdPolicySubentry');
  const [everybodys, theirs] = await Promise.all([readPolicy(link, 'cn=config'), own === null ? null : readPolicy(link, own)]);
  const isTheirs = own !== null && everybodys?.text('nsslapd-pwpolicy-local') !== 'off';
  const text = (name: string): string | null => {
    if (!isTheirs) return everybodys?.text(name) ?? null;
    return theirs && (theirs.text(name) ?? unsaid[name] ?? 'off');
  };
  return {
    flag: (name) => ({ on: true, '1': true, off: false, '0': false })[text(name)?.toLowerCase() ?? ''] ?? null,
    number: (name) => wholeNumber(text(name)),
    millis(name) {
      const [, count = null, unit = 's'] = /^(\d+)([wdhms]?)$/i.exec(text(name) ?? '') ?? [];
      return count === null ? null : Number(count) * (spans[unit.toLowerCase()] ?? second);
    },
  };
}

/**
 * What a policy of one person or one subtree leaves unsaid is not what the server's says, but this. With nsslapd-pwpolicy-inherit-global the
 * syntax may be the server's after all: no schema knows that name, so no access rule can show it, and such a rule is met only when it refuses.
 */
const unsaid: Readonly<Record<string, string>> = {
  passwordMinLength: '8',
  passwordMinCategories: '3',
  passwordInHistory: '6',
  passwordMinAge: '0',
  passwordMaxAge: '8640000',
  passwordMaxFailure: '3',
  passwordUnlock: 'on',
};

const spans: Readonly<Record<string, number>> = { w: 7 * day, d: day, h: hour, m: minute, s: second };
const wholeNumber = (text: string | null): number | null => (text !== null && /^\d+$/.test(text) ? Number(text) : null);

const policyAttributes = [
  ...['nsslapd-pwpolicy-local', 'passwordTrackUpdateTime', 'passwordCheckSyntax', 'passwordMinLength', 'passwordMinCategories'],
  ...['passwordHistory', 'passwordInHistory', 'passwordMinAge', 'passwordExp', 'passwordMaxAge', 'passwordMustChange'],
  ...['passwordLockout', 'passwordMaxFailure', 'passwordUnlock'],
];

const readPolicy = (link: Link, dn: string): Promise<Entry | null> => readEntry(link, dn, { attributes: policyAttributes });
