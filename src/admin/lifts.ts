/** Lets somebody in again: recorded, and told to them. Knows no page, and not who may. */

import { type NoticeNeeds, notices } from '../notice.ts';
import type { Account } from '../rules/account.ts';
import { Refusal } from '../rules/refusal.ts';
import type { JournalEvent, World } from '../world.ts';

export type LiftNeeds = Pick<World, 'accounts' | 'journal' | 'atomically'> &
  NoticeNeeds & {
    /** As if nobody had ever failed at this account. */
    readonly clearCounters: (account: Account) => void;
  };

/** Who lifts, and from where. */
export type By = Required<Pick<JournalEvent, 'actor'>> & Pick<JournalEvent, 'address' | 'supportCode'>;

export function lifts({ accounts, journal, atomically, clearCounters, ...needs }: LiftNeeds) {
  const notify = notices(needs);

  /** All that is counted against the account, at every address. */
  function liftCounters(account: Account, by: By): void {
    atomically(() => {
      clearCounters(account);
      journal.append({ event: 'blocked', result: 'cancelled', detail: 'lifted', account: account.login, ...by });
      notify(account, { kind: 'block-lifted', variables: {} });
    });
  }

  /** What "this was not me" has locked. Refuses with `block.none`. */
  function liftSuspension(account: Account, by: By): 'lifted' | Refusal {
    if (account.suspendedAt === null) return new Refusal('block.none');
    atomically(() => {
      accounts.suspend(account.id, null);
      journal.append({ event: 'not me', result: 'cancelled', detail: 'lifted', account: account.login, ...by });
      notify(account, { kind: 'suspension-lifted', variables: {} });
    });
    return 'lifted';
  }

  return { liftCounters, liftSuspension };
}
