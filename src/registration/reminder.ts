/** Whom sign-in asks to register, and how often that may be put off (policy: registration_required, snooze_days, snooze_times). */

import type { Account } from '../rules/account.ts';
import { policyFor } from '../rules/policy.ts';
import { day, type Instant } from '../rules/time.ts';
import type { World } from '../world.ts';
import type { Reach } from './ways.ts';

type Needs = Pick<World, 'accounts' | 'settings'> & { readonly reach: (account: Account) => Reach };

export function reminders({ accounts, settings, reach }: Needs) {
  /** Never for somebody who could not reset even with every method registered. */
  function mustRegister(account: Account, at: Instant): boolean {
    if (!policyFor(account, settings.policy()).registration_required) return false;
    const { missing, barredBy } = reach(account);
    const { until } = accounts.snooze(account.id);
    return missing > 0 && barredBy === null && (until === null || at >= until);
  }

  /** For how many days it may be put off now; null when it has been put off often enough. */
  function snoozeDays(account: Account): number | null {
    const { snooze_days, snooze_times } = policyFor(account, settings.policy());
    return accounts.snooze(account.id).times < snooze_times ? snooze_days : null;
  }

  /** False when it may not be put off any more: then nothing is changed. */
  function snooze(account: Account, at: Instant): boolean {
    const days = snoozeDays(account);
    if (days === null) return false;
    accounts.setSnooze(account.id, { times: accounts.snooze(account.id).times + 1, until: at + days * day });
    return true;
  }

  return { mustRegister, snoozeDays, snooze };
}
