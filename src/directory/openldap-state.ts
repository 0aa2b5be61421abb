/**
 * What OpenLDAP says of one person's password, live: by the policy of slapo-ppolicy(5) that binds this very person, or an honest "cannot be
 * read". It changes nothing.
 */

import { noDirectoryRules } from '../rules/password.ts';
import { type Instant, second } from '../rules/time.ts';
import type { Place, State } from './dialect.ts';
import { equal, not } from './filter.ts';
import { instantOf } from './generalized-time.ts';
import type { Entry, Link } from './ldap.ts';
import { isHeld } from './openldap-hold.ts';
import { readEntry } from './read-entry.ts';

/** The fields of a policy that bind one person; null where the policy does not say or cannot be read. */
interface PolicyFields {
  readonly dn: string | null;
  number(name: string): number | null;
  flag(name: string): boolean | null;
}

export async function readState(place: Place, now: Instant): Promise<State> {
  const { entry } = place;
  const policy = await policyOf(place);
  const seconds = (name: string) => ((policy.number(name) ?? 0) > 0 ? (policy.number(name) ?? 0) * second : null);
  const changedAt = instantOf(entry.text('pwdChangedTime'));
  const mustChange = entry.text('pwdReset') === 'TRUE' && policy.flag('pwdMustChange') !== false;
  const [minimumAge, maximumAge] = [seconds('pwdMinAge'), seconds('pwdMaxAge')];
  const expiresAt = changedAt !== null && maximumAge !== null ? changedAt + maximumAge : null;
  const youngUntil = changedAt !== null && minimumAge !== null ? changedAt + minimumAge : null;
  const isMeasured = (policy.number('pwdCheckQuality') ?? 0) > 0;
  const length = (name: string) => (isMeasured ? policy.number(name) || null : null);
  const history = policy.dn === null ? null : (policy.number('pwdInHistory') ?? 0);
  const isBound = policy.dn !== null && (history !== 0 || minimumAge !== null) && (await isHeld(place, policy.dn, now));
  return {
    marker: entry.text('pwdChangedTime'),
    isDisabled: isOutsideItsTime(entry, now) || isIdle(entry, policy, now),
    lock: lockOf(entry, policy, now),
    mustChange,
    isExpired: expiresAt !== null && expiresAt <= now,
    changedAt,
    expiresAt,
    // Who must change may, however young the password is (measured).
    changeableAt: youngUntil !== null && youngUntil > now && !mustChange ? youngUntil : null,
    failuresLeft: failuresLeft(entry, policy, now),
    rules: {
      ...noDirectoryRules,
      // slapd compares bytes, and only when it checks quality at all.
      lengthUnit: 'bytes',
      minimumLength: length('pwdMinLength'),
      // From slapd 2.5 on.
      maximumLength: length('pwdMaxLength'),
      history,
      minimumAge,
      maximumAge,
      onReset: { history: isBound, minimumAge: isBound },
    },
  };
}

/** The policy overlay has no other way to switch an account off. */
export function isOutsideItsTime(entry: Entry, now: Instant): boolean {
  const [start, end] = [instantOf(entry.text('pwdStartTime')), instantOf(entry.text('pwdEndTime'))];
  return (start !== null && start > now) || (end !== null && end <= now);
}

/** Given by an administrator, for good; slapd itself writes it only where a lockout has no end. */
const lockedForGood = '000001010000Z';

/**
 * A lock that is hidden looks like none, and what is written would end it. slapd calls a filter on what may not be searched neither true nor
 * false, so this one is met only where there certainly is no administrator's lock (RFC 4511 4.5.1.7).
 */
export async function showsLock({ link, dn, entry }: Pick<Place, 'link' | 'dn' | 'entry'>): Promise<boolean> {
  if (entry.text('pwdAccountLockedTime') !== null) return true;
  const filter = not(equal('pwdAccountLockedTime', lockedForGood));
  return (await link.search({ base: dn, scope: 'base', filter, attributes: ['1.1'] })).length > 0;
}

/** Until when the last wrong password keeps the right one out (pwdMinDelay, pwdMaxDelay); null when it does not. */
export function pausedUntil(entry: Entry, now: Instant): Instant | null {
  const end = instantOf(entry.text('pwdAccountTmpLockoutEnd'));
  return end !== null && end > now ? end : null;
}

function lockOf(entry: Entry, policy: PolicyFields, now: Instant): State['lock'] {
  const locked = entry.text('pwdAccountLockedTime');
  const duration = policy.number('pwdLockoutDuration') ?? 0;
  if (locked === lockedForGood) {
    const most = policy.number('pwdMaxFailure') ?? 0;
    const isFromFailures = policy.number('pwdLockoutDuration') === 0 && most > 0 && entry.texts('pwdFailureTime').length >= most;
    return isFromFailures ? 'lockout' : 'administrator';
  }
  if (policy.flag('pwdLockout') === false) return 'none';
  if (pausedUntil(entry, now) !== null) return 'lockout';
  if (locked === null) return 'none';
  const since = instantOf(locked);
  return duration === 0 || since === null || since + duration * second > now ? 'lockout' : 'none';
}

function failuresLeft(entry: Entry, policy: PolicyFields, now: Instant): number | null {
  const most = policy.number('pwdMaxFailure') ?? 0;
  if (policy.flag('pwdLockout') !== true || most === 0) return null;
  const span = (policy.number('pwdFailureCountInterval') ?? 0) * second;
  const counted = entry.texts('pwdFailureTime').filter((time) => span === 0 || (instantOf(time) ?? now) + span > now);
  return Math.max(0, most - counted.length);
}

/** Unused for longer than pwdMaxIdle, where slapd notes sign-ins. A reset would let the person in again: that is for the directory's administrators. */
function isIdle(entry: Entry, policy: PolicyFields, now: Instant): boolean {
  const most = policy.number('pwdMaxIdle') ?? 0;
  const last = instantOf(entry.text('pwdLastSuccess'));
  return most > 0 && last !== null && last + most * second < now;
}

/**
 * The person's own policy, or that of config.toml, or the default one: which that is stands in cn=config, out of our sight, so it is looked
 * for by its name.
 */
async function policyOf({ link, entry, baseDn, root, policyDn }: Place): Promise<PolicyFields> {
  const named = entry.text('pwdPolicySubentry') ?? policyDn;
  const found =
    named === null ? await defaultPolicy(link, root.contextOf(baseDn)) : await readEntry(link, named, { attributes: policyAttributes });
  return {
    dn: found?.dn ?? null,
    number: (name) => {
      const text = found?.text(name) ?? null;
      return text !== null && /^\d+$/.test(text) ? Number(text) : null;
    },
    flag: (name) => ({ TRUE: true, FALSE: false })[found?.text(name) ?? ''] ?? null,
  };
}

const policyAttributes = [
  'cn',
  'pwdMinLength',
  'pwdMaxLength',
  'pwdCheckQuality',
  'pwdInHistory',
  'pwdMinAge',
  'pwdMaxAge',
  'pwdLockout',
  'pwdLockoutDuration',
  'pwdMaxFailure',
  'pwdFailureCountInterval',
  'pwdMustChange',
  'pwdMaxIdle',
];

async function defaultPolicy(link: Link, context: string): Promise<Entry | null> {
  const policies = await link.search({
    base: context,
    scope: 'sub',
    filter: equal('objectClass', 'pwdPolicy'),
    attributes: policyAttributes,
  });
  const named = policies.filter((policy) => policy.text('cn')?.toLowerCase() === 'default');
  const [only = null, another] = named.length > 0 ? named : policies;
  return another ? null : only;
}
