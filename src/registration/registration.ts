/**
 * A person's own ways to prove who they are: seen, added, removed, preferred. Knows what is told to whom, and no method's inside.
 * Every change needs a fresh proof, is recorded, and is told to every address that was known before or is known after it.
 */

import type { Enrollable, Enrolling, EnrolmentStart, Method } from '../methods/method.ts';
import type { Methods } from '../methods/methods.ts';
import { mailable } from '../methods/own-domains.ts';
import { type NoticeNeeds, notices } from '../notice.ts';
import type { Account } from '../rules/account.ts';
import { noticeAddresses } from '../rules/notice.ts';
import { type Policy, policyFor } from '../rules/policy.ts';
import { isRefusal, Refusal } from '../rules/refusal.ts';
import { accountKey, limits } from '../rules/throttle.ts';
import type { MethodName } from '../rules/vocabulary.ts';
import type { Enrolment, World } from '../world.ts';
import { asking } from './asking.ts';
import { type CurrentPassword, freshProofs, overLimit, type Person, partiesOf } from './fresh-proof.ts';
import { reaches } from './reach.ts';
import { countSending } from './sending.ts';
import { type Reach, type Way, waysOf } from './ways.ts';

type Needs = Pick<
  World,
  'accounts' | 'enrolments' | 'attempts' | 'sessions' | 'throttle' | 'settings' | 'journal' | 'random' | 'atomically'
> &
  NoticeNeeds & { readonly methods: Methods; readonly current: CurrentPassword; readonly ownDomains: readonly string[] };

export interface Overview {
  /** What is registered, the strongest first. */
  readonly ways: readonly Way[];
  /** What can be added, the strongest first. */
  readonly offered: readonly MethodName[];
  /** What counts by what the directory says, without having been registered. */
  readonly given: readonly { readonly method: MethodName; readonly label: string }[];
  readonly reach: Reach;
}

export type Begun =
  /** The proof is awaited: `waiting` shows what there is to show. */
  | { readonly kind: 'waiting' }
  /** Nothing needs a proof: it is stored, and this is shown once. `session` as for `finish`. */
  | { readonly kind: 'stored'; readonly shown: EnrolmentStart; readonly session: string | null }
  /** This form has done its work before. */
  | { readonly kind: 'repeated' };

export interface Removal {
  readonly way: Way;
  readonly effect: 'none' | 'no reset' | 'no sign-in';
}

export type Form = Readonly<Record<string, string>>;
export type Registration = ReturnType<typeof registration>;

export function registration(needs: Needs) {
  const { accounts, enrolments, attempts, sessions, throttle, settings, journal, random, atomically, methods, ownDomains } = needs;
  const notify = notices(needs);
  const mayMail = mailable({ settings, ownDomains });
  const proof = freshProofs(needs);
  const reaching = reaches(needs);
  const { secondSteps, reach, reachWith, offered } = reaching;
  /** A double click waits for the first: one set of codes is made, and both see it. */
  const beginnings = new Map<string, Promise<Begun | Refusal>>();

  const policyOf = (account: Account): Policy => policyFor(account, settings.policy());
  const waysHeld = (account: Account): readonly Way[] =>
    waysOf(account, { enrolments: enrolments.of(account.id), methods, policy: policyOf(account) });
  const heldOf = (account: Account, name: string): readonly Enrolment[] =>
    enrolments.of(account.id).filter(({ method }) => method === name);

  const overview = (account: Account): Overview => ({
    ways: waysHeld(account),
    offered: offered(account),
    given: givenTo(account),
    reach: reach(account),
  });

  function givenTo(account: Account): Overview['given'] {
    const allowed = policyOf(account).methods;
    const labels: Partial<Record<MethodName, string | null>> = { email: account.mail, sms: account.mobile };
    return [...methods.values()]
      .filter(({ name, isGiven }) => allowed.includes(name) && isGiven?.(account) && heldOf(account, name).length === 0)
      .map(({ name }) => ({ method: name, label: labels[name] ?? '' }));
  }

  /** Why this person may not change their ways now; null when they may. */
  function refusalFor(person: Person): Refusal | null {
    const { account, session } = person;
    // Whoever has a second step takes it: a session that was let in to enrol the first one may not enrol another.
    if (session.standing === 'enrolment' && proof.holdsStep(account)) return new Refusal('session.ended');
    if (account.suspendedAt !== null) return new Refusal('desk.suspended');
    return proof.isFresh(person) ? null : new Refusal('method.proof-needed');
  }

  /** The method of this name, when this person may add one now. */
  function methodFor(person: Person, name: string): Enrollable | Refusal {
    const { account, session } = person;
    const names = session.standing === 'enrolment' ? secondSteps : offered(account);
    const method = methods.get(name as MethodName);
    if (!method?.enrolment || !names.includes(name as MethodName)) return new Refusal('method.unknown');
    return refusalFor(person) ?? { ...method, enrolment: method.enrolment };
  }

  const enrolling = ({ account, session, language, at }: Person, { name }: Method, form: Form): Enrolling => ({
    account,
    session: session.id,
    form,
    held: heldOf(account, name),
    language: account.language ?? language,
    at,
  });

  /** Which enrolment a fresh one would replace: the form carries it, so that it can be sent only once. */
  const replaced = (account: Account, name: string): number => heldOf(account, name)[0]?.id ?? 0;

  /** What this method's first page has to choose from. */
  const offerOf = (account: Account, name: string): EnrolmentStart => methods.get(name as MethodName)?.enrolment?.offer?.(account) ?? {};

  /** The directory's address, to be typed for the person; not one that they have, or that would be refused. */
  function suggestedMail({ id, mail }: Account): string | null {
    if (mail === null || enrolments.of(id).some(({ label }) => label.toLowerCase() === mail.toLowerCase())) return null;
    return mayMail(mail) ? mail : null;
  }

  /** What waits for its proof, or null. Changes nothing. */
  async function waiting(person: Person, name: string): Promise<EnrolmentStart | null | Refusal> {
    const method = methodFor(person, name);
    return isRefusal(method) ? method : method.enrolment.resume(enrolling(person, method, {}));
  }

  async function begin(person: Person, name: string, form: Form): Promise<Begun | Refusal> {
    const method = methodFor(person, name);
    if (isRefusal(method)) return method;
    const key = `${person.session.id} ${method.name}`;
    const other = beginnings.get(key);
    if (other) return other;
    const own = beginOne(person, method, form).finally(() => beginnings.delete(key));
    beginnings.set(key, own);
    return own;
  }

  async function beginOne(person: Person, method: Enrollable, form: Form): Promise<Begun | Refusal> {
    const { account } = person;
    const before = enrolling(person, method, form);
    if (method.name === 'recovery-code' && Number(form.id ?? 0) !== replaced(account, method.name)) return { kind: 'repeated' };
    const refusal = method.send ? await refusalToSend(person, method, form) : null;
    if (refusal) return refusal;
    let stored: { readonly session: string | null } | null = null as { readonly session: string | null } | null;
    const isFirst = !proof.asksMore(account);
    const settled = (enrolment: Enrolment): void => {
      settle(person, enrolment, before.held.length > 0 ? 'fresh codes' : 'added');
      stored = { session: isFirst ? raise(person) : null };
    };
    const shown = await method.enrolment.begin({ ...before, settle: settled });
    if (isRefusal(shown)) return shown;
    return stored ? { kind: 'stored', shown, ...stored } : { kind: 'waiting' };
  }

  /** Codes go to addresses that nobody has proved: counted like every other mail of the account. */
  async function refusalToSend(person: Person, method: Enrollable, form: Form): Promise<Refusal | null> {
    const { account, at } = person;
    const isWaiting = (await method.enrolment.resume(enrolling(person, method, {}))) !== null;
    return countSending(throttle, { account, counters: method.enrolment.countersOf?.(form) ?? [], isWaiting, at });
  }

  /** The session's new token, when what was added changes how much is asked of it. */
  async function finish(person: Person, name: string, form: Form): Promise<{ session: string | null } | Refusal> {
    const method = methodFor(person, name);
    if (isRefusal(method)) return method;
    if ((form.answer ?? '').trim() === '') return new Refusal('answer.required', { field: 'answer' });
    const tries = { limit: limits.wrongProofs, key: `${accountKey(person.account.id, '')}|${method.name} enrolment`, at: person.at };
    const refusal = overLimit(throttle, tries);
    if (refusal) return refusal;
    throttle.hit(tries.limit, tries.key, tries.at);
    if ((await method.enrolment.resume(enrolling(person, method, {}))) === null)
      return new Refusal('method.code-wrong', { field: 'answer' });
    let session: string | null = null;
    const isFirst = !proof.asksMore(person.account);
    const settled = (enrolment: Enrolment): void => {
      throttle.clear(tries.limit, tries.key);
      settle(person, enrolment, 'added');
      if (method.isSecondStep || isFirst) session = raise(person);
    };
    const enrolled = await method.enrolment.finish({ ...enrolling(person, method, form), settle: settled });
    return isRefusal(enrolled) ? enrolled : { session };
  }

  /** The password and what was added are proved now: the session is a full one, and no other may enrol a first step any more. */
  function raise({ account, session, at }: Person): string {
    const token = random.token();
    sessions.renew(session.id, { token, standing: 'full', at });
    accounts.setEnrolUntil(account.id, null);
    for (const { id, standing } of sessions.of(account.id)) if (standing === 'enrolment') sessions.end(id);
    return token;
  }

  function settle(person: Person, { method, label }: Enrolment, detail: 'added' | 'fresh codes'): void {
    const { account } = person;
    if (reach(account).missing === 0) accounts.setReviewed(account.id, person.at);
    journal.append({ event: 'registration', result: 'succeeded', detail, method, ...partiesOf(person) });
    notify(account, { kind: 'method-added', variables: { method, label }, language: person.language });
  }

  /** What removing it would do, for the person to read before they do it; null when it is not theirs. */
  function removal(account: Account, id: number): Removal | null {
    const ways = waysHeld(account);
    const way = ways.find((held) => held.id === id);
    if (!way) return null;
    const left = ways.filter((held) => held !== way);
    const isStep = ({ method }: Way): boolean => secondSteps.includes(method);
    const isLastStep = account.role !== 'person' && isStep(way) && !left.some(isStep);
    if (isLastStep) return { way, effect: 'no sign-in' };
    const held = enrolments.of(account.id);
    const isLoss =
      reach(account).canReset &&
      !reachWith(
        account,
        held.filter((one) => one.id !== id),
      ).canReset;
    return { way, effect: isLoss ? 'no reset' : 'none' };
  }

  /** 'kept': staff cannot sign in without a second step, so the last one stays. */
  function remove(person: Person, id: number): 'removed' | 'kept' | Refusal {
    const { account, at } = person;
    const refusal = refusalFor(person);
    if (refusal || person.session.standing !== 'full') return refusal ?? new Refusal('method.unknown');
    return atomically((): 'removed' | 'kept' | Refusal => {
      const wanted = removal(account, id);
      if (!wanted) return new Refusal('method.unknown');
      if (wanted.effect === 'no sign-in') return 'kept';
      const { method, label } = wanted.way;
      const to = noticeAddresses(account, enrolments.of(account.id));
      enrolments.remove(id);
      attempts.closeOthers(account.id, null, at); // a code or link that it was sent opens nothing any more
      journal.append({ event: 'registration', result: 'succeeded', detail: 'removed', method, ...partiesOf(person) });
      notify(account, { kind: 'method-removed', variables: { method, label }, language: person.language, to });
      return 'removed';
    });
  }

  function prefer(person: Person, id: number): 'preferred' | Refusal {
    const { account } = person;
    const refusal = refusalFor(person);
    if (refusal || person.session.standing !== 'full') return refusal ?? new Refusal('method.unknown');
    return atomically((): 'preferred' | Refusal => {
      const way = waysHeld(account).find((held) => held.id === id);
      if (!way) return new Refusal('method.unknown');
      const { method, label } = way;
      enrolments.prefer(account.id, id);
      journal.append({ event: 'registration', result: 'succeeded', detail: 'preferred', method, ...partiesOf(person) });
      notify(account, { kind: 'method-preferred', variables: { method, label }, language: person.language });
      return 'preferred';
    });
  }

  return {
    ...proof,
    ...asking({ ...needs, ...reaching }),
    overview,
    reach,
    refusalFor,
    replaced,
    offerOf,
    suggestedMail,
    waiting,
    begin,
    finish,
    removal,
    remove,
    prefer,
  };
}
