/** The pages of the registration portal: what is registered, one page to start and one to prove each method, and the fresh proof before. */

import { isRefusal, type Refusal } from '../rules/refusal.ts';
import { answerIn } from '../web/numbered.ts';
import { type Page, type PageReply, page, type Reply, seeOther, type Visit } from '../web/visit.ts';
import type { Person } from './fresh-proof.ts';
import type { Registration } from './registration.ts';

const home = '/registration';
/** Where the fresh proof may lead to: a page of this portal. */
const ownPage = /^\/registration(?:\/[a-z-]{1,20}(?:\?id=\d{1,15})?)?$/;
const notices = ['added', 'removed', 'preferred'];

export function registrationPages(registration: Registration) {
  // ---- what there is

  const overview: Page = (visit) => {
    const person = personIn(visit);
    if (person.session.standing === 'enrolment') return seeOther(`${home}/totp`);
    return overviewPage(person, { notice: notices.find((word) => word === visit.query.done) ?? null });
  };

  const overviewPage = ({ account }: Person, more: { notice?: string | null; refusals?: readonly Refusal[] }): Reply =>
    page('registration/overview', { ...registration.overview(account), mail: account.mail, ...more });

  // ---- adding one

  const start: Page = async (visit) => {
    const person = personIn(visit);
    const name = visit.params.method ?? '';
    const waiting = await registration.waiting(person, name);
    if (isRefusal(waiting)) return turnedAway(visit, waiting);
    return waiting === null || 'another' in visit.query ? startPage(person, name) : provePage(name, { start: waiting });
  };

  const begin: Page = async (visit) => {
    const person = personIn(visit);
    const name = visit.params.method ?? '';
    const begun = await registration.begin(person, name, visit.form);
    if (isRefusal(begun)) return refusedBegin(visit, begun);
    if (begun.kind !== 'stored') return seeOther(`${home}/${name}`);
    const cookies = begun.session === null ? {} : { session: begun.session };
    const isShown = Object.keys(begun.shown).length > 0;
    return isShown ? { ...provePage(name, { start: begun.shown }), cookies } : seeOther(`${home}?done=added`, cookies);
  };

  const prove: Page = async (visit) => {
    const name = visit.params.method ?? '';
    const finished = await registration.finish(personIn(visit), name, visit.form);
    if (isRefusal(finished)) return refusedProof(visit, finished);
    return seeOther(`${home}?done=added`, finished.session === null ? {} : { session: finished.session });
  };

  const startPage = (person: Person, name: string, more: { refusals?: readonly Refusal[]; typed?: Form } = {}): Reply => {
    const { account, session } = person;
    const model = {
      id: registration.replaced(account, name),
      mail: registration.suggestedMail(account),
      mobile: account.mobile,
      offer: registration.offerOf(account, name),
      isFirstStep: session.standing === 'enrolment',
    };
    return page(`registration/${name}/start`, { ...model, ...more });
  };

  const provePage = (name: string, more: { start: object; refusals?: readonly Refusal[]; typed?: Form }): PageReply =>
    page(`registration/${name}/prove`, more);

  /** "Send again" stands on the page that waits for the code, and its refusal is shown there. */
  async function refusedBegin(visit: Visit, refusal: Refusal): Promise<Reply> {
    const name = visit.params.method ?? '';
    const person = personIn(visit);
    const waiting = refusal.key === 'method.too-soon' ? await registration.waiting(person, name) : null;
    if (waiting !== null && !isRefusal(waiting)) return provePage(name, { start: waiting, refusals: [refusal] });
    const { csrf: _, ...typed } = visit.form;
    return turnsAway(refusal) ? turnedAway(visit, refusal) : startPage(person, name, { refusals: [refusal], typed });
  }

  async function refusedProof(visit: Visit, refusal: Refusal): Promise<Reply> {
    const name = visit.params.method ?? '';
    const person = personIn(visit);
    if (turnsAway(refusal)) return turnedAway(visit, refusal);
    const waiting = await registration.waiting(person, name);
    const typed: Form = visit.form.label === undefined ? {} : { label: visit.form.label };
    if (waiting === null || isRefusal(waiting)) return startPage(person, name, { refusals: [refusal] });
    return provePage(name, { start: waiting, refusals: [refusal], typed });
  }

  // ---- removing and preferring

  const askRemoval: Page = (visit) => {
    const person = personIn(visit);
    const refusal = registration.refusalFor(person);
    if (refusal) return turnedAway(visit, refusal);
    const removal = registration.removal(person.account, Number(visit.query.id ?? 0));
    return removal ? page('registration/remove', { ...removal }) : seeOther(home);
  };

  const remove: Page = (visit) => {
    const person = personIn(visit);
    const id = Number(visit.form.id ?? 0);
    const removed = registration.remove(person, id);
    if (isRefusal(removed)) return turnedAway(visit, removed);
    return removed === 'kept' ? seeOther(`${home}/remove?id=${id}`) : seeOther(`${home}?done=removed`);
  };

  const prefer: Page = (visit) => {
    const preferred = registration.prefer(personIn(visit), Number(visit.form.id ?? 0));
    return isRefusal(preferred) ? turnedAway(visit, preferred) : seeOther(`${home}?done=preferred`);
  };

  // ---- the fresh proof

  const askProof: Page = (visit) => confirmPage(visit, visit.query.to, []);

  const confirm: Page = async (visit) => {
    const { password = '', to } = visit.form;
    const proved = await registration.prove(personIn(visit), { password, answer: answerIn(visit.form) });
    return isRefusal(proved) ? confirmPage(visit, to, [proved]) : seeOther(ownPlace(to), { session: proved.session });
  };

  const sendCode: Page = (visit) => {
    const { to, id } = visit.form;
    const refusal = registration.sendCode(personIn(visit), Number(id ?? 0));
    return refusal?.key === 'method.too-soon'
      ? confirmPage(visit, to, [refusal])
      : seeOther(`${home}/confirm?to=${encodeURIComponent(ownPlace(to))}`);
  };

  function confirmPage(visit: Visit, to: string | undefined, refusals: readonly Refusal[]): Reply {
    const person = personIn(visit);
    return page('registration/confirm', { to: ownPlace(to), login: person.account.login, ...registration.proofs(person), refusals });
  }

  const turnsAway = ({ key }: Refusal): boolean =>
    key === 'method.proof-needed' || key === 'session.ended' || key === 'method.unknown' || key === 'desk.suspended';

  /** Not now: to the fresh proof and back, to sign-in, or to what there is. */
  function turnedAway(visit: Visit, refusal: Refusal): Reply {
    const person = personIn(visit);
    if (refusal.key === 'method.proof-needed') return seeOther(`${home}/confirm?to=${encodeURIComponent(pageOf(visit))}`);
    if (refusal.key === 'session.ended') return seeOther('/sign-in', { session: null });
    if (person.session.standing === 'enrolment') return page('error/not-for-you', {}, { status: 403 });
    if (refusal.key === 'method.unknown' && visit.params.method !== undefined) return page('error/not-found', {}, { status: 404 });
    return overviewPage(person, { refusals: [refusal] });
  }

  /** The page on which the form stood. */
  function pageOf({ params, query, form }: Visit): string {
    if (params.method !== undefined) return ownPlace(`${home}/${params.method}`);
    const id = query.id ?? form.id;
    return id === undefined ? home : ownPlace(`${home}/remove?id=${id}`);
  }

  // ---- the interruption at sign-in

  const remind: Page = (visit) => {
    const { account, at } = personIn(visit);
    const asked = registration.asks(account, at);
    const { next } = visit.query;
    if (asked === null) return seeOther(next ?? '/account');
    const days = registration.snoozeDays(account);
    return page(asked === 'ways' ? 'registration/remind' : 'registration/review', { ...registration.overview(account), days, next });
  };

  const review: Page = (visit) => {
    registration.confirmWays(personIn(visit));
    return seeOther(visit.form.next ?? '/account');
  };

  const snooze: Page = (visit) => {
    const { account, at } = personIn(visit);
    return registration.snooze(account, at) ? seeOther(visit.form.next ?? '/account') : seeOther(`${home}/remind`);
  };

  return { overview, remind, snooze, review, askProof, confirm, sendCode, askRemoval, remove, prefer, start, begin, prove };
}

type Form = Readonly<Record<string, string>>;

/** The doors let only people with a session through. */
function personIn({ account, session, address, supportCode, language, at }: Visit): Person {
  if (!account || !session) throw new Error('this page is for people who have signed in');
  return { account, session, address, supportCode, language, at };
}

const ownPlace = (wanted: string | undefined): string => (wanted !== undefined && ownPage.test(wanted) ? wanted : home);
