/** Whether somebody has just shown that it is really them, and how they show it again: only then may ways back in be changed. */

import type { Methods } from '../methods/methods.ts';
import type { Account } from '../rules/account.ts';
import type { Question } from '../rules/attempt.ts';
import { isRefusal, Refusal } from '../rules/refusal.ts';
import { accountKey, isOver, type Limit, limits } from '../rules/throttle.ts';
import { type Instant, minute, second } from '../rules/time.ts';
import type { MethodName } from '../rules/vocabulary.ts';
import type { Enrolment, Session, World } from '../world.ts';

/** Somebody who has signed in, in front of one page. */
export interface Person {
  readonly account: Account;
  readonly session: Session;
  readonly address: string;
  readonly supportCode: string;
  readonly language: string;
  readonly at: Instant;
}

export const freshProof = 10 * minute;
/** Digits of an app, at most; whatever is longer is a recovery code. */
const longestAppCode = 8;
/** What can be asked for without sending anything first; a recovery code stands in for a phone that is lost. */
const secondProofs: readonly MethodName[] = ['totp', 'passkey', 'recovery-code'];

/** How a current password is proved, with every limit of sign-in: handed in, for this portal knows no other. */
export interface CurrentPassword {
  prove(typed: {
    who: Account;
    password: string;
    address: string;
    supportCode: string;
    event: 'sign-in refused';
  }): Promise<{ mustChange: boolean; isExpired: boolean } | Refusal>;
}

type Needs = Pick<World, 'enrolments' | 'sessions' | 'throttle' | 'journal' | 'random'> & {
  readonly methods: Methods;
  readonly current: CurrentPassword;
};

export function freshProofs(needs: Needs) {
  const { enrolments, sessions, throttle, journal, random, methods, current } = needs;

  /** The second steps that this account holds: one of them is asked beside the password. */
  const stepsOf = (account: Account): readonly MethodName[] => {
    const held = new Set(enrolments.of(account.id).map(({ method }) => method));
    return [...methods.values()].filter(({ name, isSecondStep }) => isSecondStep && held.has(name)).map(({ name }) => name);
  };
  const asksStep = (account: Account): boolean => stepsOf(account).length > 0;
  /** What a passkey shows beside the password, in this session; null where none is held. */
  const passkeyQuestion = ({ account, session }: Pick<Person, 'account' | 'session'>): Question | null =>
    (stepsOf(account).includes('passkey') &&
      methods.get('passkey')?.ask?.({ binding: bindingOf(session), loginDigest: '', challenge: null })) ||
    null;

  /**
   * The password is proved at sign-in, the second method only here or in a second step. That both were proved in one act of this session
   * shows in their instants, which are then the same.
   */
  function isFresh({ account, session, at }: Person): boolean {
    if (at - session.provedAt >= freshProof) return false;
    if (account.role !== 'person' || !asksStep(account)) return true; // staff have passed their second step at sign-in
    const isStep = (method: MethodName): boolean => methods.get(method)?.isSecondStep === true;
    const isOfThisProof = ({ method, usedAt, addedAt }: Enrolment): boolean =>
      secondProofs.includes(method) && (usedAt === session.provedAt || (isStep(method) && addedAt === session.provedAt));
    return enrolments.of(account.id).some(isOfThisProof);
  }

  /** Gives the session a new token, or says what was wrong. */
  async function prove(person: Person, typed: { password: string; answer: string }): Promise<{ session: string } | Refusal> {
    const { account, session, at } = person;
    const needsCode = asksStep(account);
    if (typed.password === '') return new Refusal('password.required', { field: 'password' });
    if (needsCode && typed.answer.trim() === '') return new Refusal('answer.required', { field: 'answer' });
    const refusal = (await refusalOfPassword(person, typed.password)) ?? (needsCode ? await refusalOfCode(person, typed.answer) : null);
    if (refusal) return refusal;
    const token = random.token();
    sessions.renew(session.id, { token, standing: session.standing, at });
    return { session: token };
  }

  async function refusalOfPassword({ account, address, supportCode }: Person, password: string): Promise<Refusal | null> {
    const proved = await current.prove({ who: account, password, address, supportCode, event: 'sign-in refused' });
    if (!isRefusal(proved)) return proved.mustChange || proved.isExpired ? new Refusal('directory.expired') : null;
    return proved.key === 'sign-in.wrong' ? new Refusal('directory.wrong-old-password', { field: 'password' }) : proved;
  }

  /** The tries are those of the second step at sign-in: strangers can fill the counter of /reset, and must not keep anybody out of here. */
  async function refusalOfCode(person: Person, answer: string): Promise<Refusal | null> {
    const { account, session, language, at } = person;
    const name: MethodName = nameOf(answer);
    const key = `${accountKey(account.id, '')}|${name}|sign-in`;
    const limit = overLimit(throttle, { limit: limits.wrongProofs, key, at });
    if (!limit) throttle.hit(limits.wrongProofs, key, at);
    const own = enrolments.of(account.id).filter(({ method }) => method === name);
    const judged =
      limit ??
      (await methods.get(name)?.judge({ account, enrolments: own, attempt: null, binding: bindingOf(session), language, at }, answer));
    if (judged === 'right') {
      throttle.clear(limits.wrongProofs, key);
      return null;
    }
    const refusal = isRefusal(judged) ? judged : new Refusal('sign-in.second-step-wrong', { field: 'answer' });
    const result = limit ? 'blocked' : 'failed';
    journal.append({ event: 'sign-in refused', result, detail: refusal.key, method: name, ...partiesOf(person) });
    return refusal;
  }

  return { asksStep, stepsOf, passkeyQuestion, isFresh, prove };
}

/** By its form: what a passkey's script sends is an object, an app shows few digits, and the rest is a recovery code. */
function nameOf(answer: string): MethodName {
  if (answer.startsWith('{')) return 'passkey';
  return answer.replace(/[\s-]/g, '').length > longestAppCode ? 'recovery-code' : 'totp';
}

/** Said openly, with the time to wait: whoever reads it has signed in. */
export function overLimit(throttle: World['throttle'], { limit, key, at }: { limit: Limit; key: string; at: Instant }): Refusal | null {
  if (!isOver(throttle.count(limit, key, at), limit)) return null;
  const seconds = Math.ceil(((throttle.easesAt(limit, key, at) ?? at) - at) / second);
  return new Refusal('sign-in.wait', { field: 'answer', params: { seconds: Math.max(1, seconds) } });
}

/** Names one asking of this session: after each proof it is another. */
export const bindingOf = ({ id, provedAt }: Pick<Session, 'id' | 'provedAt'>): string => `session ${id} ${provedAt}`;

export const partiesOf = ({ account, address, supportCode }: Person) => ({
  actor: account.login,
  account: account.login,
  address,
  supportCode,
});
