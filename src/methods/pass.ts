/**
 * A temporary pass: what the helpdesk or an administrator reads to somebody who has lost every other way. It lives for minutes or days, opens
 * a gate once or as often as was decided, and nobody can register one for themselves. Knows no page.
 */

import { type NoticeNeeds, notices } from '../notice.ts';
import type { Account } from '../rules/account.ts';
import { isRefusal, Refusal } from '../rules/refusal.ts';
import { day, type Instant, minute } from '../rules/time.ts';
import type { Enrolment, World } from '../world.ts';
import type { Method, MethodNeeds } from './method.ts';

export const passLimits = { length: [8, 48], life: [10 * minute, 30 * day], defaultLength: 12, defaultLife: 60 * minute } as const;

/** Crockford's 32 signs in small letters, without those that look like others: eight of them are 40 bits. */
const signs = '0123456789abcdefghjkmnpqrstvwxyz';

interface Pass {
  readonly hash: string;
  readonly expiresAt: Instant;
  readonly isOnce: boolean;
  readonly isUsed: boolean;
}
const passIn = ({ secret }: Enrolment): Pass => JSON.parse(secret) as Pass;

/** Read aloud, written down, typed: hyphens, spaces and capitals do not matter, o is zero, i and l are one. */
const passForm = (typed: string): string =>
  typed.normalize('NFKC').toLowerCase().replace(/[\s-]/g, '').replaceAll('o', '0').replace(/[il]/g, '1');

export function passMethod({ slowHash, enrolments, clock }: MethodNeeds): Method {
  const isLive = (enrolment: Enrolment): boolean => {
    const { expiresAt, isOnce, isUsed } = passIn(enrolment);
    return clock.now() < expiresAt && !(isOnce && isUsed);
  };
  return {
    name: 'pass',

    async judge(challenge, answer) {
      const live = challenge?.enrolments.find(isLive);
      const verdict = await slowHash.verify(passForm(answer), live ? passIn(live).hash : null);
      if (isRefusal(verdict)) return verdict;
      if (!verdict.isRight || !live || !challenge) return 'wrong';
      const used = JSON.stringify({ ...passIn(live), isUsed: true } satisfies Pass);
      // The same once more changes nothing, and is no reason to turn somebody away whose pass may be used often.
      return enrolments.spend(live.id, live.secret, used, challenge.at) ? 'right' : 'wrong';
    },

    describe: ({ label }) => ({ label }),
    isUsable: isLive,
  };
}

export interface WantedPass {
  readonly account: Account;
  readonly length: number;
  /** Milliseconds from now. */
  readonly life: number;
  readonly isOnce: boolean;
  /** Who gives it, as the journal names them. */
  readonly actor: string;
  readonly reason: string;
  readonly address: string | null;
}

/**
 * Makes a pass in place of an earlier one and returns it, this one time; its owner is told by mail that there is one. Refuses with `pass.limits` (params of the limits), `pass.not-here` for
 * a protected account or one's own, and `desk.busy`.
 */
export const issuePass =
  (needs: Pick<World, 'slowHash' | 'journal' | 'atomically'> & NoticeNeeds) =>
  async ({ account, length, life, isOnce, actor, reason, address }: WantedPass): Promise<string | Refusal> => {
    const { slowHash, enrolments, journal, clock, random, atomically } = needs;
    const [shortest, longest] = passLimits.length;
    const [least, most] = passLimits.life;
    if (!Number.isInteger(length) || length < shortest || length > longest || !(life >= least && life <= most))
      return new Refusal('pass.limits', { params: { shortest, longest, minutes: least / minute, days: most / day } });
    if (account.isProtected || account.login === actor) return new Refusal('pass.not-here');
    const pass = Array.from({ length }, () => signs.charAt(random.below(signs.length))).join('');
    const hash = await slowHash.hash(pass);
    if (isRefusal(hash)) return hash;
    const at = clock.now();
    const kept: Pass = { hash, expiresAt: at + life, isOnce, isUsed: false };
    atomically(() => {
      enrolments.removeAll(account.id, 'pass');
      enrolments.add({ account: account.id, method: 'pass', label: '', secret: JSON.stringify(kept), at });
      journal.append({
        event: 'pass issued',
        result: 'succeeded',
        detail: isOnce ? 'once' : 'many times',
        method: 'pass',
        actor,
        account: account.login,
        address,
        raw: reason,
      });
      // Whoever talked somebody into giving a pass for another's account is not the one who reads this.
      notices(needs)(account, { kind: 'pass-issued', variables: {} });
    });
    return pass;
  };
