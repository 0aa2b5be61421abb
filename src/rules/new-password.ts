/** Whether a password may be set or a lock cleared at this moment, as refusals: all that can be judged before the home is asked. */

import type { Account } from './account.ts';
import { brokenRules, prepared, type Rule, type Subject } from './password.ts';
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
}

export const subjectOf = ({ login, name, home }: Account): Subject => ({ login, name, isLocal: home === null });

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

const refusalOf: Record<Rule['key'], RefusalKey> = {
  length: 'password.too-short',
  longest: 'password.too-long',
  characters: 'password.unacceptable-character',
  login: 'password.contains-name',
  name: 'password.contains-name',
  classes: 'directory.quality',
  history: 'directory.history',
  current: 'password.same-as-current',
};

/** Too early, or else every rule that the password breaks, each refusal once. */
export function objections(
  { password, current, subject }: { password: string; current?: string; subject: Subject },
  rules: readonly Rule[],
  now: Circumstances,
): readonly Refusal[] {
  if (now.changeableAt !== null && !now.mustChange) return [new Refusal('directory.minimum-age', { params: { at: now.changeableAt } })];
  const broken = brokenRules(password, subject, rules).map(({ key, params }) => new Refusal(refusalOf[key], { params, field: 'password' }));
  const isSame = current !== undefined && prepared(current) === prepared(password);
  if (isSame) broken.push(new Refusal('password.same-as-current', { field: 'password' }));
  return [...new Map(broken.map((refusal) => [refusal.key, refusal])).values()];
}
