/** What eligibility says of an attempt, remembered with it, recorded, and told by mail. It knows no page, and only deferred work asks it. */

import { type Account, placedLogin } from '../rules/account.ts';
import { type Attempt, isLost } from '../rules/attempt.ts';
import { day } from '../rules/time.ts';
import type { CheckName } from '../rules/vocabulary.ts';
import type { World } from '../world.ts';
import { partiesOf, type Standings } from './standing.ts';

type Needs = Pick<World, 'accounts' | 'attempts' | 'settings' | 'journal' | 'deliver' | 'clock' | 'atomically'> & {
  readonly standings: Pick<Standings, 'examine'>;
};

export type Verdicts = ReturnType<typeof verdicts>;

export function verdicts({ accounts, attempts, settings, journal, deliver, clock, atomically, standings }: Needs) {
  /** Examines the account and remembers what came of it. What ended or was lost meanwhile stays so. */
  async function decide(attempt: Attempt, account: Account): Promise<void> {
    const { refusedBy } = await standings.examine(account, attempt);
    atomically(() => {
      const now = attempts.byId(attempt.id);
      if (now?.state !== 'open' || isLost(now)) return;
      attempts.identify(attempt.id, account.id, refusedBy);
      journal.append({
        event: 'reset progress',
        result: refusedBy === null ? 'open' : 'failed',
        detail: refusedBy ?? 'identified',
        ...partiesOf(attempt, account),
      });
      if (refusedBy === 'within limits') {
        attempts.step(attempt.id, { kind: 'blocked', reason: refusedBy, at: clock.now() });
        journal.append({ event: 'blocked', result: 'blocked', detail: refusedBy, ...partiesOf(attempt, account) });
      }
      if (refusedBy !== null) tellWhy(account, attempt, refusedBy);
    });
  }

  /** A login in several homes is nobody's here, as a stranger's is; each of them is told what to type. */
  function leaveOpen(attempt: Attempt, several: readonly Account[]): void {
    atomically(() => {
      attempts.identify(attempt.id, null, 'one home');
      for (const account of several) {
        journal.append({ event: 'reset progress', result: 'failed', detail: 'one home', ...partiesOf(attempt, account) });
        tellWhy(account, attempt, 'one home');
      }
    });
  }

  /**
   * The attempt of the browser that holds this cookie now, null where it has moved to another. A directory that was silent when the login
   * was looked up has said neither yes nor no: it is asked again here, and until it answers nothing is sent and nothing is right.
   */
  async function decided(token: string): Promise<Attempt | null> {
    const attempt = attempts.byToken(token);
    const account = attempt?.refusedBy === 'reachable' && attempt.account !== null ? accounts.byId(attempt.account) : null;
    if (!attempt || !account) return attempt;
    await decide(attempt, account);
    return attempts.byToken(token);
  }

  /** At most once a day, to the directory's own address: the page never says it. */
  function tellWhy(account: Account, attempt: Attempt, refusedBy: CheckName): void {
    const now = clock.now();
    const last = accounts.toldWhyAt(account.id);
    if (account.mail === null || refusedBy === 'reachable' || refusedBy === 'within limits' || (last !== null && now - last < day)) return;
    accounts.setToldWhyAt(account.id, now);
    const { helpdesk_address, helpdesk_link } = settings.policy();
    const variables = { reason: refusedBy, helpdesk: helpdesk_link || helpdesk_address, login: placedLogin(account) };
    deliver.queue({
      kind: 'reset-not-possible',
      to: account.mail,
      language: account.language ?? attempt.language,
      name: account.name,
      variables,
    });
  }

  return { decide, decided, leaveOpen };
}
