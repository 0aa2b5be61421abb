/** Whether somebody has just shown that it is really them, and how they show it again: only then may ways back in be changed. */

import { digitsOf, sentTo } from '../methods/contact.ts';
import type { Challenge } from '../methods/method.ts';
import type { Methods } from '../methods/methods.ts';
import type { Account } from '../rules/account.ts';
import type { Question } from '../rules/attempt.ts';
import { policyFor } from '../rules/policy.ts';
import { isRefusal, Refusal } from '../rules/refusal.ts';
import { accountKey, addressKey, isOver, type Limit, limits } from '../rules/throttle.ts';
import { type Instant, minute, second } from '../rules/time.ts';
import type { MethodName } from '../rules/vocabulary.ts';
import type { Enrolment, Session, World } from '../world.ts';
import { countSending } from './sending.ts';

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
/** What is typed from an app or from a message; whatever is longer or has letters is a recovery code or a pass. */
const digitsAlone = /^\d{1,8}$/;
/** Its number and 13 signs. */
const recoveryCodeLength = 14;
/** Never asked for by themselves where there is something else: they stand in for a telephone or a mailbox that is lost. */
const standIns: readonly MethodName[] = ['recovery-code', 'pass'];

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

type Needs = Pick<World, 'enrolments' | 'tokens' | 'sessions' | 'settings' | 'throttle' | 'journal' | 'random' | 'atomically'> & {
  readonly methods: Methods;
  readonly current: CurrentPassword;
};

/** What is asked for beside the password. */
export interface Proofs {
  /** Any one of them will do; none where nothing is registered. */
  readonly names: readonly MethodName[];
  /** What a passkey shows in this session, and the questions; null where they are not asked. */
  readonly passkey: Question | null;
  readonly questions: Question | null;
  /** To which of these a code can be sent, and to which one was. */
  readonly contacts: readonly Enrolment[];
  readonly sentTo: Enrolment | null;
}

export function freshProofs(needs: Needs) {
  const { enrolments, sessions, settings, throttle, journal, random, atomically, methods, current } = needs;

  const usable = (account: Account): readonly Enrolment[] =>
    enrolments.of(account.id).filter((one) => methods.get(one.method)?.isUsable(one, account));

  /** Whether a second step is held, which is more than anything that is sent or remembered. */
  const holdsStep = (account: Account): boolean => enrolments.of(account.id).some(({ method }) => methods.get(method)?.isSecondStep);

  /** Addresses and numbers of theirs to which policy lets codes go. */
  function contactsOf(account: Account): readonly Enrolment[] {
    const allowed = policyFor(account, settings.policy()).methods;
    return usable(account).filter(({ method: name }) => {
      const method = methods.get(name);
      return allowed.includes(name) && method?.send && method.enrolment;
    });
  }

  /**
   * The strongest that is held: second steps, else codes that are sent, else recovery codes, else questions. Staff have a second step, or are
   * here to get one.
   */
  function proofsOf(account: Account): readonly MethodName[] {
    const held = [...new Set(usable(account).map(({ method }) => method))];
    const stood = standIns.filter((name) => held.includes(name));
    if (holdsStep(account)) return [...held.filter((name) => methods.get(name)?.isSecondStep), ...stood];
    if (account.role !== 'person') return [];
    const sent = contactsOf(account).map(({ method }) => method);
    if (sent.length > 0 || stood.includes('recovery-code')) return [...new Set(sent), ...stood];
    const isAsked = held.includes('questions') && policyFor(account, settings.policy()).methods.includes('questions');
    return isAsked ? ['questions', ...stood] : [];
  }
  const asksMore = (account: Account): boolean => proofsOf(account).length > 0;

  const challengeOf = ({ account, session, language, at }: Person, own: readonly Enrolment[]): Challenge => ({
    ...{ account, enrolments: own, attempt: null, binding: bindingOf(session), at },
    language: account.language ?? language,
  });
  const awaited = (person: Person): Enrolment | null => sentTo(needs, challengeOf(person, contactsOf(person.account)));

  function proofs(person: Person): Proofs {
    const { account } = person;
    const names = proofsOf(account);
    const asked = (name: MethodName): Question | null => {
      if (!names.includes(name)) return null;
      const challenge = challengeOf(
        person,
        usable(account).filter(({ method }) => method === name),
      );
      return methods.get(name)?.ask?.({ binding: challenge.binding, loginDigest: '', challenge }) ?? null;
    };
    const contacts = contactsOf(account).filter(({ method }) => names.includes(method));
    return {
      names,
      passkey: asked('passkey'),
      questions: asked('questions'),
      contacts,
      sentTo: contacts.length > 0 ? awaited(person) : null,
    };
  }

  /** Sends a code to one of their own contacts: it is good in this session alone, for its next proof. */
  function sendCode(person: Person, id: number): Refusal | null {
    const { account, at } = person;
    const contact = proofs(person).contacts.find((one) => one.id === id);
    const method = contact && methods.get(contact.method);
    if (!contact || !method?.send) return new Refusal('method.unknown');
    const challenge = challengeOf(person, [contact]);
    const counters = method.countersOf?.(challenge) ?? [];
    return atomically((): Refusal | null => {
      const refusal = countSending(throttle, { account, counters, isWaiting: awaited(person) !== null, at });
      if (!refusal) method.send?.(challenge);
      return refusal;
    });
  }

  /**
   * The password is proved at sign-in, the second method only here, in a second step, or by being registered. That both were proved in one act
   * of this session shows in their instants, which are then the same.
   */
  function isFresh({ account, session, at }: Person): boolean {
    if (at - session.provedAt >= freshProof) return false;
    const names = proofsOf(account);
    if (account.role !== 'person' || names.length === 0) return true; // staff have passed their second step at sign-in
    const isOfThisProof = ({ method, usedAt, addedAt }: Enrolment): boolean =>
      [...names, ...standIns].includes(method) && (usedAt === session.provedAt || (method !== 'pass' && addedAt === session.provedAt));
    return enrolments.of(account.id).some(isOfThisProof);
  }

  /** Gives the session a new token, or says what was wrong. */
  async function prove(person: Person, typed: { password: string; answer: string }): Promise<{ session: string } | Refusal> {
    const { account, session, at } = person;
    const needsMore = asksMore(account);
    if (typed.password === '') return new Refusal('password.required', { field: 'password' });
    if (needsMore && typed.answer.trim() === '') return new Refusal('answer.required', { field: 'answer' });
    const refusal = (await refusalOfPassword(person, typed.password)) ?? (needsMore ? await refusalOfCode(person, typed.answer) : null);
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
    const { account, at } = person;
    const name = nameOf(person, answer);
    const key = `${accountKey(account.id, '')}|${name}|sign-in`;
    const limit = overLimit(throttle, { limit: limits.wrongProofs, key, at });
    if (!limit) throttle.hit(limits.wrongProofs, key, at);
    const isAsked = proofsOf(account).includes(name);
    const own = enrolments.of(account.id).filter(({ method }) => isAsked && method === name);
    const judged = limit ?? (await methods.get(name)?.judge(challengeOf(person, own), answer));
    if (judged === 'right') {
      throttle.clear(limits.wrongProofs, key);
      return null;
    }
    const refusal = isRefusal(judged) ? judged : new Refusal('sign-in.second-step-wrong', { field: 'answer' });
    const result = limit ? 'blocked' : 'failed';
    throttle.hit(limits.troubles, addressKey(person.address), at);
    journal.append({ event: 'sign-in refused', result, detail: refusal.key, method: name, ...partiesOf(person) });
    return refusal;
  }

  /** By its form: what a passkey's script sends is an object, an app and a message show few digits, and the rest stands in for them. */
  function nameOf(person: Person, answer: string): MethodName {
    const names = proofsOf(person.account);
    const plain = digitsOf(answer);
    if (answer.startsWith('{')) return 'passkey';
    if (names.includes('questions')) return isPass(person, plain) ? 'pass' : 'questions';
    if (digitsAlone.test(plain)) return names.includes('totp') ? 'totp' : (awaited(person)?.method ?? 'totp');
    return isPass(person, plain) ? 'pass' : 'recovery-code';
  }

  /** A live one is held, and this is its form: a recovery code is longer than what is usually given. */
  const isPass = ({ account }: Person, plain: string): boolean => proofsOf(account).includes('pass') && plain.length !== recoveryCodeLength;

  return { holdsStep, asksMore, proofs, sendCode, isFresh, prove };
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
