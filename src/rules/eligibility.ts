/** May this account reset or unlock by itself, and if not, which check says so: an ordered list that can explain itself. */

import type { Account } from './account.ts';
import { gatesHeld, gatesNeeded, usableMethods } from './attempt.ts';
import { groupAmong } from './group.ts';
import { type Door, type Policy, policyFor, profileOf } from './policy.ts';
import type { CheckName, Intention, MethodName } from './vocabulary.ts';

/** What the home says at this moment; null when it does not answer. */
export interface LiveState {
  readonly isDisabled: boolean;
  readonly isProtected: boolean;
  readonly lock: 'none' | 'lockout' | 'administrator';
}

export interface Facts {
  readonly account: Account;
  readonly intention: Intention;
  readonly held: readonly MethodName[];
  readonly live: LiveState | null;
  /** Too many failed attempts from this address in the last 24 hours. */
  readonly isBlocked: boolean;
}

export interface Check {
  readonly name: CheckName;
  readonly isPassed: boolean;
  /** What was looked at: texts of `check.<name>` take these. */
  readonly params: Readonly<Record<string, string | number>>;
}

export interface Eligibility {
  readonly checks: readonly Check[];
  readonly refusedBy: CheckName | null;
  /** The name of the profile by which the account is judged; null: the office's policy. */
  readonly profile: string | null;
}

type Params = Check['params'];

/** By the office's policy, or the profile that fits. */
export function eligibility(facts: Facts, office: Policy): Eligibility {
  const { account, live } = facts;
  const policy = policyFor(account, office);
  const ways = waysHeld(facts, policy);
  const scope = scopeOf(account, policy);
  const check = (name: CheckName, isPassed: boolean, params: Params = {}): Check => ({ name, isPassed, params });
  const checks = [
    check('available', isAvailable(account, facts.intention, policy), availabilityOf(facts, policy)),
    check('in scope', scope.isIn, { why: scope.why, group: scope.group ?? '' }),
    check('methods', ways.held >= ways.needed, ways),
    check('not protected', !account.isProtected && live?.isProtected !== true),
    check('not suspended', account.suspendedAt === null),
    check('not disabled', live === null ? !account.isDisabled : !live.isDisabled && live.lock !== 'administrator', {
      why: live?.lock === 'administrator' ? 'locked' : 'disabled',
    }),
    check('writeback', account.home === null || policy.writeback, { why: account.home === null ? 'local' : 'directory' }),
    check('reachable', live !== null),
    check('within limits', !facts.isBlocked),
  ];
  return {
    checks,
    refusedBy: checks.find(({ isPassed }) => !isPassed)?.name ?? null,
    profile: profileOf(account, office)?.name ?? null,
  };
}

/** What a reset would meet, by the last sync's copy of the account: the act itself asks the directory. */
export function forecast(account: Account, held: readonly MethodName[], office: Policy): Eligibility {
  const live = { isDisabled: account.isDisabled, isProtected: account.isProtected, lock: 'none' } as const;
  return eligibility({ account, intention: 'reset', held, live, isBlocked: false }, office);
}

/** `ways`: the methods that may be used now; `shut`: those that are registered and may not. Both as names with spaces between them. */
function waysHeld({ account, held }: Facts, policy: Policy): { held: number; needed: number; ways: string; shut: string } {
  const usable = usableMethods(held, policy, account.role);
  return {
    held: gatesHeld(held, policy, account.role),
    needed: gatesNeeded(account, held, policy),
    ways: usable.join(' '),
    shut: held.filter((method) => !usable.includes(method)).join(' '),
  };
}

const kindOf = ({ home, role }: Pick<Account, 'home' | 'role'>) =>
  `${home === null ? 'local' : 'directory'}_${role === 'administrator' ? 'administrators' : 'people'}` as const;

const availabilityOf = ({ account, intention }: Facts, policy: Policy): Params => ({
  kind: kindOf(account),
  door: intention,
  why: intention === 'unlock' && !policy.unlock_without_reset ? 'off' : 'kind',
});

export const isAvailable = (account: Pick<Account, 'home' | 'role'>, door: Door, policy: Policy): boolean =>
  policy[`available_${kindOf(account)}`].includes(door) && (door !== 'unlock' || policy.unlock_without_reset);

interface Scope {
  readonly isIn: boolean;
  readonly why: 'administrator' | 'nobody' | 'excluded' | 'everybody' | 'group' | 'none';
  /** The group that decided it. */
  readonly group?: string;
}

/** Administrators are not removed by the scope: who runs the desk can always get back to it. */
function scopeOf({ role, groups }: Pick<Account, 'role' | 'groups'>, policy: Policy): Scope {
  if (role === 'administrator') return { isIn: true, why: 'administrator' };
  if (policy.scope === 'nobody') return { isIn: false, why: 'nobody' };
  const excluded = groupAmong(groups, policy.scope_exclusions);
  if (excluded !== null) return { isIn: false, why: 'excluded', group: excluded };
  if (policy.scope === 'everybody') return { isIn: true, why: 'everybody' };
  const group = groupAmong(groups, policy.scope_groups);
  return group === null ? { isIn: false, why: 'none' } : { isIn: true, why: 'group', group };
}

export const isInScope = (account: Pick<Account, 'role' | 'groups'>, policy: Policy): boolean => scopeOf(account, policy).isIn;
