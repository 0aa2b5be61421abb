/**
 * Invites people by mail who have too little registered, and reminds those who are to look through it, as policy says: so many a run, the
 * longest waiting first, each by a row that makes it go out once. Days are those of the office, whatever the clocks do. Knows no page.
 */

import type { Methods } from '../methods/methods.ts';
import type { Account, AccountId } from '../rules/account.ts';
import { daysUntil } from '../rules/calendar.ts';
import { day } from '../rules/time.ts';
import type { World } from '../world.ts';
import { asking } from './asking.ts';
import { reaches } from './reach.ts';

type Needs = Pick<
  World,
  'accounts' | 'directories' | 'enrolments' | 'settings' | 'deliver' | 'reminders' | 'journal' | 'clock' | 'atomically'
> & {
  readonly methods: Methods;
  readonly publicUrl: string;
  /** Where the office's days begin and end. */
  readonly timezone: string;
  /** Aborted when the house closes. */
  readonly closing?: AbortSignal;
};

/** A mail server takes so many at once without taking them for something else. */
const mostARun = 100;
/** After so many people others are let in between. */
const atATime = 200;

interface Due {
  readonly id: AccountId;
  readonly kind: 'invitation' | 'review';
  /** Of which round it is, and its number there: who had enough registered, or looked through it, in between is told from the beginning. */
  readonly about: string;
  readonly waitsSince: number;
}

export function invitations(needs: Needs) {
  const { accounts, directories, settings, deliver, reminders, clock, atomically, publicUrl, timezone, closing } = needs;
  const reaching = reaches(needs);
  const { reach, isSpared } = reaching;
  const { asks, roundOf } = asking({ ...needs, ...reaching });
  const letters = { invitation: 'registration-invitation', review: 'registration-review' } as const;

  /** Returns how many were invited or reminded. */
  async function inviteSome(): Promise<number> {
    if (settings.policy().invitation_days === 0) return 0;
    const due = await everybodyDue();
    return due
      .sort((one, other) => one.waitsSince - other.waitsSince)
      .slice(0, mostARun)
      .filter(invite).length;
  }

  async function everybodyDue(): Promise<Due[]> {
    const due: Due[] = [];
    const people = [null, ...directories.all.map(({ id }) => id)].flatMap((home) => accounts.all(home));
    for (const [nth, account] of people.entries()) {
      if (nth % atATime === atATime - 1) await clock.sleep(0);
      if (closing?.aborted) return [];
      const found = dueFor(account);
      if (found) due.push(found);
    }
    return due;
  }

  function dueFor(account: Account): Due | null {
    if (account.isDisabled || account.mail === null) return null;
    const { invitation_days, invitation_times } = settings.policy();
    const now = clock.now();
    const kind = reach(account).missing > 0 ? 'invitation' : 'review';
    if (kind === 'review' && asks(account, now) !== kind) return null;
    const { at, wantedAt } = accounts.review(account.id);
    const round = kind === 'review' ? roundOf(account) : (wantedAt ?? at ?? 0);
    const { times, lastAt } = reminders.told(account.id, kind, round);
    if (times >= invitation_times) return null;
    if (lastAt !== null && daysUntil(now, { now: lastAt, timezone }) < invitation_days) return null;
    if (isSpared(account)) return null;
    return { id: account.id, kind, about: `${round} ${times + 1}`, waitsSince: lastAt ?? 0 };
  }

  /** Others were let in since it was found: what is true now counts. */
  function invite({ id }: Due): boolean {
    return atomically((): boolean => {
      const account = accounts.byId(id);
      const due = account && dueFor(account);
      if (!account?.mail || !due) return false;
      const at = clock.now();
      if (!reminders.remember({ account: id, kind: due.kind, about: due.about, at })) return false;
      deliver.queue({
        kind: letters[due.kind],
        to: account.mail,
        language: account.language ?? 'en',
        name: account.name,
        variables: { link: `${publicUrl}/registration` },
        expiresAt: at + settings.policy().invitation_days * day, // the next one would be due
      });
      return true;
    });
  }

  return { inviteSome };
}
