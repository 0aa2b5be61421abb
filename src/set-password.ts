/**
 * The one sentence that every new password passes, whichever door it came through: judge, set, settle, tell. Clearing a lock goes the
 * same way. A row is written before anything leaves, so that a crash or a silence at any moment can be settled by asking the home.
 */

import { earlierPasswords, remembered } from './earlier-passwords.ts';
import { type PasswordJudge, passwordJudge } from './password-judge.ts';
import type { Account } from './rules/account.ts';
import type { AttemptId } from './rules/attempt.ts';
import { noticeAddresses } from './rules/notice.ts';
import { barred, lookedBack, possibleFrom, subjectOf, type Term, termsOf, tooEarly, usedBefore, type Way } from './rules/new-password.ts';
import { prepared, type Rule, rulesFor } from './rules/password.ts';
import { isRefusal, type Refusal } from './rules/refusal.ts';
import { accountKey, limits } from './rules/throttle.ts';
import { day, type Instant, second } from './rules/time.ts';
import type { EventName } from './rules/vocabulary.ts';
import type { BeforeSending, PasswordStatus, Passwords, PasswordTrace, World, Write, WriteOutcome } from './world.ts';

interface Judged {
  readonly refusals: readonly Refusal[];
  /** What Latchkey is to remember of it, should it come into force. */
  readonly trace: PasswordTrace | null;
}
const no = (refusal: Refusal): Judged => ({ refusals: [refusal], trace: null });

interface Act {
  readonly act: Write['act'];
  readonly account: Account;
  readonly attempt?: AttemptId;
  /** The session that survives: the one in which a signed-in person changes the password. */
  readonly session?: number;
  readonly address: string;
  readonly supportCode: string;
  readonly language: string;
}

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
  | 'settings'
  | 'clock'
  | 'random'
  | 'atomically'
> & { readonly publicUrl: string };

const notMeLife = 7 * day;
/** Longer than any operation may take: what has not ended by then is asked for. */
const settleAfter = 45 * second;

const eventOf: Record<Write['act'], EventName> = {
  reset: 'reset',
  change: 'change',
  unlock: 'unlock',
  'reset by administrator': 'reset by administrator',
  'unlock by administrator': 'unlock by administrator',
};

type Settled = 'done' | 'not done' | 'cannot tell';
type News = 'password-reset' | 'password-changed' | 'account-unlocked' | 'write-settled';
const newsOf: Record<Write['act'], News> = {
  reset: 'password-reset',
  change: 'password-changed',
  unlock: 'account-unlocked',
  'reset by administrator': 'password-reset',
  'unlock by administrator': 'account-unlocked',
};

export function passwordDesk(needs: Needs): PasswordDesk {
  const {
    accounts,
    enrolments,
    attempts,
    passwordHistory,
    passwordsFor,
    writes,
    journal,
    deliver,
    sessions,
    tokens,
    throttle,
    settings,
    clock,
    random,
    atomically,
    publicUrl,
  } = needs;
  /** Writes that this process is still waiting for: not to be settled from outside. */
  const underWay = new Set<number>();
  const earlier = earlierPasswords(needs);
  const judge = passwordJudge(needs);

  async function rulesOf(account: Account, way: Way): Promise<Bound | Refusal> {
    const status = await passwordsFor(account).status();
    if (isRefusal(status)) return status;
    const policy = settings.policy();
    return {
      rules: rulesFor(subjectOf(account), policy, status.rules),
      terms: termsOf(status.rules, clock.now()),
      possibleFrom: possibleFrom(way, status, policy),
      status,
    };
  }

  /** The same for an act, or what forbids it altogether. */
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
    const early = tooEarly(act, status, settings.policy());
    if (early) return no(early);
    const past = await pastOf(wanted, status);
    if (isRefusal(past)) return no(past);
    const subject = subjectOf(account);
    const rules = rulesFor(subject, settings.policy(), status.rules);
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
  async function pastOf({ account, act, password }: NewPassword, { rules }: PasswordStatus): Promise<Judged | Refusal> {
    const most = remembered(rules);
    if (most === 0) {
      passwordHistory.prune(account.id, 0);
      return { trace: null, refusals: [] };
    }
    const judged = await earlier.judge(account.id, password, most);
    if (isRefusal(judged)) return judged;
    const count = lookedBack(act, subjectOf(account), rules);
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

  async function settleWrites(): Promise<number> {
    let known = 0;
    for (const left of writes.unsettled(clock.now() - settleAfter)) {
      const account = underWay.has(left.id) ? null : accounts.byId(left.account);
      if (account === null) continue;
      const answer = await outcomeOf(left, account);
      if (isRefusal(answer)) continue; // it is asked again, until it answers
      atomically(() => settleLate(left, account, answer));
      known += 1;
    }
    return known;
  }

  /** A later success has moved the marker: what it would say now is not about this write. */
  async function outcomeOf(left: Write, account: Account): Promise<Settled | Refusal> {
    if (left.sentAt === null) return 'not done';
    const answer = writes.isOvertaken(left) ? 'cannot tell' : await passwordsFor(account).outcome(left);
    return answer === 'done' && writes.isOvertaken(left) ? 'cannot tell' : answer;
  }

  function settleLate(left: ReturnType<World['writes']['unsettled']>[number], account: Account, answer: Settled): void {
    const attempt = left.attempt === null ? null : attempts.byId(left.attempt);
    const act = {
      account,
      act: left.act,
      address: left.address,
      supportCode: left.supportCode,
      language: attempt?.language ?? 'en',
      ...(attempt ? { attempt: attempt.id } : {}),
    };
    if (answer === 'done') {
      succeed(left.id, act, { isProved: false });
      return;
    }
    const at = clock.now();
    writes.end(left.id, answer === 'not done' ? 'refused' : 'unknown', at);
    passwordHistory.drop(left.id);
    if (attempt) {
      attempts.step(attempt.id, { kind: 'ended', outcome: answer === 'not done' ? 'not done' : 'unknown', at });
      attempts.finish(attempt.id, at);
    }
    record(act, {
      result: answer === 'not done' ? 'failed' : 'unknown',
      detail: answer === 'not done' ? 'old password in force' : 'outcome unknown',
    });
    if (left.sentAt !== null && !writes.isOvertaken(left)) tell(act, 'write-settled', { outcome: answer });
  }

  return {
    setPassword,
    unlock,
    rulesOf,
    offer: judge.offer,
    judge: judge.judge,
    clearCounters,
    settleWrites,
  };
}
