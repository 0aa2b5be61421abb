/**
 * Tells people by mail that their password will end, on the days that policy names. The end is asked of the directory itself at that moment; a
 * row for each telling makes it go out once, whatever was down in between. Knows no page.
 */

import type { Account } from './rules/account.ts';
import { daysUntil, dayToTell } from './rules/calendar.ts';
import { isAvailable, isInScope } from './rules/eligibility.ts';
import { noticeAddresses } from './rules/notice.ts';
import { isRefusal } from './rules/refusal.ts';
import type { World } from './world.ts';

type Needs = Pick<
  World,
  'accounts' | 'directories' | 'enrolments' | 'passwordsFor' | 'settings' | 'deliver' | 'reminders' | 'clock' | 'atomically'
> & {
  readonly publicUrl: string;
  /** Where the office's days begin and end. */
  readonly timezone: string;
  /** Aborted when the house closes. */
  readonly closing?: AbortSignal;
};

/** So many are asked about at once; everybody else's sign-in goes on beside them. */
const atOnce = 4;

/** Returns how many were told. An account whose directory does not answer is left for the next run. */
export function expiryReminders({
  accounts,
  directories,
  enrolments,
  passwordsFor,
  settings,
  deliver,
  reminders,
  clock,
  atomically,
  ...more
}: Needs) {
  const { publicUrl, timezone, closing } = more;

  async function tellEverybody(): Promise<number> {
    const policy = settings.policy();
    if (policy.expiry_reminder_days.length === 0) return 0;
    const queue = directories.all
      .flatMap(({ id }) => accounts.all(id))
      .filter((account) => mayBeTold(account) && isAvailable(account, 'change', policy) && isInScope(account, policy));
    let told = 0;
    const lane = async (): Promise<void> => {
      for (let account = queue.shift(); account && !closing?.aborted; account = queue.shift()) if (await tell(account)) told += 1;
    };
    await Promise.all(Array.from({ length: atOnce }, lane));
    return told;
  }

  async function tell(account: Account): Promise<boolean> {
    const status = await passwordsFor(account).status();
    if (isRefusal(status) || status.expiresAt === null || status.isDisabled || status.isExpired || status.mustChange) return false;
    const { expiresAt } = status;
    const now = clock.now();
    const dayTold = dayToTell(daysUntil(expiresAt, { now, timezone }), settings.policy().expiry_reminder_days);
    if (dayTold === null || expiresAt <= now) return false;
    const to = noticeAddresses(account, enrolments.of(account.id));
    if (to.length === 0) return false;
    return atomically((): boolean => {
      if (!reminders.remember({ account: account.id, kind: 'expiry', about: `${expiresAt} ${dayTold}`, at: now })) return false;
      const variables = { days: daysUntil(expiresAt, { now, timezone }), changeLink: `${publicUrl}/change` };
      const language = account.language ?? 'en';
      for (const address of to)
        deliver.queue({ kind: 'password-expiring', to: address, language, name: account.name, variables, expiresAt });
      return true;
    });
  }

  return { tellEverybody };
}

const mayBeTold = ({ isDisabled, suspendedAt }: Account): boolean => !isDisabled && suspendedAt === null;
