/**
 * What follows a password or a lock that was to be written: the attempt goes on or ends, counters and sessions are cleared, the journal and the
 * person hear of it. It sends nothing to a home. Every function runs inside the caller's transaction.
 */

import type { Account } from './rules/account.ts';
import type { AttemptId } from './rules/attempt.ts';
import { noticeAddresses } from './rules/notice.ts';
import type { Refusal } from './rules/refusal.ts';
import { accountKey, limits } from './rules/throttle.ts';
import { day } from './rules/time.ts';
import type { EventName } from './rules/vocabulary.ts';
import type { World, Write } from './world.ts';

type Needs = Pick<
  World,
  'enrolments' | 'attempts' | 'passwordHistory' | 'writes' | 'journal' | 'deliver' | 'sessions' | 'tokens' | 'throttle' | 'clock' | 'random'
> & { readonly publicUrl: string };

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

const notMeLife = 7 * day;

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
  const { enrolments, attempts, passwordHistory, writes, journal, deliver, sessions, tokens, throttle, clock, random, publicUrl } = needs;

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
    for (const limit of [limits.wrongProofs, limits.failedAttempts]) throttle.clearPrefix(limit, `${key}|`);
    for (const limit of [limits.failedAttemptsAnywhere, limits.signIn]) throttle.clear(limit, key);
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

  /** Every address that is known hears of it, with a way to say "this was not me". */
  function tell({ account, language }: Act, kind: News, told: { isProved: string } | { outcome: string }): void {
    const secret = random.token();
    const at = clock.now();
    tokens.issue({ purpose: 'not me', secret, account: account.id, attempt: null, at, expiresAt: at + notMeLife, tries: 1 });
    const variables = { notMeLink: `${publicUrl}/not-me/${secret}`, ...told };
    for (const to of noticeAddresses(account, enrolments.of(account.id)))
      deliver.queue({ kind, to, language: account.language ?? language, name: account.name, variables });
  }

  return { releaseAttempt, succeed, clearCounters, record, tell };
}
