/**
 * A colleague's approval: the manager, or whom policy names, is asked by mail, signs in, sees who asks, and passes on a code by word of mouth.
 * Whom it asks is decided here; their page is not.
 */

import { type Account, type AccountId, foldLogin, placedLogin } from '../rules/account.ts';
import { attemptLifeWithColleague, colleaguesAsked } from '../rules/attempt.ts';
import { amongGroups } from '../rules/group.ts';
import { type Policy, policyFor } from '../rules/policy.ts';
import { accountKey, isOver, limits } from '../rules/throttle.ts';
import { type Instant, minute } from '../rules/time.ts';
import type { World } from '../world.ts';
import { judgeSentCode } from './contact.ts';
import type { Method, MethodNeeds } from './method.ts';

const mostAsked = 10;
/** Members of the named groups that are looked at, and for how long they need not be looked for again. */
const mostMembers = 50;
const membersLife = minute;

export type Colleagues = ReturnType<typeof colleagues>;

export function colleagues({ accounts, settings, clock }: Pick<World, 'accounts' | 'settings' | 'clock'>) {
  const members = new Map<string, readonly AccountId[]>();
  let lookedAt: Instant = Number.NEGATIVE_INFINITY;

  const policyOf = (account: Account): Policy => policyFor(account, settings.policy());

  /** Whoever is asked for this account, at most ten: the manager first. Only somebody whom a mail can reach. */
  const askedFor = (account: Account): readonly Account[] => {
    const found = new Map<AccountId, Account>();
    for (const one of appointed(account)) {
      if (one.mail !== null && isSomebodyElse(one, account)) found.set(one.id, one);
      if (found.size === mostAsked) break;
    }
    return [...found.values()];
  };

  /** Whether there is anybody to ask. */
  function isOpenTo(account: Account): boolean {
    if (!policyOf(account).methods.includes('colleague')) return false;
    for (const one of appointed(account)) if (one.mail !== null && isSomebodyElse(one, account)) return true;
    return false;
  }

  /** By the policy and the directory's word of this moment; both accounts as they are now. */
  function mayApprove(colleague: Account, account: Account): boolean {
    if (!isSomebodyElse(colleague, account)) return false;
    const { approval_by_manager, approvers } = policyOf(account);
    const isManager = approval_by_manager && accounts.managerOf(account)?.id === colleague.id;
    return isManager || colleague.groups.some(amongGroups(approvers)) || approvers.flatMap(named).some(({ id }) => id === colleague.id);
  }

  function* appointed(account: Account): Generator<Account, void, void> {
    const { approval_by_manager, approvers } = policyOf(account);
    const manager = approval_by_manager ? accounts.managerOf(account) : null;
    if (manager) yield manager;
    for (const name of approvers) yield* named(name);
    for (const id of membersOf(approvers)) {
      const member = accounts.byId(id);
      if (member) yield member;
    }
  }

  /** A login that several homes know names nobody, until its home is written behind it: `alice@office`. */
  function named(name: string): readonly Account[] {
    if (name.includes('=')) return [];
    const found = accounts.byLogin(name.trim()).filter(({ isDisabled }) => !isDisabled);
    if (found.length > 0) return found.length === 1 ? found : [];
    const login = name.slice(0, Math.max(0, name.lastIndexOf('@'))).trim();
    return accounts.byLogin(login).filter((account) => foldLogin(placedLogin(account)) === foldLogin(name.trim()));
  }

  function membersOf(groups: readonly string[]): readonly AccountId[] {
    if (groups.length === 0) return [];
    const now = clock.now();
    if (now < lookedAt || now - lookedAt >= membersLife) members.clear();
    if (members.size === 0) lookedAt = now;
    const key = JSON.stringify(groups);
    const known = members.get(key) ?? accounts.inGroups(groups, mostMembers).map(({ id }) => id);
    members.set(key, known);
    return known;
  }

  return { askedFor, isOpenTo, mayApprove };
}

/** Whoever could sign in, and is not the same person behind another account: of the same login, or with the same mailbox. */
const isSomebodyElse = (colleague: Account, account: Account): boolean =>
  colleague.id !== account.id &&
  !colleague.isDisabled &&
  colleague.suspendedAt === null &&
  foldLogin(colleague.login) !== foldLogin(account.login) &&
  (colleague.mail === null || account.mail === null || foldLogin(colleague.mail) !== foldLogin(account.mail));

export function colleagueMethod(needs: MethodNeeds): Method {
  const { accounts, attempts, throttle, deliver, publicUrl } = needs;
  const { askedFor, isOpenTo, mayApprove } = colleagues(needs);

  return {
    name: 'colleague',
    attemptLife: attemptLifeWithColleague,

    /** Asks once an attempt. The mail holds nothing but that somebody asks; a flooded colleague finds more on the page alone. */
    send({ account, attempt, at }) {
      if (attempt === null || colleaguesAsked(attempt) !== null) return;
      const asked = askedFor(account);
      if (!attempts.step(attempt.id, { kind: 'colleagues asked', colleagues: asked.map(({ id }) => id), at })) return;
      const variables = { asker: account.name, login: account.login, link: new URL('/approvals', publicUrl).href };
      for (const { id, mail, name, language } of asked) {
        const key = accountKey(id, '');
        if (mail === null || isOver(throttle.count(limits.approvalMails, key, at), limits.approvalMails)) continue;
        throttle.hit(limits.approvalMails, key, at);
        deliver.queue({
          kind: 'approval-asked',
          to: mail,
          language: language ?? attempt.language,
          name,
          variables,
          expiresAt: attempt.expiresAt,
        });
      }
    },

    /** A code of somebody who may not approve any more is spent by being typed, and opens nothing. */
    judge: async (challenge, answer) =>
      judgeSentCode(needs, {
        ...{ purpose: 'approval code', challenge, answer },
        stands({ note }, { account }) {
          const colleague = accounts.byId(Number(note));
          return colleague !== null && mayApprove(colleague, account);
        },
      }),

    describe: ({ label }) => ({ label }),
    isUsable: () => false,
    isGiven: isOpenTo,
  };
}
