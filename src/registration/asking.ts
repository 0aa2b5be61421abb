/**
 * Whom sign-in asks to register, or to look through what is registered; how often that may be put off, and who then may do nothing else.
 * Its days are of 24 hours, from one sign-in to another: no time zone and no change of the clocks has a part in them.
 */

import type { Account } from '../rules/account.ts';
import { type Policy, policyFor } from '../rules/policy.ts';
import { day, type Instant } from '../rules/time.ts';
import type { World } from '../world.ts';
import { type Person, partiesOf } from './fresh-proof.ts';
import type { Reach } from './ways.ts';

type Needs = Pick<World, 'accounts' | 'enrolments' | 'settings' | 'journal' | 'atomically'> & {
  readonly reach: (account: Account) => Reach;
  readonly isSpared: (account: Account) => boolean;
};

/** `ways`: too few are registered. `review`: they are to be looked through. */
type Asked = 'ways' | 'review';

export function asking({ accounts, enrolments, settings, journal, atomically, reach, isSpared }: Needs) {
  const policyOf = (account: Account): Policy => policyFor(account, settings.policy());

  /** What this person owes now, put off or not. */
  function owed(account: Account, at: Instant): Asked | null {
    const policy = policyOf(account);
    const isWanted = accounts.review(account.id).wantedAt !== null;
    const owing = reach(account).missing > 0 ? 'ways' : 'review';
    const isOwed = isWanted || (owing === 'ways' ? policy.registration_required : isStale(account, policy, at));
    return isOwed && !isSpared(account) ? owing : null;
  }

  const isStale = (account: Account, { reconfirm_days }: Policy, at: Instant): boolean =>
    reconfirm_days > 0 && at - reviewedAt(account) >= reconfirm_days * day;

  /** Who never said so themselves counts from what they registered last, or from when they came. */
  function reviewedAt({ id }: Account): Instant {
    const added = enrolments.of(id).map(({ addedAt }) => addedAt);
    return accounts.review(id).at ?? Math.max(accounts.createdAt(id) ?? 0, ...added);
  }

  /** What sign-in asks for now. */
  function asks(account: Account, at: Instant): Asked | null {
    const { until } = accounts.snooze(account.id);
    return until === null || at >= until ? owed(account, at) : null;
  }

  /** For how many days it may be put off now; null when it has been put off often enough. */
  function snoozeDays(account: Account): number | null {
    const { snooze_days, snooze_times } = policyOf(account);
    return accounts.snooze(account.id).times < snooze_times ? snooze_days : null;
  }

  /** Nothing else is open to them until it is done. Staff are only asked: who mends the desk must be able to reach it. */
  const insists = (account: Account, at: Instant): boolean =>
    account.role === 'person' && snoozeDays(account) === null && asks(account, at) !== null;

  /** False when it may not be put off any more: then nothing is changed, and nor where nothing is asked, as after a first press. */
  function snooze(account: Account, at: Instant): boolean {
    if (asks(account, at) === null) return true;
    const days = snoozeDays(account);
    if (days === null) return false;
    accounts.setSnooze(account.id, { times: accounts.snooze(account.id).times + 1, until: at + days * day });
    return true;
  }

  /** "These are still right." False where there is too little, or nothing to look through at this time: then nothing is changed. */
  function confirmWays(person: Person): boolean {
    const { account, at } = person;
    if (owed(account, at) !== 'review') return false;
    atomically(() => {
      accounts.setReviewed(account.id, at);
      journal.append({ event: 'registration', result: 'succeeded', detail: 'reviewed', ...partiesOf(person) });
    });
    return true;
  }

  /** Since when what is registered has counted as looked through, or is wanted to be: each such time is reminded of anew. */
  const roundOf = (account: Account): Instant => accounts.review(account.id).wantedAt ?? reviewedAt(account);

  return { roundOf, asks, insists, snoozeDays, snooze, confirmWays };
}
