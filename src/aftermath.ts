/**
 * What follows a password or a lock that was to be written: the attempt goes on or ends, counters and sessions are cleared, the journal and the
 * person hear of it. It sends nothing to a home. Every function runs inside the caller's transaction.
 */

import { numberKey } from './methods/sms.ts';
import { type NoticeNeeds, notices } from './notice.ts';
import type { Account } from './rules/account.ts';
import type { AttemptId } from './rules/attempt.ts';
import type { Refusal } from './rules/refusal.ts';
import { accountKey, limits } from './rules/throttle.ts';
import type { EventName } from './rules/vocabulary.ts';
import type { World, Write } from './world.ts';

type Needs = Pick<World, 'attempts' | 'passwordHistory' | 'writes' | 'journal' | 'sessions' | 'tokens' | 'throttle' | 'vault' | 'clock'> &
  NoticeNeeds;

export interface Act {
  readonly act: Write['act'];
  readonly account: Account;
  readonly attempt?: AttemptId;
  /** The session that survives: the one in which a signed-in person changes the password. */
  readonly session?: number;
  readonly address: string;
  readonly supportCode: string;
  readonly language: string;
}

const eventOf: Record<Write['act'], EventName> = {
  reset: 'reset',
  change: 'change',
  unlock: 'unlock',
  'reset by administrator': 'reset by administrator',
  'unlock by administrator': 'unlock by administrator',
};

type News = 'password-reset' | 'password-changed' | 'account-unlocked' | 'write-settled';
const newsOf: Record<Write['act'], News> = {
  reset: 'password-reset',
  change: 'password-changed',
  unlock: 'account-unlocked',
  'reset by administrator': 'password-reset',
  'unlock by administrator': 'account-unlocked',
};

export type Aftermath = ReturnType<typeof aftermath>;

export function aftermath(needs: Needs) {
  const { enrolments, attempts, passwordHistory, writes, journal, sessions, tokens, throttle, vault, clock } = needs;
  const notify = notices(needs);

  function releaseAttempt(act: Act, refusals: readonly Refusal[]): void {
    const [first] = refusals;
    if (act.attempt !== undefined && first) {
      attempts.release(act.attempt);
      attempts.step(act.attempt, { kind: 'refused', reason: first.key, at: clock.now() });
    }
    record(act, {
      result: 'failed',
      detail: refusals.map(({ key }) => key).join(' '),
      raw: refusals.map(({ raw }) => raw).find((raw) => raw !== null) ?? null,
    });
  }

  /** One transaction: attempt ended, counters cleared, sessions and open attempts and tokens ended, event recorded, message queued. */
  function succeed(id: number, act: Act, { isProved, raw = null }: { isProved: boolean; raw?: string | null }): void {
    const { account, attempt = null, session } = act;
    const at = clock.now();
    writes.end(id, isProved ? 'done' : 'not proved', at);
    passwordHistory.confirm(id, at);
    if (attempt !== null) {
      attempts.step(attempt, { kind: 'ended', outcome: isProved ? 'done' : 'not proved', at });
      attempts.finish(attempt, at);
    }
    attempts.closeOthers(account.id, attempt, at);
    tokens.spendAll(account.id, at);
    clearCounters(account);
    if (act.act !== 'unlock' && act.act !== 'unlock by administrator') sessions.endAll(account.id, session);
    record(act, { result: 'succeeded', detail: isProved ? 'proved' : 'not proved', raw });
    tell(act, newsOf[act.act], { isProved: isProved ? 'yes' : 'no' });
  }

  function clearCounters(account: Account): void {
    const key = accountKey(account.id, '');
    for (const limit of [limits.wrongProofs, limits.failedAttempts, limits.mailsHere]) throttle.clearPrefix(limit, `${key}|`);
    for (const limit of [limits.failedAttemptsAnywhere, limits.mails, limits.mailsADay, limits.signIn]) throttle.clear(limit, key);
    for (const { method, label } of enrolments.of(account.id)) if (method === 'sms') throttle.clear(limits.texts, numberKey(vault, label));
    throttle.forgetWrongPasswords(account.id);
  }

  function record(
    { account, act, attempt, address, supportCode }: Act,
    outcome: { result: 'succeeded' | 'failed' | 'unknown'; detail: string; raw?: string | null },
  ): void {
    const method =
      attempt === undefined ? null : (attempts.byId(attempt)?.steps.findLast((step) => step.kind === 'passed')?.method ?? null);
    journal.append({
      event: eventOf[act],
      actor: act.endsWith('by administrator') ? null : account.login,
      account: account.login,
      address,
      supportCode,
      method,
      ...outcome,
    });
  }

  const tell = ({ account, language }: Act, kind: News, variables: { isProved: string } | { outcome: string }): void =>
    notify(account, { kind, variables, language });

  return { releaseAttempt, succeed, clearCounters, record, tell };
}
