/**
 * A reset or unlock from the typed login to the new password. The attempt on the server knows its step; the browser holds only a cookie.
 * In the closed mode whatever depends on the account happens after the reply, so neither its bytes nor its time tell a member from a stranger.
 */

import { frontDoor, longestLogin } from '../front-door.ts';
import type { Challenge, Judgement } from '../methods/method.ts';
import type { Methods } from '../methods/methods.ts';
import { type Account, foldLogin, maskMail } from '../rules/account.ts';
import {
  type Attempt,
  attemptLife,
  chosen,
  gatesNeeded,
  gatesPassed,
  methodsOpen,
  type Place,
  placeOf,
  proofsOf,
  sendAgainAfter,
} from '../rules/attempt.ts';
import { type Eligibility, eligibility } from '../rules/eligibility.ts';
import type { Rule } from '../rules/password.ts';
import { isRefusal, Refusal } from '../rules/refusal.ts';
import { accountKey, addressKey, isOver, limits } from '../rules/throttle.ts';
import { day, second } from '../rules/time.ts';
import type { CheckName, Intention, MethodName } from '../rules/vocabulary.ts';
import type { PasswordDesk, Written } from '../set-password.ts';
import type { World } from '../world.ts';

type Needs = Pick<
  World,
  | 'accounts'
  | 'enrolments'
  | 'attempts'
  | 'tokens'
  | 'throttle'
  | 'settings'
  | 'journal'
  | 'deliver'
  | 'deferral'
  | 'directories'
  | 'passwordsFor'
  | 'clock'
  | 'random'
  | 'atomically'
> & { readonly methods: Methods; readonly desk: PasswordDesk };

export interface Typed {
  readonly login: string;
  readonly intention: Intention;
  readonly address: string;
  readonly language: string;
  readonly supportCode: string;
}

/** What the page shows of an attempt: before the first proof, in the closed mode, the same for every login. */
export interface Sight {
  readonly place: Place | 'away' | 'refused';
  readonly intention: Intention;
  readonly supportCode: string;
  readonly methods: readonly MethodName[];
  readonly method: MethodName | null;
  /** Where a code would go, masked; null for whoever has proved nothing, in the closed mode. */
  readonly mailMasked: string | null;
  /** Destinations and totals are told only to somebody who has proved something, or in the open mode. */
  readonly gate: { readonly number: number; readonly of: number | null };
  readonly login: string | null;
  readonly rules: readonly Rule[];
  /** The open mode says why; the closed one never. */
  readonly reason: CheckName | null;
}

interface Standing {
  readonly attempt: Attempt;
  readonly account: Account | null;
  readonly held: readonly MethodName[];
  readonly gatesLeft: number;
  readonly place: Place;
}

const longestAnswer = 200;

export type PasswordReset = ReturnType<typeof passwordReset>;

export function passwordReset(needs: Needs) {
  const {
    accounts,
    enrolments,
    attempts,
    tokens,
    throttle,
    settings,
    journal,
    deliver,
    deferral,
    directories,
    passwordsFor,
    clock,
    random,
    atomically,
  } = needs;
  const { methods, desk } = needs;
  const door = frontDoor(needs);

  // ---- looking

  function standingOf(attempt: Attempt): Standing {
    const policy = settings.policy();
    const account = attempt.account === null || attempt.refusedBy !== null ? null : accounts.byId(attempt.account);
    const held = account ? heldBy(account) : [];
    const gatesLeft = account ? Math.max(0, gatesNeeded(account, held, policy) - gatesPassed(attempt, policy)) : 1;
    return { attempt, account, held, gatesLeft, place: placeOf(attempt, gatesLeft, clock.now()) };
  }

  /** The methods an account holds; its directory's mail counts as one where policy takes it for a proof. */
  function heldBy(account: Account): MethodName[] {
    const inUse = enrolments.of(account.id).filter((enrolment) => methods.get(enrolment.method)?.describe(enrolment).left !== 0);
    const held = new Set(inUse.map(({ method }) => method));
    if (account.mail !== null && settings.policy().directory_mail_is_proof) held.add('email');
    return [...held].filter((method) => methods.has(method));
  }

  const isClosedTo = (attempt: Attempt): boolean => !settings.policy().open_about_accounts && proofsOf(attempt).length === 0;

  /** Closed: all that policy allows, the same for every login. Otherwise what this person can still use. */
  function methodsShown({ attempt, account, held }: Standing): readonly MethodName[] {
    const policy = settings.policy();
    if (isClosedTo(attempt)) return policy.methods.filter((method) => methods.has(method));
    return account ? methodsOpen(held, attempt, policy, account.role) : [];
  }

  /** The person's own page; null where there is no attempt, and the page asks for the login. */
  async function show(token: string | null): Promise<Sight | null> {
    const first = token === null ? null : attempts.byToken(token);
    if (!first) return null;
    if (!isClosedTo(first)) await deferral.settled(keyOf(first));
    const standing = standingOf(attempts.byId(first.id) ?? first);
    const { attempt, account } = standing;
    const isBefore = proofsOf(attempt).length === 0;
    const isOpen = !isClosedTo(attempt);
    const isWaiting = standing.place === 'method' || standing.place === 'answer';
    const isAway = isBefore && isWaiting && door.areAllAway();
    const isRefused = isOpen && isWaiting && attempt.refusedBy !== null;
    const bound = standing.place === 'password' && account ? await desk.rulesOf(account) : null;
    return {
      place: isAway ? 'away' : isRefused ? 'refused' : standing.place,
      intention: attempt.intention,
      supportCode: attempt.supportCode,
      methods: methodsShown(standing),
      method: chosen(attempt)?.method ?? null,
      mailMasked: isOpen && account ? maskedMailOf(account) : null,
      gate: { number: proofsOf(attempt).length + 1, of: isBefore && !isOpen ? null : proofsOf(attempt).length + standing.gatesLeft },
      login: isBefore ? null : (account?.login ?? null),
      rules: bound === null || isRefusal(bound) ? [] : bound.rules,
      reason: isRefused ? (attempt.refusedBy as CheckName) : null,
    };
  }

  /** What the helpdesk will ask for; null where nothing is under way. */
  const supportCodeOf = (token: string | null): string | null => (token === null ? null : (attempts.byToken(token)?.supportCode ?? null));

  function maskedMailOf(account: Account): string | null {
    const own = enrolments.of(account.id).filter(({ method }) => method === 'email');
    const address = own.find(({ isPreferred }) => isPreferred)?.label ?? own[0]?.label ?? account.mail;
    return address ? maskMail(address) : null;
  }

  // ---- the login

  /** Opens an attempt for whatever was typed. What it belongs to is looked up after the reply. */
  async function identify(typed: Typed): Promise<{ token: string } | Refusal> {
    const login = typed.login.trim();
    const now = clock.now();
    if (login === '') return new Refusal('login.required', { field: 'login' });
    if ([...login].length > longestLogin) return new Refusal('form.too-long', { field: 'login', params: { most: longestLogin } });
    const wait = door.countAddress(typed.address);
    if (wait) return wait;
    if (door.areAllAway()) await Promise.all(directories.all.map((directory) => directory.probe()));
    if (door.areAllAway()) return new Refusal('desk.directory-away');
    const token = random.token();
    const slot: { id: number | null } = { id: null };
    const isAccepted = deferral.accept(typed.supportCode, async () => {
      if (slot.id !== null) await lookUp(slot.id, login);
    });
    if (!isAccepted) return new Refusal('desk.busy');
    const attempt = attempts.open({ token, ...typed, login: foldLogin(login), at: now, expiresAt: now + attemptLife });
    slot.id = attempt.id;
    return { token };
  }

  /** After the reply: whose login this is, and whether a reset can come of it. */
  async function lookUp(id: number, login: string): Promise<void> {
    const attempt = attempts.byId(id);
    if (attempt?.state !== 'open') return;
    const account = await accountOf(login);
    if (account === null) return attempts.identify(id, null, 'known');
    const { refusedBy } = await examine(account, attempt);
    atomically(() => {
      attempts.identify(id, account.id, refusedBy);
      journal.append({
        event: 'reset progress',
        result: refusedBy === null ? 'open' : 'failed',
        detail: refusedBy ?? 'identified',
        ...partiesOf(attempt, account),
      });
      if (refusedBy === 'within limits') {
        attempts.step(id, { kind: 'blocked', reason: refusedBy, at: clock.now() });
        journal.append({ event: 'blocked', result: 'blocked', detail: refusedBy, ...partiesOf(attempt, account) });
      }
      if (refusedBy !== null) tellWhy(account, attempt, refusedBy);
    });
  }

  /** A name in two homes is nobody here. */
  async function accountOf(login: string): Promise<Account | null> {
    const found = door.known(login) ?? (await door.foundLive(login));
    return found === 'several' ? null : found;
  }

  async function examine(account: Account, attempt: Attempt): Promise<Eligibility> {
    const status = await passwordsFor(account).status();
    const failed = throttle.count(limits.failedAttempts, failedKey(attempt, account.id), clock.now());
    const live = isRefusal(status) ? null : status;
    const facts = { account, intention: attempt.intention, held: heldBy(account), live, isBlocked: isOver(failed, limits.failedAttempts) };
    return eligibility(facts, settings.policy());
  }

  /** At most once a day, to the directory's own address: the page never says it. */
  function tellWhy(account: Account, attempt: Attempt, refusedBy: CheckName): void {
    const now = clock.now();
    const last = accounts.toldWhyAt(account.id);
    if (account.mail === null || refusedBy === 'reachable' || refusedBy === 'within limits' || (last !== null && now - last < day)) return;
    accounts.setToldWhyAt(account.id, now);
    const { helpdesk_address, helpdesk_link } = settings.policy();
    const variables = { reason: refusedBy, helpdesk: helpdesk_link || helpdesk_address };
    deliver.queue({
      kind: 'reset-not-possible',
      to: account.mail,
      language: account.language ?? attempt.language,
      name: account.name,
      variables,
    });
  }

  // ---- the gates

  /** Picks a way to prove who one is, or asks for the same code again. */
  async function choose(token: string, method: string): Promise<'chosen' | Refusal> {
    const found = await openAttempt(token);
    if (isRefusal(found)) return found;
    const { attempt, place } = found;
    if (place !== 'method' && place !== 'answer') return new Refusal('attempt.finished');
    const name = methodsShown(found).find((shown) => shown === method);
    if (!name) return new Refusal('method.unknown', { field: 'method' });
    const now = clock.now();
    const before = attempt.steps.findLast((step) => step.kind === 'chosen' && step.method === name);
    if (before && now - before.at < sendAgainAfter)
      return new Refusal('method.too-soon', { params: { seconds: Math.ceil((before.at + sendAgainAfter - now) / second) } });
    if (!deferral.accept(keyOf(attempt), async () => send(attempt.id, name))) return new Refusal('desk.busy');
    attempts.step(attempt.id, { kind: 'chosen', method: name, at: now });
    return 'chosen';
  }

  function send(id: number, name: MethodName): void {
    const attempt = attempts.byId(id);
    const challenge = attempt ? challengeOf(attempt, name) : null;
    const method = methods.get(name);
    if (!challenge || !attempt || !method?.send) return;
    const key = accountKey(challenge.account.id, '');
    const isTooMany = [limits.mails, limits.mailsADay].some((limit) => isOver(throttle.count(limit, key, challenge.at), limit));
    atomically(() => {
      if (isTooMany)
        return journal.append({
          event: 'blocked',
          result: 'blocked',
          detail: limits.mails.name,
          method: name,
          ...partiesOf(attempt, challenge.account),
        });
      for (const limit of [limits.mails, limits.mailsADay]) throttle.hit(limit, key, challenge.at);
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

  /** What the method is to challenge or judge; null for a stranger, and for whoever may not use it now. */
  function challengeOf(attempt: Attempt, name: MethodName): Challenge | null {
    const { account, held } = standingOf(attempt);
    if (!account || !methodsOpen(held, attempt, settings.policy(), account.role).includes(name)) return null;
    const own = enrolments.of(account.id).filter(({ method }) => method === name);
    return { account, enrolments: own, attempt, language: account.language ?? attempt.language, at: clock.now() };
  }

  /** Judges an answer, after all that was asked for before it, and not before the floor: a stranger's takes as long. */
  async function answer(token: string, typed: string): Promise<{ token: string } | Refusal> {
    const found = await openAttempt(token);
    if (isRefusal(found)) return found;
    const name = chosen(found.attempt)?.method;
    if (found.place !== 'answer' || !name) return new Refusal('attempt.finished');
    if (typed.trim() === '') return new Refusal('answer.required', { field: 'answer' });
    let judged: { token: string } | Refusal = new Refusal('answer.wrong', { field: 'answer' });
    const isAccepted = deferral.accept(keyOf(found.attempt), async () => {
      judged = await judge(found.attempt.id, name, typed.slice(0, longestAnswer));
    });
    if (!isAccepted) return new Refusal('desk.busy');
    await deferral.settled(keyOf(found.attempt));
    return judged;
  }

  async function judge(id: number, name: MethodName, typed: string): Promise<{ token: string } | Refusal> {
    const attempt = attempts.byId(id);
    const method = methods.get(name);
    if (!attempt || !method) return new Refusal('attempt.none');
    const challenge = countedChallenge(attempt, name);
    const judgement: Judgement = await method.judge(challenge, typed);
    if (isRefusal(judgement)) return judgement;
    const { account } = challenge ?? { account: attempt.account === null ? null : accounts.byId(attempt.account) };
    if (judgement === 'wrong' || !challenge || !account) return rejectAnswer(attempt, name, account);
    return acceptAnswer(attempt, name, account);
  }

  /** Counts the try before it is judged. Over a limit the answer is judged like a stranger's, and said to be wrong. */
  function countedChallenge(attempt: Attempt, name: MethodName): Challenge | null {
    const now = clock.now();
    const key = `${accountKey(attempt.account, attempt.loginDigest)}|${name}`;
    const isSpent = isOver(throttle.count(limits.wrongProofs, key, now), limits.wrongProofs);
    throttle.hit(limits.wrongProofs, key, now);
    const anywhere = throttle.count(limits.failedAttemptsAnywhere, accountKey(attempt.account, attempt.loginDigest), now);
    const here = throttle.count(limits.failedAttempts, failedKey(attempt, attempt.account), now) - (hasFailed(attempt) ? 1 : 0);
    const isBlocked = isOver(anywhere, limits.failedAttemptsAnywhere) || isOver(here, limits.failedAttempts);
    return isSpent || isBlocked ? null : challengeOf(attempt, name);
  }

  function rejectAnswer(attempt: Attempt, name: MethodName, account: Account | null): Refusal {
    const now = clock.now();
    atomically(() => {
      attempts.step(attempt.id, { kind: 'wrong', method: name, at: now });
      if (!hasFailed(attempt)) {
        throttle.hit(limits.failedAttempts, failedKey(attempt, attempt.account), now);
        throttle.hit(limits.failedAttemptsAnywhere, accountKey(attempt.account, attempt.loginDigest), now);
      }
      if (account)
        journal.append({ event: 'reset progress', result: 'failed', detail: 'wrong proof', method: name, ...partiesOf(attempt, account) });
    });
    return new Refusal('answer.wrong', { field: 'answer' });
  }

  /** The gate is open, and the browser gets a new cookie: an old one that leaked opens nothing. */
  function acceptAnswer(attempt: Attempt, name: MethodName, account: Account): { token: string } | Refusal {
    const token = random.token();
    return atomically((): { token: string } | Refusal => {
      if (!attempts.step(attempt.id, { kind: 'passed', method: name, at: clock.now() })) return new Refusal('attempt.expired');
      attempts.move(attempt.id, token);
      throttle.clear(limits.wrongProofs, `${accountKey(account.id, '')}|${name}`);
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

  // ---- the end

  /** open, load, claim; then judge, set, settle, tell: the gates are counted by the policy of this moment. */
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
    const found = await openAttempt(token);
    if (isRefusal(found)) return found;
    const { attempt, account } = found;
    if (found.place === 'writing') return new Refusal('attempt.writing');
    if (found.place !== place || !account) return new Refusal('attempt.gates-open');
    const { refusedBy } = await examine(account, attempt);
    if (refusedBy === null) return { attempt, account };
    atomically(() => {
      attempts.step(attempt.id, { kind: 'refused', reason: refusedBy, at: clock.now() });
      journal.append({ event: 'reset progress', result: 'failed', detail: refusedBy, ...partiesOf(attempt, account) });
    });
    return refusedBy === 'reachable' ? new Refusal('directory.unreachable') : new Refusal('attempt.not-eligible');
  }

  async function openAttempt(token: string): Promise<Standing | Refusal> {
    const attempt = attempts.byToken(token);
    if (!attempt) return new Refusal('attempt.none');
    const standing = standingOf(attempt);
    return standing.place === 'expired' ? new Refusal('attempt.expired') : standing;
  }

  function cancel(token: string): void {
    const attempt = attempts.byToken(token);
    if (!attempt) return;
    atomically(() => {
      if (attempts.step(attempt.id, { kind: 'cancelled', at: clock.now() })) attempts.finish(attempt.id, clock.now());
    });
  }

  /** A letter to the helpdesk, from anybody who stands at the door. */
  function askForHelp(ask: {
    token: string | null;
    name: string;
    contact: string;
    words: string;
    address: string;
    supportCode: string;
    language: string;
  }): { supportCode: string } | Refusal {
    const now = clock.now();
    const { helpdesk_address } = settings.policy();
    if (helpdesk_address === '') return new Refusal('help.unavailable');
    if (ask.name.trim() === '') return new Refusal('form.required', { field: 'name' });
    if (ask.contact.trim() === '') return new Refusal('form.required', { field: 'contact' });
    const key = addressKey(ask.address);
    if (isOver(throttle.count(limits.help, key, now), limits.help)) {
      return new Refusal('limit.address', {
        params: { seconds: Math.ceil(((throttle.easesAt(limits.help, key, now) ?? now) - now) / second) },
      });
    }
    const attempt = ask.token === null ? null : attempts.byToken(ask.token);
    const supportCode = attempt?.supportCode ?? ask.supportCode;
    const variables = {
      login: (attempt?.account && accounts.byId(attempt.account)?.login) || '',
      asker: ask.name.slice(0, 100),
      contact: ask.contact.slice(0, 200),
      words: ask.words.slice(0, 2000),
      supportCode,
    };
    atomically(() => {
      throttle.hit(limits.help, key, now);
      if (attempt) attempts.step(attempt.id, { kind: 'asked for help', at: now });
      journal.append({ event: 'help asked', result: 'asked for help', address: ask.address, supportCode });
      deliver.queue({ kind: 'help-asked', to: helpdesk_address, language: ask.language, name: '', variables });
    });
    return { supportCode };
  }

  const partiesOf = (attempt: Attempt, account: Account) => ({
    actor: account.login,
    account: account.login,
    address: attempt.address,
    supportCode: attempt.supportCode,
  });
  /** An attempt counts as failed once, at its first wrong answer, and may still succeed. */
  const hasFailed = ({ steps }: Attempt): boolean => steps.some(({ kind }) => kind === 'wrong');
  const failedKey = (attempt: Attempt, account: number | null): string =>
    `${accountKey(account, attempt.loginDigest)}|${addressKey(attempt.address)}`;
  /** The support code names the attempt from before its row exists. */
  const keyOf = (attempt: Attempt): string => attempt.supportCode;

  return { show, supportCodeOf, identify, choose, answer, linkOpens, followLink, complete, unlock, cancel, askForHelp };
}
