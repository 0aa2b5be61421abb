/** Signing in and out: the password, then for administrators, helpdesk and auditors a second step. Knows no page. */

import type { Method } from '../methods/method.ts';
import type { Methods } from '../methods/methods.ts';
import type { Account } from '../rules/account.ts';
import { noticeAddresses } from '../rules/notice.ts';
import { policyFor } from '../rules/policy.ts';
import { isRefusal, Refusal } from '../rules/refusal.ts';
import type { Question } from '../rules/attempt.ts';
import { accountKey, addressKey, isOver, limits } from '../rules/throttle.ts';
import { day, type Instant } from '../rules/time.ts';
import type { MethodName } from '../rules/vocabulary.ts';
import type { Session, World } from '../world.ts';
import type { CurrentPassword } from './current-password.ts';

type Needs = Pick<
  World,
  'accounts' | 'settings' | 'deliver' | 'enrolments' | 'sessions' | 'throttle' | 'journal' | 'clock' | 'random' | 'atomically'
> & {
  readonly methods: Methods;
  readonly current: CurrentPassword;
};

export interface Entrance {
  readonly login: string;
  readonly password: string;
  readonly address: string;
  readonly device: string;
  readonly supportCode: string;
  /** The browser's session until now: it ends, and is never promoted. */
  readonly before: Session | null;
}

export interface SignedIn {
  readonly kind: 'signed in';
  readonly token: string;
  readonly standing: Session['standing'];
  readonly account: Account;
}
/** The password is right and good for nothing but choosing a new one: no session begins. */
export interface MustChange {
  readonly kind: 'must change';
  readonly isExpired: boolean;
}

export interface SecondStep {
  readonly session: Session;
  readonly account: Account;
  /** Which of the steps it has; by itself the first. */
  readonly method?: string;
  readonly answer: string;
  readonly address: string;
  readonly language: string;
  readonly supportCode: string;
}

/** ASVS 6.4.1: how long the password alone lets a member of staff enrol the first second step. */
const firstEnrolmentLife = day;

const bindingOf = ({ id }: Session): string => `sign-in ${id}`;

export type SignIn = ReturnType<typeof signIn>;

export function signIn(needs: Needs) {
  const { accounts, settings, deliver, enrolments, sessions, throttle, journal, clock, random, atomically, methods, current } = needs;

  async function start(entrance: Entrance): Promise<SignedIn | MustChange | Refusal> {
    const { login, password, address, supportCode } = entrance;
    if (login.trim() === '') return new Refusal('login.required', { field: 'login' });
    const proved = await current.prove({ who: login, password, address, supportCode, event: 'sign-in refused' });
    if (isRefusal(proved)) return proved;
    const { account, mustChange, isExpired } = proved;
    return atomically(() => {
      const facts = { actor: account.login, account: account.login, address, supportCode };
      if (mustChange || isExpired) {
        journal.append({ event: 'sign-in', result: 'open', detail: isExpired ? 'password expired' : 'must change', ...facts });
        return { kind: 'must change', isExpired } as const;
      }
      const standing = standingOf(account, clock.now());
      if (standing === null) {
        journal.append({ event: 'sign-in refused', result: 'failed', detail: 'sign-in.no-way-in', ...facts });
        return new Refusal('sign-in.no-way-in');
      }
      if (entrance.before) sessions.end(entrance.before.id);
      const token = random.token();
      sessions.start({ token, account: account.id, standing, address, device: entrance.device, at: clock.now() });
      journal.append({ event: 'sign-in', result: standing === 'full' ? 'succeeded' : 'open', detail: standing, ...facts });
      return { kind: 'signed in', token, standing, account } as const;
    });
  }

  /** What the password alone opens; null: nothing, since the time to enrol a second step is over. */
  function standingOf(account: Account, now: Instant): Session['standing'] | null {
    const isAsked = account.role !== 'person' || policyFor(account, settings.policy()).second_step_for_people;
    if (isAsked && stepsOf(account).length > 0) return 'second step';
    if (account.role === 'person') return 'full';
    const until = accounts.enrolUntil(account.id);
    if (until !== null) return now < until ? 'enrolment' : null;
    if (account.home === null) return null; // only the console opens this time for a local account
    accounts.setEnrolUntil(account.id, now + firstEnrolmentLife);
    return 'enrolment';
  }

  function stepsOf(account: Account): readonly Method[] {
    const held = new Set(enrolments.of(account.id).map(({ method }) => method));
    return [...methods.values()].filter(({ name, isSecondStep }) => isSecondStep && held.has(name));
  }

  /** A recovery code stands in for a device that is lost, for people alone: staff have the second step itself, or none. */
  function answersOf(account: Account): readonly Method[] {
    const codes = methods.get('recovery-code');
    const isHeld = enrolments.of(account.id).some((one) => one.method === codes?.name && codes.isUsable(one, account));
    return codes && isHeld && account.role === 'person' ? [...stepsOf(account), codes] : stepsOf(account);
  }

  /** What can be asked of whoever waits at the second step, and what each shows. */
  const waysOf = (account: Account, session: Session): readonly { method: MethodName; question: Question | null }[] =>
    answersOf(account).map(({ name, ask }) => ({
      method: name,
      question: ask?.({ binding: bindingOf(session), loginDigest: '', challenge: null }) ?? null,
    }));

  /** Judges the second step. Too many wrong answers in an hour make every further one wrong, whatever it is. */
  async function prove(step: SecondStep): Promise<SignedIn | Refusal> {
    const { session, account, answer, address, language, supportCode } = step;
    const answers = answersOf(account);
    const method = step.method === undefined ? answers[0] : answers.find(({ name }) => name === step.method);
    if (session.standing !== 'second step' || session.account !== account.id || !method) return new Refusal('session.ended');
    const facts = { account: account.login, address, supportCode, method: method.name };
    // Not the counter of /reset: strangers can fill that one, and must not keep an administrator out.
    const key = `${accountKey(account.id, '')}|${method.name}|sign-in`;
    const at = clock.now();
    const isTooMany = isOver(throttle.count(limits.wrongProofs, key, at), limits.wrongProofs);
    if (!isTooMany) throttle.hit(limits.wrongProofs, key, at);
    const own = enrolments.of(account.id).filter((enrolment) => enrolment.method === method.name);
    const judged = isTooMany
      ? 'wrong'
      : await method.judge({ account, enrolments: own, attempt: null, binding: bindingOf(session), language, at }, answer);
    if (judged !== 'right') {
      const detail = isTooMany ? 'within limits' : isRefusal(judged) ? judged.key : 'sign-in.second-step-wrong';
      throttle.hit(limits.troubles, addressKey(address), at);
      journal.append({ event: 'sign-in refused', result: isTooMany ? 'blocked' : 'failed', detail, ...facts });
      return isRefusal(judged) ? judged : new Refusal('sign-in.second-step-wrong', { field: 'answer' });
    }
    return atomically(() => {
      const token = random.token();
      throttle.clear(limits.wrongProofs, key);
      sessions.renew(session.id, { token, standing: 'full', at }); // the instant of the proof itself: that both are one shows by it
      journal.append({ event: 'sign-in', result: 'succeeded', detail: 'full', actor: account.login, ...facts });
      tellOfNewAddress(step);
      return { kind: 'signed in', token, standing: 'full', account } as const;
    });
  }

  /** Staff hear of a sign-in from a network that is new to them; not of their first, which is no news. */
  function tellOfNewAddress({ account, session, address, language }: SecondStep): void {
    if (account.role === 'person') return;
    const now = clock.now();
    const [anywhere, here] = [accountKey(account.id, ''), `${accountKey(account.id, '')}|${addressKey(address)}`];
    const isFirst = throttle.lastAt(limits.knownAddress, anywhere, now) === null;
    const isNew = throttle.lastAt(limits.knownAddress, here, now) === null;
    for (const key of [anywhere, here]) {
      throttle.clear(limits.knownAddress, key);
      throttle.hit(limits.knownAddress, key, now);
    }
    if (isFirst || !isNew) return;
    const variables = { address, device: session.device };
    for (const to of noticeAddresses(account, enrolments.of(account.id)))
      deliver.queue({ kind: 'sign-in-new-address', to, language: account.language ?? language, name: account.name, variables });
  }

  function end({ session, account, address, supportCode }: Pick<SecondStep, 'session' | 'account' | 'address' | 'supportCode'>): void {
    atomically(() => {
      sessions.end(session.id);
      journal.append({ event: 'sign-out', result: 'succeeded', actor: account.login, account: account.login, address, supportCode });
    });
  }

  return { places: current.places, start, waysOf, prove, end };
}
