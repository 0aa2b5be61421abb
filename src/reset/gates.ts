/** The gates of an attempt: choosing a way to prove who one is, and the answer, or the mailed link that is one. */

import type { Judgement } from '../methods/method.ts';
import type { Methods } from '../methods/methods.ts';
import type { Challenge } from '../methods/method.ts';
import type { Account } from '../rules/account.ts';
import { asked, type Attempt, chosen, sendAgainAfter } from '../rules/attempt.ts';
import { isRefusal, Refusal } from '../rules/refusal.ts';
import { accountKey, addressKey, isOver, limits } from '../rules/throttle.ts';
import { second } from '../rules/time.ts';
import type { MethodName } from '../rules/vocabulary.ts';
import type { World } from '../world.ts';
import { bindingOf, failedKey, hasFailed, hasProved, keyOf, ownerOf, ownFailure, partiesOf, type Standings, triesKey } from './standing.ts';
import type { Verdicts } from './verdict.ts';

type Needs = Pick<World, 'accounts' | 'attempts' | 'tokens' | 'throttle' | 'journal' | 'deferral' | 'clock' | 'random' | 'atomically'> & {
  readonly methods: Methods;
  readonly standings: Standings;
  readonly verdicts: Pick<Verdicts, 'decided'>;
};

/** The longest is a passkey's, as the browser's script writes it. */
const longestAnswer = 8000;

export function gates({
  accounts,
  attempts,
  tokens,
  throttle,
  journal,
  deferral,
  clock,
  random,
  atomically,
  methods,
  standings,
  verdicts,
}: Needs) {
  const { openAttempt, methodsShown, challengeOf, shownChallengeOf } = standings;

  /** Picks a way to prove who one is, or asks for the same code again. What it shows is drawn after the reply, for a stranger too. */
  async function choose(token: string, method: string): Promise<'chosen' | Refusal> {
    const found = openAttempt(token);
    if (isRefusal(found)) return found;
    const { attempt, place } = found;
    if (place !== 'method' && place !== 'answer') return new Refusal('attempt.finished');
    const name = methodsShown(found).find((shown) => shown === method);
    if (!name) return new Refusal('method.unknown', { field: 'method' });
    const now = clock.now();
    const before = attempt.steps.findLast((step) => step.kind === 'chosen' && step.method === name);
    if (before && now - before.at < sendAgainAfter)
      return new Refusal('method.too-soon', { params: { seconds: Math.ceil((before.at + sendAgainAfter - now) / second) } });
    if (!deferral.accept(keyOf(attempt), () => send(token, name), ownerOf(attempt))) return new Refusal('desk.busy');
    attempts.step(attempt.id, { kind: 'chosen', method: name, at: now });
    const life = methods.get(name)?.attemptLife;
    if (life !== undefined) attempts.extend(attempt.id, attempt.createdAt + life);
    return 'chosen';
  }

  async function send(token: string, name: MethodName): Promise<void> {
    const attempt = await verdicts.decided(token);
    const method = methods.get(name);
    if (!attempt || !method) return;
    const challenge = challengeOf(attempt, name);
    if (method.ask && asked(attempt, name) === null) {
      const question = method.ask({
        binding: bindingOf(attempt),
        loginDigest: attempt.loginDigest,
        challenge: shownChallengeOf(attempt, name),
      });
      attempts.step(attempt.id, { kind: 'asked', method: name, question, at: clock.now() });
    }
    if (!challenge || !method.send) return;
    const key = accountKey(challenge.account.id, '');
    const counters = [
      { limit: limits.mailsHere, key: failedKey(attempt, challenge.account.id) },
      { limit: limits.mails, key },
      { limit: limits.mailsADay, key },
      ...(method.countersOf?.(challenge) ?? []),
    ];
    const full = counters.find(({ limit, key }) => isOver(throttle.count(limit, key, challenge.at), limit));
    atomically(() => {
      if (full)
        return journal.append({
          event: 'blocked',
          result: 'blocked',
          detail: full.limit.name,
          method: name,
          ...partiesOf(attempt, challenge.account),
        });
      for (const { limit, key } of counters) throttle.hit(limit, key, challenge.at);
      method.send?.(challenge);
      return journal.append({
        event: 'reset progress',
        result: 'open',
        detail: 'challenged',
        method: name,
        ...partiesOf(attempt, challenge.account),
      });
    });
  }

  /** Judges an answer, after all that was asked for before it, and not before the floor: a stranger's takes as long. */
  async function answer(token: string, typed: string): Promise<{ token: string } | Refusal> {
    const found = openAttempt(token);
    if (isRefusal(found)) return found;
    const name = chosen(found.attempt)?.method;
    if (found.place !== 'answer' || !name) return new Refusal('attempt.finished');
    if (typed.trim() === '') return new Refusal('answer.required', { field: 'answer' });
    let judged: { token: string } | Refusal = new Refusal('answer.wrong', { field: 'answer' });
    const judgeLater = async () => {
      judged = await judge(token, name, typed.slice(0, longestAnswer));
    };
    const isAccepted = deferral.accept(keyOf(found.attempt), judgeLater, ownerOf(found.attempt));
    if (!isAccepted) return new Refusal('desk.busy');
    await deferral.settled(keyOf(found.attempt));
    return judged;
  }

  /** Nothing is counted or spent for a browser that the attempt has left since it answered: one proof would open two gates. */
  async function judge(token: string, name: MethodName, typed: string): Promise<{ token: string } | Refusal> {
    const attempt = await verdicts.decided(token);
    const method = methods.get(name);
    if (!attempt || !method) return new Refusal('attempt.none');
    const challenge = countedChallenge(attempt, name);
    const judgement: Judgement = await method.judge(challenge, typed);
    if (isRefusal(judgement)) return judgement;
    const { account } = challenge ?? { account: attempt.account === null ? null : accounts.byId(attempt.account) };
    if (judgement === 'wrong' || !challenge || !account) return rejectAnswer(attempt, name, account);
    return atomically((): { token: string } | Refusal => {
      const now = attempts.byToken(token);
      return now?.id === attempt.id && now.refusedBy === null ? acceptAnswer(attempt, name, account) : new Refusal('attempt.none');
    });
  }

  /** Counts the try before it is judged. Over a limit the answer is judged like a stranger's, said to be wrong, and not counted: the hour ends. */
  function countedChallenge(attempt: Attempt, name: MethodName): Challenge | null {
    const now = clock.now();
    const key = triesKey(attempt, name);
    const isSpent = isOver(throttle.count(limits.wrongProofs, key, now), limits.wrongProofs);
    if (!isSpent) throttle.hit(limits.wrongProofs, key, now);
    const own = ownFailure(attempt);
    const anywhere = throttle.count(limits.failedAttemptsAnywhere, accountKey(attempt.account, attempt.loginDigest), now) - own;
    const here = throttle.count(limits.failedAttempts, failedKey(attempt, attempt.account), now) - own;
    const isBlocked = (!hasProved(attempt) && isOver(anywhere, limits.failedAttemptsAnywhere)) || isOver(here, limits.failedAttempts);
    return isSpent || isBlocked ? null : challengeOf(attempt, name);
  }

  function rejectAnswer(attempt: Attempt, name: MethodName, account: Account | null): Refusal {
    const now = clock.now();
    atomically(() => {
      attempts.step(attempt.id, { kind: 'wrong', method: name, at: now });
      throttle.hit(limits.troubles, addressKey(attempt.address), now);
      if (account)
        journal.append({ event: 'reset progress', result: 'failed', detail: 'wrong proof', method: name, ...partiesOf(attempt, account) });
      if (!hasFailed(attempt)) countFailure(attempt, account);
    });
    return new Refusal('answer.wrong', { field: 'answer' });
  }

  /** The failure that reaches a limit blocks, and is recorded as such. */
  function countFailure(attempt: Attempt, account: Account | null): void {
    const now = clock.now();
    const counters = [
      { limit: limits.failedAttempts, key: failedKey(attempt, attempt.account) },
      { limit: limits.failedAttemptsAnywhere, key: accountKey(attempt.account, attempt.loginDigest) },
    ];
    for (const { limit, key } of counters) {
      throttle.hit(limit, key, now);
      if (account && throttle.count(limit, key, now) === limit.most)
        journal.append({ event: 'blocked', result: 'blocked', detail: limit.name, ...partiesOf(attempt, account) });
    }
  }

  /** The gate is open, and the browser gets a new cookie: an old one that leaked opens nothing. */
  function acceptAnswer(attempt: Attempt, name: MethodName, account: Account): { token: string } | Refusal {
    const token = random.token();
    return atomically((): { token: string } | Refusal => {
      if (!attempts.step(attempt.id, { kind: 'passed', method: name, at: clock.now() })) return new Refusal('attempt.expired');
      attempts.move(attempt.id, token);
      throttle.clear(limits.wrongProofs, triesKey(attempt, name));
      journal.append({ event: 'reset progress', result: 'succeeded', detail: 'proved', method: name, ...partiesOf(attempt, account) });
      return { token };
    });
  }

  /** Whether the mailed link still opens something. Looking spends nothing. */
  const linkOpens = (secret: string): boolean => tokens.find('reset link', secret, clock.now()) !== null;

  /** The link's POST: it proves the mailbox, and the attempt moves to the browser that pressed it. */
  async function followLink(secret: string): Promise<{ token: string } | Refusal> {
    const link = tokens.find('reset link', secret, clock.now());
    const attempt = link?.attempt ? attempts.byId(link.attempt) : null;
    const challenge = attempt ? challengeOf(attempt, 'email') : null;
    if (!link || !attempt || !challenge || link.account !== challenge.account.id) return new Refusal('link.spent');
    return atomically((): { token: string } | Refusal => {
      if (!tokens.spend(link.id, clock.now())) return new Refusal('link.spent');
      const code = tokens.live('reset code', challenge.account.id, attempt.id, clock.now());
      if (code) tokens.spend(code.id, clock.now());
      return acceptAnswer(attempt, 'email', challenge.account);
    });
  }

  return { choose, answer, linkOpens, followLink };
}
