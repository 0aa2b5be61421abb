/** An administrator asks one person or everybody to go through their registration anew: at the next sign-in, whatever was put off. Knows no page. */

import { type NoticeNeeds, notices } from '../notice.ts';
import type { Account } from '../rules/account.ts';
import type { World } from '../world.ts';

type Needs = Pick<World, 'accounts' | 'journal' | 'atomically'> & NoticeNeeds;

/** Who asks, and from where. */
interface By {
  readonly actor: string;
  readonly address?: string;
  readonly supportCode?: string;
}

/** Null: everybody who is enabled; one person is told by mail. Returns how many that are; those who are exempt or could not use it will see nothing of it. */
export const askingAgain =
  ({ accounts, journal, atomically, ...needs }: Needs) =>
  (account: Account | null, by: By): number =>
    atomically(() => {
      const asked = accounts.wantReview(account?.id ?? null, needs.clock.now());
      const whom = account === null ? { detail: 'everybody asked again' } : { detail: 'asked again', account: account.login };
      journal.append({ event: 'registration', result: 'succeeded', ...whom, ...by });
      if (account !== null) notices(needs)(account, { kind: 'registration-asked-again', variables: {} });
      return asked;
    });
