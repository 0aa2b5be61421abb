/** How an attempt ends: the new password, the lock cleared, or given up. The gates are counted by the policy of this moment. */

import type { Account } from '../rules/account.ts';
import type { Attempt } from '../rules/attempt.ts';
import { isRefusal, Refusal } from '../rules/refusal.ts';
import type { PasswordDesk, Written } from '../set-password.ts';
import type { World } from '../world.ts';
import { keyOf, ownerOf, partiesOf, type Standing, type Standings } from './standing.ts';

type Needs = Pick<World, 'accounts' | 'attempts' | 'journal' | 'passwordsFor' | 'deferral' | 'clock' | 'atomically'> & {
  readonly standings: Standings;
  readonly desk: PasswordDesk;
};

export function endings({ accounts, attempts, journal, passwordsFor, deferral, clock, atomically, standings, desk }: Needs) {
  const { openAttempt, examine } = standings;

  /** open, load, claim; then judge, set, settle, tell. */
  async function complete(token: string, typed: { password: string; again: string }): Promise<Written | Refusal> {
    const found = await passedAttempt(token, 'password');
    if (isRefusal(found)) return found;
    if (typed.password === '') return new Refusal('password.required', { field: 'password' });
    if (typed.password !== typed.again) return new Refusal('password.mismatch', { field: 'password_again' });
    const { attempt, account } = found;
    if (!attempts.claim(attempt.id, clock.now())) return new Refusal('attempt.writing');
    return desk.setPassword({ ...actOf(attempt, account), act: 'reset', password: typed.password });
  }

  async function unlock(token: string): Promise<Written | Refusal> {
    const found = await passedAttempt(token, 'unlock');
    if (isRefusal(found)) return found;
    const { attempt, account } = found;
    const status = await passwordsFor(account).status();
    if (!isRefusal(status) && status.lock === 'none') return new Refusal('unlock.not-locked');
    if (!attempts.claim(attempt.id, clock.now())) return new Refusal('attempt.writing');
    return desk.unlock({ ...actOf(attempt, account), act: 'unlock' });
  }

  const actOf = (attempt: Attempt, account: Account) => ({
    account,
    attempt: attempt.id,
    address: attempt.address,
    supportCode: attempt.supportCode,
    language: account.language ?? attempt.language,
  });

  /** The attempt with its gates passed, and its account still eligible, by what holds now. */
  async function passedAttempt(token: string, place: 'password' | 'unlock'): Promise<{ attempt: Attempt; account: Account } | Refusal> {
    const found = openAttempt(token);
    if (isRefusal(found)) return found;
    const { attempt, account } = found;
    if (found.place === 'writing') return new Refusal('attempt.writing');
    if (found.place !== place || !account) return new Refusal('attempt.gates-open');
    const { refusedBy } = await examine(account, attempt);
    // The home took its time: the gates are counted once more, by what is asked now.
    if (refusedBy === null) return isPassed(openAttempt(token), place) ? { attempt, account } : new Refusal('attempt.gates-open');
    atomically(() => {
      attempts.step(attempt.id, { kind: 'refused', reason: refusedBy, at: clock.now() });
      journal.append({ event: 'reset progress', result: 'failed', detail: refusedBy, ...partiesOf(attempt, account) });
    });
    return refusedBy === 'reachable' ? new Refusal('directory.unreachable') : new Refusal('attempt.not-eligible');
  }

  const isPassed = (found: Standing | Refusal, place: Standing['place']): boolean => !isRefusal(found) && found.place === place;

  function cancel(token: string): void {
    const attempt = attempts.byToken(token);
    if (!attempt) return;
    const isCancelled = atomically(() => {
      const isOpen = attempts.step(attempt.id, { kind: 'cancelled', at: clock.now() });
      if (isOpen) attempts.finish(attempt.id, clock.now());
      return isOpen;
    });
    // Whose it was is looked up after the reply: the time of a stranger's is the same.
    if (isCancelled) deferral.accept(keyOf(attempt), async () => recordCancelled(attempt.id), ownerOf(attempt));
  }

  function recordCancelled(id: number): void {
    const attempt = attempts.byId(id);
    const account = attempt?.account ? accounts.byId(attempt.account) : null;
    if (attempt && account) journal.append({ event: 'reset progress', result: 'cancelled', ...partiesOf(attempt, account) });
  }

  return { complete, unlock, cancel };
}
