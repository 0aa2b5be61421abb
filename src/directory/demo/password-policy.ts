/**
 * The password policy of the demo directory, as slapd's ppolicy overlay answers it (draft-behera-ldap-password-policy-10). Pure: it is given the
 * instant, and whatever compares hashes. The fake directory of the tests obeys it too.
 */

import type { Instant } from '../../rules/time.ts';

/** Spans in milliseconds; 0 switches a rule off. */
export interface PasswordPolicy {
  /** Octets of UTF-8, as slapd counts. */
  readonly minimumLength: number;
  /** How many earlier passwords are remembered, the present one not counted. */
  readonly history: number;
  readonly minimumAge: number;
  readonly maximumAge: number;
  /** How long before the end of its age a sign-in is told so. */
  readonly warning: number;
  readonly graceLogins: number;
  readonly failuresToLock: number;
  /** 0: until somebody unlocks. */
  readonly lockMillis: number;
  /** Failures older than this no longer count; 0: until the next success. */
  readonly failureMillis: number;
  /** A new password needs the old one, whoever sets it. */
  readonly safeModify: boolean;
}

/** Everything the directory keeps about one password. Hashes only. */
export interface Credential {
  readonly hash: string;
  /** Newest first. */
  readonly earlier: readonly { readonly hash: string; readonly at: Instant }[];
  readonly changedAt: Instant;
  readonly failedAt: readonly Instant[];
  /** `for good` is an administrator's lock, which no time ends. */
  readonly lockedAt: Instant | 'for good' | null;
  readonly mustChange: boolean;
  readonly graceUsedAt: readonly Instant[];
  /** pwdEndTime: from then on nobody gets in. */
  readonly endsAt: Instant | null;
}

/** Error numbers of the response control (draft section 6.2). */
export const policyErrors = {
  passwordExpired: 0,
  accountLocked: 1,
  changeAfterReset: 2,
  passwordModNotAllowed: 3,
  mustSupplyOldPassword: 4,
  insufficientPasswordQuality: 5,
  passwordTooShort: 6,
  passwordTooYoung: 7,
  passwordInHistory: 8,
} as const;

/** What the response control says, when it was asked for. */
export interface PolicyNote {
  readonly error?: number;
  readonly secondsLeft?: number;
  readonly graceLeft?: number;
}

export interface Judgement {
  /** LDAP result code. */
  readonly code: number;
  readonly message: string;
  readonly note: PolicyNote;
}

export const freshCredential = (hash: string, at: Instant): Credential => ({
  hash,
  earlier: [],
  changedAt: at,
  failedAt: [],
  lockedAt: null,
  mustChange: false,
  graceUsedAt: [],
  endsAt: null,
});

export function isLocked({ lockedAt, endsAt }: Credential, policy: PasswordPolicy, now: Instant): boolean {
  if (endsAt !== null && endsAt <= now) return true;
  if (lockedAt === null) return false;
  return lockedAt === 'for good' || policy.lockMillis === 0 || now < lockedAt + policy.lockMillis;
}

export const isExpired = ({ changedAt }: Credential, policy: PasswordPolicy, now: Instant): boolean =>
  policy.maximumAge > 0 && now >= changedAt + policy.maximumAge;

/** As after that many wrong passwords. */
export const lockedByFailures = (credential: Credential, { failuresToLock }: PasswordPolicy, now: Instant): Credential => ({
  ...credential,
  lockedAt: now,
  failedAt: Array<Instant>(failuresToLock).fill(now),
});

export const unlocked = (credential: Credential): Credential => ({ ...credential, lockedAt: null, failedAt: [] });

/** A sign-in: how it is answered, and what the directory remembers of it. */
export function judgeSignIn(
  credential: Credential,
  isRight: boolean,
  policy: PasswordPolicy,
  now: Instant,
): Judgement & { credential: Credential } {
  const { accountLocked, passwordExpired, changeAfterReset } = policyErrors;
  const wrong = (note: PolicyNote, kept: Credential) => ({ code: 49, message: '', note, credential: kept });
  if (isLocked(credential, policy, now)) return wrong({ error: accountLocked }, credential);
  if (!isRight) return wrong({}, withFailure(credential, policy, now));
  const open = unlocked(credential);
  const well = (note: PolicyNote, kept = open) => ({ code: 0, message: '', note, credential: kept });
  if (open.mustChange) return well({ error: changeAfterReset });
  if (!isExpired(open, policy, now)) return well(warning(open, policy, now));
  const graceLeft = policy.graceLogins - open.graceUsedAt.length;
  if (graceLeft <= 0) return wrong({ error: passwordExpired }, open);
  return well({ graceLeft: graceLeft - 1 }, { ...open, graceUsedAt: [...open.graceUsedAt, now] });
}

export interface NewPassword {
  readonly password: string;
  /** Present when the request proved it, or tried to. */
  readonly old?: string;
}

/** slapd takes a password for a hash where it knows the scheme; anything else in braces is just a password. */
const hashedAlready = /^\{(CLEARTEXT|CRYPT|MD5|SMD5|SHA|SSHA|(SSHA|PBKDF2-SHA)(256|384|512)|PBKDF2|ARGON2|SASL|UNIX|SCHEME)\}/i;

/** A new password, in slapd's order of complaints. Null when nothing speaks against it. */
export async function judgeNewPassword(
  { password, old }: NewPassword,
  {
    credential,
    policy,
    now,
    matches,
  }: { credential: Credential; policy: PasswordPolicy; now: Instant; matches: (password: string, hash: string) => Promise<boolean> },
): Promise<Judgement | null> {
  const refused = (code: number, message: string, error: keyof typeof policyErrors): Judgement => ({
    code,
    message,
    note: { error: policyErrors[error] },
  });
  if (old === undefined && policy.safeModify) {
    return refused(50, 'Must supply old password to be changed as well as new one', 'mustSupplyOldPassword');
  }
  if (old !== undefined && !(await matches(old, credential.hash))) {
    return refused(53, 'Must supply correct old password to change to new one', 'mustSupplyOldPassword');
  }
  if (!credential.mustChange && now < credential.changedAt + policy.minimumAge)
    return refused(19, 'Password is too young to change', 'passwordTooYoung');
  if (hashedAlready.test(password)) return refused(19, 'Password fails quality checking policy', 'insufficientPasswordQuality');
  if (Buffer.byteLength(password) < policy.minimumLength) return refused(19, 'Password fails quality checking policy', 'passwordTooShort');
  if (policy.history === 0) return null;
  if (await matches(password, credential.hash))
    return refused(19, 'Password is not being changed from existing value', 'passwordInHistory');
  for (const { hash } of credential.earlier.slice(0, policy.history)) {
    if (await matches(password, hash)) return refused(19, 'Password is in history of old passwords', 'passwordInHistory');
  }
  return null;
}

/** A set password opens again: slapd clears every lock with it, even an administrator's. */
export const withNewPassword = (credential: Credential, hash: string, policy: PasswordPolicy, now: Instant): Credential => ({
  ...freshCredential(hash, now),
  endsAt: credential.endsAt,
  earlier: [{ hash: credential.hash, at: credential.changedAt }, ...credential.earlier].slice(0, policy.history),
});

function withFailure(credential: Credential, policy: PasswordPolicy, now: Instant): Credential {
  // A lock whose time is over has served: counting starts anew.
  const before = credential.lockedAt === null ? credential.failedAt : [];
  const failedAt = [...before.filter((at) => policy.failureMillis === 0 || now - at < policy.failureMillis), now];
  const isFull = policy.failuresToLock > 0 && failedAt.length >= policy.failuresToLock;
  return { ...credential, failedAt, lockedAt: isFull ? now : null };
}

function warning({ changedAt }: Credential, policy: PasswordPolicy, now: Instant): PolicyNote {
  const left = changedAt + policy.maximumAge - now;
  return policy.maximumAge > 0 && left <= policy.warning ? { secondsLeft: Math.floor(left / 1000) } : {};
}
