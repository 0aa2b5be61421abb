/** Whether a password may be set or a lock cleared at this moment, as refusals: all that can be judged before the home is asked. */

import type { Account } from './account.ts';
import { brokenRules, type DirectoryRules, prepared, type Rule, type Subject } from './password.ts';
import type { Policy } from './policy.ts';
import { Refusal } from './refusal.ts';
import type { Instant } from './time.ts';
import type { RefusalKey } from './vocabulary.ts';

/** Read live from the home. */
export interface Circumstances {
  readonly isDisabled: boolean;
  readonly isProtected: boolean;
  readonly lock: 'none' | 'lockout' | 'administrator';
  readonly mustChange: boolean;
  readonly changeableAt: Instant | null;
  readonly rules: Pick<DirectoryRules, 'onReset'>;
}

/** A change by who knows the present password, a reset after a proved recovery, or one by staff. */
export type Way = 'change' | 'reset' | 'reset by administrator';

export const subjectOf = ({ login, name, home }: Account): Subject => ({ login, name, isLocal: home === null });

/** Too soon after the last one. */
export function tooEarly(way: Way, now: Circumstances, policy: Policy): Refusal | null {
  const at = possibleFrom(way, now, policy);
  return at === null ? null : new Refusal('directory.minimum-age', { params: { at } });
}

/** Used before, as far as Latchkey itself looked back. */
export const usedBefore = (count: number): Refusal => new Refusal('directory.history', { params: { count }, field: 'password' });

/** What stands against the act whatever the new password is. A protected account is changed by who knows its password, and by nobody else. */
export function barred(
  { account, knowsCurrent }: { account: Account; knowsCurrent: boolean },
  now: Circumstances,
  policy: Policy,
): Refusal | null {
  if (account.home !== null && !policy.writeback) return new Refusal('attempt.not-eligible');
  if (!knowsCurrent && (account.isProtected || now.isProtected)) return new Refusal('attempt.not-eligible');
  if (now.isDisabled) return new Refusal('directory.disabled');
  return now.lock === 'administrator' ? new Refusal('directory.locked-by-administrator') : null;
}

/**
 * From when the minimum age lets a new password be set in this way; null when now. Who must change may at once. What the directory does not
 * hold a reset to binds nobody from staff, and the person only where the policy says so.
 */
export function possibleFrom(way: Way, { changeableAt, mustChange, rules }: Circumstances, policy: Policy): Instant | null {
  if (changeableAt === null || mustChange) return null;
  return isHeldToAge(way, rules.onReset, policy) ? changeableAt : null;
}

function isHeldToAge(way: Way, { minimumAge, excusesStaff }: DirectoryRules['onReset'], policy: Policy): boolean {
  if (way === 'change') return true;
  return way === 'reset' ? minimumAge || policy.minimum_age_on_reset === 'block' : minimumAge && excusesStaff !== true;
}

/** What the directory will say of the new password once it is in force: from when it may be changed again, and until when it is good. */
export interface Term {
  readonly key: 'minimum-age' | 'maximum-age';
  readonly params: { readonly at: Instant };
}
export function termsOf({ minimumAge, maximumAge }: Pick<DirectoryRules, 'minimumAge' | 'maximumAge'>, now: Instant): readonly Term[] {
  const term = (key: Term['key'], age: number | null): Term[] => (age === null ? [] : [{ key, params: { at: now + age } }]);
  return [...term('minimum-age', minimumAge), ...term('maximum-age', maximumAge)];
}

/**
 * Among how many passwords, the present one counted, Latchkey itself looks for a new one; 0 where the home does. A directory holds each
 * change to its history, though not always one of a password that has expired (slapd, where the service account may `manage`); and Latchkey itself nobody from staff: a typed password that is refused would tell them one of the person's.
 */
export function lookedBack(
  way: Way,
  { isLocal }: Subject,
  { isExpired, rules: { onReset, history } }: { readonly isExpired: boolean; readonly rules: Pick<DirectoryRules, 'onReset' | 'history'> },
): number {
  const isHeldThere = onReset.history || (way === 'change' && !isLocal && !isExpired);
  return isHeldThere || way === 'reset by administrator' ? 0 : (history ?? 0);
}

const refusalOf: Record<Rule['key'], RefusalKey> = {
  length: 'password.too-short',
  longest: 'password.too-long',
  characters: 'password.unacceptable-character',
  login: 'password.contains-name',
  name: 'password.contains-name',
  office: 'password.contains-office',
  known: 'password.too-common',
  strength: 'password.too-weak',
  classes: 'directory.quality',
  history: 'directory.history',
  current: 'password.same-as-current',
};

/** Every rule that the password breaks, each refusal once. */
export function objections(
  { password, current, subject }: { password: string; current?: string; subject: Subject },
  rules: readonly Rule[],
): readonly Refusal[] {
  const broken = brokenRules(password, subject, rules).map(({ key, params }) => new Refusal(refusalOf[key], { params, field: 'password' }));
  const isSame = current !== undefined && prepared(current) === prepared(password);
  if (isSame) broken.push(new Refusal('password.same-as-current', { field: 'password' }));
  return [...new Map(broken.map((refusal) => [refusal.key, refusal])).values()];
}

/** Which rules of the list a refusal means, so that the page can mark them. */
export const rulesBehind = ({ key }: Refusal): readonly Rule['key'][] => behind[key] ?? [];

const behind: Partial<Record<RefusalKey, readonly Rule['key'][]>> = {
  'password.too-short': ['length'],
  'directory.too-short': ['length'],
  'password.too-long': ['longest'],
  'directory.too-long': ['longest'],
  'password.contains-name': ['login', 'name'],
  'password.contains-office': ['office'],
  'password.banned': ['known'],
  'password.too-common': ['known'],
  'password.breached': ['known'],
  'password.too-weak': ['strength'],
  'directory.quality': ['classes'],
  'directory.history': ['history'],
};
