/**
 * Earlier passwords of accounts whose home would take one again at a reset (Active Directory without the policy control, Samba before 4.24,
 * local accounts): what was set through here, and the present one as it is proved. Slow hashes alone, so nobody can read them, and one salt for
 * each account, so that one judgement costs one slow hash. It knows no rule and no page.
 */

import type { AccountId } from './rules/account.ts';
import { type DirectoryRules, prepared } from './rules/password.ts';
import { isRefusal, type Refusal } from './rules/refusal.ts';
import { hour } from './rules/time.ts';
import type { PasswordStatus, PasswordTrace, World } from './world.ts';

type Needs = Pick<World, 'passwordHistory' | 'slowHash' | 'deferral' | 'clock'>;

export interface Judged {
  readonly isEarlier: boolean;
  /** To be kept, should the password come into force. */
  readonly trace: PasswordTrace;
}

/** For an hour Active Directory and Samba let the previous password in (OldPasswordAllowedPeriod); once more for clocks that differ. */
const twoOpenFor = 2 * hour;

/** How many are remembered here, the present one among them: none where the home remembers for itself. */
export const remembered = ({ onReset, history }: Pick<DirectoryRules, 'onReset' | 'history'>): number =>
  onReset.history ? 0 : (history ?? 0);

export function earlierPasswords({ passwordHistory, slowHash, deferral, clock }: Needs) {
  /** Whether it is one of the newest `most`; `desk.busy` when too many wait for a slow hash. A raised cost costs a second one for a while. */
  async function judge(account: AccountId, password: string, most: number): Promise<Judged | Refusal> {
    passwordHistory.prune(account, most);
    const earlier = passwordHistory.of(account);
    const salt = slowHash.salt(earlier[0]?.salt ?? null);
    const traces: PasswordTrace[] = [];
    for (const one of new Set([salt, ...earlier.map((known) => known.salt)])) {
      const hash = await slowHash.withSalt(prepared(password), one);
      if (isRefusal(hash)) return hash;
      traces.push({ salt: one, hash });
    }
    const isEarlier = earlier.some((known) => traces.some((trace) => trace.salt === known.salt && trace.hash === known.hash));
    return { isEarlier, trace: traces[0] as PasswordTrace };
  }

  /**
   * The password is the present one, proved just now. It is hashed after the reply has left, and only when it is another than at the last
   * time; when there is no place for that work, the next proof will do it. While the previous password opens too, it may be that one, so the
   * next proof is looked at again.
   */
  function remember(account: AccountId, password: string, status: Pick<PasswordStatus, 'rules' | 'marker' | 'changedAt'>): void {
    const at = clock.now();
    const most = remembered(status.rules);
    const newest = passwordHistory.of(account)[0];
    const marker = status.changedAt !== null && at < status.changedAt + twoOpenFor ? null : status.marker;
    if (most === 0 || (newest && newest.marker !== null && newest.marker === marker)) return;
    deferral.accept(`earlier passwords ${account}`, async () => {
      const judged = await judge(account, password, most);
      if (isRefusal(judged)) return;
      passwordHistory.keep({ account, ...judged.trace, marker, at });
      passwordHistory.prune(account, most);
    });
  }

  return { judge, remember };
}
