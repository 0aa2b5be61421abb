/** May this account reset or unlock by itself, and if not, which check says so: an ordered list that can explain itself. */

import type { Account } from './account.ts';
import { gatesNeeded, isEnough, usableMethods } from './attempt.ts';
import { amongGroups } from './group.ts';
import type { Door, Policy } from './policy.ts';
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
}

export function eligibility(facts: Facts, policy: Policy): Eligibility {
  const { account, live } = facts;
  const needed = gatesNeeded(account, facts.held, policy);
  const usable = usableMethods(facts.held, policy, account.role);
  const check = (name: CheckName, isPassed: boolean, params: Check['params'] = {}): Check => ({ name, isPassed, params });
  const checks = [
    check('available', isAvailable(account, facts.intention, policy)),
    check('in scope', isInScope(account, policy)),
    check('methods', isEnough(facts.held, needed, policy, account.role), { held: usable.length, needed }),
    check('not protected', !account.isProtected && live?.isProtected !== true),
    check('not suspended', account.suspendedAt === null),
    check('not disabled', live === null ? !account.isDisabled : !live.isDisabled && live.lock !== 'administrator'),
    check('writeback', account.home === null || policy.writeback),
    check('reachable', live !== null),
    check('within limits', !facts.isBlocked),
  ];
  return { checks, refusedBy: checks.find(({ isPassed }) => !isPassed)?.name ?? null };
}

export function isAvailable(account: Pick<Account, 'home' | 'role'>, door: Door, policy: Policy): boolean {
  const doors = {
    'local administrator': policy.available_local_administrators,
    'local person': policy.available_local_people,
    'directory administrator': policy.available_directory_administrators,
    'directory person': policy.available_directory_people,
  }[`${account.home === null ? 'local' : 'directory'} ${account.role === 'administrator' ? 'administrator' : 'person'}` as const];
  return doors.includes(door) && (door !== 'unlock' || policy.unlock_without_reset);
}

/** Administrators are not removed by the scope: who runs the desk can always get back to it. */
export function isInScope(account: Pick<Account, 'role' | 'groups'>, policy: Policy): boolean {
  if (account.role === 'administrator') return true;
  if (policy.scope === 'nobody' || account.groups.some(amongGroups(policy.scope_exclusions))) return false;
  return policy.scope === 'everybody' || account.groups.some(amongGroups(policy.scope_groups));
}
