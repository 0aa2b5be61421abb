/** Where an attempt stands: whose it is, what they can still prove with, and what is asked of them by the policy of this moment. */

import type { Challenge } from '../methods/method.ts';
import { type Methods, methodsHeld } from '../methods/methods.ts';
import type { Account } from '../rules/account.ts';
import { type Attempt, gatesNeeded, gatesPassed, isLost, methodsOpen, type Place, placeOf, proofsOf } from '../rules/attempt.ts';
import { type Eligibility, eligibility } from '../rules/eligibility.ts';
import { methodsAnywhere, type Policy, policyFor } from '../rules/policy.ts';
import { isRefusal, Refusal } from '../rules/refusal.ts';
import { accountKey, addressKey, isOver, limits } from '../rules/throttle.ts';
import type { MethodName } from '../rules/vocabulary.ts';
import type { World } from '../world.ts';

type Needs = Pick<World, 'accounts' | 'enrolments' | 'attempts' | 'throttle' | 'settings' | 'passwordsFor' | 'clock'> & {
  readonly methods: Methods;
};

export interface Standing {
  readonly attempt: Attempt;
  /** Null for a stranger, and for whoever was found not to be eligible. */
  readonly account: Account | null;
  readonly held: readonly MethodName[];
  readonly gatesLeft: number;
  readonly place: Place;
}

export type Standings = ReturnType<typeof standings>;

export function standings({ accounts, enrolments, attempts, throttle, settings, passwordsFor, clock, methods }: Needs) {
  function standingOf(attempt: Attempt): Standing {
    const account = attempt.account === null || attempt.refusedBy !== null ? null : accounts.byId(attempt.account);
    const held = account ? heldIn(attempt, account) : [];
    const gatesLeft = account ? gatesLeftOf(attempt, account, held) : 1;
    const place = isLost(attempt) ? 'ended' : placeOf(attempt, gatesLeft, clock.now());
    return { attempt, account, held, gatesLeft, place };
  }

  const policyOf = (account: Account): Policy => policyFor(account, settings.policy());

  function gatesLeftOf(attempt: Attempt, account: Account, held: readonly MethodName[]): number {
    const policy = policyOf(account);
    return Math.max(0, gatesNeeded(account, held, policy) - gatesPassed(attempt, policy, account.role));
  }

  /**
   * The methods an account holds; its directory's mail counts as one where policy takes it for a proof. What has opened a gate in this
   * attempt is held to its end: a pass that was good once, or the last recovery code, is spent by that.
   */
  const heldIn = (attempt: Attempt, account: Account): MethodName[] => [
    ...new Set([...methodsHeld(methods, account, enrolments.of(account.id)), ...proofsOf(attempt).map(({ method }) => method)]),
  ];

  const isClosedTo = (attempt: Attempt): boolean => !settings.policy().open_about_accounts && proofsOf(attempt).length === 0;

  /** As far as a page may know it. In the closed mode whose attempt it is makes no difference, and is not looked up: the time would tell. */
  function standingShown(attempt: Attempt): Standing {
    if (!isClosedTo(attempt)) return standingOf(attempt);
    const gatesLeft = 1;
    return { attempt, account: null, held: [], gatesLeft, place: placeOf(attempt, gatesLeft, clock.now()) };
  }

  /** Closed: all that policy allows anybody, the same for every login. Otherwise what this person can still use. */
  function methodsShown({ attempt, account, held }: Standing): readonly MethodName[] {
    if (isClosedTo(attempt)) return methodsAnywhere(settings.policy()).filter((method) => methods.has(method));
    return account ? methodsOpen(held, attempt, policyOf(account), account.role) : [];
  }

  /** Refuses with `attempt.none` or `attempt.expired`. */
  function openAttempt(token: string): Standing | Refusal {
    const attempt = attempts.byToken(token);
    if (!attempt) return new Refusal('attempt.none');
    const standing = standingShown(attempt);
    return standing.place === 'expired' ? new Refusal('attempt.expired') : standing;
  }

  function ownChallenge(attempt: Attempt, account: Account, name: MethodName): Challenge {
    const own = enrolments.of(account.id).filter(({ method }) => method === name);
    return {
      account,
      enrolments: own,
      attempt,
      binding: bindingOf(attempt),
      language: account.language ?? attempt.language,
      at: clock.now(),
    };
  }

  /** What is shown before an answer: to whoever may not use the method now the same as before, for a difference would tell that they may not. */
  function shownChallengeOf(attempt: Attempt, name: MethodName): Challenge | null {
    const account = attempt.account === null ? null : accounts.byId(attempt.account);
    return account && ownChallenge(attempt, account, name);
  }

  /** What the method is to challenge or judge; null for a stranger, and for whoever may not use it now. */
  function challengeOf(attempt: Attempt, name: MethodName): Challenge | null {
    const { account, held } = standingOf(attempt);
    if (!account || !methodsOpen(held, attempt, policyOf(account), account.role).includes(name)) return null;
    if (!isStillServed(attempt, account, held)) return null;
    return ownChallenge(attempt, account, name);
  }

  /** By the policy of this moment: whoever it leaves out in the middle of an attempt gets no further code. The home is asked at the end. */
  function isStillServed({ intention }: Attempt, account: Account, held: readonly MethodName[]): boolean {
    const live = { isDisabled: false, isProtected: false, lock: 'none' } as const;
    return eligibility({ account, intention, held, live, isBlocked: false }, settings.policy()).refusedBy === null;
  }

  /** All checks of eligibility, by what the home says now. */
  async function examine(account: Account, attempt: Attempt): Promise<Eligibility> {
    const status = await passwordsFor(account).status();
    const failed = throttle.count(limits.failedAttempts, failedKey(attempt, account.id), clock.now()) - ownFailure(attempt);
    const live = isRefusal(status) ? null : status;
    const facts = {
      account,
      intention: attempt.intention,
      held: heldIn(attempt, account),
      live,
      isBlocked: isOver(failed, limits.failedAttempts),
    };
    return eligibility(facts, settings.policy());
  }

  return { standingShown, isClosedTo, methodsShown, openAttempt, challengeOf, shownChallengeOf, examine };
}

/** Names this asking: an answer to another attempt is none. */
export const bindingOf = ({ id }: Pick<Attempt, 'id'>): string => `attempt ${id}`;

/** Whom an event is about. */
export const partiesOf = ({ address, supportCode }: Attempt, { login }: Account) => ({
  actor: login,
  account: login,
  address,
  supportCode,
});

export const failedKey = ({ loginDigest, address }: Attempt, account: number | null): string =>
  `${accountKey(account, loginDigest)}|${addressKey(address)}`;

/** Once something is proved in an attempt, tries count apart: whoever knows the login alone can fill the other counter, and not this one. */
export const triesKey = (attempt: Attempt, method: MethodName): string =>
  `${accountKey(attempt.account, attempt.loginDigest)}|${method}${hasProved(attempt) ? '|proved' : ''}`;

export const hasProved = (attempt: Attempt): boolean => proofsOf(attempt).length > 0;

/** Counted once, at its first wrong answer: what an attempt itself added to a counter does not block it. */
export const ownFailure = (attempt: Attempt): number => (hasFailed(attempt) ? 1 : 0);

export const hasFailed = ({ steps }: Attempt): boolean => steps.some(({ kind }) => kind === 'wrong');

/** What is deferred for one attempt goes in order: its support code names it from before its row exists. */
export const keyOf = ({ supportCode }: Attempt): string => supportCode;

/** Whose share of the deferred work it takes: many attempts from one address have one share. */
export const ownerOf = ({ address }: Pick<Attempt, 'address'>): { owner: string } => ({ owner: addressKey(address) });
