/**
 * The one sentence that every new password passes, whichever door it came through: judge, set, settle, tell. Clearing a lock goes the
 * same way. A row is written before anything leaves, so that a crash or a silence at any moment can be settled by asking the home.
 */

import { type Act, aftermath } from './aftermath.ts';
import { earlierPasswords, remembered } from './earlier-passwords.ts';
import { lateWrites } from './late-writes.ts';
import { type PasswordJudge, passwordJudge } from './password-judge.ts';
import type { Account } from './rules/account.ts';
import { barred, lookedBack, possibleFrom, subjectOf, type Term, termsOf, tooEarly, usedBefore, type Way } from './rules/new-password.ts';
import { prepared, type Rule, rulesFor } from './rules/password.ts';
import { policyFor } from './rules/policy.ts';
import { isRefusal, type Refusal } from './rules/refusal.ts';
import type { Instant } from './rules/time.ts';
import type { BeforeSending, PasswordStatus, Passwords, PasswordTrace, World, Write, WriteOutcome } from './world.ts';

interface Judged {
  readonly refusals: readonly Refusal[];
  /** What Latchkey is to remember of it, should it come into force. */
  readonly trace: PasswordTrace | null;
}
const no = (refusal: Refusal): Judged => ({ refusals: [refusal], trace: null });

export interface NewPassword extends Act {
  readonly act: Exclude<Write['act'], 'unlock' | 'unlock by administrator'>;
  readonly password: string;
  /** Given when the person changes it and knows the present one: the home proves it, and its no is never retried as a reset. */
  readonly current?: string;
  /** Given by somebody else: good for one sign-in, which must choose another. */
  readonly isTemporary?: true;
}

export interface Unlocking extends Act {
  readonly act: 'unlock' | 'unlock by administrator';
}

export interface Bound {
  readonly rules: readonly Rule[];
  readonly terms: readonly Term[];
  /** From when the minimum age lets it be set in this way; null when now. */
  readonly possibleFrom: Instant | null;
  readonly status: PasswordStatus;
}

export type Written =
  | { kind: 'done'; isProved: boolean }
  /** All broken rules at once, or the one refusal of the home: the old password is in force. */
  | { kind: 'refused'; refusals: readonly Refusal[] }
  /** Sent, and no answer: the write is settled later by asking the server that got it. */
  | { kind: 'unknown' };

export interface PasswordDesk {
  setPassword(wanted: NewPassword): Promise<Written>;
  unlock(act: Unlocking): Promise<Written>;
  /** The rules that bind this person now, for the page to show before typing; a Refusal when the home does not answer. */
  rulesOf(account: Account, way: Way): Promise<Bound | Refusal>;
  /** A passphrase that these rules and the house's would take; null when none was found. */
  readonly offer: PasswordJudge['offer'];
  /** What stands against a password of an account that has no home yet, in the judgement of every door. */
  readonly judge: PasswordJudge['judge'];
  /** As if nobody had ever failed here: for success, and for whoever lets somebody back in. */
  clearCounters(account: Account): void;
  /** Settles what a crash or a silence left behind; returns how many writes are known now. */
  settleWrites(): Promise<number>;
}

type Needs = Pick<
  World,
  | 'accounts'
  | 'enrolments'
  | 'attempts'
  | 'passwordHistory'
  | 'passwordsFor'
  | 'slowHash'
  | 'lore'
  | 'deferral'
  | 'writes'
  | 'journal'
  | 'deliver'
  | 'sessions'
  | 'tokens'
  | 'throttle'
  | 'vault'
  | 'settings'
  | 'clock'
  | 'random'
  | 'atomically'
> & { readonly publicUrl: string };

export function passwordDesk(needs: Needs): PasswordDesk {
  const { attempts, passwordHistory, passwordsFor, writes, settings, clock, atomically } = needs;
  /** Writes that this process is still waiting for: not to be settled from outside. */
  const underWay = new Set<number>();
  const earlier = earlierPasswords(needs);
  const after = aftermath(needs);
  const { releaseAttempt, succeed, record, clearCounters } = after;
  const judge = passwordJudge(needs);

  async function rulesOf(account: Account, way: Way): Promise<Bound | Refusal> {
    const status = await passwordsFor(account).status();
    if (isRefusal(status)) return status;
    const policy = policyFor(account, settings.policy());
    return {
      rules: rulesFor(subjectOf(account), policy, status.rules),
      terms: termsOf(status.rules, clock.now()),
      possibleFrom: possibleFrom(way, status, policy),
      status,
    };
  }

  /** What the home says now, or what forbids the act altogether. */
  async function statusFor({ account }: Act, knowsCurrent: boolean): Promise<PasswordStatus | Refusal> {
    const status = await passwordsFor(account).status();
    return isRefusal(status) ? status : (barred({ account, knowsCurrent }, status, settings.policy()) ?? status);
  }

  /** Nothing is sent before this has ended: where it fails unexpectedly, who tries again finds the door open. */
  async function beforeSending<T>({ attempt }: Act, judge: () => Promise<T>): Promise<T> {
    try {
      return await judge();
    } catch (fault) {
      if (attempt !== undefined) attempts.release(attempt);
      throw fault;
    }
  }

  async function judged(wanted: NewPassword): Promise<Judged> {
    const { account, act, current } = wanted;
    const status = await statusFor(wanted, current !== undefined);
    if (isRefusal(status)) return no(status);
    const policy = policyFor(account, settings.policy());
    const early = tooEarly(act, status, policy);
    if (early) return no(early);
    const past = await pastOf(wanted, status);
    if (isRefusal(past)) return no(past);
    const subject = subjectOf(account);
    const rules = rulesFor(subject, policy, status.rules);
    const occasion = { account: account.login, address: wanted.address, supportCode: wanted.supportCode };
    const wrong = await judge.judge({ ...wanted, subject, rules }, occasion);
    return { ...past, refusals: [...wrong, ...past.refusals] };
  }

  async function setPassword(wanted: NewPassword): Promise<Written> {
    const { current } = wanted;
    const password = prepared(wanted.password);
    const { refusals, trace } = await beforeSending(wanted, () => judged({ ...wanted, password }));
    if (refusals.length > 0) return refuse(wanted, refusals);
    return write({ ...wanted, trace }, (home, before) => {
      if (current !== undefined) return home.change({ current, password }, before);
      return wanted.isTemporary ? home.setTemporary(password, before) : home.set(password, before);
    });
  }

  /** What the account's earlier passwords say of it, and what is kept of it where Latchkey remembers them. */
  async function pastOf({ account, act, password }: NewPassword, { rules, isExpired }: PasswordStatus): Promise<Judged | Refusal> {
    const most = remembered(rules);
    if (most === 0) {
      // A policy that could not be read just now takes nothing away.
      if (rules.onReset.history || rules.history === 0) passwordHistory.prune(account.id, 0);
      return { trace: null, refusals: [] };
    }
    const judged = await earlier.judge(account.id, password, most);
    if (isRefusal(judged)) return judged;
    const count = lookedBack(act, subjectOf(account), { rules, isExpired });
    return { trace: judged.trace, refusals: judged.isEarlier && count > 0 ? [usedBefore(count)] : [] };
  }

  async function unlock(act: Unlocking): Promise<Written> {
    const status = await beforeSending(act, () => statusFor(act, false));
    return isRefusal(status) ? refuse(act, [status]) : write(act, (home, before) => home.unlock(before));
  }

  /** Nothing was sent: the attempt may try again at once. */
  function refuse(act: Act, refusals: readonly Refusal[]): Written {
    atomically(() => releaseAttempt(act, refusals));
    return { kind: 'refused', refusals };
  }

  async function write(
    act: Act & { trace?: PasswordTrace | null },
    send: (home: Passwords, before: BeforeSending) => Promise<WriteOutcome>,
  ): Promise<Written> {
    const id = begin(act);
    underWay.add(id);
    try {
      const outcome = await send(passwordsFor(act.account), (request) => writes.sent(id, { ...request, at: clock.now() }));
      return settle(id, act, outcome);
    } finally {
      underWay.delete(id);
    }
  }

  function begin({ account, attempt, act, supportCode, address, trace }: Act & { trace?: PasswordTrace | null }): Write['id'] {
    const at = clock.now();
    return atomically(() => {
      const write = writes.start({ account: account.id, attempt: attempt ?? null, act, supportCode, address, at });
      if (trace) passwordHistory.pend({ account: account.id, write, ...trace, at });
      return write;
    });
  }

  function settle(id: number, act: Act, outcome: WriteOutcome): Written {
    if (outcome.kind === 'unknown') {
      atomically(() => {
        if (act.attempt !== undefined) attempts.step(act.attempt, { kind: 'ended', outcome: 'unknown', at: clock.now() });
        record(act, { result: 'unknown', detail: 'outcome unknown', raw: outcome.raw });
      });
      return { kind: 'unknown' };
    }
    if (outcome.kind === 'refused') {
      atomically(() => {
        writes.end(id, 'refused', clock.now());
        passwordHistory.drop(id);
        releaseAttempt(act, [outcome.refusal]);
      });
      return { kind: 'refused', refusals: [outcome.refusal] };
    }
    atomically(() => {
      outcome.apply();
      succeed(id, act, outcome);
    });
    return { kind: 'done', isProved: outcome.isProved };
  }

  return {
    setPassword,
    unlock,
    rulesOf,
    offer: judge.offer,
    judge: judge.judge,
    clearCounters,
    ...lateWrites({ ...needs, after, underWay }),
  };
}
